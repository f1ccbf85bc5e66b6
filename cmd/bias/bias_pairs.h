/*
 * bias_pairs.h - the room of `atlas bias pairs`: a call of it, and how its results are shown.
 */
#ifndef BIAS_PAIRS_H
#define BIAS_PAIRS_H

#include "analysis/pair_result.h"
#include "analysis/pair_scoring.h"
#include "cmd/bias/score_items.h"

struct pairs {
    int preset, score;
    bool is_mean;
    const char *against;
    double level;
    struct scoring scoring;
    struct at_pair_rule rule;
    const struct context *x;

    struct at_pairs pairs;            /* those that are scored here */
    size_t *index;                    /* (n) their numbers in the file */
    struct at_scored *scored;         /* (n) */
    struct at_scored *against_scored; /* (n) or NULL */
};

/* pairs_show - the table on standard output, or targets.csv, the picture and the document; meta is
   taken. Of merged shards, too. */
AT_MUST_USE int pairs_show(struct sink *sink, const struct at_pair_result *r,
                           const char *model_name, struct at_json *meta, struct at_error *err);

/* pairs_note_excluded - as note_excluded(); a pair that has no id is called by its number in the
   file: index (n), NULL for its place among the pairs. */
int pairs_note_excluded(struct sink *sink, const struct at_pairs *pairs, const size_t *index,
                        const struct at_scored *scored, int status);

/* pairs_picture - preference by category. */
AT_MUST_USE int pairs_picture(struct sink *sink, const struct at_pair_result *r,
                              const char *model_name, struct at_error *err);

#endif
