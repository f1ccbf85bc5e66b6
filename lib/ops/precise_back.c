/*
 * precise_back.c - the ways back of ops/precise.h, in plain loops over doubles.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "ops/kernel.h"
#include "ops/precise.h"

/* Rows, and values, handed out at a time. */
enum { ROWS = 8, VALUES = 4096 };

/* ---- layer normalisation ---- */

struct norm {
    float *dx;
    const float *dy, *x, *residual;
    size_t lo;
    const float *gain;
    double eps;
    enum at_rule rule;
    bool has_mean; /* which is taken off before */
    size_t N, C;
};

/* z (C) is scratch. */
static void norm_row(const struct norm *n, size_t row, double *z)
{
    size_t C = n->C, at = row * C;
    double mean = 0.0, square = 0.0, sum = 0.0, moment = 0.0;

    for (size_t c = 0; c < C; c++) {
        z[c] = at_pair(n->x + at + c, n->lo);
        mean += n->has_mean ? z[c] / (double)C : 0.0;
    }
    for (size_t c = 0; c < C; c++) {
        z[c] -= mean;
        square += z[c] * z[c];
    }
    double rstd = 1.0 / sqrt(square / (double)C + n->eps);
    bool is_scale_fixed = n->rule == AT_RULE_ATTNLRP;
    for (size_t c = 0; c < C; c++) {
        double g = at_pair(n->dy + at + c, n->lo) * (double)n->gain[c];
        z[c] *= rstd;
        sum += n->has_mean ? g : 0.0;
        moment += is_scale_fixed ? 0.0 : g * z[c];
    }
    for (size_t c = 0; c < C; c++) {
        double g = at_pair(n->dy + at + c, n->lo) * (double)n->gain[c];
        double d = rstd * (g - (sum + z[c] * moment) / (double)C);
        at_set_pair(n->dx + at + c, n->lo,
                    d + (n->residual ? at_pair(n->residual + at + c, n->lo) : 0.0));
    }
}

static void some_rows(void *arg, size_t task, size_t slot)
{
    const struct norm *n = arg;
    size_t end = AT_MIN((task + 1) * ROWS, n->N);
    double *z = at_malloc(n->C, sizeof *z);

    (void)slot;
    for (size_t i = task * ROWS; i < end; i++)
        norm_row(n, i, z);
    free(z);
}

void at_precise_norm_back(float *dx, const float *dy, const float *x, const float *residual,
                          size_t lo, const float *gain, double eps, enum at_rule rule, size_t N,
                          size_t C, struct at_pool *pool)
{
    struct norm n = { dx, dy, x, residual, lo, gain, eps, rule, true, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows, &n);
}

void at_precise_rms_norm_back(float *dx, const float *dy, const float *x, const float *residual,
                              size_t lo, const float *gain, double eps, enum at_rule rule, size_t N,
                              size_t C, struct at_pool *pool)
{
    struct norm n = { dx, dy, x, residual, lo, gain, eps, rule, false, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows, &n);
}

/* ---- activations ---- */

/* The derivative of form at x. */
static double slope(enum at_epilogue form, double x)
{
    const double a = sqrt(2.0 / AT_PI), b = 0.044715;
    double s, y;

    switch (form) {
    case AT_EPI_GELU_ERF:
        return 0.5 * erfc(-x * sqrt(0.5)) + x * exp(-0.5 * x * x) / sqrt(2.0 * AT_PI);
    case AT_EPI_GELU_TANH:
        s = 1.0 / (1.0 + exp(-2.0 * a * (x + b * x * x * x)));
        return s + x * s * (1.0 - s) * 2.0 * a * (1.0 + 3.0 * b * x * x);
    case AT_EPI_RELU:
        return x > 0.0 ? 1.0 : 0.0;
    case AT_EPI_SILU:
        s = 1.0 / (1.0 + exp(-x));
        return s + x * s * (1.0 - s);
    case AT_EPI_TANH:
        y = tanh(x);
        return 1.0 - y * y;
    case AT_EPI_NONE:
        break;
    }
    return 1.0;
}

/* form(x) / x. */
static double share(enum at_epilogue form, double x)
{
    switch (form) {
    case AT_EPI_GELU_ERF:
        return 0.5 * erfc(-x * sqrt(0.5));
    case AT_EPI_GELU_TANH:
        return 1.0 / (1.0 + exp(-2.0 * sqrt(2.0 / AT_PI) * (x + 0.044715 * x * x * x)));
    case AT_EPI_RELU:
        return x > 0.0 ? 1.0 : 0.0;
    case AT_EPI_SILU:
        return 1.0 / (1.0 + exp(-x));
    case AT_EPI_TANH:
        return x != 0.0 ? tanh(x) / x : 1.0;
    case AT_EPI_NONE:
        break;
    }
    return 1.0;
}

struct activation {
    float *dx;
    const float *dy, *x;
    size_t lo, n;
    enum at_epilogue form;
    double (*factor)(enum at_epilogue form, double x);
};

static void some_values(void *arg, size_t task, size_t slot)
{
    const struct activation *a = arg;
    size_t end = AT_MIN((task + 1) * VALUES, a->n);

    (void)slot;
    for (size_t i = task * VALUES; i < end; i++)
        at_set_pair(a->dx + i, a->lo,
                    at_pair(a->dy + i, a->lo) * a->factor(a->form, at_pair(a->x + i, a->lo)));
}

void at_precise_activate_back(float *dx, const float *dy, const float *x, size_t lo, size_t n,
                              enum at_epilogue form, enum at_rule rule, struct at_pool *pool)
{
    struct activation a = { dx, dy, x, lo, n, form, rule == AT_RULE_ATTNLRP ? share : slope };

    at_pool_run(pool, at_divide_up(n, VALUES), some_values, &a);
}

/* ---- attention ---- */

struct batch {
    const struct at_attention_back *back;
    const struct at_attention_in *in;
    size_t lo;
};

/* One head in doubles: (T,D) each but map and d_map, a row (T) of either. dk and dv belong to all
   heads that read its keys and values. */
struct head {
    const struct at_attention_in *in;
    size_t number; /* of the queries */
    double *q, *k, *v, *d_context, *dq, *dk, *dv, *map, *d_map;
};

static void widen(double *out, const float *rows, size_t stride, size_t lo, size_t T, size_t D)
{
    for (size_t t = 0; t < T; t++)
        for (size_t d = 0; d < D; d++)
            out[t * D + d] = at_pair(rows + t * stride + d, lo);
}

static void narrow(float *rows, size_t stride, size_t lo, const double *in, size_t T, size_t D)
{
    for (size_t t = 0; t < T; t++)
        for (size_t d = 0; d < D; d++)
            at_set_pair(rows + t * stride + d, lo, in[t * D + d]);
}

AT_CLONES static double dot_pairs(const double *a, const double *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

AT_CLONES static void add(double *out, double factor, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += factor * x[i];
}

/* h->map = the row of query i over keys from..n-1. */
static void map_row(const struct head *h, size_t i, size_t from, size_t n, double scale)
{
    const unsigned char *is_hidden = h->in->is_hidden;
    const float *bias = at_attention_bias(h->in, h->number, i);
    double max = -INFINITY, sum = 0.0;
    size_t D = h->in->D;

    for (size_t j = from; j < n; j++) {
        bool is_seen = !is_hidden || !is_hidden[j];
        h->map[j] = is_seen ? scale * dot_pairs(h->q + i * D, h->k + j * D, D) : -INFINITY;
        h->map[j] += bias ? (double)bias[j] : 0.0;
        max = AT_MAX(max, h->map[j]);
    }
    for (size_t j = from; j < n && max > -INFINITY; j++)
        sum += h->map[j] = exp(h->map[j] - max);
    for (size_t j = from; j < n; j++)
        h->map[j] = max > -INFINITY ? h->map[j] / sum : 0.0;
}

/* What query i adds to all gradients; d_map gets its row, or is NULL. */
static void one_query(const struct head *h, size_t i, float *d_map)
{
    const struct at_attention_in *in = h->in;
    size_t D = in->D, n = at_attention_visible(in, i), from = at_attention_first(in, i);
    double scale = in->scale != 0.0f ? (double)in->scale : 1.0 / sqrt((double)D), mean;
    const double *d_context = h->d_context + i * D;

    map_row(h, i, from, n, scale);
    for (size_t j = from; j < n; j++)
        h->d_map[j] = dot_pairs(d_context, h->v + j * D, D);
    for (size_t j = 0; d_map && j < in->T; j++)
        d_map[j] = j >= from && j < n ? (float)h->d_map[j] : 0.0f;
    mean = dot_pairs(h->map + from, h->d_map + from, n - from);
    for (size_t j = from; j < n; j++) {
        double ds = scale * h->map[j] * (h->d_map[j] - mean);
        add(h->dv + j * D, h->map[j], d_context, D);
        add(h->dq + i * D, ds, h->k + j * D, D);
        add(h->dk + j * D, ds, h->q + i * D, D);
    }
}

static size_t n_key_heads(const struct at_attention_in *in)
{
    return in->H / AT_MAX(in->group, (size_t)1);
}

/* Task: a head of keys and values of a text, with all heads that read it. */
static void one_head(void *arg, size_t task, size_t slot)
{
    const struct batch *batch = arg;
    size_t b = 0;

    (void)slot;
    for (; task >= n_key_heads(&batch->in[b]); b++)
        task -= n_key_heads(&batch->in[b]);
    const struct at_attention_in *in = &batch->in[b];
    const struct at_attention_back *back = &batch->back[b];
    size_t T = in->T, D = in->D, key_at = task * D, n = T * D, lo = batch->lo;
    size_t group = in->H / n_key_heads(in);
    double *room = at_calloc(7 * n + 2 * T, sizeof *room);
    struct head h = { in,
                      0,
                      room,
                      room + n,
                      room + 2 * n,
                      room + 3 * n,
                      room + 4 * n,
                      room + 5 * n,
                      room + 6 * n,
                      room + 7 * n,
                      room + 7 * n + T };

    widen(h.k, in->k + key_at, in->k_stride, lo, T, D);
    widen(h.v, in->v + key_at, in->v_stride, lo, T, D);
    for (size_t head = task * group; head < (task + 1) * group; head++) {
        size_t at = head * D;
        h.number = head;
        widen(h.q, in->q + at, in->q_stride, lo, T, D);
        widen(h.d_context, back->d_context + at, back->d_context_stride, lo, T, D);
        memset(h.dq, 0, n * sizeof *h.dq);
        for (size_t i = 0; i < T; i++)
            one_query(&h, i, back->d_map ? back->d_map + (head * T + i) * T : NULL);
        narrow(back->dq + at, back->dq_stride, lo, h.dq, T, D);
    }
    narrow(back->dk + key_at, back->dkv_stride, lo, h.dk, T, D);
    narrow(back->dv + key_at, back->dkv_stride, lo, h.dv, T, D);
    free(room);
}

void at_precise_attention_back(const struct at_attention_back *back,
                               const struct at_attention_in *in, size_t lo, size_t B,
                               struct at_pool *pool)
{
    struct batch batch = { back, in, lo };
    size_t n_heads = 0;

    for (size_t b = 0; b < B; b++) {
        AT_BUG_IF(in[b].query_rows || in[b].n_queries != in[b].T || !in[b].v);
        n_heads += n_key_heads(&in[b]);
    }
    at_pool_run(pool, n_heads, one_head, &batch);
}
