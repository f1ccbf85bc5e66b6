/*
 * mixing.h - how a layer mixes its tokens: maps (T,T) that say more than attention weights, and
 * what they say of one position.
 *
 * Row i is the token that is made, column j the one that it is made from. With the head's weight
 * alpha[h][i][j] and what it reads from token j, sent through its rows of the output projection,
 *
 *   f_h(j) = v_h(j) W_O[h]                  F(i,j) = sum over h of alpha[h][i][j] f_h(j)
 *
 * (v includes its bias; GPT-2's norm before attention is in v), token i leaves the attention block
 * as x(i) + sum over j of F(i,j) + b_O; in BERT a norm follows at once. s(i) is that sum, g what
 * the next norm makes of a part of it, its bias left out: g(u) = gain (u - mean(u)) / std(s(i)).
 */
#ifndef ANALYSIS_MIXING_H
#define ANALYSIS_MIXING_H

#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "model/forward.h"

enum at_mixing_map {
    AT_MIX_ATTENTION,        /* mean of alpha over the heads */
    AT_MIX_ROLLOUT,          /* product of 0.5 A + 0.5 I up to the layer (analysis/rollout.h) */
    AT_MIX_FLOW,             /* max-flow from behind the layer (analysis/attention_flow.h) */
    AT_MIX_NORM,             /* |F(i,j)| */
    AT_MIX_NORM_RESIDUAL,    /* |F(i,j) + (i = j) x(i)| */
    AT_MIX_NORM_RESIDUAL_LN, /* |g(F(i,j) + (i = j) x(i))| */
    AT_MIX_VALUE_ZEROING,    /* analysis/value_zeroing.h */
    AT_MIX_ALTI,             /* analysis/mixing_layer.h */
    AT_N_MIXING
};

struct at_mixing {
    const struct at_model *m;
    size_t L, T;
    float *attention;        /* (L,T,T) always kept: the mean over the heads */
    float *map[AT_N_MIXING]; /* (L,T,T), NULL when not asked for; [AT_MIX_ATTENTION] is attention */
};

/*
 * at_mixing_begin - room for the maps of one text; at_mixing_add() takes each layer of a pass that
 * shows maps and states, in order; at_mixing_finish() makes what needs all of them.
 *
 * Source    Kobayashi et al. 2020, section 3, and 2021, section 3 (norms); Mohebbi et al. 2023
 *           (value zeroing); Ferrando et al. 2022 (ALTI); Abnar and Zuidema 2020 (rollout, flow).
 * Shapes    T tokens; wanted: bits 1 << enum at_mixing_map.
 * Edge      in GPT-2 the norm that meets s(i) is the one before the feed-forward block; where that
 *           block stands beside attention (GPT-NeoX) none does: g(u) = u. A norm by the root mean
 *           square (LLaMA) takes off no mean. Rows of value zeroing and ALTI sum to 1; NaN where no
 *           token has a part in the row.
 * Errors    AT_ENOMEM.
 * Memory    at_mixing_release(), which accepts a zeroed struct and may be called twice.
 * Cost      norms and ALTI about one pass; value zeroing T^2 rows of feed-forward in each layer,
 *           about T / 2 passes; flow L T^2 problems.
 */
AT_MUST_USE int at_mixing_begin(struct at_mixing *out, const struct at_model *m, size_t T,
                                unsigned wanted, struct at_error *err);
AT_MUST_USE int at_mixing_add(struct at_mixing *x, const struct at_layer_view *view,
                              struct at_pool *pool, struct at_error *err);
AT_MUST_USE int at_mixing_finish(struct at_mixing *x, struct at_pool *pool, struct at_error *err);
void at_mixing_release(struct at_mixing *x);

/*
 * at_mixing_scores - what one method says of every token, for the tokens made at some positions.
 *
 *   attention, norm       mean over the layers of the position's row: maps that leave the residual
 *                         stream out say nothing of how layers follow one another
 *   norm_residual, norm_residual_ln, value_zeroing, alti
 *                         the position's row of M_L-1 ... M_0, the rows of M divided by their sums
 *   rollout, flow         the position's row of the last map, which is over all layers
 *
 * Source    the products: Modarressi et al. 2022 (norms), Mohebbi et al. 2023, Ferrando et al.
 *           2022.
 * Shapes    out (T): mean over the positions (n), n >= 1. Flow needs `attention` only, the others
 *           their map.
 * Units     norm is a length, flow 0..1 for each token; the others sum to 1.
 * Errors    AT_ENOMEM, of flow.
 */
AT_MUST_USE int at_mixing_scores(double *out, const struct at_mixing *x, enum at_mixing_map which,
                                 const size_t *positions, size_t n, struct at_pool *pool,
                                 struct at_error *err);

#endif
