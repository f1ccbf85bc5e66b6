/*
 * compare_heads.h - two models on the same texts, or one on two: every head beside its counterpart.
 *
 *   struct at_compare c = { 0 };
 *   at_compare_add() for each pair of texts -> at_compare_finish()
 *
 * The counterpart of a head is the one of the same number in the layer of the same relative depth.
 * Differences are a - b. Metrics are those of each side's own whole maps; js_distance,
 * cosine_received, CKA and matches are over what the two texts share (token_alignment.h).
 */
#ifndef ANALYSIS_COMPARE_HEADS_H
#define ANALYSIS_COMPARE_HEADS_H

#include "analysis/attn_metrics.h"
#include "analysis/compare_maps.h"
#include "analysis/compare_result.h"
#include "analysis/head_features.h"
#include "base/error.h"
#include "stats/cka.h"

/* Behind the metrics of attn_metrics.h; then, where they are asked for, the scores and patterns of
   head_features.h, then the caller's own. */
enum { AT_COMPARE_JS = AT_N_METRICS, AT_COMPARE_COSINE, AT_N_COMPARED };

/* Of predictions, which are of both sides at once. */
enum { AT_COMPARE_KL, AT_COMPARE_TOP_CHANGED, AT_N_PREDICTION_NUMBERS };

struct at_compare {
    bool has_matches;                         /* set by the caller: find them */
    bool has_roles;                           /* likewise: both sides have them */
    const char *const *more, *const *of_text; /* likewise, keys of what both sides have besides */
    size_t n_more, n_of_text;
    size_t n_numbers; /* of a head */
    size_t L_a, H_a, L_b, H_b, L, H;
    size_t n_texts, cap;
    size_t n_cells;       /* numbers of one text */
    double *a, *b, *d;    /* (cap, n_cells) */
    struct at_hsic *hsic; /* (L+1), the embeddings last */
    double *divergence;   /* (L_a H_a, L_b H_b) summed over texts */
    size_t n_divergences; /* of them */
    size_t n_aligned, n_only_a, n_only_b;
};

/*
 * at_compare_add - one text of each side and their alignment.
 *
 * Errors    AT_EFORMAT: other numbers of layers or heads than the first; AT_ENOMEM.
 * Memory    at_compare_release(), which accepts a zeroed struct.
 */
AT_MUST_USE int at_compare_add(struct at_compare *c, const struct at_compare_side *a,
                               const struct at_compare_side *b, const struct at_token_alignment *t,
                               struct at_pool *pool, struct at_error *err);
void at_compare_release(struct at_compare *c);
/* at_compare_predicted - of the pair added last: mean divergence, and the share of positions where
   the most probable pieces differ. */
void at_compare_predicted(struct at_compare *c, double kl, double top_changed);

/* at_compare_key - of a number of heads: "sparsity", "js_distance", "syntax", or the caller's;
   NULL behind the last. */
const char *at_compare_key(const struct at_compare *c, size_t i);

/* at_compare_text_row - of the pair added last; strings are the docs'. */
struct at_compare_text at_compare_text_row(const struct at_compare *c,
                                           const struct at_compare_side *a,
                                           const struct at_compare_side *b,
                                           const struct at_token_alignment *t);

/*
 * at_compare_finish - means over texts with 95 % intervals (Student's t), sign-flip p
 * (stats/sign_flip.h) and q over the heads of each metric (Benjamini-Hochberg); the effect is
 * Cohen's d of paired differences, mean / sd, its interval by the normal approximation with
 * variance 1/n + d^2/2n (Hedges and Olkin 1985, chapter 5).
 *
 * js_distance, cosine_received and predictions are of both sides at once, without a p. The score of
 * a match is 1 - js_distance / sqrt(ln 2), the distance that of the mean divergence over texts.
 *
 * Edge      without a text nothing is told.      Memory  the arena's.
 */
struct at_compare_result at_compare_finish(const struct at_compare *c, uint64_t seed,
                                           struct at_pool *pool, struct at_arena *arena);

#endif
