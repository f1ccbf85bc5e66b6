/*
 * sign_flip.h - is the mean of paired differences more than what their signs would give by chance?
 */
#ifndef STATS_SIGN_FLIP_H
#define STATS_SIGN_FLIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "stats/permutation.h"

enum { AT_SIGN_FLIP_EXACT = 20, AT_SIGN_FLIP_DRAWS = 10000 };

/*
 * at_sign_flips - two-sided test of many series of n differences, the sign of each flipped or not.
 *
 * All 2^n ways to n = AT_SIGN_FLIP_EXACT, p their share whose |sum| reaches the observed one; above
 * it AT_SIGN_FLIP_DRAWS random ones, the same for every series, p = (1 + reaching) / (1 + draws).
 * Sums closer than 1e-9 of the sum of |difference| count as equal.
 *
 * Source    Fisher 1935, section 21; Good 2005, section 3.2.
 * Shapes    out (n_series); d (n_series,n).
 * Edge      a NaN takes no part in its series, which is as if it had fewer. Fewer than two
 *           differences give NaN. All 0 give 1. Negating a series changes no bit.
 * Cost      a series: exact n 2^(n/2), random draws n / 8.
 */
void at_sign_flips(struct at_perm_p *out, const double *d, size_t n_series, size_t n, uint64_t seed,
                   struct at_pool *pool);

#endif
