/*
 * mixing_layer.c - see mixing_layer.h.
 */
#include "analysis/mixing_layer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/gemm.h"

struct mixing {
    const struct at_mixing_layer *out;
    const struct at_layer_view *view;
    const struct at_norm *norm; /* that meets the sum; NULL when none does */
    bool is_behind;             /* the norm is a part of what y is */
    float *f;                   /* (H,T,C) what each token sends through each head */
    float *sum;                 /* (T,C) s */
    double *inverse;            /* (T) 1 / std(s(i)) */
    double *length;             /* (T) |y(i)|_1 */
    const float *y;             /* (T,C) */
    float *parts;               /* (slots,T,C) F(.,j) */
    float *weights;             /* (slots,T,H) */
};

/* f of all tokens, head by head: the head's columns of the values times its rows of W_O. */
static void project_values(struct mixing *x, const struct at_model *m, float *value,
                           struct at_pool *pool)
{
    const struct at_layer_view *v = x->view;
    const struct at_weight *w = &m->weights.layer[v->layer].attn_out.w;

    for (size_t h = 0; h < v->H; h++) {
        struct at_weight part = at_weight_inputs(w, h * v->D, v->D);
        for (size_t t = 0; t < v->T; t++)
            memcpy(value + t * v->D, v->v + t * v->qkv_stride + at_view_key_column(v, h),
                   v->D * sizeof *value);
        at_linear(x->f + h * v->T * v->C, value, &part, NULL, v->T, AT_EPI_NONE, pool);
    }
}

/* What a norm takes off before it divides: the mean, but for one by the root mean square. */
static double offset_of(const struct at_norm *norm, const float *x, size_t C)
{
    double sum = 0.0;

    for (size_t c = 0; c < C && norm->bias.data; c++)
        sum += x[c];
    return sum / (double)C;
}

static double inverse_std(const struct at_norm *norm, const float *s, size_t C, double eps)
{
    double mean = offset_of(norm, s, C), var = 0.0;

    for (size_t c = 0; c < C; c++)
        var += ((double)s[c] - mean) * ((double)s[c] - mean);
    return 1.0 / sqrt(var / (double)C + eps);
}

/* s, its spread, and the length of what it becomes. */
static void measure_sums(struct mixing *x, const struct at_model *m, struct at_pool *pool)
{
    const struct at_layer_view *v = x->view;
    const struct at_dense *o = &m->weights.layer[v->layer].attn_out;
    size_t C = v->C;

    at_linear_add(x->sum, v->context, &o->w, o->b.data, v->input, v->T, pool);
    x->y = x->is_behind ? v->mid : x->sum;
    for (size_t i = 0; i < v->T; i++) {
        x->inverse[i] = x->norm ? inverse_std(x->norm, x->sum + i * C, C, m->config.norm_eps) : 1.0;
        x->length[i] = 0.0;
        for (size_t c = 0; c < C; c++)
            x->length[i] += fabs((double)x->y[i * C + c]);
    }
}

static double length(const float *u, size_t C)
{
    double sum = 0.0;

    for (size_t c = 0; c < C; c++)
        sum += (double)u[c] * (double)u[c];
    return sqrt(sum);
}

/* The lengths that need the norm: of g(u), and |y - t|_1. */
static void measure_part(const struct mixing *x, const float *u, size_t i, double *ln_out,
                         double *distance_out)
{
    size_t C = x->view->C;
    const float *y = x->y + i * C;
    double mean = x->norm ? offset_of(x->norm, u, C) : 0.0, squares = 0.0, distance = 0.0;

    for (size_t c = 0; c < C; c++) {
        double gain = x->norm ? (double)x->norm->gain.data[c] : 1.0;
        double g = gain * ((double)u[c] - mean) * x->inverse[i];
        squares += g * g;
        distance += fabs((double)y[c] - (x->is_behind ? g : (double)u[c]));
    }
    *ln_out = sqrt(squares);
    *distance_out = distance;
}

/* Column j of all maps. */
static void measure_token(void *arg, size_t j, size_t slot)
{
    const struct mixing *x = arg;
    const struct at_layer_view *v = x->view;
    size_t T = v->T, C = v->C, H = v->H;
    float *parts = x->parts + slot * T * C, *weights = x->weights + slot * T * H;

    for (size_t i = 0; i < T; i++)
        for (size_t h = 0; h < H; h++)
            weights[i * H + h] = v->attention[(h * T + i) * T + j];
    at_matmul(parts, C, weights, H, x->f + j * C, T * C, 0, T, C, H);
    for (size_t i = 0; i < T; i++) {
        float *u = parts + i * C;
        double ln, distance;
        if (x->out->norm)
            x->out->norm[i * T + j] = (float)length(u, C);
        for (size_t c = 0; c < C && i == j; c++)
            u[c] += v->input[i * C + c];
        if (x->out->norm_residual)
            x->out->norm_residual[i * T + j] = (float)length(u, C);
        if (!x->out->norm_residual_ln && !x->out->alti)
            continue;
        measure_part(x, u, i, &ln, &distance);
        if (x->out->norm_residual_ln)
            x->out->norm_residual_ln[i * T + j] = (float)ln;
        if (x->out->alti)
            x->out->alti[i * T + j] = (float)fmax(0.0, x->length[i] - distance);
    }
}

static void divide_rows(float *map, size_t T)
{
    for (size_t i = 0; i < T; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < T; j++)
            sum += map[i * T + j];
        for (size_t j = 0; j < T; j++)
            map[i * T + j] = (float)(map[i * T + j] / sum);
    }
}

int at_mixing_layer(const struct at_mixing_layer *out, const struct at_model *m,
                    const struct at_layer_view *view, struct at_pool *pool, struct at_error *err)
{
    const struct at_layer_weights *w = &m->weights.layer[view->layer];
    size_t T = view->T, C = view->C, slots = at_pool_size(pool);
    size_t n_f = view->H * T * C, n_parts = slots * T * C, n_value = T * view->D;
    struct mixing x = { .out = out,
                        .view = view,
                        .is_behind = m->config.family->norms == AT_NORM_AFTER };
    void *room;
    int rc = at_try_alloc(&room, n_f + T * C + n_parts + slots * T * view->H + n_value,
                          sizeof(float), "a layer's vectors", err);

    if (rc)
        return rc;
    x.norm = m->config.is_parallel ? NULL : x.is_behind ? &w->norm1 : &w->norm2;
    x.f = room;
    x.sum = x.f + n_f;
    x.parts = x.sum + T * C;
    x.weights = x.parts + n_parts;
    x.inverse = at_malloc(T, sizeof *x.inverse);
    x.length = at_malloc(T, sizeof *x.length);
    project_values(&x, m, x.weights + slots * T * view->H, pool);
    measure_sums(&x, m, pool);
    at_pool_run(pool, T, measure_token, &x);
    if (out->alti)
        divide_rows(out->alti, T);
    free(x.inverse);
    free(x.length);
    free(room);
    return 0;
}
