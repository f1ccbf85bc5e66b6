/*
 * sums.h - exact sums of a stream: count, sum, sum of squares, least and greatest.
 *
 * Numbers are added as whole multiples of 2^-60, so that neither the order of a stream nor how it
 * was divided among machines changes a bit of what comes out: sums of parts that are merged are
 * those of the whole. Welford's moments (summary.h) have no such property.
 */
#ifndef STATS_SUMS_H
#define STATS_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "stats/summary.h"

/* Digits to the base 2^30 of a sum, the first worth 2^30, the last 2^-60; not carried over. */
enum { AT_SUM_PARTS = 4 };

/* Zeroed is empty. */
struct at_sums {
    size_t n;
    int64_t sum[AT_SUM_PARTS], squares[AT_SUM_PARTS];
    double min, max; /* valid when n > 0 */
};

/* at_sums_add - what is not finite is skipped and not counted; below 2^30 in magnitude, and at most
   2^32 numbers. */
void at_sums_add(struct at_sums *s, double x);
/* at_sums_merge - as if all of other had been added to s. */
void at_sums_merge(struct at_sums *s, const struct at_sums *other);
struct at_moments at_sums_moments(const struct at_sums *s);
double at_sums_mean(const struct at_sums *s); /* NaN when n = 0 */

/*
 * at_sums_interval - mean and the interval of it at that level: Student's t over the n numbers.
 *
 * Edge      n < 2 has none (NaN); of numbers that are all alike both ends are their mean.
 */
double at_sums_interval(double ci[2], const struct at_sums *s, double level);

#endif
