/*
 * bar_null.h - which ratios of attention to flagged tokens chance alone gives with a model: the
 * thresholds that `bias calibrate` finds, and that a file of it brings back.
 *
 * The null is that of bar_text.h: sets of as many tokens as are flagged, drawn from those that are
 * not special. Texts without a flagged token say nothing.
 */
#ifndef ANALYSIS_BAR_NULL_H
#define ANALYSIS_BAR_NULL_H

#include "analysis/bar_text.h"

struct at_bar_null {
    size_t L, H, n_texts;
    struct at_bar_calibration of[AT_BAR_SETS];
};

/* at_bar_null_init - AT_ENOMEM. Memory at_bar_null_release(), also after a failure; it accepts a
   zeroed struct. */
AT_MUST_USE int at_bar_null_init(struct at_bar_null *out, size_t L, size_t H, struct at_error *err);
/* at_bar_null_add - n_draws null ratios of every head, after the text's last layer; the draws of
   its doc->number alone. */
void at_bar_null_add(struct at_bar_null *n, const struct at_bar_text *t, size_t n_draws, long seed);
void at_bar_null_release(struct at_bar_null *n);

/* All heads together. */
struct at_bar_null_row {
    const char *category; /* "any", "GEN" */
    size_t n_texts, n_ratios;
    double q90, q95, q99;
};
extern const struct at_record at_bar_null_row_record;

struct at_bar_null_result {
    const char *model_sha256;
    struct at_detector_rule rule;
    size_t n_texts, n_draws;
    long seed;
    struct at_bar_null_row any;
    struct at_bar_null_row *by_category; /* (n_categories) */
    size_t n_categories;
};
extern const struct at_record at_bar_null_result_record; /* calibration.json without its meta */

/* at_bar_null_finish - quantiles; what else belongs to the result is the caller's to add. */
struct at_bar_null_result at_bar_null_finish(const struct at_bar_null *n, struct at_arena *arena);

/* calibration.csv */
struct at_bar_null_head {
    const char *category;
    size_t layer, head;
    double q90, q95, q99;
};
extern const struct at_record at_bar_null_head_record;
/* at_bar_null_heads - (*count) heads by category, the arena's. */
struct at_bar_null_head *at_bar_null_heads(size_t *count, const struct at_bar_null *n,
                                           struct at_arena *arena);

/*
 * at_bar_null_threshold - the ratio at 95 % in a calibration.json that was made for this model.
 *
 * Errors    AT_EFORMAT: for another model, no such number; what at_json_read() says.
 */
AT_MUST_USE int at_bar_null_threshold(double *out, const char *path, const char *model_sha256,
                                      struct at_error *err);

#endif
