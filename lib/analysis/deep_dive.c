/*
 * deep_dive.c - see deep_dive.h.
 */
#include "analysis/deep_dive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/capture.h"
#include "model/layer.h"
#include "ops/embed.h"
#include "ops/gemm.h"
#include "session/lens.h"
#include "stats/distance.h"
#include "stats/pca.h"

static void omit(struct at_deep *r, const char *what, const char *why)
{
    *at_array_push(&r->omitted) = (struct at_deep_omission){ what, why };
}

size_t at_deep_missing(struct at_strbuf *out, const struct at_capture_file *c)
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
    size_t n = 0;

    for (size_t i = 0; i < AT_COUNTOF(wanted); i++)
        if (!wanted[i].there)
            at_strbuf_addf(out, "%s%s", n++ ? ", " : "", wanted[i].name);
    return n;
}

static int check_capture(const struct at_capture_file *c, struct at_error *err)
{
    struct at_strbuf missing = { 0 };
    int rc = 0;

    if (c && at_deep_missing(&missing, c))
        rc = at_fail(err, AT_ENOTFOUND, "the capture has no %s", missing.s);
    at_strbuf_release(&missing);
    return rc;
}

/* Is what a block adds the difference of two states? Else a norm stands between them. */
static bool adds_to_stream(const struct at_doc *doc)
{
    return doc->shape->family->norms == AT_NORM_BEFORE;
}

static void find_omissions(struct at_deep_dive *d)
{
    static const char no_model[] = "a capture has no weights: run the model";
    static const char of_tokens[] = "they are of tokens: leave out --words";
    struct at_deep *r = &d->result;

    if (!d->session)
        omit(r, "word, position and segment embeddings", no_model);
    if (!d->session && !adds_to_stream(r->doc))
        omit(r, "feed-forward output", no_model);
    if (r->by_words)
        omit(r, "attention steps", of_tokens);
    if (!d->session)
        omit(r, "logit lens", no_model);
    else if (r->by_words)
        omit(r, "logit lens", "it is of tokens: leave out --words");
    else if (!at_lm_head_present(&d->session->model))
        omit(r, "logit lens", "the model has no head that predicts tokens");
    else
        r->has_lens = true;
}

static void choose_focus(struct at_deep *r, const size_t *focus, size_t n_focus)
{
    r->focus_chosen = n_focus ? "given" : "first";
    r->focus = at_arena_alloc(&r->arena, AT_DEEP_MAX_FOCUS, sizeof *r->focus);
    if (r->by_words)
        return; /* positions are of words then */
    for (size_t i = 0; i < n_focus && r->n_focus < AT_DEEP_MAX_FOCUS; i++)
        r->focus[r->n_focus++] = focus[i];
    for (size_t i = 0; n_focus == 0 && i < r->T && r->n_focus < AT_DEEP_MAX_FOCUS; i++)
        if (!r->doc->tokens.items[i].is_special)
            r->focus[r->n_focus++] = i;
}

int at_deep_begin(struct at_deep_dive *out, const struct at_doc *doc,
                  const struct at_session *session, const struct at_deep_options *options,
                  struct at_error *err)
{
    struct at_deep_dive d = { .session = session, .options = *options, .C = doc->shape->width };
    struct at_deep *r = &d.result;
    int rc = check_capture(doc->capture, err);

    if (rc)
        return rc;
    *r = (struct at_deep){ .doc = doc,
                           .n = doc->n,
                           .T = doc->tokens.n,
                           .L = doc->shape->n_layers,
                           .H = doc->shape->n_heads,
                           .n_near = AT_MIN((size_t)AT_DEEP_NEIGHBOURS, doc->n - 1),
                           .top_k = options->top_k,
                           .by_words = doc->words.n > 0,
                           .tokenizer = session ? session->tokenizer : NULL,
                           .weight_error = NAN };
    r->states = at_arena_calloc(&r->arena, r->L + 1, sizeof *r->states);
    r->layers = at_arena_calloc(&r->arena, r->L, sizeof *r->layers);
    d.cosine_sum = at_arena_calloc(&r->arena, r->n * r->n, sizeof *d.cosine_sum);
    find_omissions(&d);
    choose_focus(r, options->focus, options->n_focus);
    *out = d;
    return 0;
}

void at_deep_dive_release(struct at_deep_dive *d)
{
    at_deep_release(&d->result);
    at_arena_release(&d->scratch);
    *d = (struct at_deep_dive){ 0 };
}

/* The rows (n,width) of x (T,width): itself, or means of words in the scratch arena. */
static const float *rows_of(struct at_deep_dive *d, const float *x, size_t width)
{
    float *mean;

    if (!d->result.by_words)
        return x;
    mean = at_arena_alloc(&d->scratch, d->result.n * width, sizeof *mean);
    at_words_mean(mean, x, width, &d->result.doc->words);
    return mean;
}

/* The same of what the heads read, rows that lie stride apart: a head after the other, though
   groups of them share a part of the row. */
static const float *head_rows(struct at_deep_dive *d, const float *x, const struct at_layer_view *v,
                              size_t group)
{
    size_t width = v->H * v->D;
    float *copy = at_arena_alloc(&d->scratch, d->result.T * width, sizeof *copy);

    for (size_t i = 0; i < d->result.T; i++)
        for (size_t h = 0; h < v->H; h++)
            memcpy(copy + i * width + h * v->D, x + i * v->qkv_stride + h / group * v->D,
                   v->D * sizeof *copy);
    return rows_of(d, copy, width);
}

static struct at_vector_stats *describe(struct at_deep *r, const float *x, size_t width)
{
    struct at_vector_stats *stats = at_arena_alloc(&r->arena, r->n, sizeof *stats);

    at_vectors_describe(stats, x, width, r->n, width);
    return stats;
}

/* The plane of up to three tables of n rows each, taken together. */
static struct at_deep_plane plane_of(struct at_deep_dive *d, const float *const *tables,
                                     size_t n_tables, size_t width)
{
    size_t cells = d->result.n * width, N = n_tables * d->result.n;
    double *x = at_arena_alloc(&d->scratch, n_tables * cells, sizeof *x);
    struct at_deep_plane p = { .xy = at_arena_calloc(&d->result.arena, 2 * N, sizeof *p.xy) };

    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < cells; i++)
            x[t * cells + i] = (double)tables[t][i];
    at_pca(p.xy, NULL, p.ratio, x, N, width, 2);
    return p;
}

/* --- embeddings --- */

static void look_up(struct at_deep_dive *d, struct at_deep_embedding *out, const float *x, size_t E)
{
    struct at_deep *r = &d->result;
    const float *rows = rows_of(d, x, E);

    out->stats = describe(r, rows, E);
    out->near = at_arena_alloc(&r->arena, r->n * r->n_near + 1, sizeof *out->near);
    at_vectors_neighbours(out->near, r->n_near, rows, E, r->n, E);
    out->plane = plane_of(d, &rows, 1, E);
}

static void look_up_tables(struct at_deep_dive *d)
{
    struct at_deep *r = &d->result;
    const struct at_weights *w = &d->session->model.weights;
    const struct at_tokens *tokens = &r->doc->tokens;
    size_t T = r->T, E = r->doc->shape->embed_width, cells = T * E;
    int *ids = at_arena_alloc(&d->scratch, 3 * T, sizeof *ids);
    float *word = at_arena_alloc(&d->scratch, 4 * cells, sizeof *word);
    float *position = word + cells, *segment = position + cells, *sum = segment + cells;
    bool has_segments = w->segment_embed.data != NULL;

    for (size_t i = 0; i < T; i++) {
        ids[i] = tokens->items[i].id;
        ids[2 * T + i] = tokens->items[i].segment;
    }
    at_position_rows(ids + T, r->doc->shape, ids, 0, T);
    at_embed(word, &w->word_embed, ids, T);
    look_up(d, &r->word, word, E);
    if (w->position_embed.data) {
        at_embed(position, &w->position_embed, ids + T, T);
        look_up(d, &r->position, position, E);
    }
    if (has_segments) {
        at_embed(segment, &w->segment_embed, ids + 2 * T, T);
        r->segment.stats = describe(r, rows_of(d, segment, E), E);
    }
    at_add_rows(sum, word, w->position_embed.data ? position : NULL, has_segments ? segment : NULL,
                T, E);
    r->sum = describe(r, rows_of(d, sum, E), E);
}

/* --- states --- */

static int add_lens(struct at_deep_dive *d, size_t state, const float *x, struct at_error *err)
{
    struct at_deep *r = &d->result;
    struct at_ranking *lens = at_arena_calloc(&r->arena, r->T, sizeof *lens);

    for (size_t i = 0; i < r->T; i++)
        lens[i].top = at_arena_alloc(&r->arena, r->top_k, sizeof *lens[i].top);
    r->states[state].lens = lens;
    return at_lens(lens, r->top_k, d->session, &r->doc->tokens, x, err);
}

/* x (T,C) is the residual stream; rows (n,C) is it, or the means of its words. */
static int add_state(struct at_deep_dive *d, size_t state, const float *x, const float *rows,
                     struct at_error *err)
{
    d->result.states[state].stats = describe(&d->result, rows, d->C);
    d->result.states[state].plane = plane_of(d, &rows, 1, d->C);
    return d->result.has_lens ? add_lens(d, state, x, err) : 0;
}

int at_deep_embedded(struct at_deep_dive *d, const float *embedded, struct at_error *err)
{
    int rc;

    if (d->session)
        look_up_tables(d);
    rc = add_state(d, 0, embedded, rows_of(d, embedded, d->C), err);
    at_arena_reset(&d->scratch);
    return rc;
}

/* --- queries, keys, values --- */

struct cosine_task {
    const float *q, *k; /* (n,H*D) */
    float *out;         /* (H,n,n) */
    size_t n, stride, D;
};

static void cosine_head(void *arg, size_t head, size_t slot)
{
    struct cosine_task *t = arg;

    (void)slot;
    at_cosine_map(t->out + head * t->n * t->n, t->q + head * t->D, t->k + head * t->D, t->stride,
                  t->n, t->D);
}

static double *head_norms(struct at_deep_dive *d, const float *x, size_t D)
{
    struct at_deep *r = &d->result;
    double *norm = at_arena_alloc(&r->arena, r->H * r->n, sizeof *norm);

    for (size_t h = 0; h < r->H; h++)
        for (size_t i = 0; i < r->n; i++)
            norm[h * r->n + i] = x ? at_norm(x + (i * r->H + h) * D, D) : NAN;
    return norm;
}

/* Where the keys begin that a query of the layer sees. */
static size_t first_key(const struct at_doc *doc, size_t layer, size_t query)
{
    size_t window = doc->shape->windows ? doc->shape->windows[layer] : 0;

    return window && query + 1 > window ? query + 1 - window : 0;
}

/* For each query the visible key with the largest cosine; of equals the first. Windows are of
   tokens and not of words. */
static void find_nearest(struct at_neighbour *out, const float *cosine, const struct at_deep *r,
                         size_t layer)
{
    size_t n = r->n;

    for (size_t i = 0; i < n; i++) {
        size_t end = r->doc->shape->is_causal ? i + 1 : n;
        size_t first = r->by_words ? 0 : first_key(r->doc, layer, i);
        out[i] = (struct at_neighbour){ 0, NAN };
        for (size_t j = first; j < end; j++)
            if (!((double)cosine[i * n + j] <= out[i].cosine) && !isnan(cosine[i * n + j]))
                out[i] = (struct at_neighbour){ j, (double)cosine[i * n + j] };
    }
}

/* Answers the cosines (H,n,n), in the scratch arena. */
static const float *add_qkv(struct at_deep_dive *d, const struct at_layer_view *v,
                            struct at_pool *pool)
{
    struct at_deep *r = &d->result;
    struct at_deep_layer *l = &r->layers[v->layer];
    const float *qkv[] = { head_rows(d, v->q, v, 1), head_rows(d, v->k, v, v->group),
                           head_rows(d, v->v, v, v->group) };
    size_t width = v->H * v->D;
    size_t cells = r->n * r->n;
    float *cosine = at_arena_alloc(&d->scratch, r->H * cells, sizeof *cosine);
    struct cosine_task task = { qkv[0], qkv[1], cosine, r->n, width, v->D };

    l->q_norm = head_norms(d, qkv[0], v->D);
    l->k_norm = head_norms(d, qkv[1], v->D);
    l->v_norm = head_norms(d, qkv[2], v->D);
    l->context_norm = head_norms(d, v->context ? rows_of(d, v->context, width) : NULL, v->D);
    l->qkv_plane = plane_of(d, qkv, 3, width);
    at_pool_run(pool, r->H, cosine_head, &task);
    l->nearest = at_arena_alloc(&r->arena, r->H * r->n, sizeof *l->nearest);
    for (size_t h = 0; h < r->H; h++) {
        find_nearest(l->nearest + h * r->n, cosine + h * cells, r, v->layer);
        for (size_t i = 0; i < cells; i++)
            d->cosine_sum[i] += (double)cosine[h * cells + i];
    }
    return cosine;
}

/* --- attention step by step --- */

static void add_row(struct at_deep_dive *d, const struct at_layer_view *v, size_t head,
                    size_t query, const float *map, const float *ranked)
{
    struct at_deep *r = &d->result;
    struct at_attention_step *steps = at_arena_alloc(&d->scratch, r->top_k, sizeof *steps);
    struct at_deep_row row = { .layer = v->layer,
                               .head = head,
                               .query_token = r->doc->labels[query].text };

    row.n_steps = at_attention_steps(
        steps, r->top_k, &row.row, v->q + head * v->D, v->k + at_view_key_column(v, head),
        v->qkv_stride, v->T, v->D, 1.0 / sqrt((double)v->D),
        v->bias ? v->bias + head * v->bias_stride - query : NULL,
        first_key(r->doc, v->layer, query), r->doc->shape->is_causal ? query + 1 : v->T, query,
        map + query * v->T, ranked + query * v->T);
    row.steps = at_arena_alloc(&r->arena, row.n_steps, sizeof *row.steps);
    for (size_t i = 0; i < row.n_steps; i++)
        row.steps[i] = (struct at_deep_step){ steps[i], r->doc->labels[steps[i].key].text,
                                              (double)ranked[query * v->T + steps[i].key] };
    r->weight_error = fmax(r->weight_error, row.row.weight_error);
    *at_array_push(&r->rows) = row;
}

static void add_steps(struct at_deep_dive *d, const struct at_layer_view *v,
                      struct at_map_series *series)
{
    const struct at_deep_options *o = &d->options;

    if (o->layer != AT_NONE && o->layer != v->layer)
        return;
    for (size_t h = 0; h < v->H; h++) {
        const float *map = v->attention + h * v->T * v->T, *ranked;
        if (o->head != AT_NONE && o->head != h)
            continue;
        ranked = at_map_series_head(series, map);
        if (!ranked)
            ranked = at_map_series_layer(series);
        for (size_t i = 0; i < d->result.n_focus; i++)
            add_row(d, v, h, d->result.focus[i], map, ranked);
    }
}

/* --- the blocks of a layer --- */

/* Lengths of what the feed-forward block adds to the stream. */
static double *projection_norms(struct at_deep_dive *d, const struct at_layer_view *v,
                                struct at_pool *pool)
{
    struct at_deep *r = &d->result;
    double *norm = at_arena_alloc(&r->arena, r->n, sizeof *norm);
    float *x = at_arena_alloc(&d->scratch, r->T * d->C, sizeof *x);
    const float *rows = NULL;

    if (adds_to_stream(r->doc)) {
        for (size_t i = 0; i < r->T * d->C; i++)
            x[i] = v->output[i] - v->mid[i];
        rows = rows_of(d, x, d->C);
    } else if (d->session) {
        const struct at_dense *out = &d->session->model.weights.layer[v->layer].ffn_out;
        at_linear(x, v->ffn_act, &out->w, out->b.data, r->T, AT_EPI_NONE, pool);
        rows = rows_of(d, x, d->C);
    }
    for (size_t i = 0; i < r->n; i++)
        norm[i] = rows ? at_norm(rows + i * d->C, d->C) : NAN;
    return norm;
}

int at_deep_layer(struct at_deep_dive *d, const struct at_layer_view *v,
                  struct at_map_series *series, struct at_pool *pool, struct at_error *err)
{
    struct at_deep *r = &d->result;
    struct at_deep_layer *l = &r->layers[v->layer];
    const float *input = rows_of(d, v->input, d->C), *mid = rows_of(d, v->mid, d->C);
    const float *output = rows_of(d, v->output, d->C), *cosine;
    int rc;

    l->mid = describe(r, mid, d->C);
    l->mid_plane = plane_of(d, &mid, 1, d->C);
    l->ffn = describe(r, rows_of(d, v->ffn_act, v->F), v->F);
    l->projection = projection_norms(d, v, pool);
    l->attention_change = at_arena_alloc(&r->arena, r->n, sizeof *l->attention_change);
    l->ffn_change = at_arena_alloc(&r->arena, r->n, sizeof *l->ffn_change);
    at_residual_change(l->attention_change, input, mid, d->C, r->n, d->C);
    at_residual_change(l->ffn_change, mid, output, d->C, r->n, d->C);
    cosine = add_qkv(d, v, pool);
    if (!r->by_words)
        add_steps(d, v, series);
    rc = add_state(d, v->layer + 1, v->output, output, err);
    if (!rc && d->options.on_layer) {
        float *mean = at_arena_alloc(&d->scratch, r->n * r->n, sizeof *mean);
        const struct at_deep_view view = { v->layer, cosine, mean, output };
        at_map_mean(mean, cosine, r->H, r->n);
        rc = d->options.on_layer(d->options.arg, &view, err);
    }
    at_arena_reset(&d->scratch);
    return rc;
}

const struct at_deep *at_deep_finish(struct at_deep_dive *d)
{
    struct at_deep *r = &d->result;
    size_t cells = r->n * r->n;

    r->cosine_mean = at_arena_alloc(&r->arena, cells, sizeof *r->cosine_mean);
    for (size_t i = 0; i < cells; i++)
        r->cosine_mean[i] = (float)(d->cosine_sum[i] / (double)(r->L * r->H));
    at_deep_tell(r, d->options.head != AT_NONE);
    return r;
}
