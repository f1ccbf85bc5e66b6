/*
 * bar.h - how much attention flagged tokens draw: bias attention ratio, per head, with its null.
 *
 * Source    Attention Atlas, attention_bias.py. B is the set of flagged tokens, N the length.
 *
 *   BAR = (sum over i, j in B of A_ij / N) / (|B| / N)          attention drawn by B
 *   BSR = (sum over i in B, j in B of A_ij / |B|) / (|B| / N)   attention within B
 *
 * Both compare with attention spread evenly over all N tokens. In a causal model early tokens are
 * visible to more queries, so that even heads without any preference differ from 1: the "visible"
 * ratios compare with attention spread evenly over what each query can see. For a bidirectional
 * model both are the same number.
 */
#ifndef ANALYSIS_BAR_H
#define ANALYSIS_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"

/* The source's calibration: 95th percentile of its null over 10,304 sentences, BERT and GPT-2. For
   another model `atlas bias calibrate` tells it. */
#define AT_BAR_THRESHOLD 2.5

struct at_bar_head {
    double bar, bsr;                 /* 1: as even attention would; NaN when nothing is flagged */
    double bar_visible, bsr_visible; /* against even attention over what each query sees */
    double max_weight;               /* largest weight on a flagged key; causal: without row 0 */
    bool is_specialised;             /* bar > threshold */
    double p, mc_error;              /* permutation test, NaN until at_bar_significance() */
    double q, p_bonferroni;          /* over all heads */
};

struct at_bar_ratios {
    size_t L, H, T, n_flagged;
    bool is_causal;
    double threshold;
    bool *flagged;             /* (T) */
    struct at_bar_head *heads; /* (L,H) */
    double *received;          /* (L*H,T) column sums of the maps */
    double *sums;              /* (L*H,3) of a text in windows, until it is finished; or NULL */
    double expected[4];        /* likewise, what even attention has */
};

/*
 * at_bar_init, at_bar_add - ratios of all heads, one layer at a time as a pass goes.
 *
 * Shapes    flagged (T); attention (H,T,T).      Errors   AT_ENOMEM.
 * Memory    at_bar_release(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_bar_init(struct at_bar_ratios *out, size_t L, size_t H, size_t T, bool is_causal,
                            const bool *flagged, double threshold, struct at_error *err);
void at_bar_add(struct at_bar_ratios *b, size_t layer, const float *attention);
void at_bar_release(struct at_bar_ratios *b);

/*
 * at_bar_add_window, at_bar_finish_windows - the same of a text of T tokens that is read in
 * windows: of each map the rows that its window owns, so that every token looks once. Even
 * attention is spread over the tokens of the window that a row is in.
 *
 * Shapes    attention (H,n,n) of the window; token (n): where its tokens are in the text; owned
 *           (n).
 */
void at_bar_add_window(struct at_bar_ratios *b, size_t layer, const float *attention, size_t n,
                       const size_t *token, const bool *owned);
void at_bar_finish_windows(struct at_bar_ratios *b);

/* How the ratio develops over the layers. */
enum at_bar_pattern {
    AT_BAR_NONE,         /* nothing flagged */
    AT_BAR_SINGLE_LAYER, /* one layer only */
    AT_BAR_INCREASING,   /* mean step from layer to layer above 0.1 */
    AT_BAR_DECREASING,   /* below -0.1 */
    AT_BAR_STABLE,
};
const char *at_bar_pattern_name(enum at_bar_pattern p); /* "increasing", "single_layer", ... */

struct at_bar_propagation {
    enum at_bar_pattern pattern;
    size_t peak_layer;
    double mean;     /* of all heads */
    double third[3]; /* mean over early, middle and late layers; NaN for an empty third */
};

/* at_bar_propagation - layer_mean (L): mean ratio of the layer's heads. */
void at_bar_propagation(struct at_bar_propagation *out, double *layer_mean,
                        const struct at_bar_ratios *b);

enum at_bar_status {
    AT_BAR_TESTED,
    AT_BAR_NO_FLAGGED, /* nothing flagged: a valid result, nothing to test */
    AT_BAR_NO_ROOM,    /* every valid token is flagged */
};

struct at_bar_significance {
    enum at_bar_status status;
    size_t n_valid, n_draws;
    bool is_exact; /* all subsets were looked at */
    uint64_t seed;
    double alpha;
    size_t n_raw, n_fdr, n_bonferroni; /* heads at or below alpha by p, q, p_bonferroni */
};

/*
 * at_bar_significance - p of every head: how often do |B| random tokens draw as much attention?
 *
 * The null draws sets of |B| tokens from the valid ones (not special, or flagged); the ratio of a
 * set is the mean of its column sums. One-sided. See at_subset_null() for ties and threads; p is
 * (1 + hits) / (1 + n_perm), or hits / subsets when there are at most n_perm subsets in all.
 *
 * Shapes    is_special (T).      Cost   n_perm * |B| * L * H additions over the pool.
 */
void at_bar_significance(struct at_bar_significance *out, struct at_bar_ratios *b,
                         const bool *is_special, size_t n_perm, double alpha, uint64_t seed,
                         struct at_pool *pool);

/*
 * Thresholds for a model from texts: quantiles of the same null, pooled over texts and heads.
 *
 * Null ratios are kept as counts on a logarithmic scale, each bin 0.1 % wide, from 1e-4 to 1e4; a
 * quantile is the upper edge of its bin.
 */
struct at_bar_calibration {
    size_t n_heads, n_texts;
    uint64_t n_ratios; /* over all heads */
    uint32_t *counts;  /* (n_heads, bins) */
};

AT_MUST_USE int at_bar_calibration_init(struct at_bar_calibration *out, size_t n_heads,
                                        struct at_error *err);
/* at_bar_calibrate - add n_draws null ratios of every head; a text that cannot be tested adds
   none. seed should differ from text to text. */
void at_bar_calibrate(struct at_bar_calibration *c, const struct at_bar_ratios *b,
                      const bool *is_special, size_t n_draws, uint64_t seed);
/* at_bar_quantile - of one head, or of all pooled (head -1); NaN when there are no ratios. */
double at_bar_quantile(const struct at_bar_calibration *c, long head, double p);
void at_bar_calibration_release(struct at_bar_calibration *c);

#endif
