/*
 * naive.h - slow, obvious, double-precision twins of the kernels; the reference in unit tests.
 */
#ifndef UNIT_NAIVE_H
#define UNIT_NAIVE_H

#include <stddef.h>

/* out (N,M) = x (N,K) times w' where w is (M,K), plus bias (M) or NULL. */
void naive_linear(double *out, const double *x, const double *w, const double *bias, size_t N,
                  size_t M, size_t K);
/* softmax of one row of n. */
void naive_softmax(double *out, const double *x, size_t n);
/* One head: q (n_queries,D), k, v (T,D); query i sees the first visible[i] keys. map (n_queries,T),
   context (n_queries,D). */
void naive_attention(double *map, double *context, const double *q, const double *k,
                     const double *v, size_t T, size_t D, size_t n_queries, const size_t *visible,
                     double scale);
/* one row of C. */
void naive_layernorm(double *out, const double *x, const double *gain, const double *bias,
                     double eps, size_t C);
double naive_gelu_erf(double x);
double naive_gelu_tanh(double x);

#endif
