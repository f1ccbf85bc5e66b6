/*
 * cka.h - how alike two representations of the same things are, whatever their bases and widths.
 */
#ifndef STATS_CKA_H
#define STATS_CKA_H

#include <stddef.h>

/* Sums of unbiased Hilbert-Schmidt independence criteria with linear kernels; zeroed is empty. */
struct at_hsic {
    double xy, xx, yy;
    size_t n_batches;
};

/*
 * at_hsic_add - one batch of rows that both sides describe: the tokens of a text.
 *
 *   K = x x', L = y y' of centred columns, diagonals 0;
 *   HSIC(K,L) = [tr(K L) + 1'K1 1'L1 / ((N-1)(N-2)) - 2 1'K L1 / (N-2)] / (N (N-3))
 *
 * Source    Song et al. 2012, equation 5; sums over batches as in Nguyen, Raghu and Kornblith 2021.
 * Shapes    x (N,Cx); y (N,Cy).
 * Edge      fewer than four rows have no estimate and add nothing. Exchanging x and y exchanges xx
 *           and yy and changes no bit of xy.
 * Cost      O(N^2 (Cx + Cy)), memory O(N (N + Cx + Cy)).
 */
void at_hsic_add(struct at_hsic *h, const float *x, size_t Cx, const float *y, size_t Cy, size_t N);

/*
 * at_cka - linear, debiased centred kernel alignment: xy / sqrt(xx yy).
 *
 * Source    Kornblith et al. 2019 with the estimator above.
 * Units     1: the same but for rotation and scale; unrelated ones scatter around 0, also below.
 * Edge      NaN without a batch, or when one side does not vary. Equal inputs give exactly 1.
 */
double at_cka(const struct at_hsic *h);

#endif
