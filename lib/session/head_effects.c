/*
 * head_effects.c - see head_effects.h.
 */
#include "session/head_effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/record.h"
#include "model/lm_head.h"
#include "ops/gemm.h"
#include "ops/softmax.h"

/* Rows whose logits are in memory together. */
enum { BLOCK = 64 };

/* ---- the text as it is ---- */

static int run_copy(struct at_trace *out, struct at_probe *p, size_t masked, unsigned keep,
                    struct at_error *err)
{
    int *ids = at_malloc(p->T, sizeof *ids), rc;

    memcpy(ids, p->ids, p->T * sizeof *ids);
    if (masked != AT_NONE)
        ids[masked] = at_tokenizer_role(p->s->tokenizer, AT_ROLE_MASK);
    rc = at_trace_run(out, &p->s->model, ids, p->s->model.config.n_segments ? p->segments : NULL,
                      p->T, keep, p->s->pool, err);
    if (p->progress)
        p->progress(p->arg, p->T);
    free(ids);
    return rc;
}

/* sum of p x, in lanes of their own so that processors can add several at a time. */
static double expect(const float *p, const float *x, size_t n)
{
    enum { LANES = 8 };
    double sums[LANES] = { 0.0 }, sum = 0.0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sums[k] += (double)p[i + k] * (double)x[i + k];
    for (; i < n; i++)
        sum += (double)p[i] * (double)x[i];
    for (size_t k = 0; k < LANES; k++)
        sum += sums[k];
    return sum;
}

/* Task: a row of logits becomes p. */
static void predict_row(void *arg, size_t t, size_t slot)
{
    struct at_head_ground *g = arg;
    size_t V = g->probe->s->model.config.vocab;
    float *row = g->p + t * V, *logits = at_malloc(V, sizeof *logits);

    (void)slot;
    memcpy(logits, row, V * sizeof *logits);
    at_softmax(row, V);
    g->log_p[t] = expect(row, logits, V) - at_log_sum_exp(logits, V);
    free(logits);
}

static int predict(struct at_head_ground *g, struct at_error *err)
{
    const struct at_model *m = &g->probe->s->model;
    size_t T = g->probe->T, V = m->config.vocab;
    void *room;
    int rc;

    if (!at_lm_head_present(m))
        return 0;
    rc = at_try_alloc(&room, T * V, sizeof(float), "predictions", err);
    if (rc)
        return rc;
    g->p = room;
    g->log_p = at_malloc(T, sizeof *g->log_p);
    rc = at_lm_logits(g->p, m, g->runs[0].final_hidden, T, g->probe->s->pool, err);
    if (!rc)
        at_pool_run(g->probe->s->pool, T, predict_row, g);
    return rc;
}

int at_head_ground_init(struct at_head_ground *out, struct at_probe *p, struct at_error *err)
{
    struct at_head_ground g = { .probe = p };
    int rc;

    g.is_copy = p->n_copies == 1 && p->copies[0].masked == AT_NONE;
    g.runs = at_calloc(1 + p->n_copies, sizeof *g.runs);
    rc = run_copy(&g.runs[0], p, AT_NONE, AT_CAP_HIDDEN | AT_CAP_CONTEXT | AT_CAP_MID, err);
    for (size_t c = 0; c < p->n_copies && !g.is_copy && !rc; c++)
        rc = run_copy(&g.runs[1 + c], p, p->copies[c].masked, AT_CAP_HIDDEN, err);
    if (!rc)
        rc = predict(&g, err);
    if (rc)
        at_head_ground_release(&g);
    else
        *out = g;
    return rc;
}

void at_head_ground_release(struct at_head_ground *g)
{
    for (size_t i = 0; g->runs && i <= g->probe->n_copies; i++)
        at_trace_release(&g->runs[i]);
    free(g->runs);
    free(g->p);
    free(g->log_p);
    *g = (struct at_head_ground){ 0 };
}

/* ---- sets that start together ---- */

/* Edits first .. first+B-1 of the order, on their way from layer start. */
struct group {
    const struct at_head_ground *g;
    const struct at_head_edit *edits; /* (B) */
    struct at_head_effect **out;      /* (B) */
    size_t B, layer;
    size_t *start; /* (B+1) */
    float *hidden; /* (B,T,C) */
    /* A block of rows of hidden, and what is told of each. */
    size_t row;
    float *logits; /* (BLOCK,V) */
    double kl[BLOCK];
};

/* out (T,C): a layer whose attention adds no more than its bias, step by step. x (T,C). */
static void without_attention(float *out, const struct at_model *m, size_t layer, const float *x,
                              size_t T, struct at_pool *pool)
{
    const struct at_config *c = &m->config;
    const struct at_layer_weights *w = &m->weights.layer[layer];
    size_t C = c->width, F = c->ffn_width;
    bool is_after = c->family->norms == AT_NORM_AFTER, is_gated = w->ffn_gate.w.data != NULL;
    const struct at_dense *first = is_gated ? &w->ffn_gate : &w->ffn_in;
    const struct at_layer_ops *ops = at_layer_ops(false);
    float *mid = at_malloc(2 * T * C, sizeof *mid), *read = mid + T * C;
    float *act = at_malloc(2 * T * F, sizeof *act), *gated = act + T * F;

    for (size_t i = 0; i < T * C; i++)
        mid[i] = x[i] + (w->attn_out.b.data ? w->attn_out.b.data[i % C] : 0.0f);
    ops->norm(read, c->is_parallel ? x : mid, NULL, 0, is_after ? &w->norm1 : &w->norm2,
              c->norm_eps, T, C, pool);
    at_linear(act, read, &first->w, first->b.data, T, c->activation, pool);
    if (is_gated) {
        at_linear(gated, read, &w->ffn_in.w, w->ffn_in.b.data, T, AT_EPI_NONE, pool);
        ops->multiply(act, act, gated, 0, T * F, pool);
    }
    at_linear_add(out, act, &w->ffn_out.w, w->ffn_out.b.data, is_after ? read : mid, T, pool);
    if (is_after)
        ops->norm(out, out, NULL, 0, &w->norm2, c->norm_eps, T, C, pool);
    free(mid);
    free(act);
}

static bool is_whole_layer(const struct at_head_edit *e, size_t layer, size_t L, size_t H)
{
    for (size_t i = 0; i < L * H; i++)
        if (e->gates[i] != (i / H == layer ? 0.0f : 1.0f))
            return false;
    return !at_head_edit_needs_all(e) && !e->fill;
}

static double gap_of(const struct group *k, const struct at_layer_view *view)
{
    const struct at_probe *p = k->g->probe;
    size_t n = view->T * view->C;
    float *want = at_malloc(n, sizeof *want);
    double gap = 0.0, largest = 0.0;

    without_attention(want, &p->s->model, view->layer, k->g->runs[0].hidden + view->layer * n,
                      view->T, p->s->pool);
    for (size_t i = 0; i < n; i++) {
        gap = fmax(gap, fabs((double)want[i] - (double)view->output[i]));
        largest = fmax(largest, fabs((double)want[i]));
    }
    free(want);
    return gap / largest;
}

/* Squares of what the removed heads hand on in this layer: as it was, as it is, the difference. */
static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct group *k = arg;
    struct at_head_effect *e = k->out[view->text];
    const float *gates = k->edits[view->text].gates + view->layer * view->H;
    const struct at_trace *was = &k->g->runs[0];

    (void)err;
    if (view->layer == k->layer && is_whole_layer(&k->edits[view->text], view->layer,
                                                  k->g->probe->s->model.config.n_layers, view->H))
        e->gap = gap_of(k, view);
    for (size_t h = 0; h < view->H; h++) {
        const float *before = was->context + (view->layer * view->H + h) * view->T * view->D;
        for (size_t i = 0; i < view->T * view->D && gates[h] != 1.0f; i++) {
            double x = (double)before[i];
            double y = (double)view->context[(i / view->D * view->H + h) * view->D + i % view->D];
            e->norm += x * x;
            e->norm_left += y * y;
            e->norm_removed += (x - y) * (x - y);
        }
    }
    return 0;
}

/* From the states that enter the layer in one of the runs to final states. */
static int go(struct group *k, size_t run, const struct at_targets *t, struct at_error *err)
{
    const struct at_head_ground *g = k->g;
    const struct at_model *m = &g->probe->s->model;
    const struct at_batch batch = { k->B, k->start, NULL, NULL };
    const struct at_change change = {
        .layer_input = g->runs[run].hidden + k->layer * g->probe->T * g->probe->C,
        .first_layer = k->layer,
        .is_shared = true,
        .edits = k->edits,
    };
    bool is_text = run == 0;
    const struct at_forward_options options = {
        .on_layer = is_text ? on_layer : NULL,
        .arg = k,
        .change = &change,
        .final_rows = is_text ? NULL : t->rows,
        .n_final_rows = is_text || !t->rows ? 0 : t->n_rows,
    };
    int rc = at_forward(k->hidden, m, &batch, &options, g->probe->s->pool, err);

    if (g->probe->progress)
        g->probe->progress(g->probe->arg, k->B * g->probe->T);
    return rc;
}

/* Rows that the target looks at, to the front; hidden has all rows. */
static void pick_rows(float *out, const struct group *k, const struct at_targets *t)
{
    size_t C = k->g->probe->C;

    for (size_t i = 0; i < t->n_rows; i++)
        memcpy(out + i * C, k->hidden + t->rows[i] * C, C * sizeof *out);
}

/* What a copy of the text adds to the target of each set. */
static int add_copy(struct group *k, size_t copy, struct at_error *err)
{
    const struct at_probe *p = k->g->probe;
    const struct at_batch batch = { k->B, k->start, NULL, NULL };
    struct at_target *targets = at_malloc(k->B, sizeof *targets);
    struct at_targets t = { 0 };
    float *picked = NULL;
    int rc;

    for (size_t b = 0; b < k->B; b++)
        targets[b] = p->copies[copy].target;
    rc = at_targets_init(&t, &p->s->model, p->aim->how, &batch, targets, p->s->pool, err);
    free(targets);
    if (rc)
        return rc;
    if (!k->g->is_copy && (!t.rows || t.n_rows))
        rc = go(k, 1 + copy, &t, err);
    if (k->g->is_copy && t.rows) {
        picked = at_malloc(t.n_rows * p->C, sizeof *picked);
        pick_rows(picked, k, &t);
    }
    if (!rc && (!t.rows || t.n_rows))
        rc = at_targets_evaluate(&t, picked ? picked : k->hidden, err);
    for (size_t b = 0; b < k->B && !rc; b++)
        k->out[b]->change += t.values[b];
    free(picked);
    at_targets_release(&t);
    return rc;
}

static double cosine(const float *a, const float *b, size_t n)
{
    double ab = 0.0, aa = 0.0, bb = 0.0;

    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0.0 && bb > 0.0 ? fmin(ab / sqrt(aa) / sqrt(bb), 1.0) : NAN;
}

/* Task: KL of one row of the block from that of the text. */
static void one_row(void *arg, size_t task, size_t slot)
{
    struct group *k = arg;
    const struct at_head_ground *g = k->g;
    size_t t = (k->row + task) % g->probe->T, V = g->probe->s->model.config.vocab;
    const float *after = k->logits + task * V;
    double log_q = expect(g->p + t * V, after, V) - at_log_sum_exp(after, V);

    (void)slot;
    k->kl[task] = fmax(g->log_p[t] - log_q, 0.0);
}

static int compare_predictions(struct group *k, struct at_error *err)
{
    const struct at_probe *p = k->g->probe;
    const struct at_model *m = &p->s->model;
    size_t N = k->B * p->T;
    void *logits;
    int rc;

    if (!k->g->p) {
        for (size_t b = 0; b < k->B; b++)
            k->out[b]->kl = NAN;
        return 0;
    }
    rc = at_try_alloc(&logits, BLOCK * m->config.vocab, sizeof(float), "logits", err);
    k->logits = logits;
    for (k->row = 0; k->row < N && !rc; k->row += BLOCK) {
        size_t n = AT_MIN(N - k->row, (size_t)BLOCK);
        rc = at_lm_logits(k->logits, m, k->hidden + k->row * p->C, n, p->s->pool, err);
        if (rc)
            break;
        at_pool_run(p->s->pool, n, one_row, k);
        for (size_t i = 0; i < n; i++)
            k->out[(k->row + i) / p->T]->kl += k->kl[i] / (double)p->T;
    }
    free(k->logits);
    return rc;
}

static int run_group(struct group *k, struct at_error *err)
{
    const struct at_probe *p = k->g->probe;
    const float *was = k->g->runs[0].final_hidden;
    int rc = go(k, 0, NULL, err);

    for (size_t b = 0; b < k->B && !rc; b++) {
        struct at_head_effect *e = k->out[b];
        for (size_t t = 0; t < p->T; t++)
            e->impact += (1.0 - cosine(was + t * p->C, k->hidden + (b * p->T + t) * p->C, p->C)) /
                         (double)p->T;
        e->norm = sqrt(e->norm);
        e->norm_left = sqrt(e->norm_left);
        e->norm_removed = sqrt(e->norm_removed);
        e->change = -p->value;
    }
    if (!rc)
        rc = compare_predictions(k, err);
    for (size_t c = 0; c < p->n_copies && !rc; c++)
        rc = add_copy(k, c, err);
    return rc;
}

/* ---- all sets ---- */

/* An edit, and the lowest layer of its heads; L for none. */
struct place {
    size_t edit, layer;
};

static int by_layer(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (x->edit > y->edit) - (x->edit < y->edit);
}

static size_t lowest_layer(const struct at_head_edit *e, size_t L, size_t H)
{
    size_t i = 0;

    while (i < L * H && e->gates[i] == 1.0f)
        i++;
    return i / H;
}

int at_head_effects(struct at_head_effect *out, const struct at_head_ground *g,
                    const struct at_head_edit *edits, size_t n, struct at_error *err)
{
    const struct at_probe *p = g->probe;
    size_t L = p->s->model.config.n_layers, H = p->s->model.config.n_heads;
    size_t most = AT_MIN(AT_MAX(p->batch_rows / p->T, (size_t)1), AT_MAX(n, (size_t)1));
    struct place *places = at_malloc(n, sizeof *places);
    struct at_head_edit *own = at_malloc(most, sizeof *own);
    struct group k = { .g = g, .edits = own };
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        out[i] = (struct at_head_effect){ .gap = NAN };
        places[i] = (struct place){ i, lowest_layer(&edits[i], L, H) };
    }
    qsort(places, n, sizeof *places, by_layer);
    k.out = at_malloc(most, sizeof *k.out);
    k.start = at_malloc(most + 1, sizeof *k.start);
    k.hidden = at_malloc(most * p->T * p->C, sizeof *k.hidden);
    for (size_t i = 0; i < n && places[i].layer < L && !rc; i += k.B) {
        k.layer = places[i].layer;
        for (k.B = 0; k.B < most && i + k.B < n && places[i + k.B].layer == k.layer; k.B++) {
            own[k.B] = edits[places[i + k.B].edit];
            k.out[k.B] = &out[places[i + k.B].edit];
            k.start[k.B] = k.B * p->T;
        }
        k.start[k.B] = k.B * p->T;
        rc = run_group(&k, err);
    }
    free(places);
    free(own);
    free(k.out);
    free(k.start);
    free(k.hidden);
    return rc;
}
