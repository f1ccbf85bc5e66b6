/*
 * rand_index.h - do two groupings of the same things agree?
 */
#ifndef STATS_RAND_INDEX_H
#define STATS_RAND_INDEX_H

#include <stddef.h>

/*
 * at_adjusted_rand - agreement of two groupings on which pairs belong together, chance taken off.
 *
 * Source    Hubert and Arabie 1985, equation 5.
 * Shapes    a, b (n): any numbers, equal ones are a group.
 * Units     1: the same groups whatever their names; 0 is the mean of groupings drawn at random.
 * Edge      groupings that agree on every pair give 1, also all-in-one and all-apart ones; n < 2
 *           gives NaN.
 * Cost      O(n^2).
 */
double at_adjusted_rand(const int *a, const int *b, size_t n);

#endif
