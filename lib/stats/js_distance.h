/*
 * js_distance.h - how far two maps are apart whose rows are distributions over the same columns.
 */
#ifndef STATS_JS_DISTANCE_H
#define STATS_JS_DISTANCE_H

#include <stddef.h>

#include "base/pool.h"

/* The greatest there is: sqrt(ln 2). */
#define AT_JS_MAX 0.83255461115769775635

/*
 * at_js_map_distance - root of the mean over rows of the Jensen-Shannon divergence.
 *
 *   sqrt(1/R sum over rows of sum over j of m f(d)),  m = (p + q) / 2,  d = (p - q) / (p + q),
 *   f(d) = ((1 + d) ln(1 + d) + (1 - d) ln(1 - d)) / 2
 *
 * Every term is positive, so that nearly equal maps lose no digits.
 *
 * Source    Lin 1991; the distance: Endres and Schindelin 2003.
 * Shapes    p, q (R,C), no cell negative.      Units  root of nats, 0 to AT_JS_MAX.
 * Edge      equal maps give exactly 0; exchanging p and q changes no bit. A NaN gives NaN. No rows
 *           give NaN.
 */
double at_js_map_distance(const float *p, const float *q, size_t R, size_t C);

/*
 * at_js_divergences - the divergence (mean over rows, no root) of every map of one set to every map
 * of another, to about 1e-6: for choosing among them, not for telling.
 *
 * Shapes    out (n_p,n_q); p (n_p,R,C), q (n_q,R,C).      Cost  n_p n_q R C logarithms, shared out.
 * Edge      equal maps give exactly 0; exchanging p and q transposes out, bit by bit. NaN counts
 *           as 0.
 */
void at_js_divergences(double *out, const float *p, size_t n_p, const float *q, size_t n_q,
                       size_t R, size_t C, struct at_pool *pool);

#endif
