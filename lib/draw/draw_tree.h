/*
 * draw_tree.h - a tree in the tidy layout of Reingold and Tilford (1981), weights on the links.
 *
 * The root stands on the left and hops go to the right, so that labels read horizontally. The
 * picture grows downwards with the number of leaves: 80 fit on a page.
 */
#ifndef DRAW_TREE_H
#define DRAW_TREE_H

#include <stddef.h>

#include "draw/canvas.h"
#include "text/label.h"

struct at_tree_shape_node {
    size_t parent; /* index of an earlier node; node 0 is the root and its own parent */
    struct at_label label;
    size_t index;   /* of the token, shown before its label */
    double weight;  /* of the link to the parent, 0..1: its width and number */
    double product; /* along the path from the root */
};

struct at_tree_shape {
    const char *title, *subtitle;
    const struct at_tree_shape_node *nodes; /* children in order after their parent */
    size_t n;
    double width_mm; /* at most */
};

/* at_draw_tree - a new canvas; the caller frees it. */
struct at_canvas *at_draw_tree(const struct at_tree_shape *t);

#endif
