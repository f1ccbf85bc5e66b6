/*
 * tree.h - token influence tree: who a token looks at, and who those look at.
 */
#ifndef ANALYSIS_TREE_H
#define ANALYSIS_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"

struct at_tree_options {
    size_t root;       /* token index */
    size_t k;          /* children per node */
    size_t depth;      /* levels, the root's included */
    size_t max_nodes;  /* stop growing, breadth first, when reached */
    double min_weight; /* links below are not followed */
    bool is_causal;
};
#define AT_TREE_OPTIONS_INIT                                                                       \
    {                                                                                              \
        0, 3, 3, 400, 0.0, false                                                                   \
    }

struct at_tree_node {
    size_t token, parent, depth; /* parent: index into nodes; node 0 is the root, its own parent */
    double weight;               /* map[parent token][token]; 1 for the root */
    double product;              /* of the weights along the path */
    double qk; /* Q.K / sqrt(D) of parent and token; NaN for the root, or no head */
};

struct at_tree_nodes AT_ARRAY(struct at_tree_node);

/*
 * at_tree_grow - breadth first from the root; a token never repeats on a path.
 *
 * Source    Attention Atlas, its dependency tree. Children are the k largest visible weights, ties
 *           by lower index. A weight that is NaN is none.
 * Shapes    map (T,T); q, k (T, D) with row stride qk_stride, or NULL.
 * Memory    at_array_release(). Returns true when max_nodes cut the tree.
 */
bool at_tree_grow(struct at_tree_nodes *out, const float *map, size_t T, const float *q,
                  const float *k, size_t qk_stride, size_t D, const struct at_tree_options *o);

#endif
