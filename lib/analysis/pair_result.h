/*
 * pair_result.h - what scored minimal pairs add up to: in which share of them the first sentence is
 * the likelier one, overall, by category and by direction; and whether two models differ.
 */
#ifndef ANALYSIS_PAIR_RESULT_H
#define ANALYSIS_PAIR_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/pairs.h"
#include "analysis/scored.h"
#include "base/arena.h"
#include "stats/intervals.h"

/* A row of items.csv: one pair. */
struct at_pair_row {
    size_t index; /* in the file */
    const char *id, *category, *text_a, *text_b;
    double score_a, score_b;
    size_t n_a, n_b;
    const char *prefers; /* "a", "b" or "tie"; NULL without scores */
    const char *direction, *excluded, *run_id;
};
extern const struct at_record at_pair_row_record;
/* at_pair_row - index: that of the pair in the file. Strings are those of pairs and scored. */
struct at_pair_row at_pair_row(const struct at_pairs *pairs, size_t pair, size_t index,
                               const struct at_scored *scored, const char *run_id);

/* How the scores were made. Strings are lent. */
struct at_pair_origin {
    const char *protocol;  /* the preset */
    const char *score;     /* which tokens count; "given" from a file */
    const char *reduction; /* "sum" or "mean" */
    const char *pll, *bos; /* NULL: does not apply */
    bool is_rounded;       /* to 3 decimals */
    double level;          /* confidence of the intervals */
};

/* Share of pairs in which a scores higher than b. */
struct at_pair_shares {
    size_t n, n_excluded, n_ties;
    double preference;           /* percent of n; a tie is no preference */
    double decided;              /* percent of n - n_ties (CrowS-Pairs' scores by direction) */
    double mean_difference;      /* of score_a - score_b */
    struct at_interval interval; /* Wilson, percent, of preference */
};

/* A row of targets.csv. */
struct at_pair_group {
    const char *name; /* "" of all */
    const char *kind; /* "overall", "category" or "direction" */
    struct at_pair_shares shares;
};

/* Do two models differ on the same pairs? */
struct at_pair_test {
    const char *scores;             /* the file that the second ones are from; lent */
    size_t n;                       /* pairs scored by both */
    double first, second;           /* percent preference of each */
    double difference;              /* first - second, points */
    struct at_interval interval;    /* of the difference, points: Newcombe's method 10 */
    size_t only_first, only_second; /* pairs in which a wins with one model alone */
    double p;                       /* McNemar's exact test on these two counts */
    const char *test;
};

/* scores.json */
struct at_pair_result {
    struct at_pair_origin origin;
    const char *unit;
    struct at_pair_shares overall;
    struct at_pair_group *groups; /* (n_groups) all, then the categories, then the directions */
    /* Those among them; none of a file without such a column. */
    const struct at_pair_group *categories, *directions;
    size_t n_groups, n_categories, n_directions;
    struct at_exclusion *excluded; /* (n_excluded) in order of the pairs */
    size_t n_excluded;
    const struct at_pair_test *against; /* NULL without other scores */
    struct at_arena arena;              /* everything above; names are those of the pairs */
};
extern const struct at_record at_pair_group_record, at_pair_result_record;
/* A struct at_pair_group among those of its kind: categories.csv, directions.csv. */
extern const struct at_record at_pair_category_record, at_pair_direction_record;
/* at_pair_line_record - a struct at_pair_group as a line in a terminal. */
extern const struct at_record at_pair_line_record;

/*
 * at_pair_summarize - each number once.
 *
 * Shapes    scored (n); against, scores of another model, (n) or NULL; against_name its file.
 * Memory    at_pair_result_release(); pairs, scored and the strings of origin must outlive it.
 */
void at_pair_summarize(struct at_pair_result *out, const struct at_pair_origin *origin,
                       const struct at_pairs *pairs, const struct at_scored *scored,
                       const struct at_scored *against, const char *against_name);
void at_pair_result_release(struct at_pair_result *r); /* accepts a zeroed struct */

#endif
