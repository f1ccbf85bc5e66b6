/*
 * chance.h - a score beside what even attention over the same tokens gives: how many times as much,
 * and is that more than chance over texts?
 *
 * A head puts a share on nouns because there are nouns. The ratio of its score to that of a map in
 * which every query looks at all that it sees alike takes the text's make-up out. Ratios are
 * averaged over texts as they are, not as logarithms: of a head without preference their mean is 1
 * however widely they scatter.
 */
#ifndef ANALYSIS_CHANCE_H
#define ANALYSIS_CHANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/record.h"
#include "stats/summary.h"

/* at_even_map - out (T,T): row i is 1 / (keys it sees) for each of them, 0 for what is ahead in a
   causal model. */
void at_even_map(float *out, size_t T, bool is_causal);

/* at_chance_ratio - score / even; NaN where either is undefined or even is 0. */
double at_chance_ratio(double score, double even);

/* A ratio that even attention of a random model may have; see struct at_chance. */
#define AT_CHANCE_LOW  0.8
#define AT_CHANCE_HIGH 1.25

/* One value of one head (or cell) over texts. */
struct at_chance {
    size_t n;     /* texts that have a ratio */
    double ratio; /* mean */
    double ci[2]; /* Student's t, from 0 on; NaN for less than two texts, or all alike */
    double p;     /* of the ratio being 1, likewise */
    double q;     /* over all heads that have this value (Benjamini and Hochberg) */
    /* q at most .05 and the interval wholly outside AT_CHANCE_LOW .. AT_CHANCE_HIGH */
    bool is_beyond;
};
extern const struct at_record at_chance_record; /* ratio,ratio_low,ratio_high,p,q,beyond */

/* Ratios over texts: numbers are added and nothing else is kept. */
struct at_chance_table {
    size_t n_heads, n_values;
    struct at_moments *ratio; /* (n_heads, n_values) */
};

void at_chance_init(struct at_chance_table *t, size_t n_heads, size_t n_values);
void at_chance_release(struct at_chance_table *t); /* accepts a zeroed struct */

/* at_chance_add - the ratios of one text, ratio (n_heads, n_values). NaN is no ratio. */
void at_chance_add(struct at_chance_table *t, const double *ratio);

/* at_chance_finish - out (n_heads, n_values); level of the intervals, 0.95. */
void at_chance_finish(struct at_chance *out, const struct at_chance_table *t, double level);

#endif
