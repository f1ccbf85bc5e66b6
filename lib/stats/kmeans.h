/*
 * kmeans.h - k-means clustering.
 */
#ifndef STATS_KMEANS_H
#define STATS_KMEANS_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

struct at_kmeans_options {
    size_t n_restarts, max_iterations;
    uint64_t seed;
};
#define AT_KMEANS_OPTIONS_INIT                                                                     \
    {                                                                                              \
        10, 300, 42                                                                                \
    }

/*
 * at_kmeans - the best of several runs from k-means++ starts; answers its inertia, the sum of
 * squared distances to the centroids.
 *
 * Source    Greedy k-means++ (Arthur and Vassilvitskii 2007, section 5), Lloyd 1982, single
 *           exchanges (Hartigan 1975), then eight random jumps of a centroid (Franti 2018). Run r
 *           depends on (seed, k, r) alone, whatever the number of threads; of equal runs the first
 *           wins.
 * Shapes    label (N), 0..k-1 in order of first appearance; centroid (k,d) or NULL; x (N,d).
 * Edge      1 <= k <= N. With fewer than k different rows the last labels have no rows and their
 *           centroids are NaN.
 */
double at_kmeans(int *label, double *centroid, const double *x, size_t N, size_t d, size_t k,
                 const struct at_kmeans_options *options, struct at_pool *pool);

#endif
