/*
 * activation.c - see activation.h.
 */
#include "ops/activation.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "ops/kernel.h"

/* A task is this many values: enough to be worth handing out. */
enum { VALUES = 16384 };

void at_tanh(float *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = tanhf(x[i]);
}

struct activation {
    float *out;
    const float *x;
    size_t n;
    enum at_epilogue form;
};

static void some_values(void *arg, size_t task, size_t slot)
{
    const struct activation *a = arg;
    size_t at = task * VALUES, n = AT_MIN((size_t)VALUES, a->n - at);

    (void)slot;
    switch (a->form) {
    case AT_EPI_GELU_ERF:
        at_kernel()->gelu_erf(a->out + at, a->x + at, n);
        break;
    case AT_EPI_GELU_TANH:
        at_kernel()->gelu_tanh(a->out + at, a->x + at, n);
        break;
    case AT_EPI_RELU:
        at_kernel()->relu(a->out + at, a->x + at, n);
        break;
    case AT_EPI_SILU:
        at_kernel()->silu(a->out + at, a->x + at, n);
        break;
    case AT_EPI_TANH:
        at_tanh(a->out + at, a->x + at, n);
        break;
    case AT_EPI_NONE:
        memmove(a->out + at, a->x + at, n * sizeof *a->out);
        break;
    }
}

void at_activate(float *out, const float *x, size_t n, enum at_epilogue form, struct at_pool *pool)
{
    struct activation a = { out, x, n, form };

    at_pool_run(pool, at_divide_up(n, VALUES), some_values, &a);
}

struct activation_back {
    float *dx;
    const float *dy, *x;
    size_t n;
    enum at_epilogue form;
    enum at_rule rule;
};

static void tanh_back(float *dx, const float *dy, const float *x, size_t n, enum at_rule rule)
{
    for (size_t i = 0; i < n; i++) {
        float y = tanhf(x[i]);
        bool is_share = rule == AT_RULE_ATTNLRP && x[i] != 0.0f;
        dx[i] = dy[i] * (is_share ? y / x[i] : 1.0f - y * y);
    }
}

static void some_values_back(void *arg, size_t task, size_t slot)
{
    const struct activation_back *a = arg;
    size_t at = task * VALUES, n = AT_MIN((size_t)VALUES, a->n - at);
    float *dx = a->dx + at;
    const float *dy = a->dy + at, *x = a->x + at;
    const struct at_kernel *kernel = at_kernel();
    bool is_share = a->rule == AT_RULE_ATTNLRP;

    (void)slot;
    switch (a->form) {
    case AT_EPI_GELU_ERF:
        (is_share ? kernel->gelu_erf_share : kernel->gelu_erf_back)(dx, dy, x, n);
        break;
    case AT_EPI_GELU_TANH:
        (is_share ? kernel->gelu_tanh_share : kernel->gelu_tanh_back)(dx, dy, x, n);
        break;
    case AT_EPI_RELU: /* its slope is its share */
        kernel->relu_back(dx, dy, x, n);
        break;
    case AT_EPI_SILU:
        (is_share ? kernel->silu_share : kernel->silu_back)(dx, dy, x, n);
        break;
    case AT_EPI_TANH:
        tanh_back(dx, dy, x, n, a->rule);
        break;
    case AT_EPI_NONE:
        memmove(dx, dy, n * sizeof *dx);
        break;
    }
}

struct products {
    const struct at_kernel *kernel;
    float *out;
    const float *a, *b;
    size_t n;
};

static void some_products(void *arg, size_t task, size_t slot)
{
    const struct products *p = arg;
    size_t at = task * VALUES;

    (void)slot;
    p->kernel->multiply(p->out + at, p->a + at, p->b + at, AT_MIN((size_t)VALUES, p->n - at));
}

void at_multiply(float *out, const float *a, const float *b, size_t n, struct at_pool *pool)
{
    struct products p = { at_kernel(), out, a, b, n };

    at_pool_run(pool, at_divide_up(n, VALUES), some_products, &p);
}

void at_activate_back(float *dx, const float *dy, const float *x, size_t n, enum at_epilogue form,
                      enum at_rule rule, struct at_pool *pool)
{
    struct activation_back a = { dx, dy, x, n, form, rule };

    at_pool_run(pool, at_divide_up(n, VALUES), some_values_back, &a);
}
