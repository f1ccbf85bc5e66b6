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
    const float *x, *residual, *gain, *bias; /* bias NULL: by the root mean square alone */
    double eps;
    size_t N, C;
};

static void some_rows(void *arg, size_t task, size_t slot)
{
    const struct norm *n = arg;
    size_t end = AT_MIN((task + 1) * ROWS, n->N);

    (void)slot;
    for (size_t i = task * ROWS; i < end; i++) {
        const float *x = n->x + i * n->C, *residual = n->residual ? n->residual + i * n->C : NULL;
        if (n->bias)
            n->kernel->norm(n->out + i * n->C, x, residual, n->gain, n->bias, n->eps, n->C);
        else
            n->kernel->rms_norm(n->out + i * n->C, x, residual, n->gain, n->eps, n->C);
    }
}

void at_layernorm(float *out, const float *x, const float *residual, const float *gain,
                  const float *bias, double eps, size_t N, size_t C, struct at_pool *pool)
{
    struct norm n = { at_kernel(), out, x, residual, gain, bias, eps, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows, &n);
}

void at_rmsnorm(float *out, const float *x, const float *residual, const float *gain, double eps,
                size_t N, size_t C, struct at_pool *pool)
{
    struct norm n = { at_kernel(), out, x, residual, gain, NULL, eps, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows, &n);
}

struct norm_back {
    void (*row)(float *dx, const float *dy, const float *x, const float *residual,
                const float *gain, double eps, bool is_scale_fixed, size_t C);
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
        n->row(n->dx + i * n->C, n->dy + i * n->C, n->x + i * n->C,
               n->residual ? n->residual + i * n->C : NULL, n->gain, n->eps,
               n->rule == AT_RULE_ATTNLRP, n->C);
}

void at_layernorm_back(float *dx, const float *dy, const float *x, const float *residual,
                       const float *gain, double eps, enum at_rule rule, size_t N, size_t C,
                       struct at_pool *pool)
{
    struct norm_back n = { at_kernel()->norm_back, dx, dy, x, residual, gain, eps, rule, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows_back, &n);
}

void at_rmsnorm_back(float *dx, const float *dy, const float *x, const float *residual,
                     const float *gain, double eps, enum at_rule rule, size_t N, size_t C,
                     struct at_pool *pool)
{
    struct norm_back n = { at_kernel()->rms_norm_back, dx, dy, x, residual, gain, eps, rule, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows_back, &n);
}
