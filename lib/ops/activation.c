/*
 * activation.c - see activation.h.
 */
#include "ops/activation.h"

#include <math.h>

#include "ops/kernel.h"

void at_gelu_erf(float *out, const float *x, size_t n)
{
    at_kernel()->gelu_erf(out, x, n);
}

void at_gelu_tanh(float *out, const float *x, size_t n)
{
    at_kernel()->gelu_tanh(out, x, n);
}

void at_tanh(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = tanhf(x[i]);
}
