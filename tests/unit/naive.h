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

#endif
