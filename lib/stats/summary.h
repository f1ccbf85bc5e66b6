/*
 * summary.h - mean and standard deviation of plain arrays and streams, the rule of each named.
 */
#ifndef STATS_SUMMARY_H
#define STATS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

/* at_mean, at_sd - sums in double; at_sd divides by n (population). NaN for nothing. */
double at_mean(const double *x, size_t n);
double at_sd(const double *x, size_t n);

/* at_has_spread - whether values from min to max differ by more than 1e-6 of the larger: what is
   computed from float maps cannot tell less from rounding. */
bool at_has_spread(double min, double max);

/*
 * at_standardize - z = (x - mean) / sd by column, with the population's deviation.
 *
 * Shapes    z and x (N,d); z may be x.
 * Edge      a column without at_has_spread() gives 0. NaN stays NaN and out of the rest.
 */
void at_standardize(double *z, const double *x, size_t N, size_t d);

/* Running moments (Welford 1962), for streams whose length nobody keeps. Zeroed is empty. */
struct at_moments {
    size_t n;
    double mean, m2; /* m2: sum of squared deviations from the mean */
    double min, max; /* valid when n > 0 */
};
/* at_moments_add - NaN is skipped and not counted. */
void at_moments_add(struct at_moments *m, double x);
double at_moments_mean(const struct at_moments *m); /* NaN when n = 0 */
double at_moments_sd(const struct at_moments *m);   /* population; NaN when n = 0 */

/* A running weighted mean. Zeroed is empty. */
struct at_weighted {
    double sum, weight;
};
/* at_weighted_add - NaN is skipped, and its weight not counted. */
void at_weighted_add(struct at_weighted *w, double x, double weight);
double at_weighted_mean(const struct at_weighted *w); /* NaN without weight */

#endif
