/*
 * precise.c - see precise.h. The products are cut like those of ops/gemm.c, with panels of doubles;
 * all else is by row and in plain C.
 */
#include "ops/precise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "ops/kernel.h"

/* Rows of x and columns of out in a task: their blocks and sums fit the second-level cache. */
enum { ROW_BLOCK = 256, PANELS = 8 };

/* Rows, and values, handed out at a time by what works by row or value. */
enum { ROWS = 8, VALUES = 4096 };

/* Queries of a head in a task; each task packs the head's keys and values anew. */
enum { QUERIES = 128 };

void at_precise_embed_add(float *out, size_t lo, const struct at_weight *table, const int *ids,
                          size_t N)
{
    size_t C = table->n_in;
    float *row = at_malloc(C, sizeof *row);

    for (size_t i = 0; i < N; i++, out += C) {
        AT_BUG_IF(ids[i] < 0);
        at_weight_row(row, table, (size_t)ids[i]);
        for (size_t c = 0; c < C; c++)
            at_set_pair(out + c, lo, at_pair(out + c, lo) + (double)row[c]);
    }
    free(row);
}

/* ---- products ---- */

struct product {
    const struct at_kernel *kernel;
    float *out;
    size_t out_stride;
    const float *x;
    size_t lo;
    const struct at_weight *w;
    const float *bias, *residual;
    size_t N, K, n_tiles;
    enum at_epilogue epilogue;
    double *packed; /* x, for each block of K its tiles, k outermost within a tile */
    size_t n_row_blocks, panels_per_task;
};

/* Tiles are as even as they can be. */
static size_t tile_start(const struct product *p, size_t tile)
{
    return p->N * tile / p->n_tiles;
}

static double *packed_tile(const struct product *p, size_t k0, size_t kc, size_t row)
{
    return p->packed + k0 * p->N + row * kc;
}

/* dst every step-th = src (n). */
AT_CLONES static void to_doubles(double *dst, size_t step, const float *src, size_t n)
{
    if (step == 1)
        for (size_t i = 0; i < n; i++)
            dst[i] = (double)src[i];
    else
        for (size_t i = 0; i < n; i++)
            dst[i * step] = (double)src[i];
}

/* dst [k][rows] = the pairs at src (rows, K), row stride ld, times scale. */
AT_CLONES static void pack_rows(double *dst, const float *src, size_t lo, size_t ld, size_t rows,
                                size_t K, double scale)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < K; k++)
            dst[k * rows + r] = at_pair(src + r * ld + k, lo) * scale;
}

/* Task of the first round: one tile of x, one block of K. */
static void pack_x(void *arg, size_t task, size_t slot)
{
    const struct product *p = arg;
    size_t tile = task % p->n_tiles, k0 = task / p->n_tiles * AT_KC;
    size_t row = tile_start(p, tile), rows = tile_start(p, tile + 1) - row;
    size_t kc = AT_MIN((size_t)AT_KC, p->K - k0);

    (void)slot;
    pack_rows(packed_tile(p, k0, kc, row), p->x + row * p->K + k0, p->lo, p->K, rows, kc, 1.0);
}

/* Panels of nr columns, each [kc][nr], from columns col..col+cols-1 of the weight and its terms
   k0..k0+kc-1; what lies beyond it is 0. */
static void pack_weight(const struct product *p, double *dst, size_t col, size_t cols, size_t k0,
                        size_t kc)
{
    const struct at_weight *w = p->w;
    bool is_out_major = w->layout == AT_OUT_MAJOR;
    size_t nr = p->kernel->nr_double, n_lines = is_out_major ? cols : kc;
    size_t length = is_out_major ? kc : cols, pitch = at_weight_pitch(w);
    size_t size = at_dtype_size(w->dtype), at = is_out_major ? col * pitch + k0 : k0 * pitch + col;
    const char *from = (const char *)w->data + at * size;
    float line[AT_MAX(AT_KC, PANELS * AT_NR_MAX / 2)];

    if (cols % nr)
        memset(dst + cols / nr * nr * kc, 0, kc * nr * sizeof *dst);
    for (size_t i = 0; i < n_lines; i++, from += pitch * size) {
        p->kernel->widen(line, from, w->dtype, length);
        if (is_out_major)
            to_doubles(dst + i / nr * nr * kc + i % nr, nr, line, length);
        for (size_t j = 0; j < length && !is_out_major; j += nr)
            to_doubles(dst + j * kc + i * nr, 1, line + j, AT_MIN(nr, length - j));
    }
}

static double apply(enum at_epilogue epilogue, double x)
{
    switch (epilogue) {
    case AT_EPI_GELU_ERF:
        return 0.5 * x * (1.0 + erf(x * sqrt(0.5)));
    case AT_EPI_GELU_TANH: /* 1/2 (1 + tanh u) is the logistic function of 2 u */
        return x / (1.0 + exp(-2.0 * sqrt(2.0 / AT_PI) * (x + 0.044715 * x * x * x)));
    case AT_EPI_RELU:
        return x < 0.0 ? 0.0 : x;
    case AT_EPI_SILU:
        return x / (1.0 + exp(-x));
    case AT_EPI_TANH:
        return tanh(x);
    case AT_EPI_NONE:
        break;
    }
    return x;
}

/* out = sum + residual, a row of n; residual may be NULL. */
AT_CLONES static void store_row(float *out, size_t lo, const double *sum, const float *residual,
                                size_t n)
{
    for (size_t j = 0; j < n; j++)
        at_set_pair(out + j, lo, sum[j] + (residual ? at_pair(residual + j, lo) : 0.0));
}

/* The finished sums (rows, nr_double) of a panel go to out. */
static void store(const struct product *p, double *sums, size_t row, size_t rows, size_t col)
{
    size_t nr = p->kernel->nr_double, cols = AT_MIN(nr, p->w->n_out - col);

    for (size_t r = row; r < row + rows; r++, sums += nr) {
        size_t at = r * p->out_stride + col;
        for (size_t j = 0; j < cols && p->bias; j++)
            sums[j] += (double)p->bias[col + j];
        for (size_t j = 0; j < cols && p->epilogue != AT_EPI_NONE; j++)
            sums[j] = apply(p->epilogue, sums[j]);
        store_row(p->out + at, p->lo, sums, p->residual ? p->residual + at : NULL, cols);
    }
}

/* Task of the second round: some panels, one block of rows. Panels are packed side by side, so that
   a row of an in-major weight is read in one piece. */
static void some_panels(void *arg, size_t task, size_t slot)
{
    const struct product *p = arg;
    size_t part = task % p->n_row_blocks, nr = p->kernel->nr_double;
    size_t col = task / p->n_row_blocks * p->panels_per_task * nr;
    size_t cols = AT_MIN(p->panels_per_task * nr, p->w->n_out - col);
    size_t from = p->n_tiles * part / p->n_row_blocks;
    size_t to = p->n_tiles * (part + 1) / p->n_row_blocks;
    size_t row = tile_start(p, from), rows = tile_start(p, to) - row;
    size_t whole = at_divide_up(cols, nr) * nr;
    double *sums = at_calloc(rows * whole, sizeof *sums); /* panels of (rows, nr) */
    double *packed = at_malloc(AT_KC * whole, sizeof *packed);

    (void)slot;
    for (size_t k0 = 0; k0 < p->K; k0 += AT_KC) {
        size_t kc = AT_MIN((size_t)AT_KC, p->K - k0);
        pack_weight(p, packed, col, cols, k0, kc);
        for (size_t j = 0; j < cols; j += nr)
            for (size_t t = from; t < to; t++) {
                size_t start = tile_start(p, t), n = tile_start(p, t + 1) - start;
                p->kernel->tile_double(sums + j * rows + (start - row) * nr,
                                       packed_tile(p, k0, kc, start), packed + j * kc, n, kc);
            }
    }
    for (size_t j = 0; j < cols; j += nr)
        store(p, sums + j * rows, row, rows, col + j);
    free(sums);
    free(packed);
}

void at_precise_linear(float *out, size_t out_stride, const float *x, size_t lo,
                       const struct at_weight *w, const float *bias, const float *residual,
                       size_t N, enum at_epilogue epilogue, struct at_pool *pool)
{
    struct product p = { .kernel = at_kernel(),
                         .out = out,
                         .out_stride = out_stride,
                         .x = x,
                         .lo = lo,
                         .w = w,
                         .bias = bias,
                         .residual = residual,
                         .N = N,
                         .K = w->n_in,
                         .epilogue = epilogue };
    size_t n_panels = at_divide_up(w->n_out, p.kernel->nr_double);
    size_t share = AT_MAX(n_panels / (4 * at_pool_size(pool)), (size_t)1);

    if (N == 0)
        return;
    p.n_tiles = at_divide_up(N, p.kernel->mr);
    p.n_row_blocks = at_divide_up(N, ROW_BLOCK);
    p.panels_per_task = AT_MIN((size_t)PANELS, share);
    p.packed = at_malloc(N * p.K, sizeof *p.packed);
    at_pool_run(pool, p.n_tiles * at_divide_up(p.K, AT_KC), pack_x, &p);
    at_pool_run(pool, p.n_row_blocks * at_divide_up(n_panels, p.panels_per_task), some_panels, &p);
    free(p.packed);
}

/* ---- activations ---- */

struct activation {
    float *out;
    const float *x;
    size_t lo, n;
    enum at_epilogue form;
};

static void some_values(void *arg, size_t task, size_t slot)
{
    const struct activation *a = arg;
    size_t end = AT_MIN((task + 1) * VALUES, a->n);

    (void)slot;
    for (size_t i = task * VALUES; i < end; i++)
        at_set_pair(a->out + i, a->lo, apply(a->form, at_pair(a->x + i, a->lo)));
}

void at_precise_activate(float *out, const float *x, size_t lo, size_t n, enum at_epilogue form,
                         struct at_pool *pool)
{
    struct activation a = { out, x, lo, n, form };

    at_pool_run(pool, at_divide_up(n, VALUES), some_values, &a);
}

/* ---- layer normalisation ---- */

struct norm {
    float *out;
    const float *x, *residual;
    size_t lo;
    const float *gain, *bias; /* bias NULL: by the root mean square alone */
    double eps;
    size_t N, C;
};

static void normalise(const struct norm *n, size_t row, double *sum)
{
    const float *x = n->x + row * n->C, *residual = n->residual + row * n->C;
    double mean = 0.0, square = 0.0;

    for (size_t c = 0; c < n->C; c++) {
        sum[c] = at_pair(x + c, n->lo) + (n->residual ? at_pair(residual + c, n->lo) : 0.0);
        mean += sum[c];
    }
    mean = n->bias ? mean / (double)n->C : 0.0;
    for (size_t c = 0; c < n->C; c++) {
        sum[c] -= mean;
        square += sum[c] * sum[c];
    }
    double scale = 1.0 / sqrt(square / (double)n->C + n->eps);
    for (size_t c = 0; c < n->C; c++)
        at_set_pair(n->out + row * n->C + c, n->lo,
                    sum[c] * scale * (double)n->gain[c] + (n->bias ? (double)n->bias[c] : 0.0));
}

static void some_rows(void *arg, size_t task, size_t slot)
{
    const struct norm *n = arg;
    size_t end = AT_MIN((task + 1) * ROWS, n->N);
    double *sum = at_malloc(n->C, sizeof *sum);

    (void)slot;
    for (size_t i = task * ROWS; i < end; i++)
        normalise(n, i, sum);
    free(sum);
}

void at_precise_norm(float *out, const float *x, const float *residual, size_t lo,
                     const float *gain, const float *bias, double eps, size_t N, size_t C,
                     struct at_pool *pool)
{
    struct norm n = { out, x, residual, lo, gain, bias, eps, N, C };

    at_pool_run(pool, at_divide_up(N, ROWS), some_rows, &n);
}

void at_precise_multiply(float *out, const float *a, const float *b, size_t lo, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at_set_pair(out + i, lo, at_pair(a + i, lo) * at_pair(b + i, lo));
}

/* ---- attention ---- */

struct batch {
    const struct at_kernel *kernel;
    const struct at_attention_out *out;
    const struct at_attention_in *in;
    size_t lo, B;
};

/* One head's operands, and the tile in hand. Panels are nr_double wide. */
struct head {
    const struct at_kernel *kernel;
    const struct at_attention_in *in;
    size_t number, lo, n_keys;
    double *keys;   /* panels of keys, each [D][nr] */
    double *values; /* panels of columns, each [n_keys][nr] */
    double *rows;   /* a tile of queries [D][rows], then of the map [n_keys][rows] */
    double *scores; /* panels of keys, each [rows][nr] */
    double *sums;   /* [rows][nr] */
};

static void pack_head(const struct head *h)
{
    const struct at_attention_in *in = h->in;
    size_t nr = h->kernel->nr_double, D = in->D, n = h->n_keys;
    size_t at = at_attention_key_column(in, h->number);

    for (size_t j = 0; j < at_divide_up(n, nr) * nr; j++)
        for (size_t d = 0; d < D; d++)
            h->keys[(j / nr * D + d) * nr + j % nr] =
                j < n ? at_pair(in->k + j * in->k_stride + at + d, h->lo) : 0.0;
    for (size_t j = 0; j < n && in->v; j++)
        for (size_t d = 0; d < at_divide_up(D, nr) * nr; d++)
            h->values[(d / nr * n + j) * nr + d % nr] =
                d < D ? at_pair(in->v + j * in->v_stride + at + d, h->lo) : 0.0;
}

/* The scores of row r of a tile of `rows`, which belongs to query, become its column of the packed
   map; the map gets its visible cells too, and zeros elsewhere. */
static void softmax_row(const struct head *h, float *map, size_t r, size_t rows, size_t query,
                        size_t most)
{
    size_t nr = h->kernel->nr_double, stride = rows * nr;
    size_t from = at_attention_first(h->in, query), n = at_attention_visible(h->in, query);
    double *scores = h->scores + r * nr;
    const float *bias = at_attention_bias(h->in, h->number, query);
    const unsigned char *is_hidden = h->in->is_hidden;
    double max = -INFINITY, sum = 0.0;

    if (at_attention_hides_all(h->in, from, n))
        n = from;
    for (size_t j = from; j < n && bias; j++)
        scores[j / nr * stride + j % nr] += (double)bias[j];
    for (size_t j = from; j < n; j++)
        if (!is_hidden || !is_hidden[j])
            max = AT_MAX(max, scores[j / nr * stride + j % nr]);
    for (size_t j = from; j < n; j++) {
        bool is_seen = !is_hidden || !is_hidden[j];
        double e = is_seen ? exp(scores[j / nr * stride + j % nr] - max) : 0.0;
        h->rows[j * rows + r] = e;
        sum += e;
    }
    for (size_t j = 0; j < most; j++)
        h->rows[j * rows + r] = j >= from && j < n ? h->rows[j * rows + r] / sum : 0.0;
    for (size_t j = 0; map && j < h->in->T; j++)
        map[j] = j < n ? (float)h->rows[j * rows + r] : 0.0f;
}

/* Queries first..first+rows-1. */
static void attend(const struct head *h, const struct at_attention_out *out, size_t first,
                   size_t rows)
{
    const struct at_attention_in *in = h->in;
    size_t nr = h->kernel->nr_double, D = in->D, at = h->number * D;
    size_t n = at_attention_most_visible(in, first, first + rows);
    double scale = in->scale != 0.0f ? (double)in->scale : 1.0 / sqrt((double)D);

    pack_rows(h->rows, in->q + first * in->q_stride + at, h->lo, in->q_stride, rows, D, scale);
    memset(h->scores, 0, at_divide_up(n, nr) * rows * nr * sizeof *h->scores);
    for (size_t j = 0; j < n; j += nr)
        h->kernel->tile_double(h->scores + j * rows, h->rows, h->keys + j * D, rows, D);
    for (size_t r = 0; r < rows; r++) {
        size_t cell = (h->number * in->n_queries + first + r) * in->T;
        softmax_row(h, out->map ? out->map + cell : NULL, r, rows, first + r, n);
    }
    for (size_t d = 0; d < D && out->context; d += nr) {
        memset(h->sums, 0, rows * nr * sizeof *h->sums);
        h->kernel->tile_double(h->sums, h->rows, h->values + d * h->n_keys, rows, n);
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < AT_MIN(nr, D - d); j++)
                at_set_pair(out->context + (first + r) * out->context_stride + at + d + j, h->lo,
                            h->sums[r * nr + j]);
    }
}

static size_t parts_per_head(const struct at_attention_in *in)
{
    return at_divide_up(in->n_queries, QUERIES);
}

/* Task: some queries of one head of one text. */
static void some_queries(void *arg, size_t task, size_t slot)
{
    const struct batch *batch = arg;
    size_t b = 0, nr = batch->kernel->nr_double, mr = batch->kernel->mr;

    (void)slot;
    while (task >= batch->in[b].H * parts_per_head(&batch->in[b])) {
        task -= batch->in[b].H * parts_per_head(&batch->in[b]);
        b++;
    }
    const struct at_attention_in *in = &batch->in[b];
    size_t part = task / in->H, n_parts = parts_per_head(in);
    size_t from = in->n_queries * part / n_parts, to = in->n_queries * (part + 1) / n_parts;
    size_t n = at_attention_most_visible(in, from, to), whole = at_divide_up(n, nr) * nr;
    size_t n_tiles = at_divide_up(to - from, mr);
    struct head h = { batch->kernel, in, task % in->H, batch->lo, n, NULL, NULL, NULL, NULL, NULL };
    double *room = at_malloc(whole * in->D + n * at_divide_up(in->D, nr) * nr +
                                 mr * AT_MAX(n, in->D) + mr * whole + mr * nr,
                             sizeof *room);

    h.keys = room;
    h.values = h.keys + whole * in->D;
    h.rows = h.values + n * at_divide_up(in->D, nr) * nr;
    h.scores = h.rows + mr * AT_MAX(n, in->D);
    h.sums = h.scores + mr * whole;
    pack_head(&h);
    for (size_t t = 0; t < n_tiles; t++) {
        size_t first = from + (to - from) * t / n_tiles;
        attend(&h, &batch->out[b], first, from + (to - from) * (t + 1) / n_tiles - first);
    }
    free(room);
}

void at_precise_attention(const struct at_attention_out *out, const struct at_attention_in *in,
                          size_t lo, size_t B, struct at_pool *pool)
{
    struct batch batch = { at_kernel(), out, in, lo, B };
    size_t n_tasks = 0;

    for (size_t b = 0; b < B; b++)
        n_tasks += in[b].H * parts_per_head(&in[b]);
    at_pool_run(pool, n_tasks, some_queries, &batch);
}
