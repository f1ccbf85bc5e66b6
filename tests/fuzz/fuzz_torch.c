/*
 * fuzz_torch.c - any bytes as a file of torch.save(); every tensor that is accepted is read to its
 * last byte and found by its name.
 */
#include "fuzz.h"

#include "io/tensors.h"

static volatile unsigned sum; /* so that no compiler leaves the reading out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_tensors *ts;
    struct at_error err;

    if (at_tensors_open(&ts, fuzz_file("pytorch_model.bin", data, size), &err))
        return 0;
    for (size_t i = 0; i < at_tensors_count(ts); i++) {
        const struct at_tensor_view *t = at_tensors_at(ts, i);
        for (size_t b = 0; b < t->bytes; b++)
            sum += ((const uint8_t *)t->data)[b];
        AT_BUG_IF(at_tensors_find(ts, t->name) != t);
    }
    at_tensors_close(ts);
    return 0;
}
