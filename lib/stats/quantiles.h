/*
 * quantiles.h - quantiles by linear interpolation between order statistics: numpy's default, R's
 * type 7.
 */
#ifndef STATS_QUANTILES_H
#define STATS_QUANTILES_H

#include <stddef.h>

/* at_quantile_sorted - quantile 0 <= q <= 1 of n ascending values. NaN for nothing. */
double at_quantile_sorted(const double *x, size_t n, double q);

/*
 * at_quantiles - the same of n unsorted floats, by counting their bits instead of sorting.
 *
 * Shapes    out and q (n_q), ascending in 0..1, n_q <= AT_MAX_QUANTILES; x and scratch (n). Scratch
 *           may be x itself, which is then overwritten.
 * Edge      n = 0 gives NaN. A NaN in x counts as larger than all values, with its sign set as
 *           smaller.
 * Cost      O(n): a pass to count, a pass to collect the cells near a quantile.
 */
enum { AT_MAX_QUANTILES = 8 };
void at_quantiles(double *out, const double *q, size_t n_q, const float *x, size_t n,
                  float *scratch);

#endif
