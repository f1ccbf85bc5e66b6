/*
 * head_traits.h - what one head does on one text, as a row of numbers to compare texts by.
 *
 * Source    Attention Atlas, its StereoSet features, made causal-aware and with attention between
 *           context and completion as 2x2 instead of 5x5. Of its list per head, those that repeat
 *           another are left out: the mean of a map is 1/T, its maximum is confidence_max, its
 *           deviation uniformity, and balance is the cls score.
 */
#ifndef ANALYSIS_HEAD_TRAITS_H
#define ANALYSIS_HEAD_TRAITS_H

#include <stddef.h>

#include "analysis/attn_metrics.h"
#include "analysis/head_scores.h"
#include "base/pool.h"

/* Name of this list and of how its numbers are made; another list gets another name. */
#define AT_TRAITS_VERSION "causal-aware-isa2x2-2"

enum {
    AT_N_PART_TRAITS = 4, /* context and completion, each to each */
    AT_N_TRAITS = AT_N_METRICS - 1 + AT_N_HEAD_SCORES + AT_N_PART_TRAITS
};

/* at_trait_key - "focus_entropy", "entities", "completion_to_context": CSV and JSON. */
const char *at_trait_key(size_t trait);

/* Which part of the text a token belongs to. */
enum at_text_part { AT_PART_NONE = -1, AT_PART_CONTEXT, AT_PART_COMPLETION };

/*
 * at_head_traits - the row of every head of a layer.
 *
 * First the metrics (analysis/attn_metrics.h) but for balance, then the specialisation scores
 * (analysis/head_scores.h), then the attention between the parts of the text:
 *
 *   a_to_b = 1/|a| * sum over i in a, j in b of map[i][j]
 *
 * Shapes    out (H, AT_N_TRAITS); maps (H,T,T); marks (T) enum at_token_mark bits; part (T) enum
 *           at_text_part; scratch (pool size, T*T).
 * Edge      a part without tokens makes its four values NaN; others as in their headers.
 */
void at_head_traits(float *out, const float *maps, size_t H, size_t T, struct at_map_kind kind,
                    const unsigned char *marks, const signed char *part, float *scratch,
                    struct at_pool *pool);

#endif
