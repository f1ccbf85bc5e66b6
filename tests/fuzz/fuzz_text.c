/*
 * fuzz_text.c - any UTF-8 through both kinds of tokenizer: offsets lie in the text, in order, and
 * byte-level BPE gives the text back. Run from the repository root.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/textfile.h"
#include "text/tokenizer.h"

static struct at_tokenizer *open_tokenizer(const char *dir)
{
    struct at_tokenizer *tokenizer;
    struct at_error err;

    if (at_tokenizer_open(&tokenizer, dir, &err))
        abort();
    return tokenizer;
}

static void check(const struct at_tokenizer *tokenizer, const char *text)
{
    size_t n = strlen(text), last = 0;
    struct at_tokens tokens = { 0 };
    struct at_strbuf back = { 0 };
    struct at_error err;
    int *ids;

    if (at_tokenize(&tokens, tokenizer, text, NULL, true, &err))
        abort();
    ids = at_calloc(tokens.n, sizeof *ids);
    for (size_t i = 0; i < tokens.n; i++) {
        const struct at_token *t = &tokens.items[i];
        ids[i] = t->id;
        if (t->start == AT_NO_OFFSET)
            continue;
        AT_BUG_IF(t->start > t->end || t->end > n || t->start < last);
        last = t->start;
    }
    at_tokenizer_decode(tokenizer, &back, ids, tokens.n);
    if (at_tokenizer_kind(tokenizer) == AT_BPE)
        AT_BUG_IF(back.n != n || (n && memcmp(back.s, text, n) != 0));
    at_strbuf_release(&back);
    at_tokens_release(&tokens);
    free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct at_tokenizer *bert, *gpt2;
    char *text;

    if (!bert) {
        bert = open_tokenizer("fixtures/tiny-bert");
        gpt2 = open_tokenizer("fixtures/models/atlas-gpt2");
    }
    if (at_utf8_check((const char *)data, size) != size || memchr(data, 0, size))
        return 0;
    text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    check(bert, text);
    check(gpt2, text);
    free(text);
    return 0;
}
