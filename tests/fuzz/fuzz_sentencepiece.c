/*
 * fuzz_sentencepiece.c - the first byte picks a class of tokenizers, the others are its
 * SentencePiece model; a tokenizer that is accepted has to work.
 */
#include "fuzz.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const classes[] = { "XLMRoberta", "Camembert", "Albert", "T5", "Llama" };
    char config[64];
    int n;

    if (size == 0)
        return 0;
    n = snprintf(config, sizeof config, "{\"tokenizer_class\": \"%sTokenizer\"}",
                 classes[data[0] % (sizeof classes / sizeof *classes)]);
    fuzz_file("tokenizer_config.json", (const uint8_t *)config, (size_t)n);
    fuzz_file("tokenizer.model", data + 1, size - 1);
    fuzz_use_tokenizer();
    return 0;
}
