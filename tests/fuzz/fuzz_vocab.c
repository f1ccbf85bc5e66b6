/*
 * fuzz_vocab.c - the files of a tokenizer without tokenizer.json, one after the other with a NUL
 * between them, those that are empty left out; a tokenizer that is accepted has to work.
 */
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "tokenizer_config.json",
                                         "special_tokens_map.json",
                                         "added_tokens.json",
                                         "vocab.txt",
                                         "vocab.json",
                                         "merges.txt" };
    const uint8_t *end = data + size;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const uint8_t *nul = size ? memchr(data, 0, (size_t)(end - data)) : NULL;
        const uint8_t *to = nul ? nul : end;
        if (to > data)
            fuzz_file(names[i], data, (size_t)(to - data));
        else
            fuzz_no_file(names[i]);
        data = nul ? nul + 1 : end;
    }
    fuzz_use_tokenizer();
    return 0;
}
