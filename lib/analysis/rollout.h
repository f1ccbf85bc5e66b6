/*
 * rollout.h - matrix modes: raw, column-normalised, attention rollout; and means of maps.
 */
#ifndef ANALYSIS_ROLLOUT_H
#define ANALYSIS_ROLLOUT_H

#include <stddef.h>

enum at_matrix_mode { AT_RAW, AT_COL, AT_ROLLOUT };

/* at_map_mean - out (T,T) = mean over n maps (n,T,T), summed in double. */
void at_map_mean(float *out, const float *maps, size_t n, size_t T);

/* at_column_normalize - out = a_ij / (sum_i a_ij + 1e-8): who provides a token's attention.
   out may be map itself. */
void at_column_normalize(float *out, const float *map, size_t T);

/*
 * at_rollout_step - R_l = M_l R_(l-1), M_l = 0.5 A_l + 0.5 I with rows divided by their sum.
 *
 * Source    Abnar and Zuidema 2020, section 3. A_l is the head mean of layer l.
 * Shapes    out, mean, previous (T,T); previous NULL for layer 0 (identity). out is not previous.
 * Edge      rows of M are divided by their sum, at least 0.5 for any map of weights.
 * Cost      one product of (T,T); a caller that keeps every prefix does L products in all.
 */
void at_rollout_step(float *out, const float *mean, const float *previous, size_t T);

#endif
