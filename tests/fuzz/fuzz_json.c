/*
 * fuzz_json.c - any bytes as JSON; what is read can be written and read again.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_json *value, *again;
    struct at_strbuf text = { 0 };
    struct at_error err;

    if (at_json_parse_unique(&value, (const char *)data, size, &err))
        return 0;
    at_json_dump(&text, value, 1, 0);
    if (at_json_parse(&again, text.s, text.n, &err))
        abort();
    at_json_free(again);
    at_json_free(value);
    at_strbuf_release(&text);
    return 0;
}
