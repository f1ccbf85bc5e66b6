/*
 * softmax.h - the logarithm of a softmax's denominator; the softmax itself is ops/attention.h's.
 */
#ifndef OPS_SOFTMAX_H
#define OPS_SOFTMAX_H

#include <stddef.h>

/* at_log_sum_exp - ln of the sum of exp(x), summed in double; -inf for n = 0. */
double at_log_sum_exp(const float *x, size_t n);

#endif
