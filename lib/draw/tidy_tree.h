/*
 * tidy_tree.h - where the nodes of a tree go across its levels. Inside draw only.
 */
#ifndef DRAW_TIDY_TREE_H
#define DRAW_TIDY_TREE_H

#include <stddef.h>

/*
 * at_tidy_tree - positions of n nodes across their levels, the least being 0.
 *
 * Neighbours on a level are at least 1 apart, parents stand in the middle of their children,
 * subtrees of one shape are drawn alike, and the whole is as narrow as that allows.
 *
 * Source    Reingold and Tilford, "Tidier drawings of trees" (1981), for any number of children in
 *           linear time: Buchheim, Junger and Leipert, "Improving Walker's algorithm to run in
 *           linear time" (2002).
 * Shapes    parent (n): an earlier node for each; node 0 is the root. Children stand in the order
 *           of their numbers.
 * Cost      O(n).
 */
void at_tidy_tree(double *across, const size_t *parent, size_t n);

#endif
