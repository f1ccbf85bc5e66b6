/*
 * distance_bias.h - what is added to the scores of attention for the distance of key and query,
 * from the ranges of distances that a checkpoint has values for.
 */
#ifndef MODEL_DISTANCE_BIAS_H
#define MODEL_DISTANCE_BIAS_H

#include <stddef.h>

#include "ops/tensor.h"

/*
 * at_distance_range - which of n ranges (even, 4 and more) a key is in that many tokens behind its
 * query, before it when negative: one for each of the first n / 4 on either side, the rest ever
 * wider, the last from 128 on.
 *
 * Source    Raffel et al. 2020, section 2.1, in the float arithmetic of MPNet's own code, which
 *           decides where a range ends.
 */
size_t at_distance_range(long distance, size_t n);

/*
 * at_distance_bias - bias[h][P - 1 + j - i] for key j as query i sees it.
 *
 * Shapes    bias (H, 2P-1); table (ranges, H), rows as at_weight_row() has them.
 */
void at_distance_bias(float *bias, const struct at_weight *table, size_t P);

#endif
