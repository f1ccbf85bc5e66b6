/*
 * gemm_blas.h - OpenBLAS, loaded when it is first asked for; private to ops.
 *
 * It serves machines that none of our own vector kernels fit, and comparisons. Loading it late
 * keeps its start-up out of every other run, and lets us choose its kernels: OpenBLAS 0.3.21 takes
 * processors that are newer than itself for a Prescott of 2004 and runs at a quarter of the speed.
 */
#ifndef OPS_GEMM_BLAS_H
#define OPS_GEMM_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* at_blas_is_usable - loaded, and a product it made was right. The first call loads it. */
bool at_blas_is_usable(void);

/* at_blas_describe - "OpenBLAS 0.3.21 SkylakeX", or what is wrong with it. Loads it as well. */
void at_blas_describe(char *buf, size_t n);

/* at_blas_matmul - as at_matmul(); on the calling thread. */
void at_blas_matmul(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
                    bool is_b_transposed, size_t M, size_t N, size_t K);

#endif
