/*
 * kernel.h - the table of inner loops that each instruction set fills in; private to ops.
 *
 * Every set is the same source, kernel_body.h, compiled over another vec_*.h. All of them form an
 * output element of a product by the same chains of multiply-adds in order of k, AT_CHAIN at most
 * each, added up one after the other, whatever the tile it falls into: so neither the number of
 * rows nor that of threads changes a result, and the sets differ only where one has no fused
 * multiply-add.
 */
#ifndef OPS_KERNEL_H
#define OPS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/tensor.h"

enum {
    AT_KC = 256,        /* length of a block of the sum, of which a packed panel stays in L1 */
    AT_CHAIN = 96,      /* additions in a row before they are folded into the sum */
    AT_MR_MAX = 14,     /* largest tile of any set: rows */
    AT_NR_MAX = 32,     /* and columns */
    AT_VL_MAX = 16,     /* floats in the widest vector */
    AT_CACHE_LINE = 64, /* bytes */
};

/*
 * Lines of the block that is worked on next, brought into the cache a few at a time while this one
 * is packed and multiplied: memory is kept busy all the time, and never so busy that the loads of
 * the tile have to queue behind it.
 */
struct at_fetch {
    const char *at, *end; /* the next line, and the end of the row that it is in */
    size_t width, pitch;  /* bytes of a row, and from one row to the next */
    size_t rate;          /* lines for every 8 k */
    bool is_far;          /* as far as the second-level cache, which has room for more of them */
    const float *a;       /* the packed tile of a that comes next, as long as this one; or NULL */
};

/* Where a tile goes, and how. */
struct at_tile_out {
    float *c; /* (rows, cols), rows ldc apart */
    size_t ldc, rows, cols;
    size_t chain;      /* AT_CHAIN, or less for sums that need it */
    bool is_added;     /* c += product instead of c = product */
    const float *bias; /* (cols) to start every row's sum from, or NULL */
};

struct at_kernel {
    const char *name;
    size_t mr, nr; /* rows and columns of a tile */

    /* dst [k][rows] = src (rows, K) with row stride ld, times scale; rows <= mr. */
    void (*pack_rows)(float *dst, const float *src, size_t ld, size_t rows, size_t K, float scale);
    /* dst [k][nr] = transposed src (cols, K), row stride ld; columns beyond cols hold anything. */
    void (*pack_out_major)(float *dst, const float *src, size_t ld, size_t cols, size_t K,
                           struct at_fetch *fetch);
    /* dst [k][nr] = src (K, cols), row stride ld; columns beyond cols are 0. */
    void (*pack_in_major)(float *dst, const float *src, size_t ld, size_t cols, size_t K,
                          struct at_fetch *fetch);
    /* dst [k][nr] = transposed src (cols, K) of halves, row stride ld: as pack_out_major, and they
       stay halves. */
    void (*pack_out_major_half)(uint16_t *dst, const uint16_t *src, size_t ld, size_t cols,
                                size_t K, struct at_fetch *fetch);
    /* out = a b: a packed by pack_rows; b (K, nr) of type t with row stride ldb, packed by one of
       the others or any matrix of whole panels that lies like that. It is copied to keep as
       floats, as packing would, unless that is NULL. fetch may be NULL, here and above. */
    void (*tile)(const struct at_tile_out *out, const float *a, const void *b, enum at_dtype t,
                 size_t ldb, size_t K, float *keep, struct at_fetch *fetch);

    size_t nr_double; /* columns of a tile of doubles; its rows are mr */
    /* c (rows, nr_double) += a b: a [K][rows], b [K][nr_double]. */
    void (*tile_double)(double *c, const double *a, const double *b, size_t rows, size_t K);

    void (*add)(float *out, const float *x, size_t n);    /* out += x */
    void (*stream)(float *out, const float *x, size_t n); /* copy x past the caches */
    void (*widen)(float *out, const void *in, enum at_dtype t, size_t n);
    void (*gelu_erf)(float *out, const float *x, size_t n);
    void (*gelu_tanh)(float *out, const float *x, size_t n);
    void (*relu)(float *out, const float *x, size_t n);
    void (*silu)(float *out, const float *x, size_t n);
    void (*multiply)(float *out, const float *a, const float *b, size_t n);
    /* dx = dy times the derivative at x, or times f(x) / x; dx may be dy. */
    void (*gelu_erf_back)(float *dx, const float *dy, const float *x, size_t n);
    void (*gelu_tanh_back)(float *dx, const float *dy, const float *x, size_t n);
    void (*gelu_erf_share)(float *dx, const float *dy, const float *x, size_t n);
    void (*gelu_tanh_share)(float *dx, const float *dy, const float *x, size_t n);
    void (*relu_back)(float *dx, const float *dy, const float *x, size_t n);
    void (*silu_back)(float *dx, const float *dy, const float *x, size_t n);
    void (*silu_share)(float *dx, const float *dy, const float *x, size_t n);
    /* x[0..n-1] = softmax of itself, x[n..total-1] = 0. */
    void (*softmax)(float *x, size_t n, size_t total);
    double (*sum_exp)(const float *x, size_t n, float *max_out); /* of exp(x - max) */
    void (*norm)(float *out, const float *x, const float *residual, const float *gain,
                 const float *bias, double eps, size_t C);
    /* dx = residual + the gradient at x of a norm whose output has the gradient dy; residual may be
       NULL, dx may be dy or residual. With a fixed scale the standard deviation is a constant. */
    void (*norm_back)(float *dx, const float *dy, const float *x, const float *residual,
                      const float *gain, double eps, bool is_scale_fixed, size_t C);
    /* The same without the mean. */
    void (*rms_norm)(float *out, const float *x, const float *residual, const float *gain,
                     double eps, size_t C);
    void (*rms_norm_back)(float *dx, const float *dy, const float *x, const float *residual,
                          const float *gain, double eps, bool is_scale_fixed, size_t C);
    /* x[i] = scale map[i] (x[i] - the sum of map x): from the gradient at a row of a map to that at
       its scores. */
    void (*softmax_back)(float *x, const float *map, float scale, size_t n);
};

/* NULL when the compiler could not build the set; whether the machine runs it is cpu.c's to say. */
const struct at_kernel *at_kernel_avx512(void);
const struct at_kernel *at_kernel_avx2(void);
const struct at_kernel *at_kernel_portable(void);

/* at_kernel - the set in use (ops/cpu.h). */
const struct at_kernel *at_kernel(void);

/* How many parts of b, the last one maybe smaller, make a. */
static inline size_t at_divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

#endif
