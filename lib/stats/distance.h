/*
 * distance.h - how far apart two arrays are.
 */
#ifndef STATS_DISTANCE_H
#define STATS_DISTANCE_H

#include <stddef.h>

/*
 * at_js_distance - square root of the Jensen-Shannon divergence, natural logarithm.
 *
 *   p' = max(p, floor) / sum, q' likewise, m = (p' + q') / 2,  sqrt(KL(p'||m)/2 + KL(q'||m)/2)
 *
 * Source    Endres and Schindelin 2003; scipy.spatial.distance.jensenshannon().
 * Shapes    p, q (n), not negative.     Units  0 .. sqrt(ln 2) = 0.8326.
 * Edge      NaN when a value is NaN, a sum is 0 (only with floor 0) or n = 0.
 */
double at_js_distance(const float *p, const float *q, size_t n, float floor);

/* at_norm - Euclidean length. at_dot - sum of products. Both in double. */
double at_norm(const float *x, size_t n);
double at_dot(const float *x, const float *y, size_t n);

/* at_pearson - correlation of n pairs; NaN when one side is constant or n < 2. */
double at_pearson(const double *x, const double *y, size_t n);

/* at_pairwise - Euclidean distances between the rows of x (N,d); out (N,N), its diagonal 0. */
void at_pairwise(double *out, const double *x, size_t N, size_t d);

#endif
