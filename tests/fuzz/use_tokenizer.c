/*
 * use_tokenizer.c - what a tokenizer that was accepted has to bear, see fuzz.h.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "text/tokenizer.h"

static void check_places(const struct at_tokens *tokens, const char *const texts[2])
{
    for (size_t i = 0; i < tokens->n; i++) {
        const struct at_token *t = &tokens->items[i];
        if (t->source >= 0 && t->start != AT_NO_OFFSET)
            AT_BUG_IF(t->start > t->end || t->end > strlen(texts[t->source]));
    }
}

void fuzz_use_tokenizer(void)
{
    static const char *const texts[2] = {
        "A cat's caf\xc3\xa9, 42 [MASK]<s> </s>\t \xe4\xb8\xad\xe6\x96\x87  e\xcc\x81\xef\xac\x81!",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 <unk>\n"
    };
    struct at_tokenizer *tokenizer;
    struct at_tokens tokens = { 0 };
    struct at_strbuf text = { 0 };
    struct at_error err;

    if (at_tokenizer_open(&tokenizer, fuzz_dir(), &err))
        return;
    for (int i = 0; i < 2; i++)
        if (at_tokenize(&tokens, tokenizer, texts[0], i ? texts[1] : NULL, true, &err) == 0) {
            int *ids = at_tokens_ids(&tokens);
            check_places(&tokens, texts);
            at_tokenizer_decode(tokenizer, &text, ids, tokens.n);
            at_tokenizer_add_joined(tokenizer, &text, tokens.items, tokens.n);
            for (size_t k = 0; k < tokens.n; k++)
                at_tokenizer_add_label(tokenizer, &text, tokens.items[k].id);
            free(ids);
            tokens.n = 0;
        }
    at_strbuf_release(&text);
    at_tokens_release(&tokens);
    at_tokenizer_close(tokenizer);
}
