/*
 * mixing_layer.h - one layer's maps of norms and of ALTI, from the vectors that its tokens send
 * each other. The notation is that of analysis/mixing.h.
 */
#ifndef ANALYSIS_MIXING_LAYER_H
#define ANALYSIS_MIXING_LAYER_H

#include "base/error.h"
#include "base/pool.h"
#include "model/forward.h"

/* Where the maps (T,T) go; any may be NULL. */
struct at_mixing_layer {
    float *norm, *norm_residual, *norm_residual_ln, *alti;
};

/*
 * at_mixing_layer - the maps of the layer that a pass shows.
 *
 *   norm              |F(i,j)|
 *   norm_residual     |F(i,j) + (i = j) x(i)|
 *   norm_residual_ln  |g(F(i,j) + (i = j) x(i))|
 *   alti              max(0, |y(i)|_1 - |y(i) - t(i,j)|_1), divided by the row's sum
 *
 * where lengths without a mark are Euclidean, y(i) is the token behind the attention block and
 * t(i,j) the part of it that is token j's: BERT, behind the norm, y = norm(s), t = g(F + x);
 * GPT-2, whose norm is beside the residual stream, y = s, t = F + x.
 *
 * Source    Kobayashi et al. 2020, eq. 4 and 5; 2021, eq. 7 and 9; Ferrando et al. 2022, eq. 8-10.
 * Edge      a row of alti without a positive cell is NaN.
 * Errors    AT_ENOMEM.
 * Cost      T H C^2 and T^2 H C multiplications.
 */
AT_MUST_USE int at_mixing_layer(const struct at_mixing_layer *out, const struct at_model *m,
                                const struct at_layer_view *view, struct at_pool *pool,
                                struct at_error *err);

#endif
