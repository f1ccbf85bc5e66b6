/*
 * backward.c - see backward.h. Groups of texts and what is kept of them between the way there and
 * the way back; the computation is model/layer.c's.
 */
#include "model/backward.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Floats in a line of the cache, where buffers begin. */
enum { LINE = 16 };

/* What is kept of a layer for a group. */
struct kept {
    float *x, *qkv, *context; /* (N,C), (N,Q+2K), (N,Q); the context only for a visitor */
    float *raw_q, *raw_k;     /* (N,Q), (N,K) of a model that norms them */
    float *sum1, *sum2, *mid; /* (N,C), the first two or the third: model/layer.h */
    float *pre_act, *gated;   /* (N,F), the second of a model with gates */
    float *maps;              /* text after text (H,T,T) */
};

/* One group of texts on its way. */
struct pass {
    struct at_layer_run run;
    const struct at_batch *batch;
    const struct at_backward_options *options;
    const struct at_change *change;
    size_t C, E, H, F, Q, K, L, first_layer; /* Q and K as in struct at_layer_buffers */
    bool has_visitor;

    size_t first, row;  /* the group's first text, and that one's first row */
    size_t n_final;     /* rows of the batch's final rows before the group, */
    size_t final;       /* and in it */
    size_t *final_rows; /* (final) within the group, or NULL when all are */
    float *block;       /* what is behind the next lines */
    struct kept *kept;  /* (L) */
    float *sum;         /* (N,E) of the embeddings */
    float *d_words; /* (N,E) gradient at the word embeddings, or g.x where that has their width */
    float *end;     /* (N,C) residual stream after the last layer */
    float *hidden;  /* (N,C) the same after the final norm */
    struct at_layer_buffers rows;
    struct at_layer_gradients g;
    float *d_maps;              /* of the layer in hand, as kept.maps */
    float **at_map, **at_d_map; /* (B) */
    float *turns;               /* run.turns */
    size_t *start;              /* (B+1) */
    size_t *final_start;        /* (B+1) among the final rows */
};

/* ---- groups ---- */

static size_t group_end(const struct pass *p, size_t first)
{
    size_t most = p->options->batch_rows ? p->options->batch_rows : AT_BACKWARD_ROWS;
    const size_t *start = p->batch->start;
    size_t end = first + 1;

    while (end < p->batch->B && start[end + 1] - start[first] <= most)
        end++;
    return end;
}

static void set_group(struct pass *p, size_t first)
{
    const struct at_backward_options *o = p->options;
    const struct at_change *c = p->change;
    size_t end = group_end(p, first);

    p->first = first;
    p->row = p->batch->start[first];
    p->run.B = end - first;
    p->run.N = p->batch->start[end] - p->row;
    p->run.edits = c->edits ? c->edits + first : NULL;
    p->run.is_hidden = c->is_hidden ? c->is_hidden + p->row : NULL;
    p->n_final += p->final;
    p->final = 0;
    p->start[0] = p->final_start[0] = 0;
    for (size_t b = 0; b < p->run.B; b++) {
        p->start[b + 1] = p->batch->start[first + b + 1] - p->row;
        for (; p->n_final + p->final < o->n_final_rows; p->final++) {
            size_t row = o->final_rows[p->n_final + p->final] - p->row;
            if (row >= p->start[b + 1])
                break;
            p->final_rows[p->final] = row;
        }
        p->final_start[b + 1] = o->final_rows ? p->final : p->start[b + 1];
    }
    if (!o->final_rows)
        p->final = p->run.N;
}

/* The next n floats of the block; without a block only their number counts. */
static float *take(const struct pass *p, size_t *used, size_t n)
{
    float *at = p->block ? p->block + *used : NULL;

    *used += (n + LINE - 1) / LINE * LINE;
    return at;
}

/* All buffers for groups of at most N rows whose maps have that many cells; answers how many floats
   they are. In double the low parts lie as far behind. */
static size_t place(struct pass *p, size_t N, size_t cells)
{
    const struct at_family *f = p->run.m->config.family;
    bool is_after = f->norms == AT_NORM_AFTER, is_gated = at_family_has(f, AT_FFN_GATE);
    bool is_projected = p->run.m->weights.embed_projection.w.data != NULL;
    bool is_normed = at_family_has(f, AT_QUERY_NORM);
    size_t n = N * p->C, wide = N * AT_MAX(p->C, p->Q), qkv = N * (p->Q + 2 * p->K), used = 0;

    for (size_t l = p->first_layer; l < p->L; l++) {
        struct kept *k = &p->kept[l];
        k->x = take(p, &used, n);
        k->qkv = take(p, &used, qkv);
        k->raw_q = is_normed ? take(p, &used, N * p->Q) : NULL;
        k->raw_k = is_normed ? take(p, &used, N * p->K) : NULL;
        k->context = p->has_visitor ? take(p, &used, N * p->Q) : NULL;
        k->sum1 = is_after ? take(p, &used, n) : NULL;
        k->sum2 = is_after ? take(p, &used, n) : NULL;
        k->mid = is_after ? NULL : take(p, &used, n);
        k->pre_act = take(p, &used, N * p->F);
        k->gated = is_gated ? take(p, &used, N * p->F) : NULL;
        k->maps = take(p, &used, cells);
    }
    p->sum = take(p, &used, N * p->E);
    p->run.embedded = is_projected ? take(p, &used, N * p->E) : NULL;
    p->end = take(p, &used, n);
    p->hidden = take(p, &used, n);
    p->rows.norm = take(p, &used, wide);
    p->rows.context = take(p, &used, N * p->Q);
    p->rows.mid = take(p, &used, n);
    p->rows.act = take(p, &used, N * p->F);
    p->g.x = p->g.out = take(p, &used, n);
    p->d_words = is_projected ? p->run.embedded : p->g.x;
    p->g.mid = take(p, &used, n);
    p->g.context = take(p, &used, wide);
    p->g.qkv = take(p, &used, qkv);
    p->g.scratch = take(p, &used, wide);
    p->g.gated = is_gated ? take(p, &used, N * p->F) : NULL;
    p->g.act = p->rows.act; /* free by then */
    p->d_maps = p->has_visitor ? take(p, &used, cells) : NULL;
    return used;
}

/* Buffers that fit every group. */
static int allocate(struct pass *p, struct at_error *err)
{
    size_t N = 0, B = 0, cells = 0, longest = 0, floats;
    const struct at_rotary *rotary = &p->run.m->config.rotary;
    bool is_double = p->run.m->is_double;
    void *block;
    int rc;

    for (size_t b = 0, end; b < p->batch->B; b = end) {
        size_t n = 0;
        end = group_end(p, b);
        for (size_t i = b; i < end; i++) {
            size_t T = p->batch->start[i + 1] - p->batch->start[i];
            n += p->H * T * T;
            longest = AT_MAX(longest, T);
        }
        N = AT_MAX(N, p->batch->start[end] - p->batch->start[b]);
        B = AT_MAX(B, end - b);
        cells = AT_MAX(cells, n);
    }
    p->kept = at_calloc(p->L, sizeof *p->kept);
    floats = place(p, N, cells);
    p->run.lo = is_double ? floats : 0;
    rc = at_try_alloc(&block, (is_double ? 2 : 1) * floats, sizeof(float), "the way back", err);
    if (rc)
        return rc;
    p->block = block;
    place(p, N, cells);
    p->run.turns = p->turns = at_malloc(longest * rotary->dims, sizeof *p->turns);
    at_rotary_table(p->turns, rotary, longest);
    p->at_map = at_malloc(B, sizeof *p->at_map);
    p->at_d_map = at_malloc(B, sizeof *p->at_d_map);
    p->run.start = p->start = at_malloc(B + 1, sizeof *p->start);
    p->final_start = at_malloc(B + 1, sizeof *p->final_start);
    p->final_rows = p->options->final_rows ? at_malloc(N, sizeof *p->final_rows) : NULL;
    p->run.tokens = at_malloc(N, sizeof *p->run.tokens);
    p->run.index = at_malloc(N, sizeof *p->run.index);
    p->run.in = at_malloc(B, sizeof *p->run.in);
    p->run.got = at_malloc(B, sizeof *p->run.got);
    p->run.back = at_malloc(B, sizeof *p->run.back);
    return 0;
}

static void release(struct pass *p)
{
    free(p->kept);
    free(p->block);
    free(p->turns);
    free(p->at_map);
    free(p->at_d_map);
    free(p->start);
    free(p->final_start);
    free(p->final_rows);
    free(p->run.tokens);
    free(p->run.index);
    free(p->run.in);
    free(p->run.got);
    free(p->run.back);
}

/* ---- there ---- */

/* The buffers of a layer: what is kept of it, and what the next one reuses. */
static struct at_layer_buffers buffers_of(const struct pass *p, size_t layer)
{
    const struct kept *k = &p->kept[layer];
    struct at_layer_buffers b = p->rows;

    b.x = k->x;
    b.qkv = k->qkv;
    b.qkv_stride = p->Q + 2 * p->K;
    b.has_values = true;
    b.raw_q = k->raw_q;
    b.raw_k = k->raw_k;
    b.gated = k->gated;
    b.context = k->context ? k->context : b.context;
    b.sum1 = k->sum1;
    b.sum2 = k->sum2;
    b.mid = k->mid ? k->mid : b.mid;
    b.pre_act = k->pre_act;
    b.out = layer + 1 < p->L ? p->kept[layer + 1].x : p->end;
    return b;
}

static void place_maps(const struct pass *p, float **at, float *maps)
{
    for (size_t b = 0; b < p->run.B; b++) {
        at[b] = maps;
        maps += p->H * at_text_rows(&p->run, b) * at_text_rows(&p->run, b);
    }
}

/* Rows of n values of the group that the target looks at, side by side. */
static void gather(const struct pass *p, float *out, const float *rows, size_t n)
{
    for (size_t i = 0; i < p->final; i++)
        p->run.ops->copy(out + i * n, rows + p->final_rows[i] * n, p->run.lo, n);
}

/* And back to where they came from, among zeros; from the last one on, since rows only move up. */
static void scatter(const struct pass *p, float *rows, size_t n)
{
    size_t end = p->run.N;

    for (size_t i = p->final; i-- > 0; end = p->final_rows[i]) {
        size_t row = p->final_rows[i];
        p->run.ops->copy(rows + row * n, rows + i * n, p->run.lo, n);
        p->run.ops->clear(rows + (row + 1) * n, p->run.lo, (end - row - 1) * n);
    }
    p->run.ops->clear(rows, p->run.lo, end * n);
}

static void go_forward(struct pass *p)
{
    const struct at_change *c = p->change;
    size_t at = p->row * p->C, words = p->row * p->E;
    float *x = p->kept[p->first_layer].x;

    if (c->layer_input)
        p->run.ops->take(x, p->run.lo, c->layer_input + at, p->run.N * p->C);
    else
        at_layer_embed(&p->run, x, p->sum, p->batch->ids ? p->batch->ids + p->row : NULL,
                       c->word_embeds ? c->word_embeds + words : NULL,
                       p->batch->segments ? p->batch->segments + p->row : NULL);
    for (size_t l = p->first_layer; l < p->L; l++) {
        struct at_layer_buffers b = buffers_of(p, l);
        place_maps(p, p->at_map, p->kept[l].maps);
        at_layer_project(&p->run, &b, l, true);
        at_layer_attend(&p->run, &b, l, p->at_map);
        if (p->final_rows && l + 1 == p->L) {
            gather(p, p->g.scratch, b.context, p->Q);
            gather(p, b.out, b.x, p->C);
            b.context = p->g.scratch;
            b.x = b.out;
        }
        at_layer_finish(&p->run, &b, l, l + 1 == p->L ? p->final : p->run.N);
    }
    p->run.ops->copy(p->hidden, p->end, p->run.lo, p->final * p->C);
    at_layer_end(&p->run, p->hidden, p->final);
}

/* ---- and back ---- */

static int ask_target(const struct pass *p, struct at_error *err)
{
    const struct at_final_view view = { .first = p->first,
                                        .B = p->run.B,
                                        .start = p->final_start,
                                        .N = p->final,
                                        .C = p->C,
                                        .hidden = p->hidden,
                                        .d_hidden = p->g.out,
                                        .lo = p->run.lo };

    p->run.ops->clear(p->g.out, p->run.lo, p->final * p->C);
    return p->options->target(p->options->target_arg, &view, err);
}

static int show(const struct pass *p, const struct at_layer_buffers *b, size_t layer,
                struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < p->run.B && !rc; i++) {
        size_t at = p->run.start[i] * p->C, head_at = p->run.start[i] * p->Q;
        const struct at_gradient_view view = {
            .layer = layer,
            .text = p->first + i,
            .T = at_text_rows(&p->run, i),
            .C = p->C,
            .H = p->H,
            .D = p->run.m->config.head_width,
            .attention = p->at_map[i],
            .d_attention = p->at_d_map[i],
            .context = b->context + head_at,
            .d_context = p->rows.context + head_at,
            .input = b->x + at,
            .d_input = p->g.x + at,
            .lo = p->run.lo,
        };
        rc = p->options->on_layer(p->options->arg, &view, err);
    }
    return rc;
}

/* The end of a layer, backwards; of the last one for the final rows alone, when not all are. */
static void finish_back(const struct pass *p, const struct at_layer_buffers *rows, size_t layer,
                        bool is_gathered)
{
    struct at_layer_buffers b = *rows;

    if (is_gathered && p->run.m->config.is_parallel) { /* it read x, and mid is free for that */
        b.x = p->rows.mid;
        gather(p, b.x, rows->x, p->C);
    }
    at_layer_finish_back(&p->run, &b, &p->g, layer, is_gathered ? p->final : p->run.N);
    if (is_gathered) {
        scatter(p, p->g.mid, p->C);
        scatter(p, p->g.context, p->Q);
    }
}

static int go_back(struct pass *p, struct at_error *err)
{
    const float *d = p->g.x;
    size_t width = p->C;
    int rc = 0;

    at_layer_end_back(&p->run, p->g.out, p->end, p->final);
    for (size_t l = p->L; l-- > p->first_layer && !rc;) {
        struct at_layer_buffers b = buffers_of(p, l);
        bool is_gathered = p->final_rows && l + 1 == p->L;
        finish_back(p, &b, l, is_gathered);
        place_maps(p, p->at_map, p->kept[l].maps);
        if (p->has_visitor) {
            place_maps(p, p->at_d_map, p->d_maps);
            p->run.ops->copy(p->rows.context, p->g.context, p->run.lo, p->run.N * p->Q);
        }
        at_layer_attend_back(&p->run, &b, &p->g, l, p->at_map, p->has_visitor ? p->at_d_map : NULL);
        if (p->has_visitor)
            rc = show(p, &b, l, err);
    }
    if (!p->change->layer_input) {
        at_layer_embed_back(&p->run, p->d_words, p->g.x, p->sum);
        d = p->d_words;
        width = p->E;
    }
    if (!rc && p->options->d_input)
        memcpy(p->options->d_input + p->row * width, d, p->run.N * width * sizeof *d);
    return rc;
}

static void check_options(const struct at_batch *batch, const struct at_backward_options *o)
{
    AT_BUG_IF(!o->target || (o->change && o->change->is_shared));
    AT_BUG_IF(o->n_final_rows && !o->final_rows);
    for (size_t i = 0; i < o->n_final_rows; i++)
        AT_BUG_IF(o->final_rows[i] >= batch->start[batch->B] ||
                  (i && o->final_rows[i] <= o->final_rows[i - 1]));
}

int at_backward(const struct at_model *m, const struct at_batch *batch,
                const struct at_backward_options *options, struct at_pool *pool,
                struct at_error *err)
{
    static const struct at_change no_change;
    const struct at_change *change = options->change ? options->change : &no_change;
    struct pass p = { .run = { .m = m,
                               .ops = at_layer_ops(m->is_double),
                               .edit = m->edit,
                               .pool = pool,
                               .rule = options->rule },
                      .batch = batch,
                      .options = options,
                      .change = change,
                      .C = m->config.width,
                      .E = m->config.embed_width,
                      .H = m->config.n_heads,
                      .F = m->config.ffn_width,
                      .Q = at_query_width(&m->config),
                      .K = at_key_width(&m->config),
                      .L = m->config.n_layers,
                      .first_layer = change->layer_input ? change->first_layer : 0,
                      .has_visitor = options->on_layer != NULL };
    int rc = at_batch_check(batch, options->change, NULL, m, err);

    check_options(batch, options);
    if (rc || !batch->B)
        return rc;
    rc = allocate(&p, err);
    for (size_t b = 0; b < batch->B && !rc; b += p.run.B) {
        set_group(&p, b);
        go_forward(&p);
        rc = ask_target(&p, err);
        if (!rc)
            rc = go_back(&p, err);
    }
    release(&p);
    return rc;
}
