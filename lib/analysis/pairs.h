/*
 * pairs.h - minimal pairs: two sentences that differ in little, and which of them a model prefers.
 *
 * The file formats; scores come from analysis/pair_scoring.h or a file, what they add up to is in
 * analysis/pair_result.h.
 * In every pair `a` is the sentence that the share is about: the more stereotypical one of
 * CrowS-Pairs, the good one of BLiMP, the first one elsewhere.
 */
#ifndef ANALYSIS_PAIRS_H
#define ANALYSIS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/scored.h"
#include "base/arena.h"
#include "base/error.h"

struct at_pair {
    const char *id;    /* "" when the file has none */
    const char *a, *b; /* "" where the file has a blank: at_pair_score() excludes such a pair */
    size_t category;   /* index into at_pairs.categories */
    size_t direction;  /* index into at_pairs.directions */
};

struct at_pairs {
    struct at_pair *items;
    size_t n;
    const char **categories, **directions; /* sorted; one "" when the file has no such column */
    size_t n_categories, n_directions;
    struct at_arena arena; /* everything above */
};

/*
 * at_pairs_read - pairs from a CSV, TSV or JSONL file (by its name's ending).
 *
 * Columns or keys, first found wins:
 *   a          sent_more, sentence_good, text_a, good, a
 *   b          sent_less, sentence_bad, text_b, bad, b       (the same kind as a)
 *   id         id, pairID, pair_id, index, or the unnamed first column of CrowS-Pairs
 *   category   bias_type, category, UID, linguistics_term
 *   direction  stereo_antistereo, direction
 *
 * Errors    AT_EIO, AT_ENOTFOUND; AT_EFORMAT: no pair of columns (which were found), a line of
 *           JSONL that is not an object with both; no rows.
 * Memory    at_pairs_release(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_pairs_read(struct at_pairs *out, const char *path, struct at_error *err);
void at_pairs_release(struct at_pairs *p);

/*
 * at_pairs_rescore - scores from an items.csv of `bias pairs` (columns index, score_a, score_b).
 *
 * Shapes    out (n), two scores each; NaN where the file has no row or an empty cell.
 * Errors    AT_EFORMAT: no such columns, an index that is not a pair or comes twice.
 */
AT_MUST_USE int at_pairs_rescore(struct at_scored *out, const struct at_pairs *p, const char *path,
                                 struct at_error *err);

/* at_round3 - to 3 decimals as Python's round(x, 3) does; CrowS-Pairs rounds before it compares. */
double at_round3(double x);

#endif
