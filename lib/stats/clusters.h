/*
 * clusters.h - shares and tests where items come in clusters that rise and fall together.
 *
 * Items of one target term are no independent witnesses; the terms are. What is here counts terms,
 * and keeps its promise with few of them. Cluster numbers are 0..k-1; a cluster without items takes
 * no part.
 */
#ifndef STATS_CLUSTERS_H
#define STATS_CLUSTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/intervals.h"

/* Below this many clusters a percentile bootstrap covers too seldom (.77 of 95 % with three). */
enum { AT_FEW_CLUSTERS = 30 };

/*
 * at_clustered_wilson - interval of a share whose trials come in k clusters.
 *
 * Wilson's with the effective number of trials p (1 - p) / V, V the variance of the share between
 * clusters, and the quantile of Student's t with k - 1 degrees of freedom in place of z. Clusters
 * that all have the same share say nothing of V: the number is then that of the trials.
 *
 * is_macro: the share is the plain mean of the clusters' shares, else that of all trials.
 *
 * Source    Dean and Pagano 2015 (Wilson's interval in cluster samples); Korn and Graubard 1998
 *           (effective size, t quantile).
 * Shapes    hits, n (k): successes (halves are allowed) and trials of each cluster.
 * Units     fractions, inside 0..1, the share itself always inside.
 * Edge      fewer than two clusters with trials give NaN.
 */
struct at_interval at_clustered_wilson(const double *hits, const double *n, size_t k, bool is_macro,
                                       double level);

struct at_flip_test {
    double p;      /* two-sided; NaN without any value but 0 */
    double least;  /* p if all values had the same sign: nothing smaller could have come out */
    size_t n;      /* values that are not 0 */
    bool is_exact; /* all signings were counted, else the normal approximation */
};

/*
 * at_sign_flip - is the sum of k values further from 0 than with signs drawn by a coin?
 *
 * Source    Fisher 1935, section 21; all signings of up to 14 values, above that the sum over the
 *           root of the sum of squares as a normal deviate. Sums closer than 1e-9 of the sum of
 *           absolute values count as equal.
 */
struct at_flip_test at_sign_flip(const double *x, size_t k);

/*
 * at_signed_rank_clustered - Wilcoxon's signed ranks of n paired differences, whole clusters
 * changing sign together.
 *
 * Source    Rosner, Glynn and Lee 2006; at_wilcoxon() where no cluster has two differences. Zero
 *           differences are dropped; sizes closer than resolution are tied.
 * Shapes    differences, cluster (n).
 */
struct at_flip_test at_signed_rank_clustered(const double *differences, const int *cluster,
                                             size_t n, size_t k, double resolution);

/*
 * at_spearman_clustered - the p of a rank correlation, clusters as units: the products of both
 * ranks' deviations are summed by cluster, and the sums change sign.
 *
 * Source    Kline and Santos 2012 (score form of the wild cluster bootstrap, Rademacher weights).
 * Shapes    x, y, cluster (n).      Edge   a constant x or y gives NaN.
 */
struct at_flip_test at_spearman_clustered(const double *x, const double *y, const int *cluster,
                                          size_t n, size_t k);

#endif
