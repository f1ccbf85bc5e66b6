/*
 * multiple.h - corrections for looking at many p-values at once.
 *
 * A NaN p takes no part: its corrected value is NaN and it does not count towards the number of
 * tests. The outputs may be the inputs.
 */
#ifndef STATS_MULTIPLE_H
#define STATS_MULTIPLE_H

#include <stddef.h>

/*
 * at_bh_q - false discovery rate of Benjamini and Hochberg (1995).
 *
 *   q of the i-th smallest p = min over j >= i of p_j m / j, at most 1
 */
void at_bh_q(double *q, const double *p, size_t n);

/* at_bonferroni - min(1, p m), m the number of p that are defined. */
void at_bonferroni(double *out, const double *p, size_t n);

#endif
