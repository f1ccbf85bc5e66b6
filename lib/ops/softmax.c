/*
 * softmax.c - see softmax.h.
 */
#include "ops/softmax.h"

#include <math.h>

#include "ops/kernel.h"

double at_log_sum_exp(const float *x, size_t n)
{
    float max = -INFINITY;
    double sum = at_kernel()->sum_exp(x, n, &max);

    return isinf(max) ? (double)max : (double)max + log(sum);
}

void at_softmax(float *x, size_t n)
{
    at_kernel()->softmax(x, n, n);
}
