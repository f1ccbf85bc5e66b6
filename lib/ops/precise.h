/*
 * precise.h - the operations of the forward pass in double precision, for models so deep that what
 * float loses in one layer shows in the maps of the last.
 *
 * Values travel as pairs of floats: a block of them is two blocks of floats `lo` elements apart,
 * and value i is (double)x[i] + (double)x[i + lo], about 48 bits. x[i] is the value rounded to a
 * float, so whoever wants floats reads the first block and need not know of the second. Weights are
 * floats (or halves) as they lie in the file, sums and functions are double.
 *
 * As with ops/gemm.h, an output is the same sum in the same order whatever the number of rows,
 * threads or texts. Costs two to three times the time of float.
 */
#ifndef OPS_PRECISE_H
#define OPS_PRECISE_H

#include <stddef.h>

#include "base/pool.h"
#include "ops/attention.h"
#include "ops/gemm.h"
#include "ops/rule.h"
#include "ops/tensor.h"

/* at_pair, at_set_pair - the value at x, and a new one there. */
static inline double at_pair(const float *x, size_t lo)
{
    return (double)x[0] + (double)x[lo];
}

static inline void at_set_pair(float *x, size_t lo, double value)
{
    x[0] = (float)value;
    x[lo] = (float)(value - (double)x[0]);
}

/*
 * at_precise_embed_add - out row i += row ids[i] of the table; see ops/embed.h.
 *
 * Shapes    out (N, n_in), pairs.
 */
void at_precise_embed_add(float *out, size_t lo, const struct at_weight *table, const int *ids,
                          size_t N);

/*
 * at_precise_linear - out = epilogue(x W + bias) + residual; see at_linear(), at_linear_add().
 *
 * Shapes    out (N, n_out), rows out_stride apart; residual likewise, or NULL; x (N, n_in); pairs,
 *           all with the same lo. bias (n_out) or NULL.
 * Edge      out must overlap neither x nor residual.
 */
void at_precise_linear(float *out, size_t out_stride, const float *x, size_t lo,
                       const struct at_weight *w, const float *bias, const float *residual,
                       size_t N, enum at_epilogue epilogue, struct at_pool *pool);

/*
 * at_precise_activate - out = form(x) for n values, pairs; see at_activate().
 */
void at_precise_activate(float *out, const float *x, size_t lo, size_t n, enum at_epilogue form,
                         struct at_pool *pool);

/* at_precise_multiply - out = a b for n values, pairs; out may be a or b. */
void at_precise_multiply(float *out, const float *a, const float *b, size_t lo, size_t n);

/*
 * at_precise_norm - layer normalisation; see at_layernorm(). Without a bias at_rmsnorm().
 *
 * Shapes    out, x (N,C), residual (N,C) or NULL: pairs. gain, bias (C). out may be x or residual.
 */
void at_precise_norm(float *out, const float *x, const float *residual, size_t lo,
                     const float *gain, const float *bias, double eps, size_t N, size_t C,
                     struct at_pool *pool);

/*
 * The ways back of pairs: see at_layernorm_back(), at_rmsnorm_back(), at_activate_back() and
 * at_attention_back(). That of a product is at_precise_linear() with at_weight_transposed().
 * Attention makes its map anew, since a map of floats is not precise: back->map is not looked at;
 * d_map is floats.
 */
void at_precise_norm_back(float *dx, const float *dy, const float *x, const float *residual,
                          size_t lo, const float *gain, double eps, enum at_rule rule, size_t N,
                          size_t C, struct at_pool *pool);
void at_precise_rms_norm_back(float *dx, const float *dy, const float *x, const float *residual,
                              size_t lo, const float *gain, double eps, enum at_rule rule, size_t N,
                              size_t C, struct at_pool *pool);
void at_precise_activate_back(float *dx, const float *dy, const float *x, size_t lo, size_t n,
                              enum at_epilogue form, enum at_rule rule, struct at_pool *pool);
void at_precise_attention_back(const struct at_attention_back *back,
                               const struct at_attention_in *in, size_t lo, size_t B,
                               struct at_pool *pool);

/*
 * at_precise_attention - see at_attention().
 *
 * Shapes    q, k, v and context are pairs; maps are floats, rounded once.
 */
void at_precise_attention(const struct at_attention_out *out, const struct at_attention_in *in,
                          size_t lo, size_t B, struct at_pool *pool);

#endif
