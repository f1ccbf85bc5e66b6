/*
 * hungarian.h - the cheapest way to pair the rows of a matrix with its columns.
 */
#ifndef STATS_HUNGARIAN_H
#define STATS_HUNGARIAN_H

#include <stddef.h>

/*
 * at_assign - pair rows with columns so that the sum of the costs is the least; min(R,C) pairs.
 *
 * Source    Kuhn 1955; shortest augmenting paths with potentials, Jonker and Volgenant 1987.
 * Shapes    column_of (R): the partner of each row, SIZE_MAX for a row without one; cost (R,C),
 *           finite.
 * Edge      of equally cheap ways it is always the same one, for these costs in this order.
 * Cost      O(min(R,C)^2 max(R,C)).
 */
void at_assign(size_t *column_of, const double *cost, size_t R, size_t C);

#endif
