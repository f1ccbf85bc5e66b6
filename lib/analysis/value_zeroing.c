/*
 * value_zeroing.c - see value_zeroing.h. A row of the layer is computed for every pair of tokens of
 * which the first reads the second, so many rows at a time as the model's own passes take.
 */
#include "analysis/value_zeroing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/layer.h"

struct pair {
    size_t i, j;
};

struct zeroing {
    const struct at_layer_view *view;
    struct at_layer_run run;
    struct at_layer_buffers rows;
    float *buffers;
    struct pair pairs[AT_GROUP_ROWS];
    size_t n;
    float *out;
};

static int begin(struct zeroing *z, const struct at_model *m, size_t N, struct at_error *err)
{
    size_t C = z->view->C, F = z->view->F, Q = z->view->H * z->view->D, wide = AT_MAX(C, Q);
    struct at_layer_buffers *b = &z->rows;
    void *room;
    int rc =
        at_try_alloc(&room, N * (3 * C + wide + Q + 2 * F), sizeof(float), "value zeroing", err);

    if (rc)
        return rc;
    z->buffers = room;
    z->run.m = m;
    z->run.ops = at_layer_ops(false);
    b->x = z->buffers;
    b->norm = b->x + N * C;
    b->context = b->norm + N * wide;
    b->mid = b->context + N * Q;
    b->out = b->mid + N * C;
    b->act = b->out + N * C;
    b->gated = b->act + N * F;
    return 0;
}

/* The context of token i without what its heads read from token j. */
static void take_out(float *context, const struct at_layer_view *v, size_t i, size_t j)
{
    size_t Q = v->H * v->D;

    memcpy(context, v->context + i * Q, Q * sizeof *context);
    for (size_t h = 0; h < v->H; h++) {
        float weight = v->attention[(h * v->T + i) * v->T + j];
        const float *value = v->v + j * v->qkv_stride + at_view_key_column(v, h);
        for (size_t d = 0; d < v->D; d++)
            context[h * v->D + d] -= weight * value[d];
    }
}

static double length(const float *x, size_t n)
{
    double sum = 0.0;

    for (size_t c = 0; c < n; c++)
        sum += (double)x[c] * (double)x[c];
    return sqrt(sum);
}

/* 1 - cos as half the squared distance of the two directions, which keeps the small ones exact. */
static double cosine_distance(const float *a, const float *b, size_t n)
{
    double la = length(a, n), lb = length(b, n), sum = 0.0;

    for (size_t c = 0; c < n; c++) {
        double d = (double)a[c] / la - (double)b[c] / lb;
        sum += d * d;
    }
    return 0.5 * sum;
}

static void distance_of(void *arg, size_t task, size_t slot)
{
    const struct zeroing *z = arg;
    const struct at_layer_view *v = z->view;
    struct pair p = z->pairs[task];

    (void)slot;
    z->out[p.i * v->T + p.j] =
        (float)cosine_distance(z->rows.out + task * v->C, v->output + p.i * v->C, v->C);
}

/* The rows that are waiting go through the rest of the layer. */
static void finish_rows(struct zeroing *z, struct at_pool *pool)
{
    z->run.pool = pool;
    at_layer_finish(&z->run, &z->rows, z->view->layer, z->n);
    at_pool_run(pool, z->n, distance_of, z);
    z->n = 0;
}

static void divide_by_sum(float *row, size_t T)
{
    double sum = 0.0;

    for (size_t j = 0; j < T; j++)
        sum += row[j];
    for (size_t j = 0; j < T; j++)
        row[j] = (float)(row[j] / sum);
}

int at_value_zeroing(float *out, const struct at_model *m, const struct at_layer_view *view,
                     struct at_pool *pool, struct at_error *err)
{
    size_t T = view->T, C = view->C, Q = view->H * view->D,
           N = AT_MIN(T * T, (size_t)AT_GROUP_ROWS);
    struct zeroing *z = at_calloc(1, sizeof *z);
    int rc;

    z->view = view;
    z->out = out;
    rc = begin(z, m, N, err);
    for (size_t i = 0; i < T && !rc; i++) {
        size_t n_keys = m->config.is_causal ? i + 1 : T;
        memset(out + i * T, 0, T * sizeof *out);
        for (size_t j = 0; j < n_keys; j++) {
            take_out(z->rows.context + z->n * Q, view, i, j);
            memcpy(z->rows.x + z->n * C, view->input + i * C, C * sizeof *z->rows.x);
            z->pairs[z->n++] = (struct pair){ i, j };
            if (z->n == N)
                finish_rows(z, pool);
        }
    }
    if (!rc && z->n)
        finish_rows(z, pool);
    for (size_t i = 0; i < T && !rc; i++)
        divide_by_sum(out + i * T, T);
    free(z->buffers);
    free(z);
    return rc;
}
