/*
 * fuzz_safetensors.c - any bytes as a safetensors file; every tensor that is accepted is read to
 * its last byte and found by its name.
 */
#include "fuzz.h"

#include "io/tensors.h"

static volatile unsigned sum; /* so that no compiler leaves the reading out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_tensors *st;
    struct at_error err;

    if (at_tensors_open(&st, fuzz_file("model.safetensors", data, size), &err))
        return 0;
    for (size_t i = 0; i < at_tensors_count(st); i++) {
        const struct at_tensor_view *t = at_tensors_at(st, i);
        for (size_t b = 0; b < t->bytes; b++)
            sum += ((const uint8_t *)t->data)[b];
        AT_BUG_IF(at_tensors_find(st, t->name) != t);
    }
    at_tensors_close(st);
    return 0;
}
