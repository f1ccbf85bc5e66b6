/*
 * fuzz_json.c - any bytes as JSON; what is read can be written, and read and written again as the
 * same bytes.
 */
#include "fuzz.h"

#include <string.h>

#include "io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_json *value, *again;
    struct at_strbuf first = { 0 }, second = { 0 };
    struct at_error err;

    if (at_json_parse_unique(&value, (const char *)data, size, &err))
        return 0;
    at_json_dump(&first, value, 1, 17);
    AT_BUG_IF(at_json_parse(&again, first.s, first.n, &err) != 0);
    at_json_dump(&second, again, 1, 17);
    AT_BUG_IF(strcmp(first.s, second.s) != 0);
    at_strbuf_release(&first);
    at_strbuf_release(&second);
    at_json_free(again);
    at_json_free(value);
    return 0;
}
