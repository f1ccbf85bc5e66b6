/*
 * layer.c - see layer.h. Devlin et al. 2019 (BERT), Radford et al. 2019 (GPT-2).
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

    for (size_t b = 0; b < run->B; b++)
        at_position_rows(run->index + run->start[b], &run->m->config,
                         ids ? ids + run->start[b] : NULL, at_text_prefix(run, b),
                         at_text_rows(run, b));
    if (words) {
        run->ops->take(to, run->lo, words, run->N * E);
    } else {
        run->ops->embed(to, run->lo, &w->word_embed, ids, run->N);
    }
    run->ops->embed_add(to, run->lo, &w->position_embed, run->index, run->N);
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
        run->ops->mix(queries + i * stride, run->lo, c->width, scale, NULL, 0);
}

void at_layer_project(const struct at_layer_run *run, struct at_layer_buffers *b, size_t layer,
                      bool wants_values)
{
    const struct at_layer_weights *w = &run->m->weights.layer[layer];
    const float *x = b->x;
    size_t n = wants_values ? 3 : 2;

    b->qkv_stride = n * run->m->config.width;
    if (run->m->config.family->norms == AT_NORM_BEFORE) {
        norm(run, b->norm, x, NULL, &w->norm1, run->N);
        x = b->norm;
    }
    if (w->qkv.w.data) {
        struct at_dense first = { at_weight_first(&w->qkv.w, b->qkv_stride), w->qkv.b };
        run->ops->linear(b->qkv, x, run->lo, &first, run->N, AT_EPI_NONE, run->pool);
    } else {
        const struct at_linear_part parts[] = { { &w->q.w, w->q.b.data },
                                                { &w->k.w, w->k.b.data },
                                                { &w->v.w, w->v.b.data } };
        run->ops->linear_parts(b->qkv, x, run->lo, parts, n, run->N, run->pool);
    }
    scale_queries(run, b->qkv, b->qkv_stride, layer);
}

/* ---- attention ---- */

/* Copy the keys and values of n rows, which lie side by side. */
static float *join(float *out, const struct at_layer_run *run, const struct at_layer_buffers *b,
                   size_t row, size_t n)
{
    size_t C = run->m->config.width;

    for (size_t i = 0; i < n; i++, out += 2 * C)
        run->ops->copy(out, b->qkv + (row + i) * b->qkv_stride + C, run->lo, 2 * C);
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
    in->v = rows + run->m->config.width;
    in->k_stride = in->v_stride = 2 * run->m->config.width;
    in->T += n;
    in->query_rows = run->tokens + run->start[text];
}

/* Every query of a text over all its keys. */
static struct at_attention_in attention_of(const struct at_layer_run *run,
                                           const struct at_layer_buffers *b, size_t text,
                                           float **room)
{
    const struct at_config *c = &run->m->config;
    size_t C = c->width, start = run->start[text];
    const float *rows = b->qkv + start * b->qkv_stride;
    struct at_attention_in in = {
        .q = rows,
        .k = rows + C,
        .v = b->qkv_stride > 2 * C ? rows + 2 * C : NULL,
        .q_stride = b->qkv_stride,
        .k_stride = b->qkv_stride,
        .v_stride = b->qkv_stride,
        .T = at_text_rows(run, text),
        .H = c->n_heads,
        .D = c->head_width,
        .n_queries = at_text_rows(run, text),
        .is_hidden = run->is_hidden ? run->is_hidden + start : NULL,
        .is_causal = c->is_causal,
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
        .C = c->width,
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
    size_t C = run->m->config.width;
    bool has_values = b->qkv_stride > 2 * C;
    float *room = run->joined;

    for (size_t i = 0; i < run->B; i++) {
        run->in[i] = attention_of(run, b, i, &room);
        run->got[i] = (struct at_attention_out){ maps ? maps[i] : NULL,
                                                 has_values ? b->context + run->start[i] * C : NULL,
                                                 C, run->maps_are_for_later };
    }
    run->ops->attention(run->got, run->in, run->lo, run->B, run->pool);
    if (has_values)
        at_layer_edit(run, b, layer);
}

void at_layer_attend_rows(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          size_t layer, const size_t *rows, size_t n)
{
    size_t C = run->m->config.width, done = 0;
    float *q = b->norm; /* free by now */
    float *room = run->joined;

    for (size_t i = 0; i < run->B; i++) {
        size_t start = run->start[i], first = done;
        run->in[i] = attention_of(run, b, i, &room);
        for (; done < n && rows[done] < run->start[i + 1]; done++) {
            size_t row = rows[done];
            run->tokens[done] = at_text_prefix(run, i) + row - start; /* done <= row */
            run->ops->copy(q + done * C, b->qkv + row * b->qkv_stride, run->lo, C);
            run->ops->copy(b->out + done * C, b->x + row * C, run->lo, C);
        }
        run->in[i].q = q + first * C;
        run->in[i].q_stride = C;
        run->in[i].n_queries = done - first;
        run->in[i].query_rows = run->tokens + first;
        run->got[i] = (struct at_attention_out){ NULL, b->context + first * C, C, false };
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

    if (!b->pre_act) {
        run->ops->linear(b->act, input, run->lo, &w->ffn_in, n, activation, run->pool);
        return;
    }
    run->ops->linear(b->pre_act, input, run->lo, &w->ffn_in, n, AT_EPI_NONE, run->pool);
    run->ops->activate(b->act, b->pre_act, run->lo, n * run->m->config.ffn_width, activation,
                       run->pool);
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
        norm(run, b->norm, b->mid, NULL, &w->norm2, n);
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

void at_layer_finish_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          const struct at_layer_gradients *g, size_t layer, size_t n)
{
    const struct at_config *c = &run->m->config;
    const struct at_layer_weights *w = &run->m->weights.layer[layer];
    const struct at_layer_ops *ops = run->ops;
    bool is_after = c->family->norms == AT_NORM_AFTER;

    if (is_after)
        norm_back(run, g->out, g->out, b->sum2, NULL, &w->norm2, n);
    ops->linear_back(g->act, g->out, run->lo, &w->ffn_out.w, NULL, n, run->pool);
    ops->activate_back(g->act, g->act, b->pre_act, run->lo, n * c->ffn_width, c->activation,
                       run->rule, run->pool);
    ops->linear_back(g->mid, g->act, run->lo, &w->ffn_in.w, is_after ? g->out : NULL, n, run->pool);
    if (is_after)
        norm_back(run, g->mid, g->mid, b->sum1, NULL, &w->norm1, n);
    else
        norm_back(run, g->mid, g->mid, b->mid, g->out, &w->norm2, n);
    ops->linear_back(g->context, g->mid, run->lo, &w->attn_out.w, NULL, n, run->pool);
}

/* By AT_RULE_ATTNLRP a product of two values gives half to each of them. */
static void halve(const struct at_layer_run *run, float *rows, size_t stride, size_t n)
{
    for (size_t i = 0; i < run->N && run->rule == AT_RULE_ATTNLRP; i++)
        run->ops->mix(rows + i * stride, run->lo, n, 0.5, NULL, 0);
}

/* From the gradients at queries, keys and values to that at what they were made of, added to
   residual. out must be none of the others. */
static void project_back(const struct at_layer_run *run, const struct at_layer_gradients *g,
                         const struct at_layer_weights *w, float *out, const float *residual)
{
    size_t n = run->N * run->m->config.width;
    const struct at_layer_ops *ops = run->ops;

    if (w->qkv.w.data) {
        ops->linear_back(out, g->qkv, run->lo, &w->qkv.w, residual, run->N, run->pool);
        return;
    }
    ops->linear_back(out, g->qkv, run->lo, &w->q.w, residual, run->N, run->pool);
    ops->linear_back(g->context, g->qkv + n, run->lo, &w->k.w, out, run->N, run->pool);
    ops->linear_back(out, g->qkv + 2 * n, run->lo, &w->v.w, g->context, run->N, run->pool);
}

void at_layer_attend_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          const struct at_layer_gradients *g, size_t layer, float *const *maps,
                          float *const *d_maps)
{
    const struct at_layer_weights *w = &run->m->weights.layer[layer];
    size_t C = run->m->config.width, n = run->N * C;
    size_t stride = w->qkv.w.data ? 3 * C : C, next = w->qkv.w.data ? C : n;

    for (size_t i = 0; i < run->B; i++) {
        const struct at_head_rows rows = head_rows(run, i, layer, g->scratch);
        at_head_edit_back(edit_of(run, i), g->context + run->start[i] * C, &rows);
    }
    halve(run, g->context, C, C); /* map times values */
    for (size_t i = 0; i < run->B; i++) {
        size_t row = run->start[i];
        float *room = NULL, *dq = g->qkv + row * stride;
        run->in[i] = attention_of(run, b, i, &room);
        run->back[i] = (struct at_attention_back){ .map = maps ? maps[i] : NULL,
                                                   .d_context = g->context + row * C,
                                                   .d_map = d_maps ? d_maps[i] : NULL,
                                                   .dq = dq,
                                                   .dk = dq + next,
                                                   .dv = dq + 2 * next,
                                                   .d_context_stride = C,
                                                   .d_qkv_stride = stride };
    }
    run->ops->attention_back(run->back, run->in, run->lo, run->B, run->pool);
    halve(run, g->qkv, stride, C); /* queries times keys */
    halve(run, g->qkv + next, stride, C);
    scale_queries(run, g->qkv, stride, layer);
    if (run->m->config.family->norms == AT_NORM_AFTER) {
        project_back(run, g, w, g->x, g->mid);
    } else {
        project_back(run, g, w, g->scratch, NULL);
        norm_back(run, g->x, g->scratch, b->x, g->mid, &w->norm1, run->N);
    }
}
