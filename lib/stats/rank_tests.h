/*
 * rank_tests.h - tests that look at the order of values only.
 *
 * Ranks count from 1, ties share their average. p is two-sided unless said. NaN values are the
 * caller's to remove.
 */
#ifndef STATS_RANK_TESTS_H
#define STATS_RANK_TESTS_H

#include <stdbool.h>
#include <stddef.h>

/* at_average_ranks - ranks (n); answers the sum of t^3 - t over groups of t tied values. */
double at_average_ranks(double *ranks, const double *x, size_t n);

struct at_rank_test {
    double statistic;
    double p;      /* NaN when the test says nothing (no values, all tied) */
    size_t n;      /* values that took part */
    bool is_exact; /* p from the full permutation distribution, not an approximation */
};

/*
 * at_wilcoxon - signed-rank test of n paired differences; statistic is the smaller rank sum.
 *
 * Source    Wilcoxon 1945; zero differences are dropped. Up to 50 others the distribution over all
 *           2^n signs is counted exactly, ties included; above that the normal approximation with
 *           the tie correction and no continuity correction (as scipy's mode "approx").
 */
struct at_rank_test at_wilcoxon(const double *differences, size_t n);

#endif
