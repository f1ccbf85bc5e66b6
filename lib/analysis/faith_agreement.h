/*
 * faith_agreement.h - attributions of one text against the attention of its heads and against each
 * other: the lists heads, agreement and mean_rho of its result.
 */
#ifndef ANALYSIS_FAITH_AGREEMENT_H
#define ANALYSIS_FAITH_AGREEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/attribution.h"
#include "analysis/faith_result.h"
#include "stats/intervals.h"

/*
 * at_faith_agree - from the attributions in r to what they agree with.
 *
 * The interval of a mean over the heads of one text resamples heads.
 * Memory    the arena's.
 */
void at_faith_agree(struct at_faith_result *r, const struct at_explained *e, uint64_t seed,
                    struct at_arena *arena);

/* at_exceeds_half - "yes", "no", or "undecided" when 0.5 is inside; NULL without an interval. */
const char *at_exceeds_half(struct at_interval i);

/* at_mean_rows - an at_statistics_fn over a struct at_value_table: means by column, NaN left
   out. */
struct at_value_table {
    const double *values; /* (n_rows,n_columns) */
    size_t n_columns;
};
void at_mean_rows(double *means, const void *table, const size_t *rows, size_t n);

#endif
