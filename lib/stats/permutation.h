/*
 * permutation.h - tests by rearrangement: random subsets and relabelling.
 *
 * Draw d is the same whoever makes it and in whatever order: every random number comes from
 * (seed, counter) alone, so results do not depend on the number of threads. Where all
 * rearrangements are few enough they are listed instead, and p is exact.
 */
#ifndef STATS_PERMUTATION_H
#define STATS_PERMUTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

/* at_draw_below - uniform in 0..n-1 from (seed, counter); n < 2^32, bias below n / 2^64. */
size_t at_draw_below(uint64_t seed, uint64_t counter, size_t n);

/* at_draw_permutation - draw-th random order of 0..n-1 (Fisher-Yates). */
void at_draw_permutation(size_t *order, size_t n, uint64_t seed, uint64_t draw);

/* at_n_subsets - n over k; SIZE_MAX when it does not fit. */
size_t at_n_subsets(size_t n, size_t k);

/* The k-subsets of 0..n-1 that a test looks at. */
struct at_subsets {
    size_t n, k;
    size_t n_draws; /* all of them when is_exact, else as many as were asked for */
    bool is_exact;
    uint64_t seed;
};

/* at_subsets_plan - every subset when there are at most max_draws, else that many random ones. */
struct at_subsets at_subsets_plan(size_t n, size_t k, size_t max_draws, uint64_t seed);

/*
 * at_subsets_get - members (k) of a draw. Exact: the draw-th subset in the order of the
 * combinatorial number system; random: Floyd's algorithm (Bentley and Floyd 1987).
 *
 * used (n) is scratch, all 0 on entry and on return.
 */
void at_subsets_get(uint32_t *members, const struct at_subsets *s, size_t draw,
                    unsigned char *used);

/* Answer of a permutation test. */
struct at_perm_p {
    double p;        /* exact: share of rearrangements; random: (1 + exceeding) / (1 + draws) */
    double mc_error; /* standard error of p from drawing at random; 0 when exact */
};

struct at_perm_p at_perm_p(size_t n_exceeding, size_t n_draws, bool is_exact);

/*
 * at_subset_null - how often is the sum of a random subset at least the observed sum?
 *
 * For every series the same subsets are used. One-sided, upper. Sums closer than 1e-6 of the
 * series' largest |value| times k count as equal: the values came from floats, and the observed
 * subset is itself one of the possible draws.
 *
 * Shapes    n_exceeding (n_series); values (n_series, s->n); observed (n_series).
 * Cost      n_draws * min(k, n - k) * n_series additions, shared out over the pool.
 */
void at_subset_null(size_t *n_exceeding, const double *values, const double *observed,
                    size_t n_series, const struct at_subsets *s, struct at_pool *pool);

#endif
