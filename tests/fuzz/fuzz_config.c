/*
 * fuzz_config.c - any bytes as config.json.
 */
#include "fuzz.h"

#include "model/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_config config = { 0 };
    struct at_error err;

    fuzz_file("config.json", data, size);
    if (at_config_read(&config, fuzz_dir(), &err) == 0)
        at_config_release(&config);
    return 0;
}
