/*
 * softmax.c - see softmax.h.
 */
#include "ops/softmax.h"

#include <math.h>

#include "ops/kernel.h"

struct rows {
    const struct at_kernel *kernel;
    float *x;
    size_t stride, n;
};

static void one_row(void *arg, size_t i, size_t slot)
{
    const struct rows *r = arg;

    (void)slot;
    r->kernel->softmax(r->x + i * r->stride, r->n, r->n);
}

void at_softmax_rows(float *x, size_t stride, size_t N, size_t n, struct at_pool *pool)
{
    struct rows rows = { at_kernel(), x, stride, n };

    if (n > 0)
        at_pool_run(pool, N, one_row, &rows);
}

double at_log_sum_exp(const float *x, size_t n)
{
    float max = -INFINITY;
    double sum = at_kernel()->sum_exp(x, n, &max);

    return isinf(max) ? (double)max : (double)max + log(sum);
}
