/*
 * attention.h - scaled dot-product attention that keeps its map.
 */
#ifndef OPS_ATTENTION_H
#define OPS_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

/* One text's rows inside the projections of a batch. */
struct at_attention_in {
    const float *q, *k, *v;              /* first row of the text; head h starts at column h * D */
    size_t q_stride, k_stride, v_stride; /* floats from one row to the next */
    size_t T, H, D;
    size_t n_queries;         /* rows of q that are wanted; T unless only some are */
    const size_t *query_rows; /* (n_queries) their token index, or NULL for 0..T-1 */
    bool is_causal;           /* key j is visible to query i only when j <= i */
};

/*
 * at_attention - map = softmax(q k' / sqrt(D)), context = map v, for every head of one text.
 *
 *   map     (H, n_queries, T) or NULL when nobody keeps it; masked cells are exactly 0.
 *   context (n_queries, H*D), row stride context_stride.
 *
 * Source    Vaswani et al. 2017, eq. 1.      Edge   T = 1: the map is 1.
 * Memory    scratch is allocated per call and thread, T floats times a small constant per head.
 */
void at_attention(float *map, float *context, size_t context_stride,
                  const struct at_attention_in *in, struct at_pool *pool);

#endif
