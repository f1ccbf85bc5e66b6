/*
 * forward.c - see forward.h. Devlin et al. 2019 (BERT), Radford et al. 2019 (GPT-2).
 */
#include "model/forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/attention.h"
#include "ops/embed.h"
#include "ops/gemm.h"
#include "ops/layernorm.h"
#include "ops/precise.h"

/* Floats in a line of the cache, where the rows begin when their length allows. */
enum { LINE = 16 };

/* One group of texts on its way through the layers. Buffers are for the largest group. */
struct pass {
    const struct at_model *m;
    const struct at_batch *batch;
    const struct at_forward_options *options;
    struct at_pool *pool;
    size_t C, H, D, F;
    size_t lo; /* in double: from each buffer to that of its low parts (ops/precise.h); else 0 */

    size_t first, B, row, N;     /* texts first .. first+B-1, rows row .. row+N-1 of the batch */
    size_t final, n_final;       /* which of the options' final rows lie in this group */
    float *buffers;              /* what is behind the next lines */
    float *x, *out;              /* (N,C) residual stream entering and leaving the layer */
    float *norm, *context, *mid; /* (N,C) */
    float *qkv;                  /* (N,3C), or (N,2C) without the values */
    size_t qkv_stride;           /* of the layer in hand */
    float *act;                  /* (N,F) */
    float *maps;                 /* text after text (H,T,T), or NULL */
    float *joined;               /* keys and values (T,2C) of texts with a prefix, one by one */
    size_t *tokens;              /* (N) token index of each row, then of each final row */
    int *index;                  /* (N) */
    struct at_attention_in *in;  /* (B) */
    struct at_attention_out *got;
};

static size_t text_start(const struct pass *p, size_t b)
{
    return p->batch->start[p->first + b] - p->row;
}

static size_t text_length(const struct pass *p, size_t b)
{
    return p->batch->start[p->first + b + 1] - p->batch->start[p->first + b];
}

/* Tokens that text b shares with the last whole text before it. */
static size_t text_prefix(const struct pass *p, size_t b)
{
    return p->options->prefix ? p->options->prefix[p->first + b] : 0;
}

/* ---- the operations, in the precision of the pass ---- */

static void norm(const struct pass *p, float *out, const float *x, const float *residual,
                 const struct at_norm *n, size_t N)
{
    double eps = p->m->config.norm_eps;

    if (p->lo)
        at_precise_norm(out, x, residual, p->lo, n->gain.data, n->bias.data, eps, N, p->C, p->pool);
    else
        at_layernorm(out, x, residual, n->gain.data, n->bias.data, eps, N, p->C, p->pool);
}

static void dense(const struct pass *p, float *out, const float *x, const struct at_dense *d,
                  size_t N, enum at_epilogue epilogue)
{
    if (p->lo)
        at_precise_linear(out, d->w.n_out, x, p->lo, &d->w, d->b.data, NULL, N, epilogue, p->pool);
    else
        at_linear(out, x, &d->w, d->b.data, N, epilogue, p->pool);
}

static void dense_add(const struct pass *p, float *out, const float *x, const struct at_dense *d,
                      const float *residual, size_t N)
{
    if (p->lo)
        at_precise_linear(out, d->w.n_out, x, p->lo, &d->w, d->b.data, residual, N, AT_EPI_NONE,
                          p->pool);
    else
        at_linear_add(out, x, &d->w, d->b.data, residual, N, p->pool);
}

/* BERT's three matrices, or two without the values, side by side. */
static void dense_qkv(const struct pass *p, const struct at_layer_weights *w)
{
    const struct at_linear_part parts[] = { { &w->q.w, w->q.b.data },
                                            { &w->k.w, w->k.b.data },
                                            { &w->v.w, w->v.b.data } };
    size_t n = p->qkv_stride / p->C;

    for (size_t i = 0; i < n && p->lo; i++)
        at_precise_linear(p->qkv + i * p->C, p->qkv_stride, p->x, p->lo, parts[i].w, parts[i].bias,
                          NULL, p->N, AT_EPI_NONE, p->pool);
    if (!p->lo)
        at_linear_parts(p->qkv, p->x, parts, n, p->N, AT_EPI_NONE, p->pool);
}

/* Some variants of GPT-2 have a scale beside 1 / sqrt(D). */
static void scale_queries(const struct pass *p, double scale)
{
    for (size_t i = 0; i < p->N; i++)
        for (size_t j = 0; j < p->C; j++) {
            float *q = p->qkv + i * p->qkv_stride + j;
            if (p->lo)
                at_set_pair(q, p->lo, at_pair(q, p->lo) * scale);
            else
                *q *= (float)scale;
        }
}

static void attention(const struct pass *p)
{
    if (p->lo)
        at_precise_attention(p->got, p->in, p->lo, p->B, p->pool);
    else
        at_attention(p->got, p->in, p->B, p->pool);
}

static void copy(const struct pass *p, float *out, const float *from, size_t n)
{
    memmove(out, from, n * sizeof *out);
    if (p->lo)
        memmove(out + p->lo, from + p->lo, n * sizeof *out);
}

static void add_rows(const struct pass *p, const struct at_weight *table, const int *ids)
{
    if (p->lo)
        at_precise_embed_add(p->x, p->lo, table, ids, p->N);
    else
        at_embed_add(p->x, table, ids, p->N);
}

/* ---- the model, top to bottom ---- */

/* x = word + position (+ segment, normalised: BERT) embeddings. */
static void embed(struct pass *p)
{
    const struct at_weights *w = &p->m->weights;
    const int *segments = p->batch->segments ? p->batch->segments + p->row : p->index;

    for (size_t b = 0; b < p->B; b++)
        for (size_t t = 0; t < text_length(p, b); t++) {
            size_t token = text_prefix(p, b) + t;
            p->tokens[text_start(p, b) + t] = token;
            p->index[text_start(p, b) + t] = (int)(p->m->config.family->first_position + token);
        }
    at_embed(p->x, &w->word_embed, p->batch->ids + p->row, p->N);
    if (p->lo)
        memset(p->x + p->lo, 0, p->N * p->C * sizeof *p->x);
    add_rows(p, &w->position_embed, p->index);
    if (w->segment_embed.data) {
        memset(p->index, 0, p->N * sizeof *p->index);
        add_rows(p, &w->segment_embed, segments);
    }
    if (w->embed_norm.gain.data)
        norm(p, p->x, p->x, NULL, &w->embed_norm, p->N);
}

/* Queries and keys of all rows, and values unless nothing follows. */
static void project(struct pass *p, size_t layer, bool is_end)
{
    const struct at_config *c = &p->m->config;
    const struct at_layer_weights *w = &p->m->weights.layer[layer];
    double scale = 1.0;

    p->qkv_stride = (is_end ? 2 : 3) * p->C;
    if (!w->qkv.w.data) {
        dense_qkv(p, w);
        return;
    }
    norm(p, p->norm, p->x, NULL, &w->norm1, p->N);
    struct at_dense qkv = { at_weight_first(&w->qkv.w, p->qkv_stride), w->qkv.b };
    dense(p, p->qkv, p->norm, &qkv, p->N, AT_EPI_NONE);
    if (c->no_scale)
        scale *= sqrt((double)p->D);
    if (c->scale_by_layer)
        scale /= (double)(layer + 1);
    if (scale != 1.0)
        scale_queries(p, scale);
}

/* Copy the keys and values of n rows, which lie side by side. */
static float *join(float *out, const struct pass *p, size_t row, size_t n)
{
    for (size_t i = 0; i < n; i++, out += 2 * p->C)
        copy(p, out, p->qkv + (row + i) * p->qkv_stride + p->C, 2 * p->C);
    return out;
}

/* Text b's queries over the keys of its prefix and its own, joined in *room, which moves on. */
static void attend_to_prefix(const struct pass *p, struct at_attention_in *in, size_t b,
                             float **room)
{
    size_t n = text_prefix(p, b), whole = b;
    float *rows = *room;

    if (n == 0)
        return;
    while (text_prefix(p, whole))
        whole--;
    *room = join(rows, p, text_start(p, whole), n);
    *room = join(*room, p, text_start(p, b), text_length(p, b));
    in->k = rows;
    in->v = rows + p->C;
    in->k_stride = in->v_stride = 2 * p->C;
    in->T += n;
    in->query_rows = p->tokens + text_start(p, b);
}

/* Every query of text b over all its own keys. */
static struct at_attention_in attention_of(const struct pass *p, size_t b)
{
    const float *rows = p->qkv + text_start(p, b) * p->qkv_stride;

    return (struct at_attention_in){
        .q = rows,
        .k = rows + p->C,
        .v = p->qkv_stride > 2 * p->C ? rows + 2 * p->C : NULL,
        .q_stride = p->qkv_stride,
        .k_stride = p->qkv_stride,
        .v_stride = p->qkv_stride,
        .T = text_length(p, b),
        .H = p->H,
        .D = p->D,
        .n_queries = text_length(p, b),
        .is_causal = p->m->config.is_causal,
    };
}

/* Context of every row unless nothing follows, and the maps when somebody wants them. */
static void attend(struct pass *p, size_t layer, bool is_end)
{
    const struct at_forward_options *o = p->options;
    float *map = p->maps, *room = p->joined;

    for (size_t b = 0; b < p->B; b++) {
        size_t T = text_length(p, b);
        p->in[b] = attention_of(p, b);
        attend_to_prefix(p, &p->in[b], b, &room);
        if (o->want_attention && o->map_room)
            map = o->map_room(o->arg, p->first + b, layer);
        float *context = is_end ? NULL : p->context + text_start(p, b) * p->C;
        p->got[b] = (struct at_attention_out){ map, context, p->C, o->map_room != NULL };
        if (p->maps)
            map += p->H * T * T;
    }
    attention(p);
}

/* The same for the final rows, which move to the front of every buffer; returns their number. */
static size_t attend_final_rows(struct pass *p)
{
    const size_t *rows = p->options->final_rows + p->final;
    size_t C = p->C, n = 0;
    float *q = p->norm; /* free by now */
    float *room = p->joined;

    for (size_t b = 0; b < p->B; b++) {
        size_t start = text_start(p, b), end = start + text_length(p, b), first = n;
        p->in[b] = attention_of(p, b);
        attend_to_prefix(p, &p->in[b], b, &room);
        for (; n < p->n_final && rows[n] - p->row < end; n++) {
            size_t row = rows[n] - p->row;
            p->tokens[n] = text_prefix(p, b) + row - start;
            copy(p, q + n * C, p->qkv + row * p->qkv_stride, C);
            copy(p, p->x + n * C, p->x + row * C, C);
        }
        p->in[b].q = q + first * C;
        p->in[b].q_stride = C;
        p->in[b].n_queries = n - first;
        p->in[b].query_rows = p->tokens + first;
        p->got[b] = (struct at_attention_out){ NULL, p->context + first * C, C, false };
    }
    attention(p);
    return n;
}

/* The rest of a layer, which is by row: n rows of x and context become mid, act and out. */
static void finish(struct pass *p, size_t layer, size_t n)
{
    const struct at_layer_weights *w = &p->m->weights.layer[layer];
    enum at_epilogue gelu = p->m->config.activation;

    if (p->m->config.family->norms == AT_NORM_AFTER) {
        dense(p, p->mid, p->context, &w->attn_out, n, AT_EPI_NONE);
        norm(p, p->mid, p->mid, p->x, &w->norm1, n);
        dense(p, p->act, p->mid, &w->ffn_in, n, gelu);
        dense(p, p->out, p->act, &w->ffn_out, n, AT_EPI_NONE);
        norm(p, p->out, p->out, p->mid, &w->norm2, n);
    } else {
        dense_add(p, p->mid, p->context, &w->attn_out, p->x, n);
        norm(p, p->norm, p->mid, NULL, &w->norm2, n);
        dense(p, p->act, p->norm, &w->ffn_in, n, gelu);
        dense_add(p, p->out, p->act, &w->ffn_out, p->mid, n);
    }
}

/* ---- what surrounds it ---- */

static int show_embedded(const struct pass *p, struct at_error *err)
{
    int rc = 0;

    for (size_t b = 0; b < p->B && !rc && p->options->on_embedded; b++)
        rc = p->options->on_embedded(p->options->arg, p->first + b, p->x + text_start(p, b) * p->C,
                                     text_length(p, b), err);
    return rc;
}

static int show_layer(const struct pass *p, size_t layer, bool is_end, struct at_error *err)
{
    int rc = 0;

    for (size_t b = 0; b < p->B && !rc && p->options->on_layer; b++) {
        size_t start = text_start(p, b), at = start * p->C;
        const struct at_layer_view view = {
            .layer = layer,
            .text = p->first + b,
            .T = text_length(p, b),
            .C = p->C,
            .H = p->H,
            .D = p->D,
            .F = p->F,
            .attention = p->got[b].map,
            .input = p->x + at,
            .q = p->in[b].q,
            .k = p->in[b].k,
            .v = p->in[b].v,
            .qkv_stride = p->qkv_stride,
            .context = is_end ? NULL : p->context + at,
            .mid = is_end ? NULL : p->mid + at,
            .ffn_act = is_end ? NULL : p->act + start * p->F,
            .output = is_end ? NULL : p->out + at,
        };
        rc = p->options->on_layer(p->options->arg, &view, err);
    }
    return rc;
}

/* One group through all layers; out is where its rows of the result begin, or NULL. */
static int run_group(struct pass *p, float *out, struct at_error *err)
{
    size_t L = p->m->config.n_layers, n = p->options->final_rows ? p->n_final : p->N;
    int rc;

    embed(p);
    rc = show_embedded(p, err);
    for (size_t l = 0; l < L && !rc; l++) {
        bool is_end = !out && l == L - 1;
        project(p, l, is_end);
        if (p->options->final_rows && l == L - 1) {
            finish(p, l, attend_final_rows(p));
        } else {
            attend(p, l, is_end);
            if (!is_end)
                finish(p, l, p->N);
            rc = show_layer(p, l, is_end, err);
        }
        float *left = p->out;
        p->out = p->x;
        p->x = left;
    }
    if (rc || !out)
        return rc;
    if (p->m->weights.final_norm.gain.data)
        norm(p, p->x, p->x, NULL, &p->m->weights.final_norm, n);
    memcpy(out, p->x, n * p->C * sizeof *out);
    return 0;
}

static void check_prefixes(const struct at_model *m, const struct at_batch *batch,
                           const struct at_forward_options *options)
{
    size_t whole = 0;

    if (!options->prefix)
        return;
    AT_BUG_IF(!m->config.is_causal);
    AT_BUG_IF(options->on_layer || options->on_embedded || options->want_attention);
    for (size_t b = 0; b < batch->B; b++) {
        whole = options->prefix[b] ? whole : b;
        AT_BUG_IF(options->prefix[b] > batch->start[whole + 1] - batch->start[whole]);
        AT_BUG_IF(options->prefix[b] && b == 0);
    }
}

/* What users can cause is an error, what callers can is a bug. */
static int check_batch(const struct at_model *m, const struct at_batch *batch,
                       const struct at_forward_options *options, struct at_error *err)
{
    const struct at_config *c = &m->config;
    int n_segments = (int)AT_MAX(c->n_segments, (size_t)1);

    AT_BUG_IF(batch->start[0] != 0);
    check_prefixes(m, batch, options);
    for (size_t b = 0; b < batch->B; b++) {
        AT_BUG_IF(batch->start[b + 1] < batch->start[b]);
        size_t T = batch->start[b + 1] - batch->start[b];
        if (T > 0 && options->prefix)
            T += options->prefix[b];
        if (T == 0 || T > c->max_positions)
            return at_fail(err, AT_ERANGE, "text %zu has %zu tokens, the model takes 1 to %zu", b,
                           T, c->max_positions);
    }
    for (size_t i = 0; i < batch->start[batch->B]; i++) {
        if (batch->ids[i] < 0 || (size_t)batch->ids[i] >= c->vocab)
            return at_fail(err, AT_ERANGE, "token id %d is outside the model's vocabulary of %zu",
                           batch->ids[i], c->vocab);
        if (batch->segments && (batch->segments[i] < 0 || batch->segments[i] >= n_segments))
            return at_fail(err, AT_ERANGE, "segment %d, the model has 0 to %d", batch->segments[i],
                           n_segments - 1);
    }
    AT_BUG_IF(options->n_final_rows && !options->final_rows);
    for (size_t i = 0; i < options->n_final_rows; i++)
        AT_BUG_IF(options->final_rows[i] >= batch->start[batch->B] ||
                  (i && options->final_rows[i] <= options->final_rows[i - 1]));
    return 0;
}

/* End of the texts that stay together: a whole one, `first`, and those that begin like others. */
static size_t family_end(const struct pass *p, size_t first)
{
    size_t end = first + 1;

    while (p->options->prefix && end < p->batch->B && p->options->prefix[end])
        end++;
    return end;
}

/* Set the group that begins with text first: as many texts as fit AT_GROUP_ROWS, at least one
   with those that begin like it. */
static void set_group(struct pass *p, size_t first)
{
    const size_t *start = p->batch->start;
    size_t end = family_end(p, first), next;

    while (end < p->batch->B && (next = family_end(p, end)) &&
           start[next] - start[first] <= AT_GROUP_ROWS)
        end = next;
    p->first = first;
    p->B = end - first;
    p->row = start[first];
    p->N = start[end] - start[first];
    p->final += p->n_final;
    p->n_final = 0;
    while (p->final + p->n_final < p->options->n_final_rows &&
           p->options->final_rows[p->final + p->n_final] < start[end])
        p->n_final++;
}

/* Buffers that fit every group. */
static int allocate(struct pass *p, struct at_error *err)
{
    const struct at_forward_options *o = p->options;
    size_t N = 0, B = 0, maps = 0, joined = 0;
    bool needs_maps = o->want_attention && !o->map_room;
    void *block;
    int rc;

    for (size_t b = 0; b < p->batch->B; b += p->B) {
        size_t map = 0, rows = 0;
        set_group(p, b);
        N = AT_MAX(N, p->N);
        B = AT_MAX(B, p->B);
        for (size_t i = 0; i < p->B && needs_maps; i++)
            map += p->H * text_length(p, i) * text_length(p, i);
        for (size_t i = 0; i < p->B; i++)
            rows += text_prefix(p, i) ? text_prefix(p, i) + text_length(p, i) : 0;
        joined = AT_MAX(joined, rows * 2 * p->C);
        maps = AT_MAX(maps, map);
    }
    p->final = p->n_final = 0;
    size_t room = N * (8 * p->C + p->F) + joined;
    p->lo = p->m->is_double ? room : 0;
    rc = at_try_alloc(&block, room + p->lo + maps + LINE, sizeof(float), "the forward pass", err);
    if (rc)
        return rc;
    p->buffers = block;
    p->x = at_align_up(p->buffers, LINE * sizeof *p->x);
    p->out = p->x + N * p->C;
    p->norm = p->out + N * p->C;
    p->context = p->norm + N * p->C;
    p->mid = p->context + N * p->C;
    p->qkv = p->mid + N * p->C;
    p->act = p->qkv + N * 3 * p->C;
    p->joined = p->act + N * p->F;
    p->maps = maps ? p->x + room + p->lo : NULL;
    p->tokens = at_malloc(N, sizeof *p->tokens);
    p->index = at_malloc(N, sizeof *p->index);
    p->in = at_malloc(B, sizeof *p->in);
    p->got = at_malloc(B, sizeof *p->got);
    return 0;
}

int at_forward(float *out, const struct at_model *m, const struct at_batch *batch,
               const struct at_forward_options *options, struct at_pool *pool, struct at_error *err)
{
    static const struct at_forward_options plain;
    struct pass p = { .m = m,
                      .batch = batch,
                      .options = options ? options : &plain,
                      .pool = pool,
                      .C = m->config.width,
                      .H = m->config.n_heads,
                      .D = m->config.head_width,
                      .F = m->config.ffn_width };
    int rc = check_batch(m, batch, p.options, err);

    AT_BUG_IF(!out && p.options->final_rows);
    if (rc || !batch->B || (rc = allocate(&p, err)))
        return rc;
    for (size_t b = 0; b < batch->B && !rc; b += p.B) {
        set_group(&p, b);
        rc = run_group(&p, out ? out + (p.options->final_rows ? p.final : p.row) * p.C : NULL, err);
    }
    free(p.buffers);
    free(p.tokens);
    free(p.index);
    free(p.in);
    free(p.got);
    return rc;
}
