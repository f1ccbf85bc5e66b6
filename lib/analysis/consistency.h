/*
 * consistency.h - does attention stay the same when a term in a text is swapped for another?
 *
 * Source    Attention Atlas, its comparison of counterfactual prompts, with causal-aware received
 *           attention.
 */
#ifndef ANALYSIS_CONSISTENCY_H
#define ANALYSIS_CONSISTENCY_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/align.h"

/*
 * at_received - mean attention that each token receives from the queries that can see it.
 *
 *   out[j] = sum over i of map[i][j] / T, causal: / (T - j)
 *
 * Shapes    out (T); map (T,T).
 */
void at_received(double *out, const float *map, size_t T, bool is_causal);

/* One head: tokens that both texts have are aligned, the rest are swapped. */
struct at_consistency_head {
    double cosine;        /* of the aligned tokens' received attention; NaN when one side is 0 */
    double delta_aligned; /* sum of |difference| over aligned tokens */
    double delta_swap;    /* |sum over a's swapped tokens - sum over b's| */
    double concentration; /* delta_swap / (delta_swap + delta_aligned); 0 when both are ~0 */
    double total_delta;   /* delta_swap + delta_aligned */
};

struct at_consistency {
    struct at_blocks blocks;                /* aligned stretches */
    size_t n_aligned;                       /* tokens; 0: nothing to compare, means are NaN */
    size_t n_swap_a, n_swap_b;              /* tokens outside, the pieces of the swapped words */
    double mean_cosine, mean_concentration; /* over heads */
};

/*
 * at_consistency - compare two texts head by head.
 *
 * When the swapped words have different numbers of pieces every later token stands at another
 * position, which alone moves attention: n_swap_a and n_swap_b tell.
 *
 * Shapes    heads (n_heads); received_a (n_heads,T_a), received_b (n_heads,T_b); ids_a, ids_b.
 * Memory    out->blocks, at_consistency_release().
 */
void at_consistency(struct at_consistency *out, struct at_consistency_head *heads, size_t n_heads,
                    const double *received_a, const int *ids_a, size_t T_a,
                    const double *received_b, const int *ids_b, size_t T_b);
void at_consistency_release(struct at_consistency *c);

#endif
