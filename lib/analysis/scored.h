/*
 * scored.h - items of a data set with the scores of their sentences, from a model or a file.
 */
#ifndef ANALYSIS_SCORED_H
#define ANALYSIS_SCORED_H

#include <stdbool.h>
#include <stddef.h>

#include "io/record.h"

enum { AT_MAX_SENTENCES = 3 };

/* What became of one item: two sentences of a minimal pair, three of StereoSet. */
struct at_scored {
    double score[AT_MAX_SENTENCES]; /* NaN when there is none */
    size_t n[AT_MAX_SENTENCES];     /* tokens scored; AT_NONE when it is not known */
    char *excluded;  /* why, "sentence b: 613 tokens, the model takes 512"; NULL when scored */
    bool is_partial; /* excluded in part: of StereoSet only the unrelated sentence has no score */
};

/* at_scored_clear - n items without scores. at_scored_release - frees the reasons. */
void at_scored_clear(struct at_scored *items, size_t n);
void at_scored_release(struct at_scored *items, size_t n);

/* scores.json, excluded[] */
struct at_exclusion {
    const char *id, *why;
};
extern const struct at_record at_exclusion_record;

#endif
