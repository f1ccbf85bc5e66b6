/*
 * fuzz_tokenizer.c - any bytes as tokenizer.json; a tokenizer that is accepted has to work.
 */
#include "fuzz.h"

#include "text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_tokenizer *tokenizer;
    struct at_tokens tokens = { 0 };
    struct at_strbuf text = { 0 };
    struct at_error err;

    fuzz_file("tokenizer.json", data, size);
    if (at_tokenizer_open(&tokenizer, fuzz_dir(), &err))
        return 0;
    if (at_tokenize(&tokens, tokenizer, "A cat's caf\xc3\xa9, 42 [MASK]", NULL, true, &err) == 0)
        for (size_t i = 0; i < tokens.n; i++)
            at_tokenizer_add_label(tokenizer, &text, tokens.items[i].id);
    at_strbuf_release(&text);
    at_tokens_release(&tokens);
    at_tokenizer_close(tokenizer);
    return 0;
}
