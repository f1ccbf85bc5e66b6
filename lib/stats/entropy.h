/*
 * entropy.h - sums of p ln p over many small probabilities, fast.
 *
 * The logarithm is what an entropy costs. This one works on eight values at a time and is within
 * 2e-12 of the true one, so that a sum over rows of probabilities is good to 1e-11 per row.
 */
#ifndef STATS_ENTROPY_H
#define STATS_ENTROPY_H

#include <stddef.h>

/* Probabilities up to this count as 0: their p ln p is below 2.4e-9. */
#define AT_ENTROPY_FLOOR 1e-10f

/*
 * at_sum_plogp - sum of p ln p over the p above AT_ENTROPY_FLOOR; minus the entropy.
 *
 * Shapes    p (n), each 0 <= p.      Units  nats.      Edge  n = 0 gives 0; NaN counts as 0.
 */
double at_sum_plogp(const float *p, size_t n);

/* at_sum_mean_plogp - the same for the means (p[i] + q[i]) / 2: the middle term of a
   Jensen-Shannon divergence. */
double at_sum_mean_plogp(const float *p, const float *q, size_t n);

#endif
