/*
<<<<<<< HEAD
 * fuzz_config.c - any bytes as config.json.
 */
#include "fuzz.h"

=======
 * fuzz_config.c - any bytes as a config.json.
 */
#include "fuzz.h"

#include "io/json.h"
>>>>>>> f580075 (fuzz: config.json and capture files)
#include "model/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
<<<<<<< HEAD
    struct at_config config = { 0 };
    struct at_error err;

    fuzz_file("config.json", data, size);
    if (at_config_read(&config, fuzz_dir(), &err) == 0)
        at_config_release(&config);
=======
    struct at_json *doc = NULL;
    struct at_config c = { 0 };
    struct at_error err;

    if (at_json_parse(&doc, (const char *)data, size, &err) == 0 &&
        at_config_from_json(&c, doc, &err) == 0)
        at_config_release(&c);
    at_json_free(doc);
>>>>>>> f580075 (fuzz: config.json and capture files)
    return 0;
}
