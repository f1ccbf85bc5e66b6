/*
 * eigen.h - the largest eigenvalues of a symmetric operator.
 */
#ifndef STATS_EIGEN_H
#define STATS_EIGEN_H

#include <stddef.h>

/* out (n) = A x for a symmetric A; out is not x. */
typedef void (*at_symmetric_fn)(double *out, const double *x, size_t n, const void *arg);

/*
 * at_eigen_top - the K algebraically largest eigenvalues, descending, and unit eigenvectors.
 *
 * Source    Lanczos 1950 with full reorthogonalisation (Golub and Van Loan 2013, section 10.3);
 *           when an invariant subspace is found the walk goes on from a new direction.
 *           Eigenvalues agree to 1e-11 of the largest. Directions come from a fixed seed.
 * Shapes    values (K); vectors (K,n); K <= n.
 * Cost      some tens of products for a decaying spectrum, n in the worst case.
 */
void at_eigen_top(double *values, double *vectors, size_t K, size_t n, at_symmetric_fn apply,
                  const void *arg);

#endif
