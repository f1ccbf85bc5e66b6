/*
 * tails.h - tail probabilities of the distributions that the tests use.
 *
 * What libm already has (erfc, lgamma_r) does the work; relative error is below 1e-12 wherever the
 * result is above 1e-300.
 */
#ifndef STATS_TAILS_H
#define STATS_TAILS_H

#include <stddef.h>

/* at_normal_two_sided - P(|Z| >= |z|) of a standard normal Z. */
double at_normal_two_sided(double z);

/* at_normal_quantile - z with P(Z <= z) = p, 0 < p < 1; used for interval widths. */
double at_normal_quantile(double p);

/*
 * at_chi2_tail - P(X >= x) of a chi-squared X with df degrees of freedom.
 *
 * Source    The regularised incomplete gamma function: DLMF 8.7.1 (series) below a + 1, DLMF 8.9.2
 *           (continued fraction, evaluated by Lentz's method) above.
 * Edge      x <= 0 gives 1; df = 0 or a NaN gives NaN.
 */
double at_chi2_tail(double x, double df);

/*
 * at_student_two_sided - P(|X| >= |t|) of Student's t with df degrees of freedom.
 *
 * Source    The regularised incomplete beta function I(df/2, 1/2) at df / (df + t^2), by its
 *           continued fraction (DLMF 8.17.22).
 * Edge      an infinite t gives 0; df <= 0 or a NaN gives NaN.
 */
double at_student_two_sided(double t, double df);

/* at_student_quantile - t with P(X <= t) = p, 0 < p < 1, df > 0. */
double at_student_quantile(double p, double df);

/*
 * at_sign_test - two-sided exact p of k successes or fewer among n fair coin flips, doubled.
 *
 * Also McNemar's exact test: n discordant pairs of which k fall on the rarer side.
 * Edge      n = 0 gives 1.
 */
double at_sign_test(size_t k, size_t n);

#endif
