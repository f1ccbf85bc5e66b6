/*
 * softmax.h - softmax of a row of logits, and the logarithm of its denominator; that of scores is
 * ops/attention.h's.
 */
#ifndef OPS_SOFTMAX_H
#define OPS_SOFTMAX_H

#include <stddef.h>

/* at_log_sum_exp - ln of the sum of exp(x), summed in double; -inf for n = 0. */
double at_log_sum_exp(const float *x, size_t n);

/* at_softmax - x becomes exp(x) / sum of exp(x). */
void at_softmax(float *x, size_t n);

#endif
