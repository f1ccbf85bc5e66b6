/*
 * activation.c - see activation.h.
 */
#include "ops/activation.h"

#include <math.h>

#include "base/attr.h"

void at_gelu_erf(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(0.5 * (double)x[i] * (1.0 + erf((double)x[i] * sqrt(0.5))));
}

void at_gelu_tanh(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i], t = tanh(sqrt(2.0 / AT_PI) * (v + 0.044715 * v * v * v));
        out[i] = (float)(0.5 * v * (1.0 + t));
    }
}

void at_tanh(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = tanhf(x[i]);
}
