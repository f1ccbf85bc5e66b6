/*
 * erasure.h - what happens to the target when the tokens that a method ranks highest go, or when
 * they alone stay, beside random orders of the same tokens.
 *
 *   comprehensiveness(k) = F(x) - F(x without the top k %)    high when they were needed
 *   sufficiency(k)       = F(x) - F(the top k % alone)        low when they are enough
 *
 * Tokens go by the attention mask. Special tokens stay: without them there is no text.
 */
#ifndef ANALYSIS_ERASURE_H
#define ANALYSIS_ERASURE_H

#include <stdint.h>

#include "analysis/attribution.h"
#include "analysis/faith_result.h"

/* at_erasure_shares - percentages of the tokens, as ERASER has them. */
enum { AT_ERASURE_N_SHARES = 5 };
extern const double at_erasure_shares[AT_ERASURE_N_SHARES];

/*
 * at_erase - the lists curves and areas of a result, from its attributions.
 *
 * Source    DeYoung et al. 2020 (ERASER): shares of 1, 5, 10, 20 and 50 %, their mean as the area.
 *           k % of n tokens are ceil(k n / 100). The highest scores go first, signs count; of equal
 *           ones the first token.
 * Edge      without a token that may go everything is NaN; so is a difference without draws, and a
 *           method whose scores are NaN.
 * Memory    the arena's.      Cost   10 runs of the text for each method and draw.
 */
AT_MUST_USE int at_erase(struct at_faith_result *r, struct at_explained *e, size_t n_draws,
                         uint64_t seed, struct at_arena *arena, struct at_error *err);

#endif
