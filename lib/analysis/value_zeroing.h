/*
 * value_zeroing.h - what a layer makes of its tokens when it cannot read the value of one of them.
 */
#ifndef ANALYSIS_VALUE_ZEROING_H
#define ANALYSIS_VALUE_ZEROING_H

#include "base/error.h"
#include "base/pool.h"
#include "model/forward.h"

/*
 * at_value_zeroing - the map of the layer that a pass shows.
 *
 *   out[i][j] = 1 - cos(y(i), y'(i, j)), divided by the row's sum
 *
 * y(i) is token i behind the layer, y'(i, j) the same when the value vectors of token j are 0 in
 * every head of this layer; its weights, its query and key and the residual stream stay as they
 * were.
 *
 * Source    Mohebbi et al. 2023, section 3, eq. 4 to 6.
 * Shapes    out (T,T); the view has maps and values.
 * Edge      a row in which no value makes a difference is NaN.
 * Errors    AT_ENOMEM.
 * Cost      a feed-forward block over T^2 rows, or half of them in a causal model.
 */
AT_MUST_USE int at_value_zeroing(float *out, const struct at_model *m,
                                 const struct at_layer_view *view, struct at_pool *pool,
                                 struct at_error *err);

#endif
