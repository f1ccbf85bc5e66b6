/*
 * faith_result.h - what `atlas faith` finds out about one text, as data: faith.json and its tables.
 *
 * Attributions of every method, how far each agrees with the attention that heads give and with
 * the others, and whether it predicts what happens when tokens go. Whatever else is measured joins
 * struct at_faith_result as a list of records: maps, ablation, direct effects.
 */
#ifndef ANALYSIS_FAITH_RESULT_H
#define ANALYSIS_FAITH_RESULT_H

#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"

/* What is explained. */
struct at_faith_target {
    const char *kind;         /* see session/aim.h */
    size_t index;             /* token at which the head looks; AT_NONE: several */
    const char *token, *foil; /* pieces; the label or class; NULL: none */
    double value;             /* nats; of labels a sum of probabilities; the norm */
};

/* Scores of one method. */
struct at_attribution {
    const char *method; /* key */
    double *scores;     /* (T) */
    size_t T;
};

/* The same, said in words and as a whole. */
struct at_attribution_info {
    const char *method, *name, *stands_on, *sums_to;
    double sum;
};

/* attributions.csv */
struct at_attribution_row {
    size_t index;
    const char *token, *method;
    double score;
};
extern const struct at_record at_attribution_row_record;

/* Do the attributions add up? NaN and 0 when the methods did not run. */
struct at_completeness {
    double residual;
    size_t steps;
};

struct at_faith_token {
    size_t index;
    const char *token, *label; /* piece, and as people write it */
};

struct at_faith_result {
    struct at_faith_target target;
    struct at_faith_token *tokens; /* (T) */
    size_t T;
    struct at_attribution *attributions; /* (n_methods) */
    struct at_attribution_info *methods; /* (n_methods) */
    size_t n_methods;
    struct at_completeness completeness; /* of integrated gradients */
    double conservation;                 /* residual of AttnLRP */
};
extern const struct at_record at_faith_result_record; /* faith.json without its meta */

/* at_attribution_rows - (n_methods * T), method by method; the arena's. */
struct at_attribution_row *at_attribution_rows(const struct at_faith_result *r,
                                               struct at_arena *arena);

#endif
