/*
 * attention.c - see attention.h.
 *
 * A task is a run of queries of one head of one text. It packs the keys and values of the head
 * once, then takes tiles of queries through three steps while their rows of the map are in cache:
 * scores straight into the map (or a scratch row when nobody keeps it), softmax in place, product
 * with the values. Causal tiles stop at their last visible key, so they do half the work.
 *
 * Backwards a task is a whole head, since every query adds to the gradients of all keys. It takes
 * blocks of queries: their rows of the map's gradient stay in cache until they are used up.
 */
#include "ops/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/kernel.h"

/* Every task packs the keys of its head again, so heads are not divided when there are enough of
   them for every thread to have a few, and never into parts of fewer queries than this. */
enum { TASKS_PER_THREAD = 4, LEAST_QUERIES = 128 };

/* Scores of sharp heads go to 100 and more, and what they are off by the map is off by too. */
enum { SCORE_CHAIN = 32 };

/* Rows from this length on that nobody reads soon go past the caches: memory need not be read to be
   overwritten, and what the caches hold stays there. */
enum { STREAM_FROM = 192 };

/* Queries of a head that go back together. */
enum { BACK_QUERIES = 128 };

struct batch {
    const struct at_kernel *kernel;
    const struct at_attention_out *out;
    const struct at_attention_in *in;
    size_t B;
    size_t most_parts; /* of a head */
};

/* What a task works with: one head's packed operands, and the tile in hand. */
struct head {
    const struct at_kernel *kernel;
    const struct at_attention_in *in;
    size_t n_keys;          /* visible to the last query of the task */
    const float *q, *k, *v; /* first column of the head */
    float *packed_k;        /* panels of nr keys, each [D][nr] */
    float *packed_v;        /* panels of nr columns, each [n_keys][nr] */
    float *packed_rows;     /* a tile of queries, then of the map, k outermost */
    float *scores;          /* (mr, T) when the map is not kept, or streamed */
};

size_t at_attention_visible(const struct at_attention_in *in, size_t query)
{
    if (!in->is_causal)
        return in->T;
    return (in->query_rows ? in->query_rows[query] : query) + 1;
}

size_t at_attention_most_visible(const struct at_attention_in *in, size_t from, size_t to)
{
    size_t most = 0;

    for (size_t i = from; i < to; i++)
        most = AT_MAX(most, at_attention_visible(in, i));
    return most;
}

size_t at_attention_first(const struct at_attention_in *in, size_t query)
{
    size_t end = at_attention_visible(in, query);

    return in->is_causal && in->window && end > in->window ? end - in->window : 0;
}

size_t at_attention_key_column(const struct at_attention_in *in, size_t head)
{
    return head / AT_MAX(in->group, (size_t)1) * in->D;
}

const float *at_attention_bias(const struct at_attention_in *in, size_t head, size_t query)
{
    size_t token = in->query_rows ? in->query_rows[query] : query;

    return in->bias ? in->bias + head * in->bias_stride - token : NULL;
}

bool at_attention_hides_all(const struct at_attention_in *in, size_t from, size_t end)
{
    return in->is_hidden && !memchr(in->is_hidden + from, 0, end - from);
}

static void pack_head(struct head *h)
{
    size_t nr = h->kernel->nr, D = h->in->D, n = h->n_keys;

    for (size_t j = 0; j < n; j += nr)
        h->kernel->pack_out_major(h->packed_k + j * D, h->k + j * h->in->k_stride, h->in->k_stride,
                                  AT_MIN(nr, n - j), D, NULL);
    for (size_t d = 0; d < D && h->v; d += nr)
        h->kernel->pack_in_major(h->packed_v + d * n, h->v + d, h->in->v_stride, AT_MIN(nr, D - d),
                                 n, NULL);
}

/* map rows (rows, n) = scale q k' for the queries from `first`, from key `key` on. */
static void score_tile(const struct head *h, float *map, size_t ld, size_t first, size_t rows,
                       size_t key, size_t n)
{
    const struct at_attention_in *in = h->in;
    float scale = in->scale != 0.0f ? in->scale : (float)(1.0 / sqrt((double)in->D));
    size_t nr = h->kernel->nr;

    h->kernel->pack_rows(h->packed_rows, h->q + first * in->q_stride, in->q_stride, rows, in->D,
                         scale);
    for (size_t j = key / nr * nr; j < n; j += nr) {
        struct at_tile_out out = { map + j, ld, rows, AT_MIN(nr, n - j), SCORE_CHAIN, false, NULL };
        h->kernel->tile(&out, h->packed_rows, h->packed_k + j * in->D, AT_F32, nr, in->D, NULL,
                        NULL);
    }
}

/* The row's scores of the keys that its query sees become weights; what lies beyond them 0. */
static void softmax_row(const struct head *h, float *row, size_t number, size_t query)
{
    const struct at_attention_in *in = h->in;
    const float *bias = at_attention_bias(in, number, query);
    size_t from = at_attention_first(in, query), end = at_attention_visible(in, query);

    if (at_attention_hides_all(in, from, end)) {
        memset(row, 0, in->T * sizeof *row);
        return;
    }
    for (size_t j = from; j < end && bias; j++)
        row[j] += bias[j];
    for (size_t j = from; j < end && in->is_hidden; j++)
        if (in->is_hidden[j])
            row[j] = -INFINITY;
    memset(row, 0, from * sizeof *row);
    h->kernel->softmax(row + from, end - from, in->T - from);
}

/* context rows (rows, D) = map rows (rows, n) times v, in blocks of the sum as everywhere; those
   before key `key`, which are 0, are left out. */
static void value_tile(const struct head *h, float *context, size_t stride, const float *map,
                       size_t ld, size_t rows, size_t key, size_t n)
{
    size_t nr = h->kernel->nr, D = h->in->D, start = key / AT_KC * AT_KC;

    for (size_t k0 = start; k0 < n; k0 += AT_KC) {
        size_t kc = AT_MIN((size_t)AT_KC, n - k0);
        h->kernel->pack_rows(h->packed_rows, map + k0, ld, rows, kc, 1.0f);
        for (size_t d = 0; d < D; d += nr) {
            const float *v = h->packed_v + d * h->n_keys + k0 * nr;
            struct at_tile_out out = { context + d, stride,     rows, AT_MIN(nr, D - d),
                                       AT_CHAIN,    k0 > start, NULL };
            h->kernel->tile(&out, h->packed_rows, v, AT_F32, nr, kc, NULL, NULL);
        }
    }
}

/* The first key that any of queries from..to-1 sees. */
static size_t least_visible(const struct at_attention_in *in, size_t from, size_t to)
{
    size_t least = in->T;

    for (size_t i = from; i < to; i++)
        least = AT_MIN(least, at_attention_first(in, i));
    return least;
}

/* Queries from..to-1 of head number `number`. */
static void attend(const struct head *h, const struct at_attention_out *out, size_t number,
                   size_t from, size_t to)
{
    const struct at_attention_in *in = h->in;
    size_t T = in->T, n_tiles = at_divide_up(to - from, h->kernel->mr);

    for (size_t t = 0; t < n_tiles; t++) {
        size_t first = from + (to - from) * t / n_tiles;
        size_t end = from + (to - from) * (t + 1) / n_tiles;
        size_t n = at_attention_most_visible(in, first, end), key = least_visible(in, first, end);
        float *kept = out->map ? out->map + (number * in->n_queries + first) * T : NULL;
        bool is_streamed = kept && out->is_for_later && T >= STREAM_FROM;
        float *map = kept && !is_streamed ? kept : h->scores;
        score_tile(h, map, T, first, end - first, key, n);
        for (size_t i = first; i < end; i++)
            softmax_row(h, map + (i - first) * T, number, i);
        if (is_streamed)
            h->kernel->stream(kept, map, (end - first) * T);
        if (out->context)
            value_tile(h, out->context + first * out->context_stride + number * in->D,
                       out->context_stride, map, T, end - first, key, n);
    }
}

static size_t parts_per_head(const struct batch *batch, size_t b)
{
    return AT_MIN(batch->most_parts, at_divide_up(batch->in[b].n_queries, LEAST_QUERIES));
}

static void some_queries(void *arg, size_t task, size_t slot)
{
    const struct batch *batch = arg;
    size_t b = 0, nr = batch->kernel->nr, mr = batch->kernel->mr;

    (void)slot;
    while (task >= batch->in[b].H * parts_per_head(batch, b)) {
        task -= batch->in[b].H * parts_per_head(batch, b);
        b++;
    }
    const struct at_attention_in *in = &batch->in[b];
    size_t number = task % in->H, part = task / in->H, n_parts = parts_per_head(batch, b);
    size_t from = in->n_queries * part / n_parts, to = in->n_queries * (part + 1) / n_parts;
    size_t n = at_attention_most_visible(in, from, to), at = at_attention_key_column(in, number);
    size_t k_room = at_divide_up(n, nr) * nr * in->D, v_room = n * at_divide_up(in->D, nr) * nr;
    size_t row_room = mr * AT_MAX((size_t)AT_KC, in->D), score_room = mr * in->T;
    float *room = at_malloc(k_room + v_room + row_room + score_room, sizeof *room);
    struct head h = { batch->kernel,
                      in,
                      n,
                      in->q + number * in->D,
                      in->k + at,
                      in->v ? in->v + at : NULL,
                      room,
                      room + k_room,
                      room + k_room + v_room,
                      room + k_room + v_room + row_room };

    pack_head(&h);
    attend(&h, &batch->out[b], number, from, to);
    free(room);
}

void at_attention(const struct at_attention_out *out, const struct at_attention_in *in, size_t B,
                  struct at_pool *pool)
{
    struct batch batch = { at_kernel(), out, in, B, 1 };
    size_t n_heads = 0, n_tasks = 0;

    for (size_t b = 0; b < B; b++)
        n_heads += in[b].H;
    batch.most_parts =
        at_divide_up(TASKS_PER_THREAD * at_pool_size(pool), AT_MAX(n_heads, (size_t)1));
    for (size_t b = 0; b < B; b++)
        n_tasks += in[b].H * parts_per_head(&batch, b);
    at_pool_run(pool, n_tasks, some_queries, &batch);
}

/* ---- backwards ---- */

struct batch_back {
    const struct at_kernel *kernel;
    const struct at_attention_back *back;
    const struct at_attention_in *in;
};

/* A head of keys and values on its way back, one of those that read it, and the block of queries in
   hand. */
struct head_back {
    struct head keys; /* packed_k has the values, packed_v the keys: the other way round */
    const struct at_attention_back *back;
    size_t number, at; /* the head that reads, and its first column; */
    size_t key_at;     /* that of the keys and values */
    float *rows;       /* (BACK_QUERIES, T) gradients of the map, then of the scores */
    float *d_context;  /* panels of nr columns, each [block][nr] */
    float *q;          /* likewise */
    float *columns;    /* of a tile of keys, [block][rows] */
};

/* Panels of the head's columns of n rows. */
static void pack_columns(const struct at_kernel *kernel, float *dst, const float *rows,
                         size_t stride, size_t D, size_t n)
{
    for (size_t d = 0; d < D; d += kernel->nr)
        kernel->pack_in_major(dst + d * n, rows + d, stride, AT_MIN(kernel->nr, D - d), n, NULL);
}

/* h->rows = the gradients at the scores of queries first..first+n-1, over the first n_keys keys. */
static void score_gradients(const struct head_back *h, size_t first, size_t n, size_t n_keys)
{
    const struct at_attention_in *in = h->keys.in;
    const struct at_kernel *kernel = h->keys.kernel;
    const struct at_attention_back *back = h->back;
    float scale = in->scale != 0.0f ? in->scale : (float)(1.0 / sqrt((double)in->D));
    size_t T = in->T, nr = kernel->nr, n_tiles = at_divide_up(n, kernel->mr);
    size_t key = at_attention_first(in, first);

    for (size_t t = 0; t < n_tiles; t++) {
        size_t from = n * t / n_tiles, rows = n * (t + 1) / n_tiles - from;
        kernel->pack_rows(h->keys.packed_rows,
                          back->d_context + (first + from) * back->d_context_stride + h->at,
                          back->d_context_stride, rows, in->D, 1.0f);
        for (size_t j = key / nr * nr; j < n_keys; j += nr) {
            struct at_tile_out out = {
                h->rows + from * T + j, T, rows, AT_MIN(nr, n_keys - j), AT_CHAIN, false, NULL
            };
            kernel->tile(&out, h->keys.packed_rows, h->keys.packed_k + j * in->D, AT_F32, nr, in->D,
                         NULL, NULL);
        }
    }
    for (size_t i = 0; i < n; i++) {
        size_t seen = at_attention_visible(in, first + i), cell = (h->number * T + first + i) * T;
        size_t from = at_attention_first(in, first + i);
        float *row = h->rows + i * T;
        memset(row, 0, from * sizeof *row);
        memset(row + seen, 0, (T - seen) * sizeof *row);
        if (back->d_map)
            memcpy(back->d_map + cell, row, T * sizeof *row);
        kernel->softmax_back(row + from, back->map + cell + from, scale, seen - from);
    }
}

/* out rows (n_keys, D) += the transposed rows (n, n_keys), T apart, times b: for dk and dv. */
static void add_transposed(const struct head_back *h, float *out, const float *rows, const float *b,
                           size_t n, size_t n_keys)
{
    const struct at_kernel *kernel = h->keys.kernel;
    size_t T = h->keys.in->T, D = h->keys.in->D, n_tiles = at_divide_up(n_keys, kernel->mr);

    for (size_t t = 0; t < n_tiles; t++) {
        size_t from = n_keys * t / n_tiles, n_rows = n_keys * (t + 1) / n_tiles - from;
        for (size_t i = 0; i < n; i++)
            memcpy(h->columns + i * n_rows, rows + i * T + from, n_rows * sizeof *rows);
        for (size_t d = 0; d < D; d += kernel->nr) {
            struct at_tile_out to = { out + from * h->back->dkv_stride + d,
                                      h->back->dkv_stride,
                                      n_rows,
                                      AT_MIN(kernel->nr, D - d),
                                      AT_CHAIN,
                                      true,
                                      NULL };
            kernel->tile(&to, h->columns, b + d * n, AT_F32, kernel->nr, n, NULL, NULL);
        }
    }
}

static void go_back(const struct head_back *h)
{
    const struct at_attention_in *in = h->keys.in;
    const struct at_attention_back *back = h->back;
    const struct at_kernel *kernel = h->keys.kernel;
    size_t T = in->T, D = in->D, stride = back->dq_stride;
    float *dk = back->dk + h->key_at, *dv = back->dv + h->key_at;

    for (size_t first = 0; first < T; first += BACK_QUERIES) {
        size_t n = AT_MIN((size_t)BACK_QUERIES, T - first), n_tiles = at_divide_up(n, kernel->mr);
        size_t n_keys = at_attention_most_visible(in, first, first + n);
        const float *map = back->map + (h->number * T + first) * T;
        score_gradients(h, first, n, n_keys);
        for (size_t t = 0; t < n_tiles; t++) {
            size_t from = n * t / n_tiles, rows = n * (t + 1) / n_tiles - from;
            value_tile(&h->keys, back->dq + (first + from) * stride + h->at, stride,
                       h->rows + from * T, T, rows, at_attention_first(in, first), n_keys);
        }
        pack_columns(kernel, h->d_context, back->d_context + first * back->d_context_stride + h->at,
                     back->d_context_stride, D, n);
        pack_columns(kernel, h->q, in->q + first * in->q_stride + h->at, in->q_stride, D, n);
        add_transposed(h, dv, map, h->d_context, n, n_keys);
        add_transposed(h, dk, h->rows, h->q, n, n_keys);
    }
}

static void clear(float *rows, size_t stride, size_t T, size_t D)
{
    for (size_t t = 0; t < T; t++)
        memset(rows + t * stride, 0, D * sizeof *rows);
}

static size_t n_key_heads(const struct at_attention_in *in)
{
    return in->H / AT_MAX(in->group, (size_t)1);
}

/* Task: a head of keys and values of a text, with all heads that read it. */
static void one_head_back(void *arg, size_t task, size_t slot)
{
    const struct batch_back *batch = arg;
    const struct at_kernel *kernel = batch->kernel;
    size_t b = 0, nr = kernel->nr, mr = kernel->mr;

    (void)slot;
    for (; task >= n_key_heads(&batch->in[b]); b++)
        task -= n_key_heads(&batch->in[b]);
    const struct at_attention_in *in = &batch->in[b];
    const struct at_attention_back *back = &batch->back[b];
    size_t T = in->T, D = in->D, at = task * D, whole = at_divide_up(D, nr) * nr;
    size_t v_room = at_divide_up(T, nr) * nr * D, k_room = T * whole,
           group = in->H / n_key_heads(in);
    size_t row_room = mr * AT_MAX((size_t)AT_KC, D), block = AT_MIN((size_t)BACK_QUERIES, T);
    float *room =
        at_malloc(v_room + k_room + row_room + block * (T + 2 * whole + mr), sizeof *room);
    struct head_back h = { .keys = { .kernel = kernel,
                                     .in = in,
                                     .n_keys = T,
                                     .k = in->v + at,
                                     .v = in->k + at,
                                     .packed_k = room,
                                     .packed_v = room + v_room,
                                     .packed_rows = room + v_room + k_room },
                           .back = back,
                           .key_at = at,
                           .rows = room + v_room + k_room + row_room };

    h.d_context = h.rows + block * T;
    h.q = h.d_context + block * whole;
    h.columns = h.q + block * whole;
    for (size_t j = 0; j < T; j += nr)
        kernel->pack_out_major(h.keys.packed_k + j * D, h.keys.k + j * in->v_stride, in->v_stride,
                               AT_MIN(nr, T - j), D, NULL);
    pack_columns(kernel, h.keys.packed_v, h.keys.v, in->k_stride, D, T);
    clear(back->dk + at, back->dkv_stride, T, D);
    clear(back->dv + at, back->dkv_stride, T, D);
    for (h.number = task * group; h.number < (task + 1) * group; h.number++) {
        h.at = h.number * D;
        go_back(&h);
    }
    free(room);
}

void at_attention_back(const struct at_attention_back *back, const struct at_attention_in *in,
                       size_t B, struct at_pool *pool)
{
    struct batch_back batch = { at_kernel(), back, in };
    size_t n_heads = 0;

    for (size_t b = 0; b < B; b++) {
        AT_BUG_IF(in[b].query_rows || in[b].n_queries != in[b].T || !in[b].v);
        n_heads += n_key_heads(&in[b]);
    }
    at_pool_run(pool, n_heads, one_head_back, &batch);
}
