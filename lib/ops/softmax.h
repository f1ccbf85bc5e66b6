/*
 * softmax.h - softmax and log-sum-exp of rows.
 */
#ifndef OPS_SOFTMAX_H
#define OPS_SOFTMAX_H

#include <stddef.h>

#include "base/pool.h"

/*
 * at_softmax_rows - each row of x becomes exp(x - max) / sum, in place.
 *
 * Shapes    x (N, n), rows stride floats apart.
 * Edge      n = 0 does nothing. -inf becomes exactly 0; a row of only -inf becomes NaN.
 */
void at_softmax_rows(float *x, size_t stride, size_t N, size_t n, struct at_pool *pool);

/* at_log_sum_exp - ln of the sum of exp(x), summed in double; -inf for n = 0. */
double at_log_sum_exp(const float *x, size_t n);

#endif
