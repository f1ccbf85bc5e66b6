/*
 * pair_scoring.h - scores of minimal pairs from a model.
 */
#ifndef ANALYSIS_PAIR_SCORING_H
#define ANALYSIS_PAIR_SCORING_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/pairs.h"
#include "analysis/scored.h"
#include "analysis/scorer.h"

/* Which tokens of the two sentences count. */
enum at_pair_tokens {
    AT_PAIR_SHARED, /* those that both have, without the first and last of them (CrowS-Pairs) */
    AT_PAIR_DIFF,   /* those that only one has (bias-bench) */
    AT_PAIR_FULL,   /* all */
};

struct at_pair_rule {
    enum at_pair_tokens tokens;
    struct at_score_rule score;
    bool is_mean;    /* divide by the number of tokens scored */
    bool is_rounded; /* to 3 decimals, as CrowS-Pairs' published code */
};

/*
 * at_pair_score - scores of n pairs, in one go through the scorer.
 *
 * The caller hands over as many pairs as it wants to lose at most when it is interrupted.
 *
 * Source    Nangia et al. 2020, section 3, and their published code (shared tokens); Meade,
 *           Poole-Dayan and Reddy 2022, bias-bench (differing tokens). Which is which is told by
 *           at_matching_blocks() over ids, special tokens included. A pair with nothing to score in
 *           one sentence is excluded.
 * Shapes    out (n), pairs (n).      Errors   whatever the model says; a pair that is too long is
 *           no error but excluded.
 * Memory    at_scored_release(out, n).
 */
AT_MUST_USE int at_pair_score(struct at_scored *out, struct at_scorer *s,
                              const struct at_pair *pairs, size_t n,
                              const struct at_pair_rule *rule, struct at_error *err);

#endif
