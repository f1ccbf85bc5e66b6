/*
 * agreement.h - do two rankings of a text's tokens agree? Sizes of scores are compared, whatever
 * their signs.
 */
#ifndef ANALYSIS_AGREEMENT_H
#define ANALYSIS_AGREEMENT_H

#include <stddef.h>

#include "io/record.h"

enum { AT_AGREEMENT_TOP = 5 }; /* tokens at the top that are compared, or all of fewer */

struct at_agreement {
    double rho, p, q; /* Spearman; q over the tests of one table, by Benjamini and Hochberg */
    double jaccard;   /* of the top tokens: how many both have over how many any has */
    double rbo;       /* rank-biased overlap of the top, see at_agree() */
};
extern const struct at_record at_agreement_record;

/*
 * at_agree - |x| of n_rows rows, each against |y|; q is left to at_agreement_q().
 *
 *   rbo = (1 - 0.9) sum over d = 1..k of 0.9^(d-1) |A_d and B_d| / d
 *
 * Source    Webber, Moffat and Zobel 2010, cut off at k and not normalised: at most 0.41 for 5.
 * Shapes    out (n_rows), x (n_rows,n), y (n).
 * Edge      of equal sizes the first token ranks higher. A side that is constant, or has a NaN, has
 *           no ranking: all NaN. p is exact for n <= 9 and NaN below 3.
 */
void at_agree(struct at_agreement *out, const double *x, size_t n_rows, const double *y, size_t n);

/* at_agreement_q - q of n tests, stride bytes from one struct at_agreement to the next. */
void at_agreement_q(struct at_agreement *first, size_t n, size_t stride);

#endif
