/*
 * softmax.c - see softmax.h.
 */
#include "ops/softmax.h"

#include <math.h>

static void softmax_row(float *x, size_t n)
{
    float max = -INFINITY;
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        max = fmaxf(max, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += (double)(x[i] = expf(x[i] - max));
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((double)x[i] / sum);
}

void at_softmax_rows(float *x, size_t stride, size_t N, size_t n, struct at_pool *pool)
{
    (void)pool;
    for (size_t i = 0; i < N; i++)
        softmax_row(x + i * stride, n);
}

double at_log_sum_exp(const float *x, size_t n)
{
    float max = -INFINITY;
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        max = fmaxf(max, x[i]);
    if (isinf(max))
        return (double)max;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)(x[i] - max));
    return (double)max + log(sum);
}
