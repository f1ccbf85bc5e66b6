/*
 * layer_ops.h - the operations of a pass over a model, once for each precision.
 *
 * A pass takes one of the two tables at its start and never asks again. `lo` is the distance in
 * floats from a buffer to the low parts of its values (ops/precise.h); in float it is 0 and nobody
 * looks at it. Shapes and what may overlap are as in ops.
 */
#ifndef MODEL_LAYER_OPS_H
#define MODEL_LAYER_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "model/weights.h"
#include "ops/attention.h"
#include "ops/gemm.h"
#include "ops/rotary.h"
#include "ops/rule.h"

struct at_layer_ops {
    /* out row i = row ids[i] of the table; embed_add adds it to what is there. */
    void (*embed)(float *out, size_t lo, const struct at_weight *table, const int *ids, size_t N);
    void (*embed_add)(float *out, size_t lo, const struct at_weight *table, const int *ids,
                      size_t N);
    /* out = epilogue(x W + b). */
    void (*linear)(float *out, const float *x, size_t lo, const struct at_dense *d, size_t N,
                   enum at_epilogue epilogue, struct at_pool *pool);
    /* out = (x W + b) + residual. */
    void (*linear_add)(float *out, const float *x, size_t lo, const struct at_dense *d,
                       const float *residual, size_t N, struct at_pool *pool);
    /* The products of n weights with the same x, side by side. */
    void (*linear_parts)(float *out, const float *x, size_t lo, const struct at_linear_part *parts,
                         size_t n, size_t N, struct at_pool *pool);
    void (*activate)(float *out, const float *x, size_t lo, size_t n, enum at_epilogue form,
                     struct at_pool *pool);
    /* out = a b for n values; out may be a or b. */
    void (*multiply)(float *out, const float *a, const float *b, size_t lo, size_t n,
                     struct at_pool *pool);
    /* Rows turned by their positions, or back. */
    void (*turn)(const struct at_rotary_rows *rows, size_t lo, bool is_back, struct at_pool *pool);
    /* out = norm(x + residual); residual may be NULL. */
    void (*norm)(float *out, const float *x, const float *residual, size_t lo,
                 const struct at_norm *n, double eps, size_t N, size_t C, struct at_pool *pool);
    void (*attention)(const struct at_attention_out *out, const struct at_attention_in *in,
                      size_t lo, size_t B, struct at_pool *pool);
    /* x = factor x + (1 - factor) fill for n values; fill, whose low parts are fill_lo behind or,
       when that is 0, floats in either precision, may be NULL for x = factor x. */
    void (*mix)(float *x, size_t lo, size_t n, double factor, const float *fill, size_t fill_lo);
    /* out (n) = mean of N rows of x, which are so far apart. */
    void (*mean)(float *out, const float *x, size_t stride, size_t lo, size_t N, size_t n);
    /* The ways back: dx from dy, in linear_back and norm_back added to residual, which may be NULL.
       x is what went in. */
    void (*linear_back)(float *dx, const float *dy, size_t lo, const struct at_weight *w,
                        const float *residual, size_t N, struct at_pool *pool);
    void (*norm_back)(float *dx, const float *dy, const float *x, const float *residual, size_t lo,
                      const struct at_norm *n, double eps, enum at_rule rule, size_t N, size_t C,
                      struct at_pool *pool);
    void (*activate_back)(float *dx, const float *dy, const float *x, size_t lo, size_t n,
                          enum at_epilogue form, enum at_rule rule, struct at_pool *pool);
    void (*attention_back)(const struct at_attention_back *back, const struct at_attention_in *in,
                           size_t lo, size_t B, struct at_pool *pool);
    void (*copy)(float *out, const float *from, size_t lo, size_t n);
    void (*clear)(float *out, size_t lo, size_t n);
    /* Floats of the caller become values of the pass. */
    void (*take)(float *out, size_t lo, const float *from, size_t n);
};

/* at_layer_ops - the table for a model that is computed in double, or not. */
const struct at_layer_ops *at_layer_ops(bool is_double);

#endif
