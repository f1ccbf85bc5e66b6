/*
 * silhouette.h - how well each point sits in its cluster.
 */
#ifndef STATS_SILHOUETTE_H
#define STATS_SILHOUETTE_H

#include <stddef.h>

/*
 * at_silhouette - s = (b - a) / max(a, b), a: mean distance to the others of the own cluster, b: to
 * the nearest other cluster; answers the mean over all points.
 *
 * Source    Rousseeuw 1987. A point alone in its cluster has s = 0.
 * Shapes    out (N) or NULL; distance (N,N); label (N), 0..k-1.
 * Edge      fewer than two clusters with points: NaN everywhere.
 */
double at_silhouette(double *out, const double *distance, const int *label, size_t N, size_t k);

#endif
