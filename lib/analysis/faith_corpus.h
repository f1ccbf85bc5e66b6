/*
 * faith_corpus.h - explanations of many texts: means over texts with intervals that resample texts.
 */
#ifndef ANALYSIS_FAITH_CORPUS_H
#define ANALYSIS_FAITH_CORPUS_H

#include <stdint.h>

#include "analysis/faith_result.h"

/* texts.csv */
struct at_faith_text_row {
    const char *model, *text_id;
    size_t n_tokens;
    struct at_faith_target target;
    struct at_completeness completeness;
    double conservation;
    const char *run_id;
};
extern const struct at_record at_faith_text_row_record;

/* methods.csv: a text and a method. */
struct at_faith_method_row {
    const char *model, *text_id, *method;
    double mean_rho; /* over heads */
    struct at_curve_area area;
    const char *run_id;
};
extern const struct at_record at_faith_method_row_record;

/* corpus.csv */
struct at_faith_corpus_row {
    const char *model;
    size_t layer, head;         /* AT_NONE: of the model */
    const char *metric;         /* rho, agreement, comprehensiveness ... */
    const char *method, *other; /* other: of agreement */
    double mean, low, high;
    size_t n; /* texts that have it */
};
extern const struct at_record at_faith_corpus_row_record;

/* Numbers of each text, which all have the same methods. */
struct at_faith_corpus {
    const char *model;
    size_t n, cap;        /* texts */
    size_t n_columns;     /* numbers of a text */
    double *values;       /* (n,n_columns) */
    const char **methods; /* (n_methods) keys, lent */
    size_t n_methods, n_heads, H, n_pairs;
    size_t n_removed; /* rows of ablation: every head, one for a list, or none */
    const char *mode; /* of ablation */
};

/* at_faith_corpus_add - a text; the first says how many methods and heads there are. */
void at_faith_corpus_add(struct at_faith_corpus *c, const struct at_faith_result *r,
                         const char *model, size_t n_heads, size_t H);
void at_faith_corpus_release(struct at_faith_corpus *c); /* accepts a zeroed struct */

/* What is said of all texts together: summary.json. */
struct at_faith_summary {
    size_t n_texts;
    struct at_mean_rho *mean_rho; /* (n_methods) over texts */
    size_t n_methods;
    struct at_faith_corpus_row *rows; /* (n_rows) corpus.csv */
    size_t n_rows;
};
extern const struct at_record at_faith_summary_record;

/*
 * at_faith_summarize - means with percentile bootstrap intervals of 95 %.
 *
 * Edge      an interval of fewer than two texts is NaN.      Memory   the arena's.
 */
void at_faith_summarize(struct at_faith_summary *out, const struct at_faith_corpus *c,
                        uint64_t seed, struct at_arena *arena);

#endif
