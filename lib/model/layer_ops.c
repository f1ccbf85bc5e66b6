/*
 * layer_ops.c - see layer_ops.h.
 */
#include "model/layer_ops.h"

#include <string.h>

#include "ops/activation.h"
#include "ops/embed.h"
#include "ops/layernorm.h"
#include "ops/precise.h"
#include "ops/rotary.h"

/* ---- in float ---- */

static void embed(float *out, size_t lo, const struct at_weight *table, const int *ids, size_t N)
{
    (void)lo;
    at_embed(out, table, ids, N);
}

static void embed_add(float *out, size_t lo, const struct at_weight *table, const int *ids,
                      size_t N)
{
    (void)lo;
    at_embed_add(out, table, ids, N);
}

static void linear(float *out, const float *x, size_t lo, const struct at_dense *d, size_t N,
                   enum at_epilogue epilogue, struct at_pool *pool)
{
    (void)lo;
    at_linear(out, x, &d->w, d->b.data, N, epilogue, pool);
}

static void linear_add(float *out, const float *x, size_t lo, const struct at_dense *d,
                       const float *residual, size_t N, struct at_pool *pool)
{
    (void)lo;
    at_linear_add(out, x, &d->w, d->b.data, residual, N, pool);
}

static void linear_parts(float *out, const float *x, size_t lo, const struct at_linear_part *parts,
                         size_t n, size_t N, struct at_pool *pool)
{
    (void)lo;
    at_linear_parts(out, x, parts, n, N, AT_EPI_NONE, pool);
}

static void activate(float *out, const float *x, size_t lo, size_t n, enum at_epilogue form,
                     struct at_pool *pool)
{
    (void)lo;
    at_activate(out, x, n, form, pool);
}

static void multiply(float *out, const float *a, const float *b, size_t lo, size_t n,
                     struct at_pool *pool)
{
    (void)lo;
    at_multiply(out, a, b, n, pool);
}

static void turn(const struct at_rotary_rows *rows, size_t lo, bool is_back, struct at_pool *pool)
{
    (void)lo;
    at_rotary_turn(rows, is_back, pool);
}

static void norm(float *out, const float *x, const float *residual, size_t lo,
                 const struct at_norm *n, double eps, size_t N, size_t C, struct at_pool *pool)
{
    (void)lo;
    if (n->bias.data)
        at_layernorm(out, x, residual, n->gain.data, n->bias.data, eps, N, C, pool);
    else
        at_rmsnorm(out, x, residual, n->gain.data, eps, N, C, pool);
}

static void attention(const struct at_attention_out *out, const struct at_attention_in *in,
                      size_t lo, size_t B, struct at_pool *pool)
{
    (void)lo;
    at_attention(out, in, B, pool);
}

static void mix(float *x, size_t lo, size_t n, double factor, const float *fill, size_t fill_lo)
{
    (void)lo;
    (void)fill_lo;
    for (size_t i = 0; i < n; i++) {
        x[i] *= (float)factor;
        if (fill)
            x[i] += (float)(1.0 - factor) * fill[i];
    }
}

static void mean(float *out, const float *x, size_t stride, size_t lo, size_t N, size_t n)
{
    (void)lo;
    for (size_t j = 0; j < n; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < N; i++)
            sum += (double)x[i * stride + j];
        out[j] = (float)(sum / (double)N);
    }
}

static void linear_back(float *dx, const float *dy, size_t lo, const struct at_weight *w,
                        const float *residual, size_t N, struct at_pool *pool)
{
    struct at_weight back = at_weight_transposed(w);

    (void)lo;
    if (residual)
        at_linear_add(dx, dy, &back, NULL, residual, N, pool);
    else
        at_linear(dx, dy, &back, NULL, N, AT_EPI_NONE, pool);
}

static void norm_back(float *dx, const float *dy, const float *x, const float *residual, size_t lo,
                      const struct at_norm *n, double eps, enum at_rule rule, size_t N, size_t C,
                      struct at_pool *pool)
{
    (void)lo;
    (n->bias.data ? at_layernorm_back : at_rmsnorm_back)(dx, dy, x, residual, n->gain.data, eps,
                                                         rule, N, C, pool);
}

static void activate_back(float *dx, const float *dy, const float *x, size_t lo, size_t n,
                          enum at_epilogue form, enum at_rule rule, struct at_pool *pool)
{
    (void)lo;
    at_activate_back(dx, dy, x, n, form, rule, pool);
}

static void attention_back(const struct at_attention_back *back, const struct at_attention_in *in,
                           size_t lo, size_t B, struct at_pool *pool)
{
    (void)lo;
    at_attention_back(back, in, B, pool);
}

static void copy(float *out, const float *from, size_t lo, size_t n)
{
    (void)lo;
    memmove(out, from, n * sizeof *out);
}

static void clear(float *out, size_t lo, size_t n)
{
    (void)lo;
    memset(out, 0, n * sizeof *out);
}

static void take(float *out, size_t lo, const float *from, size_t n)
{
    (void)lo;
    memcpy(out, from, n * sizeof *out);
}

/* ---- in double ---- */

static void precise_embed(float *out, size_t lo, const struct at_weight *table, const int *ids,
                          size_t N)
{
    at_embed(out, table, ids, N);
    memset(out + lo, 0, N * table->n_in * sizeof *out);
}

static void precise_linear(float *out, const float *x, size_t lo, const struct at_dense *d,
                           size_t N, enum at_epilogue epilogue, struct at_pool *pool)
{
    at_precise_linear(out, d->w.n_out, x, lo, &d->w, d->b.data, NULL, N, epilogue, pool);
}

static void precise_linear_add(float *out, const float *x, size_t lo, const struct at_dense *d,
                               const float *residual, size_t N, struct at_pool *pool)
{
    at_precise_linear(out, d->w.n_out, x, lo, &d->w, d->b.data, residual, N, AT_EPI_NONE, pool);
}

static void precise_linear_parts(float *out, const float *x, size_t lo,
                                 const struct at_linear_part *parts, size_t n, size_t N,
                                 struct at_pool *pool)
{
    size_t stride = 0;

    for (size_t i = 0; i < n; i++)
        stride += parts[i].w->n_out;
    for (size_t i = 0; i < n; out += parts[i].w->n_out, i++)
        at_precise_linear(out, stride, x, lo, parts[i].w, parts[i].bias, NULL, N, AT_EPI_NONE,
                          pool);
}

static void precise_multiply(float *out, const float *a, const float *b, size_t lo, size_t n,
                             struct at_pool *pool)
{
    (void)pool;
    at_precise_multiply(out, a, b, lo, n);
}

static void precise_turn(const struct at_rotary_rows *rows, size_t lo, bool is_back,
                         struct at_pool *pool)
{
    (void)pool;
    at_precise_turn(rows, lo, is_back);
}

static void precise_norm(float *out, const float *x, const float *residual, size_t lo,
                         const struct at_norm *n, double eps, size_t N, size_t C,
                         struct at_pool *pool)
{
    at_precise_norm(out, x, residual, lo, n->gain.data, n->bias.data, eps, N, C, pool);
}

static void precise_mix(float *x, size_t lo, size_t n, double factor, const float *fill,
                        size_t fill_lo)
{
    for (size_t i = 0; i < n; i++) {
        double from = !fill ? 0.0 : fill_lo ? at_pair(fill + i, fill_lo) : (double)fill[i];
        at_set_pair(x + i, lo, at_pair(x + i, lo) * factor + (1.0 - factor) * from);
    }
}

static void precise_mean(float *out, const float *x, size_t stride, size_t lo, size_t N, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < N; i++)
            sum += at_pair(x + i * stride + j, lo);
        at_set_pair(out + j, lo, sum / (double)N);
    }
}

static void precise_linear_back(float *dx, const float *dy, size_t lo, const struct at_weight *w,
                                const float *residual, size_t N, struct at_pool *pool)
{
    struct at_weight back = at_weight_transposed(w);

    at_precise_linear(dx, back.n_out, dy, lo, &back, NULL, residual, N, AT_EPI_NONE, pool);
}

static void precise_norm_back(float *dx, const float *dy, const float *x, const float *residual,
                              size_t lo, const struct at_norm *n, double eps, enum at_rule rule,
                              size_t N, size_t C, struct at_pool *pool)
{
    (n->bias.data ? at_precise_norm_back : at_precise_rms_norm_back)(
        dx, dy, x, residual, lo, n->gain.data, eps, rule, N, C, pool);
}

static void precise_copy(float *out, const float *from, size_t lo, size_t n)
{
    memmove(out, from, n * sizeof *out);
    memmove(out + lo, from + lo, n * sizeof *out);
}

static void precise_clear(float *out, size_t lo, size_t n)
{
    memset(out, 0, n * sizeof *out);
    memset(out + lo, 0, n * sizeof *out);
}

static void precise_take(float *out, size_t lo, const float *from, size_t n)
{
    memcpy(out, from, n * sizeof *out);
    memset(out + lo, 0, n * sizeof *out);
}

const struct at_layer_ops *at_layer_ops(bool is_double)
{
    static const struct at_layer_ops in_float = {
        .embed = embed,
        .embed_add = embed_add,
        .linear = linear,
        .linear_add = linear_add,
        .linear_parts = linear_parts,
        .activate = activate,
        .multiply = multiply,
        .turn = turn,
        .norm = norm,
        .attention = attention,
        .mix = mix,
        .mean = mean,
        .linear_back = linear_back,
        .norm_back = norm_back,
        .activate_back = activate_back,
        .attention_back = attention_back,
        .copy = copy,
        .clear = clear,
        .take = take,
    };
    static const struct at_layer_ops in_double = {
        .embed = precise_embed,
        .embed_add = at_precise_embed_add,
        .linear = precise_linear,
        .linear_add = precise_linear_add,
        .linear_parts = precise_linear_parts,
        .activate = at_precise_activate,
        .multiply = precise_multiply,
        .turn = precise_turn,
        .norm = precise_norm,
        .attention = at_precise_attention,
        .mix = precise_mix,
        .mean = precise_mean,
        .linear_back = precise_linear_back,
        .norm_back = precise_norm_back,
        .activate_back = at_precise_activate_back,
        .attention_back = at_precise_attention_back,
        .copy = precise_copy,
        .clear = precise_clear,
        .take = precise_take,
    };

    return is_double ? &in_double : &in_float;
}
