/*
 * kernel_body.h - the inner loops, written once over the vector type of a vec_*.h.
 *
 * The product. A tile is MR rows of a by NV vectors of b, all in registers. For each k it loads NV
 * vectors of b once, and for each row one broadcast float of a that meets all of them: MR * NV
 * multiply-adds for MR + NV loads, so the arithmetic units and not the load ports are the limit.
 * Both operands are packed with k outermost, so that the loop reads two straight streams (an
 * in-major weight that few rows wait for is read where it lies). Tiles of fewer rows are compiled
 * separately (tile_rows is inlined with a constant), so that 8 rows cost 8 rows; columns beyond the
 * matrix are computed on padding and not stored. The sum is cut into chains: what a float sum of n
 * terms loses grows with the length of the chain, and folding one into c costs next to nothing.
 *
 * Packing costs one pass over the weights for any number of rows. An out-major weight is transposed
 * on the way, VL x VL floats in registers at a time, whole lines of every row. Packing and tiles
 * fetch the weights of the next block as they go, tiles the next of many tiles of a, so that memory
 * and arithmetic overlap.
 */
#ifndef OPS_KERNEL_BODY_H
#define OPS_KERNEL_BODY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "ops/kernel.h"
#include "ops/kernel_math.h"
#include "ops/kernel_norm.h"

#ifndef KERNEL_NAME
#define KERNEL_NAME     "portable"
#define KERNEL_FUNCTION at_kernel_portable
#endif
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE static inline __attribute__((always_inline))

enum { NR = NV * VL, NR_DOUBLE = NR / 2 };

/* VL floats of either half type. */
INLINE vec v_from_half(const uint16_t *in, enum at_dtype t)
{
    return t == AT_F16 ? v_from_f16(in) : v_from_bf16(in);
}

/* Vector v of a row of b, which is of type t. */
INLINE vec load_b(const void *b, int v, const enum at_dtype t)
{
    if (t == AT_F32)
        return v_load((const float *)b + v * VL);
    return v_from_half((const uint16_t *)b + v * VL, t);
}

INLINE void step(const int R, const enum at_dtype t, vec acc[MR][NV], const float *a, const void *b,
                 float *keep)
{
    vec bv[NV];

    UNROLL
    for (int v = 0; v < NV; v++) {
        bv[v] = load_b(b, v, t);
        if (keep)
            v_store(keep + v * VL, bv[v]);
    }
    UNROLL
    for (int r = 0; r < R; r++) {
        vec x = v_set(a[r]);
        UNROLL
        for (int v = 0; v < NV; v++)
            acc[r][v] = v_fma(x, bv[v], acc[r][v]);
    }
}

INLINE void fetch_some(struct at_fetch *f)
{
    for (size_t i = 0; i < f->rate; i++) {
        if (f->is_far)
            fetch_far(f->at);
        else
            fetch_line(f->at);
        f->at += AT_CACHE_LINE;
        if (f->at >= f->end) {
            f->at = f->end + f->pitch - f->width;
            f->end += f->pitch;
        }
    }
}

/* The lines of 8 k of a tile of a. */
INLINE void fetch_a(const int R, const float *a)
{
    UNROLL
    for (int i = 0; i < 8 * R; i += AT_CACHE_LINE / (int)sizeof *a)
        fetch_line((const char *)(a + i));
}

/* A row of c, which the end of the chain is going to write. */
INLINE void fetch_row(const float *c)
{
    UNROLL
    for (int v = 0; v < NV; v++)
        __builtin_prefetch(c + v * VL, 1);
}

/* The row of c after this one. The compiler must not see through it, or it works out where all rows
   are before the chains begin, and has to keep that in vector registers and on the stack. */
INLINE float *next_row(float *c, size_t ldc)
{
    c += ldc;
    __asm__ volatile("" : "+r"(c));
    return c;
}

/* The end of a chain: c = acc or c += acc. */
INLINE void store(const int R, float *c, size_t ldc, vec acc[MR][NV], bool is_added)
{
    UNROLL
    for (int r = 0; r < R; r++, c = next_row(c, ldc)) {
        UNROLL
        for (int v = 0; v < NV; v++)
            v_store(c + v * VL, is_added ? v_add(v_load(c + v * VL), acc[r][v]) : acc[r][v]);
    }
}

/* c (R, NR) = a b or c += a b, chain after chain; rows of b are pitch bytes apart. */
INLINE void tile_rows(const int R, const enum at_dtype t, const bool keeps,
                      const struct at_tile_out *out, const float *a, const char *b, size_t pitch,
                      size_t K, float *keep, struct at_fetch *fetch)
{
    const size_t ldc = out->ldc, chain = out->chain;
    const float *bias = out->bias, *expected = out->c;
    bool is_added = out->is_added;

    for (size_t k = 0, end; k < K; k = end, is_added = true) {
        vec acc[MR][NV];
        end = AT_MIN(k + chain, K);
        UNROLL
        for (int v = 0; v < NV; v++) {
            vec start = k == 0 && bias ? v_load(bias + v * VL) : v_set(0.0f);
            UNROLL
            for (int r = 0; r < R; r++)
                acc[r][v] = start;
        }
        for (; k + 8 <= end; k += 8) {
            fetch_some(fetch);
            if (fetch->a)
                fetch_a(R, fetch->a + k * R);
            if (k / 8 < (size_t)R) {
                fetch_row(expected);
                expected += ldc;
            }
            for (int i = 0; i < 8; i++, a += R, b += pitch, keep += keeps ? NR : 0)
                step(R, t, acc, a, b, keeps ? keep : NULL);
        }
        for (; k < end; k++, a += R, b += pitch, keep += keeps ? NR : 0)
            step(R, t, acc, a, b, keeps ? keep : NULL);
        store(R, out->c, ldc, acc, is_added);
    }
}

/* A tile of every height is compiled on its own, and for every type of b; inline, since gcc 12
   makes slower loops of some heights when each type has a function. */
/* clang-format off */
#define EACH_NUMBER_OF_ROWS                                                                        \
    ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7)                                        \
    ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
#define ROWS(n)                                                                                    \
    case n:                                                                                        \
        if (n <= MR)                                                                               \
            keep ? tile_rows(n, TYPE, true, out, a, b, pitch, K, keep, fetch)                      \
                 : tile_rows(n, TYPE, false, out, a, b, pitch, K, NULL, fetch);                    \
        break;
#define TILE_OF(name)                                                                              \
    INLINE void name(const struct at_tile_out *out, const float *a, const char *b, size_t pitch,   \
                     size_t K, float *keep, struct at_fetch *fetch)                                \
    {                                                                                              \
        switch (out->rows) {                                                                       \
            EACH_NUMBER_OF_ROWS                                                                    \
        }                                                                                          \
    }
#define TYPE AT_F32
TILE_OF(tile_f32)
#undef TYPE
#define TYPE AT_F16
TILE_OF(tile_f16)
#undef TYPE
#define TYPE AT_BF16
TILE_OF(tile_bf16)
#undef TYPE
#undef ROWS
/* clang-format on */

static void tile(const struct at_tile_out *out, const float *a, const void *b, enum at_dtype t,
                 size_t ldb, size_t K, float *keep, struct at_fetch *fetch)
{
    _Alignas(64) float whole[MR * NR], bias[NR] = { 0 }; /* of one that sticks out to the right */
    struct at_fetch none = { .rate = 0 };
    const struct at_tile_out *to = out;
    struct at_tile_out aside;

    if (out->cols < NR) {
        aside = *out;
        aside.c = whole;
        aside.ldc = NR;
        aside.cols = NR;
        if (out->bias)
            aside.bias = memcpy(bias, out->bias, out->cols * sizeof *bias);
        if (out->is_added)
            memset(whole, 0, sizeof whole);
        for (size_t r = 0; r < out->rows && out->is_added; r++)
            memcpy(whole + r * NR, out->c + r * out->ldc, out->cols * sizeof *whole);
        to = &aside;
    }
    if (!fetch)
        fetch = &none;
    switch (t) {
    case AT_F32:
        tile_f32(to, a, b, ldb * sizeof(float), K, keep, fetch);
        break;
    case AT_F16:
        tile_f16(to, a, b, ldb * sizeof(uint16_t), K, keep, fetch);
        break;
    case AT_BF16:
        tile_bf16(to, a, b, ldb * sizeof(uint16_t), K, keep, fetch);
        break;
    }
    for (size_t r = 0; r < out->rows && to == &aside; r++)
        memcpy(out->c + r * out->ldc, whole + r * NR, out->cols * sizeof *whole);
}

/* c (R, NR_DOUBLE) += a b: the tile once more, in double and without its refinements. */
INLINE void tile_double_rows(const int R, double *c, const double *a, const double *b, size_t K)
{
    dvec acc[MR][NV];

    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int v = 0; v < NV; v++)
            acc[r][v] = d_load(c + r * NR_DOUBLE + v * (VL / 2));
    }
    for (size_t k = 0; k < K; k++, a += R, b += NR_DOUBLE) {
        UNROLL
        for (int r = 0; r < R; r++) {
            dvec x = d_set(a[r]);
            UNROLL
            for (int v = 0; v < NV; v++)
                acc[r][v] = d_fma(x, d_load(b + v * (VL / 2)), acc[r][v]);
        }
    }
    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int v = 0; v < NV; v++)
            d_store(c + r * NR_DOUBLE + v * (VL / 2), acc[r][v]);
    }
}

static void tile_double(double *c, const double *a, const double *b, size_t rows, size_t K)
{
    switch (rows) {
#define ROWS(n)                                                                                    \
    case n:                                                                                        \
        if (n <= MR)                                                                               \
            tile_double_rows(n, c, a, b, K);                                                       \
        break;
        EACH_NUMBER_OF_ROWS
#undef ROWS
    }
}

static void add(float *out, const float *x, size_t n)
{
    size_t i = 0;

    for (; i + VL <= n; i += VL)
        v_store(out + i, v_add(v_load(out + i), v_load(x + i)));
    for (; i < n; i++)
        out[i] += x[i];
}

/* The VL columns at p of up to VL rows, ld apart; columns beyond n_cols and rows beyond n_rows hold
   anything. */
INLINE void load_columns(vec t[VL], const float *p, size_t ld, size_t n_rows, size_t n_cols)
{
    UNROLL
    for (size_t i = 0; i < VL; i++) {
        const float *row = p + AT_MIN(i, n_rows - 1) * ld;
        t[i] = n_cols >= VL ? v_load(row) : v_load_n(row, n_cols, v_set(0.0f));
    }
    v_transpose(t);
}

static void pack_rows(float *dst, const float *src, size_t ld, size_t rows, size_t K, float scale)
{
    for (size_t k = 0; k < K; k += VL) {
        size_t n = AT_MIN(K - k, (size_t)VL);
        vec t[VL];
        load_columns(t, src + k, ld, rows, n);
        UNROLL
        for (size_t i = 0; i < VL; i++)
            if (i < n)
                v_store_n(dst + (k + i) * rows, v_mul(t[i], v_set(scale)), rows);
    }
}

static void pack_out_major(float *dst, const float *src, size_t ld, size_t cols, size_t K,
                           struct at_fetch *fetch)
{
    for (size_t k = 0; k < K; k += VL) {
        size_t n = AT_MIN(K - k, (size_t)VL);
        for (size_t i = 0; fetch && i < n; i += 8)
            fetch_some(fetch);
        for (size_t j = 0; j < cols; j += VL) {
            vec t[VL];
            if (cols - j >= VL) /* said twice, so that this case has no minima in it */
                load_columns(t, src + j * ld + k, ld, VL, n);
            else
                load_columns(t, src + j * ld + k, ld, cols - j, n);
            UNROLL
            for (size_t i = 0; i < VL; i++)
                if (i < n)
                    v_store(dst + (k + i) * NR + j, t[i]);
        }
    }
}

/* Two halves of up to VL rows, ld apart, as one lane: the columns of VL such lanes at p, of which n
   halves are there; columns beyond n_rows hold anything. */
INLINE void load_pairs(vec t[VL], const uint16_t *p, size_t ld, size_t n_rows, size_t n)
{
    UNROLL
    for (size_t i = 0; i < VL; i++) {
        const uint16_t *row = p + AT_MIN(i, n_rows - 1) * ld;
        uint16_t edge[2 * VL] = { 0 };
        if (n < 2 * VL)
            row = memcpy(edge, row, n * sizeof *row);
        t[i] = v_load((const float *)(const void *)row);
    }
    v_transpose(t);
}

/* Pairs of k go through the transposition as one lane. Columns with even and with odd numbers go
   apart, and come together half by half. */
static void pack_out_major_half(uint16_t *dst, const uint16_t *src, size_t ld, size_t cols,
                                size_t K, struct at_fetch *fetch)
{
    for (size_t k = 0; k < K; k += 2 * VL) {
        size_t n = AT_MIN(K - k, (size_t)(2 * VL));
        vec even[VL], odd[VL];
        for (size_t i = 0; fetch && i < n; i += 8)
            fetch_some(fetch);
        if (cols == NR && n == 2 * VL) { /* said twice, so that this case has no minima in it */
            load_pairs(even, src + k, 2 * ld, VL, 2 * VL);
            load_pairs(odd, src + ld + k, 2 * ld, VL, 2 * VL);
        } else {
            load_pairs(even, src + k, 2 * ld, (cols + 1) / 2, n);
            load_pairs(odd, src + (cols > 1 ? ld : 0) + k, 2 * ld, AT_MAX(cols / 2, (size_t)1), n);
        }
        UNROLL
        for (size_t i = 0; i < VL; i++) {
            float *row = (float *)(void *)(dst + (k + 2 * i) * NR);
            if (2 * i < n)
                v_store(row, v_low_halves(even[i], odd[i]));
            if (2 * i + 1 < n)
                v_store(row + VL, v_high_halves(even[i], odd[i]));
        }
    }
}

/* One row of a panel. */
INLINE void copy_row(float *dst, const float *src, size_t cols)
{
    UNROLL
    for (size_t v = 0; v < NR; v += VL)
        v_store(dst + v, cols >= v + VL ? v_load(src + v)
                         : cols > v     ? v_load_n(src + v, cols - v, v_set(0.0f))
                                        : v_set(0.0f));
}

static void pack_in_major(float *dst, const float *src, size_t ld, size_t cols, size_t K,
                          struct at_fetch *fetch)
{
    for (size_t k = 0; k < K; k++, dst += NR, src += ld) {
        if (fetch && k % 8 == 0)
            fetch_some(fetch);
        if (cols == NR)
            copy_row(dst, src, NR);
        else
            copy_row(dst, src, cols);
    }
}

/* Whole vectors of out where they are aligned, as the instructions want it. */
static void stream(float *out, const float *x, size_t n)
{
    size_t i = 0, head = AT_MIN(-(uintptr_t)out / sizeof *out % VL, n);

    for (; i < head; i++)
        out[i] = x[i];
    for (; i + VL <= n; i += VL)
        v_stream(out + i, v_load(x + i));
    for (; i < n; i++)
        out[i] = x[i];
    v_stream_end();
}

static void widen(float *out, const void *in, enum at_dtype t, size_t n)
{
    const uint16_t *half = in;
    size_t i = 0;

    if (t == AT_F16 || t == AT_BF16)
        for (; i + VL <= n; i += VL)
            v_store(out + i, v_from_half(half + i, t));
    at_to_f32(out + i, (const char *)in + i * at_dtype_size(t), t, n - i);
}

/* out = f(x), whole vectors and then the rest; out may be x. */
#define MAP(name, f)                                                                               \
    static void name(float *out, const float *x, size_t n)                                         \
    {                                                                                              \
        size_t i = 0;                                                                              \
        for (; i + VL <= n; i += VL)                                                               \
            v_store(out + i, f(v_load(x + i)));                                                    \
        if (i < n)                                                                                 \
            v_store_n(out + i, f(v_load_n(x + i, n - i, v_set(0.0f))), n - i);                     \
    }

MAP(gelu_erf, v_gelu_erf)
MAP(gelu_tanh, v_gelu_tanh)
MAP(relu, v_relu)
MAP(silu, v_silu)

static void multiply(float *out, const float *a, const float *b, size_t n)
{
    size_t i = 0;

    for (; i + VL <= n; i += VL)
        v_store(out + i, v_mul(v_load(a + i), v_load(b + i)));
    for (; i < n; i++)
        out[i] = a[i] * b[i];
}

/* dx = dy f(x). */
#define MAP_BACK(name, f)                                                                          \
    static void name(float *dx, const float *dy, const float *x, size_t n)                         \
    {                                                                                              \
        size_t i = 0;                                                                              \
        for (; i + VL <= n; i += VL)                                                               \
            v_store(dx + i, v_mul(v_load(dy + i), f(v_load(x + i))));                              \
        if (i < n) {                                                                               \
            vec slope = f(v_load_n(x + i, n - i, v_set(0.0f)));                                    \
            v_store_n(dx + i, v_mul(v_load_n(dy + i, n - i, v_set(0.0f)), slope), n - i);          \
        }                                                                                          \
    }

MAP_BACK(gelu_erf_back, v_gelu_erf_slope)
MAP_BACK(gelu_tanh_back, v_gelu_tanh_slope)
MAP_BACK(gelu_erf_share, v_gelu_erf_share)
MAP_BACK(gelu_tanh_share, v_gelu_tanh_share)
MAP_BACK(relu_back, v_step)
MAP_BACK(silu_back, v_silu_slope)
MAP_BACK(silu_share, v_silu_share)

static float row_max(const float *x, size_t n)
{
    const vec nothing = v_set(-INFINITY);
    vec max[4] = { nothing, nothing, nothing, nothing };
    size_t i = 0;

    for (; i + 4 * VL <= n; i += 4 * VL)
        for (int j = 0; j < 4; j++)
            max[j] = v_max(max[j], v_load(x + i + j * VL));
    for (; i + VL <= n; i += VL)
        max[0] = v_max(max[0], v_load(x + i));
    if (i < n)
        max[0] = v_max(max[0], v_load_n(x + i, n - i, nothing));
    return v_max_across(v_max(v_max(max[0], max[1]), v_max(max[2], max[3])));
}

/* x = exp(x - max), and four of them. */
INLINE vec exp_of_four(float *x, vec max)
{
    vec e[4];

    UNROLL
    for (int j = 0; j < 4; j++) {
        e[j] = v_exp(v_sub(v_load(x + j * VL), max));
        v_store(x + j * VL, e[j]);
    }
    return v_add(v_add(e[0], e[1]), v_add(e[2], e[3]));
}

static void softmax(float *x, size_t n, size_t total)
{
    const vec nothing = v_set(-INFINITY), max = v_set(row_max(x, n));
    struct sums sums = sums_zero();
    size_t i = 0;

    for (; i + 4 * VL <= n; i += 4 * VL)
        sums_add(&sums, exp_of_four(x + i, max));
    for (; i + VL <= n; i += VL) {
        vec e = v_exp(v_sub(v_load(x + i), max));
        sums_add(&sums, e);
        v_store(x + i, e);
    }
    if (i < n) {
        vec e = v_exp(v_sub(v_load_n(x + i, n - i, nothing), max));
        sums_add(&sums, e);
        v_store_n(x + i, e, n - i);
    }
    vec share = v_set((float)(1.0 / sums_total(&sums)));
    for (i = 0; i + VL <= n; i += VL)
        v_store(x + i, v_mul(v_load(x + i), share));
    for (; i < n; i++)
        x[i] *= (float)(1.0 / sums_total(&sums));
    memset(x + n, 0, (total - n) * sizeof *x);
}

static double sum_exp(const float *x, size_t n, float *max_out)
{
    const float max = *max_out = row_max(x, n);
    struct sums sums = sums_zero();
    size_t i = 0;

    for (; i + VL <= n; i += VL)
        sums_add(&sums, v_exp(v_sub(v_load(x + i), v_set(max))));
    if (i < n)
        sums_add(&sums, v_exp(v_sub(v_load_n(x + i, n - i, v_set(-INFINITY)), v_set(max))));
    return sums_total(&sums);
}

static void softmax_back(float *x, const float *map, float scale, size_t n)
{
    struct sums sums = sums_zero();
    size_t i = 0;

    for (; i + VL <= n; i += VL)
        sums_add(&sums, v_mul(v_load(map + i), v_load(x + i)));
    if (i < n)
        sums_add(&sums,
                 v_mul(v_load_n(map + i, n - i, v_set(0.0f)), v_load_n(x + i, n - i, v_set(0.0f))));
    vec mean = v_set((float)sums_total(&sums)), factor = v_set(scale);
    for (i = 0; i + VL <= n; i += VL)
        v_store(x + i, v_mul(v_mul(v_load(map + i), factor), v_sub(v_load(x + i), mean)));
    if (i < n) {
        vec d = v_sub(v_load_n(x + i, n - i, v_set(0.0f)), mean);
        v_store_n(x + i, v_mul(v_mul(v_load_n(map + i, n - i, v_set(0.0f)), factor), d), n - i);
    }
}

const struct at_kernel *KERNEL_FUNCTION(void)
{
    static const struct at_kernel table = {
        .name = KERNEL_NAME,
        .mr = MR,
        .nr = NR,
        .pack_rows = pack_rows,
        .pack_out_major = pack_out_major,
        .pack_in_major = pack_in_major,
        .pack_out_major_half = pack_out_major_half,
        .tile = tile,
        .nr_double = NR_DOUBLE,
        .tile_double = tile_double,
        .add = add,
        .stream = stream,
        .widen = widen,
        .gelu_erf = gelu_erf,
        .gelu_tanh = gelu_tanh,
        .relu = relu,
        .silu = silu,
        .multiply = multiply,
        .gelu_erf_back = gelu_erf_back,
        .gelu_tanh_back = gelu_tanh_back,
        .gelu_erf_share = gelu_erf_share,
        .gelu_tanh_share = gelu_tanh_share,
        .relu_back = relu_back,
        .silu_back = silu_back,
        .silu_share = silu_share,
        .softmax = softmax,
        .sum_exp = sum_exp,
        .norm = norm,
        .norm_back = norm_back,
        .rms_norm = rms_norm,
        .rms_norm_back = rms_norm_back,
        .softmax_back = softmax_back,
    };

    return &table;
}

#endif
