/*
 * job_deep_dive.c - see job_deep_dive.h.
 */
#include "cmd/job_deep_dive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/capture.h"
#include "ops/embed.h"
#include "ops/gemm.h"
#include "ops/layernorm.h"
#include "stats/distance.h"
#include "stats/pca.h"

static void omit(struct deep *d, const char *what, const char *why)
{
    *at_array_push(&d->omitted) = (struct deep_omission){ what, why };
}

static int check_capture(const struct at_capture_file *c, struct at_error *err)
{
    const struct {
        const void *there;
        const char *name;
    } wanted[] = { { c->hidden, "hidden_states" },
                   { c->q, "queries" },
                   { c->k, "keys" },
                   { c->v, "values" },
                   { c->mid, "mid" },
                   { c->ffn_act, "ffn_act" } };
    struct at_strbuf missing = { 0 };
    int rc = 0;

    for (size_t i = 0; i < AT_COUNTOF(wanted); i++)
        if (!wanted[i].there)
            at_strbuf_addf(&missing, "%s%s", missing.n ? ", " : "", wanted[i].name);
    if (missing.n)
        rc = at_fail(err, AT_ENOTFOUND,
                     "the capture has no %s, which --deep needs; 'atlas run --deep -o DIR' writes "
                     "them",
                     missing.s);
    at_strbuf_release(&missing);
    return rc;
}

/* What cannot be told of this text, and why. */
static void find_omissions(struct deep *d)
{
    const struct job *job = d->job;
    const char *no_model = "a capture has no weights: run the model";

    if (job->from)
        omit(d, "word, position and segment embeddings", no_model);
    if (job->from && job->shape.family->norms == AT_NORM_AFTER)
        omit(d, "feed-forward output", no_model);
    if (job->by_words)
        omit(d, "attention steps", "they are of tokens: leave out --words");
    if (job->from)
        omit(d, "logit lens", no_model);
    else if (job->by_words)
        omit(d, "logit lens", "it is of tokens: leave out --words");
    else if (!at_lm_head_present(&job->model))
        omit(d, "logit lens", "the model has no head that predicts tokens");
    else
        d->has_lens = true;
}

static void choose_focus(struct deep *d, const size_t *focus, size_t n_focus)
{
    d->is_focus_given = n_focus > 0;
    if (d->job->by_words)
        return; /* positions are of words then */
    for (size_t i = 0; i < n_focus && d->n_focus < DEEP_MAX_FOCUS; i++)
        d->focus[d->n_focus++] = focus[i];
    for (size_t i = 0; n_focus == 0 && i < d->T && d->n_focus < DEEP_MAX_FOCUS; i++)
        if (!d->doc->tokens.items[i].is_special)
            d->focus[d->n_focus++] = i;
}

int deep_new(struct deep **out, struct job *job, const struct doc *doc,
             const struct selection *selection, const size_t *focus, size_t n_focus, size_t top_k,
             struct at_error *err)
{
    int rc = doc->capture ? check_capture(doc->capture, err) : 0;
    struct deep *d;

    if (rc)
        return rc;
    if (n_focus > DEEP_MAX_FOCUS)
        report_warning("--deep follows %d tokens step by step: the first %d of the %zu of --focus",
                       DEEP_MAX_FOCUS, DEEP_MAX_FOCUS, n_focus);
    d = at_calloc(1, sizeof *d);
    *d = (struct deep){ .job = job, .doc = doc, .selection = selection };
    d->n = doc->n;
    d->T = doc->tokens.n;
    d->L = job->shape.n_layers;
    d->H = job->shape.n_heads;
    d->C = job->shape.width;
    d->n_near = AT_MIN((size_t)DEEP_NEIGHBOURS, d->n - 1);
    d->top_k = top_k;
    d->weight_error = NAN;
    d->states = at_arena_calloc(&d->arena, d->L + 1, sizeof *d->states);
    d->layers = at_arena_calloc(&d->arena, d->L, sizeof *d->layers);
    d->cosine_sum = at_arena_calloc(&d->arena, d->n * d->n, sizeof *d->cosine_sum);
    find_omissions(d);
    choose_focus(d, focus, n_focus);
    *out = d;
    return 0;
}

void deep_free(struct deep *d)
{
    if (!d)
        return;
    at_array_release(&d->rows);
    at_array_release(&d->omitted);
    at_arena_release(&d->arena);
    at_arena_release(&d->scratch);
    free(d);
}

/* The rows (n,width) of x (T,width): itself, or means of words in the scratch arena. */
static const float *rows_of(struct deep *d, const float *x, size_t width)
{
    float *mean;

    if (!d->doc->words.n)
        return x;
    mean = at_arena_alloc(&d->scratch, d->n * width, sizeof *mean);
    at_words_mean(mean, x, width, &d->doc->words);
    return mean;
}

/* The same of rows that lie stride apart; the result is contiguous. */
static const float *strided_rows(struct deep *d, const float *x, size_t stride, size_t width)
{
    float *copy = at_arena_alloc(&d->scratch, d->T * width, sizeof *copy);

    for (size_t i = 0; i < d->T; i++)
        memcpy(copy + i * width, x + i * stride, width * sizeof *copy);
    return rows_of(d, copy, width);
}

static struct at_vector_stats *describe(struct deep *d, const float *x, size_t width)
{
    struct at_vector_stats *stats = at_arena_alloc(&d->arena, d->n, sizeof *stats);

    at_vectors_describe(stats, x, width, d->n, width);
    return stats;
}

/* The plane of up to three tables of n rows each, taken together. */
static struct deep_plane plane_of(struct deep *d, const float *const *tables, size_t n_tables,
                                  size_t width)
{
    size_t cells = d->n * width, N = n_tables * d->n;
    double *x = at_arena_alloc(&d->scratch, n_tables * cells, sizeof *x);
    struct deep_plane p = { .xy = at_arena_calloc(&d->arena, 2 * N, sizeof *p.xy) };

    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < cells; i++)
            x[t * cells + i] = (double)tables[t][i];
    at_pca(p.xy, NULL, p.ratio, x, N, width, 2);
    return p;
}

/* --- embeddings --- */

static void look_up(struct deep *d, struct deep_embedding *out, const float *x)
{
    const float *rows = rows_of(d, x, d->C);

    out->stats = describe(d, rows, d->C);
    out->near = at_arena_alloc(&d->arena, d->n * d->n_near + 1, sizeof *out->near);
    at_vectors_neighbours(out->near, d->n_near, rows, d->C, d->n, d->C);
    out->plane = plane_of(d, &rows, 1, d->C);
}

static void look_up_tables(struct deep *d)
{
    const struct at_weights *w = &d->job->model.weights;
    const struct at_tokens *tokens = &d->doc->tokens;
    size_t T = d->T, cells = T * d->C;
    int *ids = at_arena_alloc(&d->scratch, 3 * T, sizeof *ids);
    float *word = at_arena_alloc(&d->scratch, 4 * cells, sizeof *word);
    float *position = word + cells, *segment = position + cells, *sum = segment + cells;
    bool has_segments = w->segment_embed.data != NULL;

    for (size_t i = 0; i < T; i++) {
        ids[i] = tokens->items[i].id;
        ids[T + i] = (int)i;
        ids[2 * T + i] = tokens->items[i].segment;
    }
    at_embed(word, &w->word_embed, ids, T);
    at_embed(position, &w->position_embed, ids + T, T);
    look_up(d, &d->word, word);
    look_up(d, &d->position, position);
    if (has_segments) {
        at_embed(segment, &w->segment_embed, ids + 2 * T, T);
        d->segment.stats = describe(d, rows_of(d, segment, d->C), d->C);
    }
    at_add_rows(sum, word, position, has_segments ? segment : NULL, T, d->C);
    d->sum = describe(d, rows_of(d, sum, d->C), d->C);
}

/* --- states --- */

/* What the head makes of a state (T,C): GPT-2's final norm comes first. */
static int lens(struct deep *d, size_t state, const float *x, struct at_error *err)
{
    const struct at_model *m = &d->job->model;
    const struct at_tokens *tokens = &d->doc->tokens;
    bool is_causal = m->config.is_causal;
    struct at_ranking *r = at_arena_calloc(&d->arena, d->T, sizeof *r);

    for (size_t i = 0; i < d->T; i++) {
        r[i].top = at_arena_alloc(&d->arena, d->top_k, sizeof *r[i].top);
        r[i].token = !is_causal ? tokens->items[i].id : i + 1 < d->T ? tokens->items[i + 1].id : -1;
    }
    if (m->weights.final_norm.gain.data) {
        float *normed = at_arena_alloc(&d->scratch, d->T * d->C, sizeof *normed);
        at_layernorm(normed, x, NULL, m->weights.final_norm.gain.data,
                     m->weights.final_norm.bias.data, m->config.norm_eps, d->T, d->C, d->job->pool);
        x = normed;
    }
    d->states[state].lens = r;
    return at_lm_rank(r, d->top_k, m, x, d->T, d->job->pool, err);
}

/* x (T,C) is the residual stream; rows (n,C) is it, or the means of its words. */
static int add_state(struct deep *d, size_t state, const float *x, const float *rows,
                     struct at_error *err)
{
    d->states[state].stats = describe(d, rows, d->C);
    d->states[state].plane = plane_of(d, &rows, 1, d->C);
    return d->has_lens ? lens(d, state, x, err) : 0;
}

int deep_embedded(struct deep *d, const float *embedded, struct at_error *err)
{
    int rc;

    if (!d->job->from)
        look_up_tables(d);
    rc = add_state(d, 0, embedded, rows_of(d, embedded, d->C), err);
    at_arena_reset(&d->scratch);
    return rc;
}

/* --- queries, keys, values --- */

struct cosine_task {
    const float *q, *k; /* (n,C) */
    float *out;         /* (H,n,n) */
    size_t n, C, D;
};

static void cosine_head(void *arg, size_t head, size_t slot)
{
    struct cosine_task *t = arg;

    (void)slot;
    at_cosine_map(t->out + head * t->n * t->n, t->q + head * t->D, t->k + head * t->D, t->C, t->n,
                  t->D);
}

static double *head_norms(struct deep *d, const float *x)
{
    size_t D = d->C / d->H;
    double *norm = at_arena_alloc(&d->arena, d->H * d->n, sizeof *norm);

    for (size_t h = 0; h < d->H; h++)
        for (size_t i = 0; i < d->n; i++)
            norm[h * d->n + i] = x ? at_norm(x + i * d->C + h * D, D) : NAN;
    return norm;
}

/* For each query the visible key with the largest cosine; of equals the first. */
static void find_nearest(struct deep *d, struct at_neighbour *out, const float *cosine)
{
    for (size_t i = 0; i < d->n; i++) {
        size_t visible = d->job->shape.is_causal ? i + 1 : d->n;
        out[i] = (struct at_neighbour){ 0, NAN };
        for (size_t j = 0; j < visible; j++)
            if (!((double)cosine[i * d->n + j] <= out[i].cosine) && !isnan(cosine[i * d->n + j]))
                out[i] = (struct at_neighbour){ j, (double)cosine[i * d->n + j] };
    }
}

static void add_qkv(struct deep *d, struct deep_layer *l, const struct at_layer_view *v)
{
    const float *qkv[] = { strided_rows(d, v->q, v->qkv_stride, d->C),
                           strided_rows(d, v->k, v->qkv_stride, d->C),
                           strided_rows(d, v->v, v->qkv_stride, d->C) };
    struct cosine_task task = { qkv[0], qkv[1], NULL, d->n, d->C, v->D };
    size_t cells = d->n * d->n;

    l->q_norm = head_norms(d, qkv[0]);
    l->k_norm = head_norms(d, qkv[1]);
    l->v_norm = head_norms(d, qkv[2]);
    l->context_norm = head_norms(d, v->context ? rows_of(d, v->context, d->C) : NULL);
    l->qkv_plane = plane_of(d, qkv, 3, d->C);
    d->cosine = task.out = at_arena_alloc(&d->scratch, d->H * cells, sizeof *d->cosine);
    at_pool_run(d->job->pool, d->H, cosine_head, &task);
    l->nearest = at_arena_alloc(&d->arena, d->H * d->n, sizeof *l->nearest);
    for (size_t h = 0; h < d->H; h++) {
        find_nearest(d, l->nearest + h * d->n, d->cosine + h * cells);
        for (size_t i = 0; i < cells; i++)
            d->cosine_sum[i] += (double)d->cosine[h * cells + i];
    }
}

static int draw_cosines(struct deep *d, size_t layer, struct at_error *err)
{
    size_t cells = d->n * d->n;
    int rc = 0;

    for (size_t h = 0; !rc && h < d->H; h++)
        if (job_selects_head(d->selection, layer, h))
            rc = deep_picture_cosine(d, d->cosine + h * cells, (long)layer, (long)h, err);
    if (!rc && job_selects_layer_mean(d->selection, layer)) {
        float *mean = at_arena_alloc(&d->scratch, cells, sizeof *mean);
        at_map_mean(mean, d->cosine, d->H, d->n);
        rc = deep_picture_cosine(d, mean, (long)layer, -1, err);
    }
    return rc;
}

/* --- attention step by step --- */

static bool has_steps(const struct deep *d, size_t layer, size_t head)
{
    const struct selection *s = d->selection;

    return (s->layers != SELECT_ONE || s->layer == layer) &&
           (s->heads != SELECT_ONE || s->head == head);
}

static void add_row(struct deep *d, const struct at_layer_view *v, size_t head, size_t query,
                    const float *map, const float *ranked)
{
    struct deep_row r = { .layer = v->layer, .head = head };

    r.steps = at_arena_alloc(&d->arena, d->top_k, sizeof *r.steps);
    r.ranked = at_arena_alloc(&d->arena, d->top_k, sizeof *r.ranked);
    r.n_steps = at_attention_steps(r.steps, d->top_k, &r.row, v->q + head * v->D,
                                   v->k + head * v->D, v->qkv_stride, v->T, v->D,
                                   1.0 / sqrt((double)v->D), d->job->shape.is_causal, query,
                                   map + query * v->T, ranked + query * v->T);
    for (size_t i = 0; i < r.n_steps; i++)
        r.ranked[i] = (double)ranked[query * v->T + r.steps[i].key];
    d->weight_error = fmax(d->weight_error, r.row.weight_error);
    *at_array_push(&d->rows) = r;
}

static void add_steps(struct deep *d, const struct at_layer_view *v, struct at_map_series *series)
{
    for (size_t h = 0; h < v->H; h++) {
        const float *map = v->attention + h * v->T * v->T, *ranked;
        if (!has_steps(d, v->layer, h))
            continue;
        ranked = at_map_series_head(series, map);
        if (!ranked)
            ranked = at_map_series_layer(series);
        for (size_t i = 0; i < d->n_focus; i++)
            add_row(d, v, h, d->focus[i], map, ranked);
    }
}

/* --- the blocks of a layer --- */

/* Lengths of what the feed-forward block adds: the difference of two states, unless a norm stands
   between them. */
static double *projection_norms(struct deep *d, const struct at_layer_view *v)
{
    double *norm = at_arena_alloc(&d->arena, d->n, sizeof *norm);
    float *x = at_arena_alloc(&d->scratch, d->T * d->C, sizeof *x);
    const float *rows = NULL;

    if (d->job->shape.family->norms == AT_NORM_BEFORE) {
        for (size_t i = 0; i < d->T * d->C; i++)
            x[i] = v->output[i] - v->mid[i];
        rows = rows_of(d, x, d->C);
    } else if (!d->job->from) {
        const struct at_dense *out = &d->job->model.weights.layer[v->layer].ffn_out;
        at_linear(x, v->ffn_act, &out->w, out->b.data, d->T, AT_EPI_NONE, d->job->pool);
        rows = rows_of(d, x, d->C);
    }
    for (size_t i = 0; i < d->n; i++)
        norm[i] = rows ? at_norm(rows + i * d->C, d->C) : NAN;
    return norm;
}

int deep_layer_add(struct deep *d, const struct at_layer_view *v, struct at_map_series *series,
                   struct at_error *err)
{
    struct deep_layer *l = &d->layers[v->layer];
    const float *input = rows_of(d, v->input, d->C), *mid = rows_of(d, v->mid, d->C);
    const float *output = rows_of(d, v->output, d->C);
    int rc;

    l->mid = describe(d, mid, d->C);
    l->mid_plane = plane_of(d, &mid, 1, d->C);
    l->ffn = describe(d, rows_of(d, v->ffn_act, v->F), v->F);
    l->projection = projection_norms(d, v);
    l->attention_change = at_arena_alloc(&d->arena, d->n, sizeof *l->attention_change);
    l->ffn_change = at_arena_alloc(&d->arena, d->n, sizeof *l->ffn_change);
    at_residual_change(l->attention_change, input, mid, d->C, d->n, d->C);
    at_residual_change(l->ffn_change, mid, output, d->C, d->n, d->C);
    add_qkv(d, l, v);
    if (!d->job->by_words)
        add_steps(d, v, series);
    rc = add_state(d, v->layer + 1, v->output, output, err);
    if (!rc && job_draws(d->job))
        rc = draw_cosines(d, v->layer, err);
    if (!rc && job_draws(d->job) && deep_shows(d, v->layer))
        rc = deep_picture_strips(d, v->layer, output, err);
    at_arena_reset(&d->scratch);
    return rc;
}
