/*
 * intervals.h - how sure a share or a score is: Wilson's interval and the cluster bootstrap.
 */
#ifndef STATS_INTERVALS_H
#define STATS_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

struct at_interval {
    double low, high; /* NaN when there is nothing to tell */
};

/*
 * at_wilson - interval of a share of k successes among n trials.
 *
 * Source    Wilson 1927; centre (p + z^2/2n) / (1 + z^2/n), half width
 *           z / (1 + z^2/n) * sqrt(p (1 - p) / n + z^2 / 4n^2). z = 1.96 for 95 %.
 * Units     fractions, inside 0..1, the share itself always inside.
 * Edge      n = 0 gives NaN.
 */
struct at_interval at_wilson(double k, double n, double z);

/*
 * at_newcombe_paired - interval of the difference of two shares of the same n trials: first minus
 * second, from the counts of trials that succeed both times, only the first, only the second time,
 * and never.
 *
 * Source    Newcombe 1998 (paired data), method 10: Wilson's intervals of both shares, joined by
 *           their correlation with its continuity correction.
 * Units     fractions, inside -1..1, the difference always inside.      Edge   no trials give NaN.
 */
struct at_interval at_newcombe_paired(double both, double first, double second, double neither,
                                      double z);

/*
 * at_statistics_fn - values[n_values] of a sample made of n clusters, given by their numbers
 * (repeats happen). NaN for what the sample does not define.
 */
typedef void (*at_statistics_fn)(double *values, const void *data, const size_t *clusters,
                                 size_t n);

struct at_bootstrap_options {
    size_t n_resamples;
    double level; /* 0.95 */
    uint64_t seed;
};
#define AT_BOOTSTRAP_OPTIONS_INIT                                                                  \
    {                                                                                              \
        2000, 0.95, 0                                                                              \
    }

/*
 * at_bootstrap_clusters - percentile intervals of several statistics, resampling whole clusters.
 *
 * Items that share a target term rise and fall together; drawing terms, not items, keeps that.
 *
 * Source    Davison and Hinkley 1997, section 3.8; quantiles by linear interpolation. Draw i of
 *           resample r depends on (seed, r, i) alone.
 * Shapes    out (n_values).      Edge   fewer than two clusters give NaN; so does a statistic that
 *           is NaN in every resample (resamples where it is NaN are left out).
 */
void at_bootstrap_clusters(struct at_interval *out, size_t n_values, at_statistics_fn fn,
                           const void *data, size_t n_clusters,
                           const struct at_bootstrap_options *options);

#endif
