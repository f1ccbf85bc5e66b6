/*
 * attention_flow.h - attention flow: how much can get from a token of a late layer to one of the
 * input, when every layer's attention is a pipe.
 *
 * The graph has a node for every token before and after every layer. From token i behind layer l an
 * edge leads to token j before it, with capacity
 *
 *   M_l[i][j] = 0.5 A_l[i][j] + 0.5 (i = j)         A_l: mean over the heads
 *
 * and the flow from i behind layer l to j of the input is the largest that these edges carry
 * (Abnar and Zuidema 2020, section 3). Every pair is a problem of its own: flows of one row do not
 * sum to 1, as those of rollout do.
 *
 * Dinic's algorithm (1970) on integers: capacities are taken in units of 2^-52, in which weights of
 * attention are whole numbers but for the smallest, so the maximum is exact.
 */
#ifndef ANALYSIS_ATTENTION_FLOW_H
#define ANALYSIS_ATTENTION_FLOW_H

#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"

/*
 * at_attention_flow - out[j] = max-flow from token `from` behind layer `layer` to input token j.
 *
 * Shapes    out (T); means (L,T,T), of which layers 0..layer are used, finite and within 0..1.
 * Units     0..1, for rows of means that sum to 1.
 * Errors    AT_ENOMEM.
 * Cost      T problems on (layer + 1) T^2 edges; at 12 layers and 128 tokens about 0.1 s in all.
 */
AT_MUST_USE int at_attention_flow(double *out, const float *means, size_t T, size_t layer,
                                  size_t from, struct at_pool *pool, struct at_error *err);

/*
 * at_attention_flow_maps - maps (L,T,T): the flow from every token behind every layer.
 *
 * Errors    AT_ENOMEM.      Cost    L T of the rows above.
 */
AT_MUST_USE int at_attention_flow_maps(float *maps, const float *means, size_t L, size_t T,
                                       struct at_pool *pool, struct at_error *err);

#endif
