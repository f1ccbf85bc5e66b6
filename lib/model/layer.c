/*
 * layer.c - see layer.h. Devlin et al. 2019 (BERT), Radford et al. 2019 (GPT-2), Black et al. 2022
 * (GPT-NeoX), Touvron et al. 2023 (LLaMA).
 */
#include "model/layer.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

size_t at_text_rows(const struct at_layer_run *run, size_t b)
{
    return run->start[b + 1] - run->start[b];
}

size_t at_text_prefix(const struct at_layer_run *run, size_t b)
{
    return run->prefix ? run->prefix[b] : 0;
}

static void norm(const struct at_layer_run *run, float *out, const float *x, const float *residual,
                 const struct at_norm *n, size_t N)
{
    const struct at_config *c = &run->m->config;

    run->ops->norm(out, x, residual, run->lo, n, c->norm_eps, N, n->gain.n, run->pool);
}

/* index = the position of every row. */
static void list_positions(const struct at_layer_run *run)
{
    for (size_t b = 0; b < run->B; b++)
        for (size_t t = 0; t < at_text_rows(run, b); t++)
            run->index[run->start[b] + t] = (int)(at_text_prefix(run, b) + t);
}

/* ---- before the first layer ---- */

void at_position_rows(int *rows, const struct at_config *c, const int *ids, size_t before, size_t T)
{
    size_t next = c->first_position + before;

    for (size_t t = 0; t < T; t++) {
        bool is_padding = ids && c->padding >= 0 && ids[t] == c->padding;
        rows[t] = is_padding ? c->padding : (int)next++;
    }
}

void at_layer_embed(const struct at_layer_run *run, float *x, float *sum, const int *ids,
                    const float *words, const int *segments)
{
    const struct at_weights *w = &run->m->weights;
    size_t E = run->m->config.embed_width;
    bool is_projected = w->embed_projection.w.data != NULL;
    float *to = is_projected ? run->embedded : x;

    if (words) {
        run->ops->take(to, run->lo, words, run->N * E);
    } else {
        run->ops->embed(to, run->lo, &w->word_embed, ids, run->N);
    }
    if (w->position_embed.data) {
        for (size_t b = 0; b < run->B; b++)
            at_position_rows(run->index + run->start[b], &run->m->config,
                             ids ? ids + run->start[b] : NULL, at_text_prefix(run, b),
                             at_text_rows(run, b));
        run->ops->embed_add(to, run->lo, &w->position_embed, run->index, run->N);
    }
    if (w->segment_embed.data) {
        memset(run->index, 0, run->N * sizeof *run->index);
        run->ops->embed_add(to, run->lo, &w->segment_embed, segments ? segments : run->index,
                            run->N);
    }
    if (sum)
        run->ops->copy(sum, to, run->lo, run->N * E);
    if (w->embed_norm.gain.data)
        norm(run, to, to, NULL, &w->embed_norm, run->N);
    if (is_projected)
        run->ops->linear(x, to, run->lo, &w->embed_projection, run->N, AT_EPI_NONE, run->pool);
}

/* ---- queries, keys and values ---- */

/* What a model has beside 1 / sqrt(D) is a part of its queries from here on. */
static void scale_queries(const struct at_layer_run *run, float *queries, size_t stride,
                          size_t layer)
{
    const struct at_config *c = &run->m->config;
    double scale = 1.0;

    if (c->no_scale)
        scale *= sqrt((double)c->head_width);
    if (c->scale_by_layer)
        scale /= (double)(layer + 1);
    for (size_t i = 0; i < run->N && scale != 1.0; i++)
        run->ops->mix(queries + i * stride, run->lo, at_query_width(c), scale, NULL, 0);
}

/* The norms of queries and keys, head by head; what goes in is kept where there is room. */
static void norm_heads(const struct at_layer_run *run, const struct at_layer_buffers *b,
                       const struct at_layer_weights *w)
{
    const struct at_config *c = &run->m->config;
    const struct at_layer_ops *ops = run->ops;
    size_t Q = at_query_width(c), K = at_key_width(c), D = c->head_width;

    for (size_t i = 0; i < run->N && w->query_norm.gain.data; i++) {
        float *q = b->qkv + i * b->qkv_stride, *k = q + Q;
        if (b->raw_q) {
            ops->copy(b->raw_q + i * Q, q, run->lo, Q);
            ops->copy(b->raw_k + i * K, k, run->lo, K);
        }
        ops->norm(q, q, NULL, run->lo, &w->query_norm, c->norm_eps, Q / D, D, NULL);
        ops->norm(k, k, NULL, run->lo, &w->key_norm, c->norm_eps, K / D, D, NULL);
    }
}

/* All rows of so many columns of heads, turned by their positions or back. */
static void turn(const struct at_layer_run *run, float *x, size_t stride, size_t width,
                 bool is_back)
{
    const struct at_config *c = &run->m->config;
    const struct at_rotary_rows rows = { .x = x,
                                         .stride = stride,
                                         .N = run->N,
                                         .H = width / c->head_width,
                                         .D = c->head_width,
                                         .dims = c->rotary.dims,
                                         .position = run->index,
                                         .table = run->turns };

    if (!c->rotary.dims)
        return;
    list_positions(run);
    run->ops->turn(&rows, run->lo, is_back, run->pool);
}

/* Queries, keys and values of a family that multiplies them out head by head, put side by side; or
   back. Low parts go the same way. */
static void reorder(const struct at_layer_run *run, float *x,
                    void (*way)(float *x, size_t N, size_t H, size_t D, struct at_pool *pool))
{
    const struct at_config *c = &run->m->config;

    if (!c->family->is_interleaved)
        return;
    way(x, run->N, c->n_heads, c->head_width, run->pool);
    if (run->lo)
        way(x + run->lo, run->N, c->n_heads, c->head_width, run->pool);
}

void at_layer_project(const struct at_layer_run *run, struct at_layer_buffers *b, size_t layer,
                      bool wants_values)
{
    const struct at_layer_weights *w = &run->m->weights.layer[layer];
    const struct at_config *c = &run->m->config;
    const float *x = b->x;
    size_t n = wants_values ? 3 : 2, width = at_query_width(c) + at_key_width(c);

    b->has_values = wants_values;
    b->qkv_stride = at_query_width(c) + (n - 1) * at_key_width(c);
    if (c->family->norms == AT_NORM_BEFORE) {
        norm(run, b->norm, x, NULL, &w->norm1, run->N);
        x = b->norm;
    }
    if (w->qkv.w.data) {
        b->qkv_stride = c->family->is_interleaved ? w->qkv.w.n_out : b->qkv_stride;
        struct at_dense first = { at_weight_first(&w->qkv.w, b->qkv_stride), w->qkv.b };
        run->ops->linear(b->qkv, x, run->lo, &first, run->N, AT_EPI_NONE, run->pool);
        reorder(run, b->qkv, at_heads_apart);
    } else {
        const struct at_linear_part parts[] = { { &w->q.w, w->q.b.data },
                                                { &w->k.w, w->k.b.data },
                                                { &w->v.w, w->v.b.data } };
        run->ops->linear_parts(b->qkv, x, run->lo, parts, n, run->N, run->pool);
    }
    norm_heads(run, b, w);
    turn(run, b->qkv, b->qkv_stride, width, false);
    scale_queries(run, b->qkv, b->qkv_stride, layer);
}

/* ---- attention ---- */

/* Copy the keys and values of n rows, which lie side by side. */
static float *join(float *out, const struct at_layer_run *run, const struct at_layer_buffers *b,
                   size_t row, size_t n)
{
    size_t Q = at_query_width(&run->m->config), K = at_key_width(&run->m->config);

    for (size_t i = 0; i < n; i++, out += 2 * K)
        run->ops->copy(out, b->qkv + (row + i) * b->qkv_stride + Q, run->lo, 2 * K);
    return out;
}

/* A text's queries over the keys of its prefix and its own, joined in *room, which moves on. */
static void attend_to_prefix(const struct at_layer_run *run, const struct at_layer_buffers *b,
                             struct at_attention_in *in, size_t text, float **room)
{
    size_t n = at_text_prefix(run, text), whole = text;
    float *rows = *room;

    if (n == 0)
        return;
    while (at_text_prefix(run, whole))
        whole--;
    *room = join(rows, run, b, run->start[whole], n);
    *room = join(*room, run, b, run->start[text], at_text_rows(run, text));
    in->k = rows;
    in->v = rows + at_key_width(&run->m->config);
    in->k_stride = in->v_stride = 2 * at_key_width(&run->m->config);
    in->T += n;
    in->query_rows = run->tokens + run->start[text];
}

/* Every query of a text over all its keys. */
static struct at_attention_in attention_of(const struct at_layer_run *run,
                                           const struct at_layer_buffers *b, size_t layer,
                                           size_t text, float **room)
{
    const struct at_config *c = &run->m->config;
    size_t Q = at_query_width(c), start = run->start[text];
    const float *rows = b->qkv + start * b->qkv_stride;
    struct at_attention_in in = {
        .q = rows,
        .k = rows + Q,
        .v = b->has_values ? rows + Q + at_key_width(c) : NULL,
        .q_stride = b->qkv_stride,
        .k_stride = b->qkv_stride,
        .v_stride = b->qkv_stride,
        .T = at_text_rows(run, text),
        .H = c->n_heads,
        .D = c->head_width,
        .group = at_key_group(c),
        .n_queries = at_text_rows(run, text),
        .is_hidden = run->is_hidden ? run->is_hidden + start : NULL,
        .is_causal = c->is_causal,
        .window = c->windows ? c->windows[layer] : 0,
        .bias = at_model_bias(run->m),
        .bias_stride = 2 * c->max_positions - 1,
    };

    for (size_t t = 0; t < in.n_queries; t++)
        run->tokens[start + t] = at_text_prefix(run, text) + t;
    attend_to_prefix(run, b, &in, text, room);
    return in;
}

static const struct at_head_edit *edit_of(const struct at_layer_run *run, size_t text)
{
    return run->edits ? &run->edits[text] : run->edit;
}

/* All rows of a text as at_head_edit_apply() wants them. */
static struct at_head_rows head_rows(const struct at_layer_run *run, size_t text, size_t layer,
                                     float *scratch)
{
    const struct at_config *c = &run->m->config;

    return (struct at_head_rows){
        .ops = run->ops,
        .lo = run->lo,
        .C = at_query_width(c),
        .H = c->n_heads,
        .D = c->head_width,
        .layer = layer,
        .T = at_text_rows(run, text),
        .first_token = at_text_prefix(run, text),
        .scratch = scratch,
        .order = run->index,
    };
}

void at_layer_edit(const struct at_layer_run *run, const struct at_layer_buffers *b, size_t layer)
{
    for (size_t i = 0; i < run->B; i++) {
        const struct at_head_rows rows = head_rows(run, i, layer, b->norm);
        at_head_edit_apply(edit_of(run, i), b->context + run->start[i] * rows.C, &rows);
    }
}

void at_layer_attend(const struct at_layer_run *run, const struct at_layer_buffers *b, size_t layer,
                     float *const *maps)
{
    size_t Q = at_query_width(&run->m->config);
    float *room = run->joined;

    for (size_t i = 0; i < run->B; i++) {
        float *context = b->has_values ? b->context + run->start[i] * Q : NULL;
        run->in[i] = attention_of(run, b, layer, i, &room);
        run->got[i] =
            (struct at_attention_out){ maps ? maps[i] : NULL, context, Q, run->maps_are_for_later };
    }
    run->ops->attention(run->got, run->in, run->lo, run->B, run->pool);
    if (b->has_values)
        at_layer_edit(run, b, layer);
}

void at_layer_attend_rows(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          size_t layer, const size_t *rows, size_t n)
{
    size_t C = run->m->config.width, Q = at_query_width(&run->m->config), done = 0;
    float *q = b->norm; /* free by now */
    float *room = run->joined;

    for (size_t i = 0; i < run->B; i++) {
        size_t start = run->start[i], first = done;
        run->in[i] = attention_of(run, b, layer, i, &room);
        for (; done < n && rows[done] < run->start[i + 1]; done++) {
            size_t row = rows[done];
            run->tokens[done] = at_text_prefix(run, i) + row - start; /* done <= row */
            run->ops->copy(q + done * Q, b->qkv + row * b->qkv_stride, run->lo, Q);
            run->ops->copy(b->out + done * C, b->x + row * C, run->lo, C);
        }
        run->in[i].q = q + first * Q;
        run->in[i].q_stride = Q;
        run->in[i].n_queries = done - first;
        run->in[i].query_rows = run->tokens + first;
        run->got[i] = (struct at_attention_out){ NULL, b->context + first * Q, Q, false };
    }
    run->ops->attention(run->got, run->in, run->lo, run->B, run->pool);
    for (size_t i = 0; i < run->B; i++) {
        struct at_head_rows some = head_rows(run, i, layer, q);
        some.token = run->in[i].query_rows;
        some.T = run->in[i].n_queries;
        AT_BUG_IF(at_head_edit_needs_all(edit_of(run, i)));
        at_head_edit_apply(edit_of(run, i), run->got[i].context, &some);
    }
}

/* ---- what is by row ---- */

/* act of n rows of the feed-forward block's input, and pre_act where it is kept. */
static void activate(const struct at_layer_run *run, const struct at_layer_buffers *b,
                     const float *input, const struct at_layer_weights *w, size_t n)
{
    enum at_epilogue activation = run->m->config.activation;
    bool is_gated = w->ffn_gate.w.data != NULL;
    const struct at_dense *first = is_gated ? &w->ffn_gate : &w->ffn_in;
    const struct at_layer_ops *ops = run->ops;
    size_t values = n * run->m->config.ffn_width;

    if (b->pre_act) {
        ops->linear(b->pre_act, input, run->lo, first, n, AT_EPI_NONE, run->pool);
        ops->activate(b->act, b->pre_act, run->lo, values, activation, run->pool);
    } else {
        ops->linear(b->act, input, run->lo, first, n, activation, run->pool);
    }
    if (!is_gated)
        return;
    ops->linear(b->gated, input, run->lo, &w->ffn_in, n, AT_EPI_NONE, run->pool);
    ops->multiply(b->act, b->act, b->gated, run->lo, values, run->pool);
}

/* out = norm((x W + b) + residual), and the sum where it is kept. */
static void add_and_norm(const struct at_layer_run *run, float *out, const float *x,
                         const struct at_dense *d, const float *residual, const struct at_norm *n,
                         float *sum, size_t N)
{
    if (sum) {
        run->ops->linear_add(sum, x, run->lo, d, residual, N, run->pool);
        norm(run, out, sum, NULL, n, N);
    } else {
        run->ops->linear(out, x, run->lo, d, N, AT_EPI_NONE, run->pool);
        norm(run, out, out, residual, n, N);
    }
}

void at_layer_finish(const struct at_layer_run *run, const struct at_layer_buffers *b, size_t layer,
                     size_t n)
{
    const struct at_layer_weights *w = &run->m->weights.layer[layer];

    if (run->m->config.family->norms == AT_NORM_AFTER) {
        add_and_norm(run, b->mid, b->context, &w->attn_out, b->x, &w->norm1, b->sum1, n);
        activate(run, b, b->mid, w, n);
        add_and_norm(run, b->out, b->act, &w->ffn_out, b->mid, &w->norm2, b->sum2, n);
    } else {
        run->ops->linear_add(b->mid, b->context, run->lo, &w->attn_out, b->x, n, run->pool);
        norm(run, b->norm, run->m->config.is_parallel ? b->x : b->mid, NULL, &w->norm2, n);
        activate(run, b, b->norm, w, n);
        run->ops->linear_add(b->out, b->act, run->lo, &w->ffn_out, b->mid, n, run->pool);
    }
}

void at_layer_forward(const struct at_layer_run *run, struct at_layer_buffers *b, size_t layer,
                      float *const *maps)
{
    at_layer_project(run, b, layer, true);
    at_layer_attend(run, b, layer, maps);
    at_layer_finish(run, b, layer, run->N);
}

void at_layer_end(const struct at_layer_run *run, float *x, size_t n)
{
    const struct at_norm *final = &run->m->weights.final_norm;

    if (final->gain.data)
        norm(run, x, x, NULL, final, n);
}

/* ---- backwards ---- */

static void norm_back(const struct at_layer_run *run, float *dx, const float *dy, const float *x,
                      const float *residual, const struct at_norm *n, size_t N)
{
    const struct at_config *c = &run->m->config;

    run->ops->norm_back(dx, dy, x, residual, run->lo, n, c->norm_eps, run->rule, N, n->gain.n,
                        run->pool);
}

void at_layer_end_back(const struct at_layer_run *run, float *dx, const float *x, size_t n)
{
    const struct at_norm *final = &run->m->weights.final_norm;

    if (final->gain.data)
        norm_back(run, dx, dx, x, NULL, final, n);
}

void at_layer_embed_back(const struct at_layer_run *run, float *d, const float *dx,
                         const float *sum)
{
    const struct at_norm *n = &run->m->weights.embed_norm;
    const struct at_weight *projection = &run->m->weights.embed_projection.w;

    if (projection->data)
        run->ops->linear_back(d, dx, run->lo, projection, NULL, run->N, run->pool);
    else if (d != dx)
        run->ops->copy(d, dx, run->lo, run->N * run->m->config.embed_width);
    if (n->gain.data)
        norm_back(run, d, d, sum, NULL, n, run->N);
}

/* By AT_RULE_ATTNLRP a product of two values gives half to each of them: N rows of n values. */
static void halve(const struct at_layer_run *run, float *rows, size_t stride, size_t N, size_t n)
{
    for (size_t i = 0; i < N && run->rule == AT_RULE_ATTNLRP; i++)
        run->ops->mix(rows + i * stride, run->lo, n, 0.5, NULL, 0);
}

/* g->mid = the gradient at what the feed-forward block read, from that at what it put out, added to
   residual. */
static void activate_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          const struct at_layer_gradients *g, const struct at_layer_weights *w,
                          const float *residual, size_t n)
{
    const struct at_layer_ops *ops = run->ops;
    size_t F = run->m->config.ffn_width;
    enum at_epilogue activation = run->m->config.activation;
    bool is_gated = w->ffn_gate.w.data != NULL;

    ops->linear_back(g->act, g->out, run->lo, &w->ffn_out.w, NULL, n, run->pool);
    if (is_gated) {
        halve(run, g->act, F, n, F);
        ops->activate(g->gated, b->pre_act, run->lo, n * F, activation, run->pool);
        ops->multiply(g->gated, g->gated, g->act, run->lo, n * F, run->pool);
        ops->multiply(g->act, g->act, b->gated, run->lo, n * F, run->pool);
    }
    ops->activate_back(g->act, g->act, b->pre_act, run->lo, n * F, activation, run->rule,
                       run->pool);
    if (!is_gated) {
        ops->linear_back(g->mid, g->act, run->lo, &w->ffn_in.w, residual, n, run->pool);
        return;
    }
    ops->linear_back(g->scratch, g->act, run->lo, &w->ffn_gate.w, residual, n, run->pool);
    ops->linear_back(g->mid, g->gated, run->lo, &w->ffn_in.w, g->scratch, n, run->pool);
}

void at_layer_finish_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          const struct at_layer_gradients *g, size_t layer, size_t n)
{
    const struct at_config *c = &run->m->config;
    const struct at_layer_weights *w = &run->m->weights.layer[layer];
    const float *sum = g->mid; /* the gradient where attention was added */

    if (c->family->norms == AT_NORM_AFTER) {
        norm_back(run, g->out, g->out, b->sum2, NULL, &w->norm2, n);
        activate_back(run, b, g, w, g->out, n);
        norm_back(run, g->mid, g->mid, b->sum1, NULL, &w->norm1, n);
    } else {
        activate_back(run, b, g, w, NULL, n);
        norm_back(run, g->mid, g->mid, c->is_parallel ? b->x : b->mid, g->out, &w->norm2, n);
        sum = c->is_parallel ? g->out : g->mid;
    }
    run->ops->linear_back(g->context, sum, run->lo, &w->attn_out.w, NULL, n, run->pool);
}

/* Gradients at queries, keys and values: where each of them begins, and how far rows are apart. */
struct parts {
    float *q, *k, *v;
    size_t q_stride, kv_stride;
};

static struct parts parts_of(const struct at_layer_run *run, const struct at_layer_gradients *g,
                             const struct at_layer_weights *w)
{
    size_t Q = at_query_width(&run->m->config), K = at_key_width(&run->m->config), N = run->N;

    if (w->qkv.w.data)
        return (struct parts){ g->qkv, g->qkv + Q, g->qkv + Q + K, Q + 2 * K, Q + 2 * K };
    return (struct parts){ g->qkv, g->qkv + N * Q, g->qkv + N * (Q + K), Q, K };
}

/* From the gradients at queries and keys as they meet to those at the products they were. */
static void place_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                       const struct parts *p, size_t layer)
{
    const struct at_config *c = &run->m->config;
    const struct at_layer_weights *w = &run->m->weights.layer[layer];
    size_t Q = at_query_width(c), K = at_key_width(c), D = c->head_width;

    scale_queries(run, p->q, p->q_stride, layer);
    turn(run, p->q, p->q_stride, Q, true);
    turn(run, p->k, p->kv_stride, K, true);
    if (!w->query_norm.gain.data)
        return;
    run->ops->norm_back(p->q, p->q, b->raw_q, NULL, run->lo, &w->query_norm, c->norm_eps, run->rule,
                        run->N * (Q / D), D, run->pool);
    run->ops->norm_back(p->k, p->k, b->raw_k, NULL, run->lo, &w->key_norm, c->norm_eps, run->rule,
                        run->N * (K / D), D, run->pool);
}

/* From the gradients at queries, keys and values to that at what they were made of, added to
   residual. out must be none of the others. */
static void project_back(const struct at_layer_run *run, const struct at_layer_gradients *g,
                         const struct at_layer_weights *w, float *out, const float *residual)
{
    const struct at_layer_ops *ops = run->ops;
    const struct parts p = parts_of(run, g, w);

    if (w->qkv.w.data) {
        reorder(run, g->qkv, at_heads_together);
        ops->linear_back(out, g->qkv, run->lo, &w->qkv.w, residual, run->N, run->pool);
        return;
    }
    ops->linear_back(out, p.q, run->lo, &w->q.w, residual, run->N, run->pool);
    ops->linear_back(g->context, p.k, run->lo, &w->k.w, out, run->N, run->pool);
    ops->linear_back(out, p.v, run->lo, &w->v.w, g->context, run->N, run->pool);
}

void at_layer_attend_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          const struct at_layer_gradients *g, size_t layer, float *const *maps,
                          float *const *d_maps)
{
    const struct at_layer_weights *w = &run->m->weights.layer[layer];
    size_t Q = at_query_width(&run->m->config), K = at_key_width(&run->m->config);
    const struct parts p = parts_of(run, g, w);

    for (size_t i = 0; i < run->B; i++) {
        const struct at_head_rows rows = head_rows(run, i, layer, g->scratch);
        at_head_edit_back(edit_of(run, i), g->context + run->start[i] * Q, &rows);
    }
    halve(run, g->context, Q, run->N, Q); /* map times values */
    for (size_t i = 0; i < run->B; i++) {
        size_t row = run->start[i];
        float *room = NULL;
        run->in[i] = attention_of(run, b, layer, i, &room);
        run->back[i] = (struct at_attention_back){ .map = maps ? maps[i] : NULL,
                                                   .d_context = g->context + row * Q,
                                                   .d_map = d_maps ? d_maps[i] : NULL,
                                                   .dq = p.q + row * p.q_stride,
                                                   .dk = p.k + row * p.kv_stride,
                                                   .dv = p.v + row * p.kv_stride,
                                                   .d_context_stride = Q,
                                                   .dq_stride = p.q_stride,
                                                   .dkv_stride = p.kv_stride };
    }
    run->ops->attention_back(run->back, run->in, run->lo, run->B, run->pool);
    halve(run, p.q, p.q_stride, run->N, Q); /* queries times keys */
    halve(run, p.k, p.kv_stride, run->N, K);
    place_back(run, b, &p, layer);
    if (run->m->config.family->norms == AT_NORM_AFTER) {
        project_back(run, g, w, g->x, g->mid);
    } else {
        project_back(run, g, w, g->scratch, NULL);
        norm_back(run, g->x, g->scratch, b->x, g->mid, &w->norm1, run->N);
    }
}
