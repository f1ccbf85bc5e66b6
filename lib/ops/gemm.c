/*
 * gemm.c - see gemm.h. Cuts products into panels of columns and blocks of the sum, packs them and
 * feeds the tiles of ops/kernel.h.
 *
 * Two rounds over the pool: first the activations are packed, tile by tile, then every task takes
 * a run of panels of the weight through all rows. Panels are packed into a scratch that stays in
 * the caches and used at once, by the first tile that goes through them where it can read them as
 * they lie; no packed weight is kept, since reading it from memory would cost the same as reading
 * the original. The bias starts the sums; residual and activation meet them when the last block is
 * done.
 */
#include "ops/gemm.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/activation.h"
#include "ops/cpu.h"
#include "ops/gemm_blas.h"
#include "ops/kernel.h"

/* Rows that go through one packed panel; more would push it and themselves out of the caches. */
enum { ROW_BLOCK = 512 };

/* While no more tiles than this wait for a weight, memory is what takes the time. */
enum { FEW_TILES = 4 };

/* More tiles of x than this have left the cache when the next panel comes. */
enum { FETCHED_TILES = 8 };

/* Longest block of a weight. The rows of an out-major one are read fastest in long pieces; that the
   packed panel then is in the second-level cache costs the tiles nothing. In-major the panel and
   two tiles of x fill the first-level cache, and the sum is two chains. */
enum { OUT_MAJOR_KC = 1024, IN_MAJOR_KC = 2 * AT_CHAIN };

/* Chains of in-major halves. Their rows are short and far apart: while memory is what takes the
   time, a block has no more of them than the processor can follow at once. */
enum { HALF_CHAIN = 64 };

/* Columns that OpenBLAS gets at a time: wide enough for it, narrow enough to share out. */
enum { BLAS_PANEL = 192 };

struct linear {
    const struct at_kernel *kernel;
    float *out;
    size_t out_stride;
    const float *x;
    float *packed; /* x, for each block of K its tiles, k outermost within a tile */
    const struct at_linear_part *parts;
    size_t n_parts, n_panels, panel_width;
    size_t N, K, most_kc, chain;
    size_t n_tiles;
    size_t n_row_blocks, n_runs, n_threads;
    enum at_epilogue epilogue;
    const float *residual; /* (N, out_stride) or NULL */
};

/* Tiles are as even as they can be: 16 rows are 8 + 8 and not 14 + 2. */
static size_t tile_start(const struct linear *l, size_t tile)
{
    return l->N * tile / l->n_tiles;
}

static float *packed_tile(const struct linear *l, size_t k0, size_t kc, size_t row)
{
    return l->packed + k0 * l->N + row * kc;
}

/* Blocks are as even as whole lines can be: while one is worked on the next is fetched. */
static size_t most_kc(size_t K, size_t limit)
{
    size_t even = at_divide_up(K, at_divide_up(K, limit)), line = AT_CACHE_LINE / sizeof(float);

    return at_divide_up(even, line) * line;
}

static size_t block_length(const struct linear *l, size_t k0)
{
    return AT_MIN(l->most_kc, l->K - k0);
}

/* Task of the first round: one tile of x, one block of K. */
static void pack_x(void *arg, size_t task, size_t slot)
{
    const struct linear *l = arg;
    size_t tile = task % l->n_tiles, k0 = task / l->n_tiles * l->most_kc;
    size_t row = tile_start(l, tile), rows = tile_start(l, tile + 1) - row;
    size_t kc = block_length(l, k0);

    (void)slot;
    l->kernel->pack_rows(packed_tile(l, k0, kc, row), l->x + row * l->K + k0, l->K, rows, kc, 1.0f);
}

/* One panel: panel_width columns of one of the parts. */
struct panel {
    const struct at_weight *w;
    const float *bias;
    size_t col, cols; /* within the part */
    size_t out_col;
};

static struct panel find_panel(const struct linear *l, size_t index)
{
    size_t width = l->panel_width, before = 0;

    for (size_t p = 0; p < l->n_parts; p++) {
        const struct at_weight *w = l->parts[p].w;
        size_t n_panels = at_divide_up(w->n_out, width);
        if (index < n_panels) {
            size_t col = index * width;
            const float *bias = l->parts[p].bias;
            return (struct panel){ w, bias ? bias + col : NULL, col, AT_MIN(width, w->n_out - col),
                                   before + col };
        }
        index -= n_panels;
        before += w->n_out;
    }
    return (struct panel){ 0 };
}

static const char *weight_at(const struct at_weight *w, size_t col, size_t k)
{
    size_t pitch = at_weight_pitch(w);
    size_t i = w->layout == AT_OUT_MAJOR ? col * pitch + k : k * pitch + col;

    return (const char *)w->data + i * at_dtype_size(w->dtype);
}

/* The panels of a task, first..end-1. */
struct run {
    size_t task, first, end;
};

/* Runs come in rounds of one for each thread, which take half of the panels that are left: long
   ones first, which find x in the caches, and short ones at the end, so that a thread that was held
   up keeps nobody waiting for long. Memory is read fastest in one piece for each thread. */
static struct run find_run(const struct linear *l, size_t task)
{
    struct run run = { .task = task };
    size_t length = 0;

    for (size_t i = 0; i <= task; i++) {
        size_t left = l->n_panels - run.end;
        if (i % l->n_threads == 0)
            length = at_divide_up(left, l->n_threads * (l->n_tiles <= FEW_TILES ? 1 : 2));
        run.first = run.end;
        run.end += AT_MIN(left, length);
    }
    return run;
}

static size_t count_runs(const struct linear *l)
{
    size_t n = 0;

    while (find_run(l, n).end < l->n_panels)
        n++;
    return n + 1;
}

/* A block: k0..k0+kc-1 of one panel of a run, the unit of packing. */
struct block {
    struct run run;
    size_t index; /* of the panel */
    struct panel panel;
    size_t k0, kc;
};

static struct block find_block(const struct linear *l, struct run run, size_t index, size_t k0)
{
    return (struct block){ run, index, find_panel(l, index), k0, block_length(l, k0) };
}

/* The block that this thread is going to need after b; the very last answers itself. A run is taken
   in the order in which its weight lies in memory: in-major all panels before the next k, out-major
   all k before the next panel. After it comes the one that is n_threads further on, if all take the
   same time. */
static struct block next_block(const struct linear *l, const struct block *b)
{
    bool is_in_major = b->panel.w->layout == AT_IN_MAJOR;
    size_t index = b->index, k0 = b->k0;

    if (is_in_major ? index + 1 < b->run.end : k0 + b->kc == l->K) {
        index++;
        k0 = is_in_major ? k0 : 0;
    } else {
        index = is_in_major ? b->run.first : index;
        k0 += b->kc;
    }
    if (index < b->run.end && k0 < l->K)
        return find_block(l, b->run, index, k0);
    if (b->run.task + l->n_threads >= l->n_runs)
        return *b;
    struct run run = find_run(l, b->run.task + l->n_threads);
    return find_block(l, run, run.first, 0);
}

/* How to fetch a block in so many steps. Files keep tensors wherever their headers end: a row of a
   block that does not begin with a line ends in one more. Few tiles are done before a block could
   be in the first-level cache, where rows far apart drive each other out. */
static struct at_fetch fetch_of(const struct linear *l, const struct block *b, size_t n_steps)
{
    const struct panel *p = &b->panel;
    bool is_out_major = p->w->layout == AT_OUT_MAJOR;
    size_t size = at_dtype_size(p->w->dtype), n_rows = is_out_major ? p->cols : b->kc;
    size_t length = size * (is_out_major ? b->kc : p->cols), pitch = size * at_weight_pitch(p->w);
    const char *at = weight_at(p->w, p->col, b->k0);
    size_t before = pitch % AT_CACHE_LINE ? AT_CACHE_LINE - 1 : (uintptr_t)at % AT_CACHE_LINE;
    size_t n_lines = at_divide_up(before + length, AT_CACHE_LINE);

    return (struct at_fetch){ .at = at,
                              .end = at + n_lines * AT_CACHE_LINE,
                              .width = n_lines * AT_CACHE_LINE,
                              .pitch = pitch,
                              .rate = at_divide_up(n_rows * n_lines, n_steps),
                              .is_far = l->n_tiles <= FEW_TILES };
}

/* Rows that are a multiple of this many bytes apart share one set of the first-level cache, which
   cannot hold a line of each. */
enum { CACHE_PERIOD = 4096 };

/* Out-major rows that the packing cannot read well: copied first, pieces of them that stay in the
   first-level cache. */
static void pack_copied(const struct at_kernel *kernel, float *dst, const struct block *b,
                        struct at_fetch *fetch)
{
    size_t pitch = at_weight_pitch(b->panel.w), cols = b->panel.cols;
    _Alignas(64) float copy[AT_KC * AT_NR_MAX];

    for (size_t k = 0, n; k < b->kc; k += n) {
        const float *from = (const void *)weight_at(b->panel.w, b->panel.col, b->k0 + k);
        n = AT_MIN((size_t)AT_KC, b->kc - k);
        for (size_t i = 0; i < cols; i++)
            memcpy(copy + i * n, from + i * pitch, n * sizeof *copy);
        kernel->pack_out_major(dst + k * kernel->nr, copy, n, cols, n, fetch);
    }
}

static void pack_block(const struct at_kernel *kernel, float *dst, const struct block *b,
                       struct at_fetch *fetch)
{
    const struct at_weight *w = b->panel.w;
    size_t ld = at_weight_pitch(w), cols = b->panel.cols;
    const float *from = (const void *)weight_at(w, b->panel.col, b->k0);

    if (w->layout == AT_IN_MAJOR)
        kernel->pack_in_major(dst, from, ld, cols, b->kc, fetch);
    else if (ld * sizeof(float) % CACHE_PERIOD != 0)
        kernel->pack_out_major(dst, from, ld, cols, b->kc, fetch);
    else
        pack_copied(kernel, dst, b, fetch);
}

/* The same of halves, which the tiles widen. In-major ones are only packed where a panel ends
   beyond the weight. */
static void pack_halves(const struct at_kernel *kernel, uint16_t *dst, const struct block *b,
                        struct at_fetch *fetch)
{
    const struct at_weight *w = b->panel.w;
    size_t ld = at_weight_pitch(w), cols = b->panel.cols;
    const uint16_t *from = (const void *)weight_at(w, b->panel.col, b->k0);

    if (w->layout == AT_OUT_MAJOR) {
        kernel->pack_out_major_half(dst, from, ld, cols, b->kc, fetch);
        return;
    }
    memset(dst, 0, b->kc * kernel->nr * sizeof *dst);
    for (size_t k = 0; k < b->kc; k++)
        memcpy(dst + k * kernel->nr, from + k * ld, cols * sizeof *dst);
}

/* What the tiles read a block from: where it lies, if they can, or where it was packed. */
struct operand {
    const void *at;
    enum at_dtype dtype;
    size_t ld;
};

/* Room for a block, as floats and as it comes from halves. */
struct packed {
    _Alignas(64) float floats[OUT_MAJOR_KC * AT_NR_MAX];
    _Alignas(64) uint16_t halves[OUT_MAJOR_KC * AT_NR_MAX];
};

static bool is_read_in_place(const struct linear *l, const struct block *b)
{
    return b->panel.w->layout == AT_IN_MAJOR && b->panel.cols == l->kernel->nr;
}

static struct operand prepare(const struct linear *l, struct packed *packed, const struct block *b,
                              struct at_fetch *fetch)
{
    const struct at_weight *w = b->panel.w;

    if (is_read_in_place(l, b))
        return (struct operand){ weight_at(w, b->panel.col, b->k0), w->dtype, at_weight_pitch(w) };
    if (w->dtype == AT_F32) {
        pack_block(l->kernel, packed->floats, b, fetch);
        return (struct operand){ packed->floats, AT_F32, l->kernel->nr };
    }
    pack_halves(l->kernel, packed->halves, b, fetch);
    return (struct operand){ packed->halves, w->dtype, l->kernel->nr };
}

/* Is it worth the first of n tiles' while to keep what it reads as packed floats for the others?
   Two are few unless what they read is cut by lines. */
static bool is_kept(const struct operand *w, const float *packed, size_t n)
{
    bool is_cut = w->dtype == AT_F32 && (uintptr_t)w->at % AT_CACHE_LINE;

    return w->at != packed && n > (is_cut || w->dtype != AT_F32 ? 1 : 2);
}

/* What finish() is going to read; it comes from far away. */
static void fetch_residual(const struct linear *l, const struct panel *p, size_t row, size_t rows)
{
    for (size_t r = row; r < row + rows && l->residual; r++)
        for (size_t j = 0; j < p->cols; j += AT_CACHE_LINE / sizeof(float))
            __builtin_prefetch(l->residual + r * l->out_stride + p->out_col + j);
}

/* The sums of one panel's rows are complete; what is left to do with them. */
static void finish(const struct linear *l, const struct panel *p, size_t row, size_t rows)
{
    for (size_t r = row; r < row + rows; r++) {
        size_t at = r * l->out_stride + p->out_col;
        float *c = l->out + at;
        if (l->residual)
            l->kernel->add(c, l->residual + at, p->cols);
        switch (l->epilogue) {
        case AT_EPI_GELU_ERF:
            l->kernel->gelu_erf(c, c, p->cols);
            break;
        case AT_EPI_GELU_TANH:
            l->kernel->gelu_tanh(c, c, p->cols);
            break;
        case AT_EPI_RELU:
            l->kernel->relu(c, c, p->cols);
            break;
        case AT_EPI_SILU:
            l->kernel->silu(c, c, p->cols);
            break;
        case AT_EPI_TANH:
            at_tanh(c, c, p->cols);
            break;
        case AT_EPI_NONE:
            break;
        }
    }
}

/* Tiles from..to-1 of one block. */
static void one_block(const struct linear *l, const struct block *b, size_t from, size_t to)
{
    struct packed packed;
    struct block next = next_block(l, b);
    size_t n_rounds = to - from + !is_read_in_place(l, b); /* through the block, one to pack it */
    struct at_fetch fetch = fetch_of(l, &next, n_rounds * at_divide_up(b->kc, 8));
    struct operand w = prepare(l, &packed, b, &fetch);
    float *keep = is_kept(&w, packed.floats, to - from) ? packed.floats : NULL;
    bool is_last = b->k0 + b->kc == l->K;

    for (size_t t = from; t < to; t++) {
        size_t row = tile_start(l, t), rows = tile_start(l, t + 1) - row;
        const struct at_tile_out out = { .c = l->out + row * l->out_stride + b->panel.out_col,
                                         .ldc = l->out_stride,
                                         .rows = rows,
                                         .cols = b->panel.cols,
                                         .chain = l->chain,
                                         .is_added = b->k0 > 0,
                                         .bias = b->k0 > 0 ? NULL : b->panel.bias };
        if (is_last)
            fetch_residual(l, &b->panel, row, rows);
        if (to - from > FETCHED_TILES)
            fetch.a = t + 1 < to ? packed_tile(l, b->k0, b->kc, row + rows) : NULL;
        l->kernel->tile(&out, packed_tile(l, b->k0, b->kc, row), w.at, w.dtype, w.ld, b->kc, keep,
                        &fetch);
        if (keep) {
            w = (struct operand){ keep, AT_F32, l->kernel->nr };
            keep = NULL;
        }
        if (is_last)
            finish(l, &b->panel, row, rows);
    }
}

/* Task of the second round: a run of panels, one block of rows. */
static void panels(void *arg, size_t task, size_t slot)
{
    const struct linear *l = arg;
    size_t part = task / l->n_runs;
    size_t from = l->n_tiles * part / l->n_row_blocks;
    size_t to = l->n_tiles * (part + 1) / l->n_row_blocks;
    struct run run = find_run(l, task % l->n_runs);
    struct block b = find_block(l, run, run.first, 0);

    (void)slot;
    for (size_t n = (run.end - run.first) * at_divide_up(l->K, l->most_kc); n > 0; n--) {
        one_block(l, &b, from, to);
        b = next_block(l, &b);
    }
}

static void multiply_own(struct linear *l, struct at_pool *pool)
{
    l->n_tiles = at_divide_up(l->N, l->kernel->mr);
    l->n_row_blocks = at_divide_up(l->N, ROW_BLOCK);
    l->n_threads = at_pool_size(pool);
    l->n_runs = count_runs(l);
    l->packed = at_malloc(l->N * l->K, sizeof *l->packed);
    at_pool_run(pool, l->n_tiles * at_divide_up(l->K, l->most_kc), pack_x, l);
    at_pool_run(pool, l->n_row_blocks * l->n_runs, panels, l);
    free(l->packed);
}

/* Task: a panel of one part through OpenBLAS, all rows at once. */
static void blas_panel(void *arg, size_t task, size_t slot)
{
    const struct linear *l = arg;
    struct panel p = find_panel(l, task);
    bool is_out_major = p.w->layout == AT_OUT_MAJOR, is_wide = p.w->dtype == AT_F32;
    size_t ld = at_weight_pitch(p.w), size = at_dtype_size(p.w->dtype);
    size_t n_lines = is_out_major ? p.cols : l->K, length = is_out_major ? l->K : p.cols;
    const char *from = weight_at(p.w, p.col, 0);
    float *wide = is_wide ? NULL : at_malloc(n_lines * length, sizeof *wide);

    (void)slot;
    for (size_t i = 0; i < n_lines && !is_wide; i++)
        l->kernel->widen(wide + i * length, from + i * ld * size, p.w->dtype, length);
    at_blas_matmul(l->out + p.out_col, l->out_stride, l->x, l->K,
                   is_wide ? (const float *)(const void *)from : wide, is_wide ? ld : length,
                   is_out_major, l->N, p.cols, l->K);
    for (size_t n = 0; n < l->N && p.bias; n++)
        l->kernel->add(l->out + n * l->out_stride + p.out_col, p.bias, p.cols);
    finish(l, &p, 0, l->N);
    free(wide);
}

/* How long blocks and chains are; chains break at the same places for any number of rows. */
static void choose_blocks(struct linear *l)
{
    const struct at_weight *w = l->parts[0].w;
    bool is_half = w->dtype != AT_F32, is_few = at_divide_up(l->N, l->kernel->mr) <= FEW_TILES;

    l->chain = AT_CHAIN;
    if (w->layout == AT_OUT_MAJOR) {
        l->most_kc = most_kc(l->K, OUT_MAJOR_KC);
    } else if (!is_half) {
        l->most_kc = most_kc(l->K, IN_MAJOR_KC);
    } else {
        l->chain = HALF_CHAIN;
        l->most_kc = is_few ? HALF_CHAIN : 3 * HALF_CHAIN;
    }
}

/* The product whose operands l names; its parts have one layout. */
static void multiply(struct linear *l, struct at_pool *pool)
{
    bool is_blas = at_cpu_selected() == AT_KERNELS_OPENBLAS;

    if (l->N == 0)
        return;
    l->kernel = at_kernel();
    l->K = l->parts[0].w->n_in;
    AT_BUG_IF(l->K == 0);
    choose_blocks(l);
    l->panel_width = is_blas ? BLAS_PANEL : l->kernel->nr;
    for (size_t p = 0; p < l->n_parts; p++) {
        AT_BUG_IF(l->parts[p].w->n_in != l->K);
        l->n_panels += at_divide_up(l->parts[p].w->n_out, l->panel_width);
    }
    if (is_blas)
        at_pool_run(pool, l->n_panels, blas_panel, l);
    else
        multiply_own(l, pool);
}

void at_linear_parts(float *out, const float *x, const struct at_linear_part *parts, size_t n_parts,
                     size_t N, enum at_epilogue epilogue, struct at_pool *pool)
{
    size_t stride = 0;

    for (size_t p = 0; p < n_parts; p++)
        stride += parts[p].w->n_out;
    for (size_t p = 0, end; p < n_parts; p = end) {
        struct linear l = { .out = out,
                            .out_stride = stride,
                            .x = x,
                            .parts = parts + p,
                            .N = N,
                            .epilogue = epilogue };
        for (end = p; end < n_parts && parts[end].w->layout == parts[p].w->layout; end++)
            out += parts[end].w->n_out;
        l.n_parts = end - p;
        multiply(&l, pool);
    }
}

void at_linear(float *out, const float *x, const struct at_weight *w, const float *bias, size_t N,
               enum at_epilogue epilogue, struct at_pool *pool)
{
    struct at_linear_part part = { w, bias };

    at_linear_parts(out, x, &part, 1, N, epilogue, pool);
}

void at_linear_add(float *out, const float *x, const struct at_weight *w, const float *bias,
                   const float *residual, size_t N, struct at_pool *pool)
{
    struct at_linear_part part = { w, bias };
    struct linear l = { .out = out,
                        .out_stride = w->n_out,
                        .x = x,
                        .parts = &part,
                        .n_parts = 1,
                        .N = N,
                        .residual = residual };

    multiply(&l, pool);
}

void at_matmul(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
               int is_b_transposed, size_t M, size_t N, size_t K)
{
    const struct at_kernel *kernel = at_kernel();
    size_t n_tiles = at_divide_up(M, kernel->mr);
    _Alignas(64) float panel[AT_KC * AT_NR_MAX];
    float *rows_of_a = at_malloc(AT_MAX(M, (size_t)1) * AT_KC, sizeof *rows_of_a);

    for (size_t k0 = 0; k0 < K; k0 += AT_KC) {
        size_t kc = AT_MIN((size_t)AT_KC, K - k0);
        for (size_t t = 0; t < n_tiles; t++) {
            size_t row = M * t / n_tiles, rows = M * (t + 1) / n_tiles - row;
            kernel->pack_rows(rows_of_a + row * kc, a + row * lda + k0, lda, rows, kc, 1.0f);
        }
        for (size_t j = 0; j < N; j += kernel->nr) {
            size_t cols = AT_MIN(kernel->nr, N - j);
            if (is_b_transposed)
                kernel->pack_out_major(panel, b + j * ldb + k0, ldb, cols, kc, NULL);
            else
                kernel->pack_in_major(panel, b + k0 * ldb + j, ldb, cols, kc, NULL);
            for (size_t t = 0; t < n_tiles; t++) {
                size_t row = M * t / n_tiles, rows = M * (t + 1) / n_tiles - row;
                struct at_tile_out out = { c + row * ldc + j, ldc,    rows, cols,
                                           AT_CHAIN,          k0 > 0, NULL };
                kernel->tile(&out, rows_of_a + row * kc, panel, AT_F32, kernel->nr, kc, NULL, NULL);
            }
        }
    }
    free(rows_of_a);
}
