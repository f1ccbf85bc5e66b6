/*
 * layernorm.c - see layernorm.h.
 */
#include "ops/layernorm.h"

#include <math.h>

static void norm_row(float *out, const float *gain, const float *bias, double eps, size_t C)
{
    double sum = 0.0, squares = 0.0;

    for (size_t c = 0; c < C; c++)
        sum += (double)out[c];
    double mean = sum / (double)C;
    for (size_t c = 0; c < C; c++)
        squares += ((double)out[c] - mean) * ((double)out[c] - mean);
    double rstd = 1.0 / sqrt(squares / (double)C + eps);
    for (size_t c = 0; c < C; c++)
        out[c] = (float)(((double)out[c] - mean) * rstd) * gain[c] + bias[c];
}

void at_layernorm(float *out, const float *x, const float *residual, const float *gain,
                  const float *bias, double eps, size_t N, size_t C, struct at_pool *pool)
{
    (void)pool;
    for (size_t n = 0; n < N; n++) {
        for (size_t c = 0; c < C; c++)
            out[n * C + c] = x[n * C + c] + (residual ? residual[n * C + c] : 0.0f);
        norm_row(out + n * C, gain, bias, eps, C);
    }
}
