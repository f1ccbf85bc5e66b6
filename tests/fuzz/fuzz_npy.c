/*
 * fuzz_npy.c - any bytes as an array of numpy's; one that is accepted has all its values.
 */
#include "fuzz.h"

#include "io/npy.h"

static volatile double sum; /* so that no compiler leaves the reading out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("array.npy", data, size);

    for (size_t n = 0; n <= 7; n++) {
        double values[7];
        struct at_error err;
        if (at_npy_read(values, n, path, &err))
            continue;
        for (size_t i = 0; i < n; i++)
            sum += values[i];
        break; /* a file has one shape */
    }
    return 0;
}
