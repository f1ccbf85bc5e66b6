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

/* at_tied_ranks - the same, values closer than resolution to their neighbour being tied: numbers
   that are equal but for how floats store them. */
double at_tied_ranks(double *ranks, const double *x, size_t n, double resolution);

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
 *           the tie correction and no continuity correction (as scipy's mode "approx"). Sizes
 *           closer than resolution are tied: differences of floats that are equal on paper are not
 *           in memory, and the exact p of untied ranks would be another.
 */
struct at_rank_test at_wilcoxon(const double *differences, size_t n, double resolution);

/*
 * at_mann_whitney - do x (n) and y (m) come from one distribution? statistic is U of x.
 *
 * Source    Mann and Whitney 1947. Exact without ties when the smaller sample has at most 8 values
 *           and the larger at most 100, else normal with tie and continuity correction.
 */
struct at_rank_test at_mann_whitney(const double *x, size_t n, const double *y, size_t m);

/*
 * at_kruskal_wallis - do k groups come from one distribution? statistic is H, tie corrected.
 *
 * Shapes    x (n), group (n) with values 0..k-1.      Source   Kruskal and Wallis 1952; p from the
 *           chi-squared tail with (groups that have values) - 1 degrees of freedom.
 */
struct at_rank_test at_kruskal_wallis(const double *x, const int *group, size_t n, size_t k);

#endif
