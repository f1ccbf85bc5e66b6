/*
 * probe.c - see probe.h. How a target is laid out over a text is in probe_target.c.
 */
#include "session/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/record.h"
#include "session/batch.h"

void at_probe_embedding(float *out, const struct at_probe *p, int id)
{
    at_weight_row(out, &p->s->model.weights.word_embed, (size_t)id);
}

void at_probe_embeddings(float *out, const struct at_probe *p)
{
    for (size_t t = 0; t < p->T; t++)
        at_probe_embedding(out + t * p->E, p, p->ids[t]);
}

static void tell(const struct at_probe *p, size_t n_rows)
{
    if (p->progress)
        p->progress(p->arg, n_rows);
}

/* --- values of variants --- */

/* Copies of variants on their way through the model together. */
struct group {
    struct at_probe *p;
    struct at_batcher batch;
    struct at_target targets[AT_BATCH_TEXTS];
    struct at_head_edit edits[AT_BATCH_TEXTS];
    double *value[AT_BATCH_TEXTS]; /* where each one's number is added */
    unsigned char *is_hidden;      /* (N) */
    bool hides, edits_heads;
    int *ids; /* (T) scratch */
    struct at_arena arena;
};

static int run_group(struct group *g, struct at_error *err)
{
    struct at_probe *p = g->p;
    struct at_batcher *b = &g->batch;
    const struct at_batch batch = { b->B, b->start, b->ids, b->segments };
    const struct at_change change = { .is_hidden = g->hides ? g->is_hidden : NULL,
                                      .edits = g->edits_heads ? g->edits : NULL };
    struct at_targets t;
    int rc = at_targets_init(&t, &p->s->model, p->aim->how, &batch, g->targets, p->s->pool, err);

    if (rc)
        return rc;
    t.is_hidden = change.is_hidden;
    const struct at_forward_options options = { .final_rows = t.rows,
                                                .n_final_rows = t.n_rows,
                                                .change = &change };
    if (!t.rows || t.n_rows) {
        rc = at_batcher_run(b, &p->s->model, &options, true, p->s->pool, err);
        if (!rc)
            rc = at_targets_evaluate(&t, b->hidden, err);
    }
    for (size_t i = 0; !rc && i < b->B; i++)
        *g->value[i] += t.values[i];
    at_targets_release(&t);
    tell(p, b->N);
    at_batcher_clear(b);
    at_arena_reset(&g->arena);
    g->hides = g->edits_heads = false;
    return rc;
}

/* The terms of a copy that are left when tokens are hidden. */
static struct at_target seen_terms(struct group *g, const struct at_target *target,
                                   const unsigned char *is_hidden)
{
    struct at_target_term *terms;
    struct at_target left = { 0 };

    if (g->p->aim->how != AT_TARGET_LABELS || !is_hidden)
        return *target;
    left.terms = terms = at_arena_alloc(&g->arena, target->n, sizeof *terms);
    for (size_t i = 0; i < target->n; i++)
        if (!is_hidden[target->terms[i].row])
            terms[left.n++] = target->terms[i];
    return left;
}

static void add_copy(struct group *g, const struct at_variant *v, const struct at_probe_copy *copy,
                     double *value)
{
    static const struct at_head_edit none;
    const struct at_probe *p = g->p;
    size_t b = g->batch.B, row = g->batch.N;

    memcpy(g->ids, v->ids ? v->ids : p->ids, p->T * sizeof *g->ids);
    if (copy->masked != AT_NONE)
        g->ids[copy->masked] = at_tokenizer_role(p->s->tokenizer, AT_ROLE_MASK);
    at_batcher_add_ids(&g->batch, g->ids, p->segments, p->T);
    g->targets[b] = seen_terms(g, &copy->target, v->is_hidden);
    g->edits[b] = v->edit ? *v->edit : none;
    g->value[b] = value;
    g->hides = g->hides || v->is_hidden;
    g->edits_heads = g->edits_heads || v->edit;
    if (v->is_hidden)
        memcpy(g->is_hidden + row, v->is_hidden, p->T);
    else
        memset(g->is_hidden + row, 0, p->T);
}

int at_probe_values(double *values, struct at_probe *p, const struct at_variant *variants, size_t n,
                    struct at_error *err)
{
    struct group g = { .p = p };
    int rc = 0;

    g.is_hidden = at_calloc(AT_MAX(p->batch_rows, p->T), 1);
    g.ids = at_calloc(p->T, sizeof *g.ids);
    for (size_t i = 0; i < n && !rc; i++) {
        values[i] = 0.0;
        for (size_t c = 0; c < p->n_copies && !rc; c++) {
            if (g.batch.B == AT_BATCH_TEXTS || (g.batch.B && g.batch.N + p->T > p->batch_rows))
                rc = run_group(&g, err);
            if (!rc)
                add_copy(&g, &variants[i], &p->copies[c], &values[i]);
        }
    }
    if (!rc && g.batch.B)
        rc = run_group(&g, err);
    at_batcher_release(&g.batch);
    at_arena_release(&g.arena);
    free(g.is_hidden);
    free(g.ids);
    return rc;
}

/* --- gradients at points --- */

/* Copies of points on their way there and back: first .. first+B-1 of all. */
struct way {
    const struct at_probe *p;
    const struct at_probe_gradient *g;
    const float *points;
    size_t first, B;
    size_t *start;             /* (B+1) */
    float *words, *d;          /* (B,T,C) */
    int *segments;             /* (B T) */
    struct at_target *targets; /* (B) */
    struct at_targets asked;
    double at_head;
};

static int ask(void *arg, const struct at_final_view *view, struct at_error *err)
{
    struct way *w = arg;
    int rc = at_targets_gradient(&w->asked, view, err);

    for (size_t i = 0; w->g->at_head && i < view->N * view->C; i++)
        w->at_head += (double)view->hidden[i] * (double)view->d_hidden[i];
    return rc;
}

static int look(void *arg, const struct at_gradient_view *view, struct at_error *err)
{
    const struct way *w = arg;

    (void)err;
    w->g->on_layer(w->g->arg, w->first + view->text, view);
    return 0;
}

static void fill_way(struct way *w)
{
    const struct at_probe *p = w->p;
    size_t n = p->T * p->E;

    w->start[0] = 0;
    for (size_t b = 0; b < w->B; b++) {
        const struct at_probe_copy *copy = &p->copies[(w->first + b) % p->n_copies];
        float *at = w->words + b * n;
        memcpy(at, w->points + (w->first + b) / p->n_copies * n, n * sizeof *at);
        if (copy->masked != AT_NONE)
            at_probe_embedding(at + copy->masked * p->E, p,
                               at_tokenizer_role(p->s->tokenizer, AT_ROLE_MASK));
        memcpy(w->segments + b * p->T, p->segments, p->T * sizeof *w->segments);
        w->targets[b] = copy->target;
        w->start[b + 1] = (b + 1) * p->T;
    }
}

static int go_way(struct way *w, struct at_error *err)
{
    const struct at_probe *p = w->p;
    const struct at_batch batch = { w->B, w->start, NULL, w->segments };
    const struct at_change change = { .word_embeds = w->words };
    int rc;

    fill_way(w);
    rc = at_targets_init(&w->asked, &p->s->model, p->aim->how, &batch, w->targets, p->s->pool, err);
    if (rc)
        return rc;
    w->asked.rule = w->g->rule;
    const struct at_backward_options options = { .target = ask,
                                                 .target_arg = w,
                                                 .d_input = w->d,
                                                 .on_layer = w->g->on_layer ? look : NULL,
                                                 .arg = w,
                                                 .final_rows = w->asked.rows,
                                                 .n_final_rows = w->asked.n_rows,
                                                 .change = &change,
                                                 .rule = w->g->rule,
                                                 .batch_rows = p->batch_rows };
    return at_backward(&p->s->model, &batch, &options, p->s->pool, err);
}

/* Numbers and gradients of the copies to those of their points. */
static void add_up(const struct way *w, float *d)
{
    const struct at_probe *p = w->p;

    for (size_t b = 0; b < w->B; b++) {
        size_t point = (w->first + b) / p->n_copies;
        size_t masked = p->copies[(w->first + b) % p->n_copies].masked;
        float *to = d + point * p->T * p->E;
        const float *from = w->d + b * p->T * p->E;
        if (w->g->values)
            w->g->values[point] += w->asked.values[b];
        for (size_t i = 0; i < p->T * p->E; i++)
            if (i / p->E != masked)
                to[i] += from[i];
    }
}

int at_probe_gradients(float *d, struct at_probe *p, const struct at_probe_gradient *g, size_t n,
                       struct at_error *err)
{
    size_t all = n * p->n_copies, most = AT_MIN(AT_MAX(p->batch_rows / p->T, (size_t)1), all);
    struct way w = { .p = p, .g = g, .points = g->points };
    float *own = NULL;
    int rc = 0;

    AT_BUG_IF(n > 1 && (!g->points || g->on_layer));
    if (!g->points) {
        own = at_malloc(p->T * p->E, sizeof *own);
        at_probe_embeddings(own, p);
        w.points = own;
    }
    w.start = at_malloc(most + 1, sizeof *w.start);
    w.words = at_malloc(most * p->T * p->E, sizeof *w.words);
    w.d = at_malloc(most * p->T * p->E, sizeof *w.d);
    w.segments = at_malloc(most * p->T, sizeof *w.segments);
    w.targets = at_malloc(most, sizeof *w.targets);
    memset(d, 0, n * p->T * p->E * sizeof *d);
    for (size_t i = 0; g->values && i < n; i++)
        g->values[i] = 0.0;
    for (; w.first < all && !rc; w.first += w.B) {
        w.B = AT_MIN(most, all - w.first);
        rc = go_way(&w, err);
        if (!rc)
            add_up(&w, d);
        at_targets_release(&w.asked);
        tell(p, w.B * p->T);
    }
    if (g->at_head)
        *g->at_head = w.at_head;
    free(own);
    free(w.start);
    free(w.words);
    free(w.d);
    free(w.segments);
    free(w.targets);
    return rc;
}
