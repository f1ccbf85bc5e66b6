/*
 * layernorm.c - see layernorm.h.
 */
#include "ops/layernorm.h"

#include "base/attr.h"
#include "ops/kernel.h"

/* A task is this many rows: enough to be worth handing out. */
enum { ROWS = 8 };

struct norm {
    const struct at_kernel *kernel;
    float *out;
    const float *x, *residual, *gain, *bias;
    double eps;
    size_t N, C;
};

static void some_rows(void *arg, size_t task, size_t slot)
{
    const struct norm *n = arg;
    size_t end = AT_MIN((task + 1) * ROWS, n->N);

    (void)slot;
    for (size_t i = task * ROWS; i < end; i++)
        n->kernel->norm(n->out + i * n->C, n->x + i * n->C,
                        n->residual ? n->residual + i * n->C : NULL, n->gain, n->bias, n->eps,
                        n->C);
}

void at_layernorm(float *out, const float *x, const float *residual, const float *gain,
                  const float *bias, double eps, size_t N, size_t C, struct at_pool *pool)
{
    struct norm n = { at_kernel(), out, x, residual, gain, bias, eps, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows, &n);
}

struct norm_back {
    const struct at_kernel *kernel;
    float *dx;
    const float *dy, *x, *residual, *gain;
    double eps;
    enum at_rule rule;
    size_t N, C;
};

static void some_rows_back(void *arg, size_t task, size_t slot)
{
    const struct norm_back *n = arg;
    size_t end = AT_MIN((task + 1) * ROWS, n->N);

    (void)slot;
    for (size_t i = task * ROWS; i < end; i++)
        n->kernel->norm_back(n->dx + i * n->C, n->dy + i * n->C, n->x + i * n->C,
                             n->residual ? n->residual + i * n->C : NULL, n->gain, n->eps,
                             n->rule == AT_RULE_ATTNLRP, n->C);
}

void at_layernorm_back(float *dx, const float *dy, const float *x, const float *residual,
                       const float *gain, double eps, enum at_rule rule, size_t N, size_t C,
                       struct at_pool *pool)
{
    struct norm_back n = { at_kernel(), dx, dy, x, residual, gain, eps, rule, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows_back, &n);
}
