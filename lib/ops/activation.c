/*
 * activation.c - see activation.h.
 */
#include "ops/activation.h"

#include <math.h>

void at_tanh(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = tanhf(x[i]);
}
