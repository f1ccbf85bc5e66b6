/*
 * gemm.h - matrix products of activations with weights, and small dense products.
 *
 * The face of all products in atlas. Which kernel does the work (our own AVX-512, AVX2 and
 * portable ones, or OpenBLAS) is decided by ops/cpu.h. With our own kernels an output element is
 * the same sum in the same order whatever the number of rows, threads or texts in the batch, so
 * batching and threads change no bit; with OpenBLAS they may change the last ones.
 */
#ifndef OPS_GEMM_H
#define OPS_GEMM_H

#include <stddef.h>

#include "base/pool.h"
#include "ops/tensor.h"

/* What is done to a product before it is stored. */
enum at_epilogue {
    AT_EPI_NONE,
    AT_EPI_GELU_ERF,  /* exact GELU (BERT "gelu") */
    AT_EPI_GELU_TANH, /* tanh form (GPT-2 "gelu_new") */
    AT_EPI_RELU,
    AT_EPI_SILU, /* x times its logistic function (LLaMA "silu", also called swish) */
    AT_EPI_TANH, /* pooler */
};

/*
 * at_linear - out = epilogue(x W + bias).
 *
 * Shapes    out (N, n_out); x (N, n_in); bias (n_out) or NULL.
 * Edge      N = 0 writes nothing. out must not overlap x.
 * Cost      2 N n_in n_out flops; the weight is read in place, F16 and BF16 convert on the way.
 */
void at_linear(float *out, const float *x, const struct at_weight *w, const float *bias, size_t N,
               enum at_epilogue epilogue, struct at_pool *pool);

/*
 * at_linear_add - out = (x W + bias) + residual: a sublayer of GPT-2 meets the residual stream.
 *
 * Shapes    residual as out; else as at_linear(). The product is summed up before the residual
 *           comes in, which may be far larger.
 * Edge      out must overlap neither x nor residual.
 */
void at_linear_add(float *out, const float *x, const struct at_weight *w, const float *bias,
                   const float *residual, size_t N, struct at_pool *pool);

/* One of several weights that are applied to the same rows. */
struct at_linear_part {
    const struct at_weight *w;
    const float *bias; /* (n_out) or NULL */
};

/*
 * at_linear_parts - several products of the same x, side by side: BERT's q, k and v.
 *
 * Shapes    out (N, sum of n_out); part p's columns follow part p-1's. Else as at_linear().
 * Edge      all weights have one n_in; neighbours of one layout are multiplied together.
 */
void at_linear_parts(float *out, const float *x, const struct at_linear_part *parts, size_t n_parts,
                     size_t N, enum at_epilogue epilogue, struct at_pool *pool);

/*
 * at_matmul - C = A B, plain floats with row strides (in elements).
 *
 * Shapes    C (M,N), A (M,K), B (K,N), or B (N,K) when is_b_transposed.
 * Single-threaded; for products of one attention map, rollouts and projections of results.
 */
void at_matmul(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
               int is_b_transposed, size_t M, size_t N, size_t K);

#endif
