/*
 * fuzz_weights.c - any bytes as the weights of fixtures/tiny-bert; run from the repository root.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "io/textfile.h"
#include "model/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int has_config;
    struct at_model model;
    struct at_error err;

    if (!has_config) {
        char *text;
        size_t n;
        if (at_text_read(&text, &n, "fixtures/tiny-bert/config.json", 1 << 16, &err))
            abort();
        fuzz_file("config.json", (const uint8_t *)text, n);
        free(text);
        has_config = 1;
    }
    fuzz_file("model.safetensors", data, size);
    if (at_model_open(&model, fuzz_dir(), &err) == 0)
        at_model_close(&model);
    return 0;
}
