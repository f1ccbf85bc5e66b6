/*
 * fuzz_tokenizer.c - any bytes as tokenizer.json; a tokenizer that is accepted has to work.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file("tokenizer.json", data, size);
    fuzz_use_tokenizer();
    return 0;
}
