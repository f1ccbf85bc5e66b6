/*
 * tidy_tree.c - see tidy_tree.h.
 *
 * Subtrees are put side by side as close as their outlines allow. An outline is walked along the
 * outermost children and, where a subtree ends, along threads to the next level of its neighbour.
 * A subtree that has to move is shifted as a whole (mod), and the subtrees between it and the one
 * it met share the shift (shift and change collect these and are worked off once per parent).
 */
#include "draw/tidy_tree.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { NONE = -1 };

struct node {
    long parent, first, last, left, right; /* last child, siblings */
    long number;                           /* among its siblings */
    long thread, ancestor;
    double prelim, mod, shift, change;
};

static long next_left(const struct node *t, long v)
{
    return t[v].first != NONE ? t[v].first : t[v].thread;
}

static long next_right(const struct node *t, long v)
{
    return t[v].last != NONE ? t[v].last : t[v].thread;
}

static void move_subtree(struct node *t, long left, long right, double by)
{
    double between = (double)(t[right].number - t[left].number);

    t[right].change -= by / between;
    t[right].shift += by;
    t[left].change += by / between;
    t[right].prelim += by;
    t[right].mod += by;
}

static void work_off_shifts(struct node *t, long v)
{
    double shift = 0, change = 0;

    for (long w = t[v].last; w != NONE; w = t[w].left) {
        t[w].prelim += shift;
        t[w].mod += shift;
        change += t[w].change;
        shift += t[w].shift + change;
    }
}

/* Moves the subtree of v right until it is clear of all subtrees to its left. Names: inner outlines
   face each other, outer ones look away; sums of mod along each. */
static long clear_of_left(struct node *t, long v, long default_ancestor)
{
    if (t[v].left == NONE)
        return default_ancestor;
    long in_r = v, out_r = v, in_l = t[v].left, out_l = t[t[v].parent].first;
    double sum_in_r = t[in_r].mod, sum_out_r = t[out_r].mod;
    double sum_in_l = t[in_l].mod, sum_out_l = t[out_l].mod;

    while (next_right(t, in_l) != NONE && next_left(t, in_r) != NONE) {
        in_l = next_right(t, in_l);
        in_r = next_left(t, in_r);
        out_l = next_left(t, out_l);
        out_r = next_right(t, out_r);
        t[out_r].ancestor = v;
        double by = t[in_l].prelim + sum_in_l - (t[in_r].prelim + sum_in_r) + 1;
        if (by > 0) {
            long a = t[in_l].ancestor;
            bool is_sibling = t[a].parent == t[v].parent;
            move_subtree(t, is_sibling ? a : default_ancestor, v, by);
            sum_in_r += by;
            sum_out_r += by;
        }
        sum_in_l += t[in_l].mod;
        sum_in_r += t[in_r].mod;
        sum_out_l += t[out_l].mod;
        sum_out_r += t[out_r].mod;
    }
    if (next_right(t, in_l) != NONE && next_right(t, out_r) == NONE) {
        t[out_r].thread = next_right(t, in_l);
        t[out_r].mod += sum_in_l - sum_out_r;
    }
    if (next_left(t, in_r) != NONE && next_left(t, out_l) == NONE) {
        t[out_l].thread = next_left(t, in_r);
        t[out_l].mod += sum_in_r - sum_out_l;
        default_ancestor = v;
    }
    return default_ancestor;
}

/* Its depth is the tree's, which is small. */
static void lay_out(struct node *t, long v)
{
    double left = t[v].left == NONE ? 0 : t[t[v].left].prelim + 1;

    if (t[v].first == NONE) {
        t[v].prelim = left;
        return;
    }
    long default_ancestor = t[v].first;
    for (long w = t[v].first; w != NONE; w = t[w].right) {
        lay_out(t, w);
        default_ancestor = clear_of_left(t, w, default_ancestor);
    }
    work_off_shifts(t, v);
    double middle = (t[t[v].first].prelim + t[t[v].last].prelim) / 2;
    t[v].prelim = t[v].left == NONE ? middle : left;
    t[v].mod = t[v].left == NONE ? 0 : left - middle;
}

void at_tidy_tree(double *across, const size_t *parent, size_t n)
{
    struct node *t = at_malloc(n, sizeof *t);
    double least = INFINITY;

    for (size_t i = 0; i < n; i++) {
        t[i] = (struct node){ .parent = i ? (long)parent[i] : NONE,
                              .first = NONE,
                              .last = NONE,
                              .left = NONE,
                              .right = NONE,
                              .thread = NONE,
                              .ancestor = (long)i };
        if (!i)
            continue;
        AT_BUG_IF(parent[i] >= i);
        struct node *p = &t[parent[i]];
        t[i].left = p->last;
        t[i].number = p->last == NONE ? 0 : t[p->last].number + 1;
        if (p->last == NONE)
            p->first = (long)i;
        else
            t[p->last].right = (long)i;
        p->last = (long)i;
    }
    if (n)
        lay_out(t, 0);
    /* parents come before their children: sums of mod on the way down, kept in shift */
    for (size_t i = 0; i < n; i++) {
        t[i].shift = i ? t[parent[i]].shift + t[parent[i]].mod : 0;
        across[i] = t[i].prelim + t[i].shift;
        least = AT_MIN(least, across[i]);
    }
    for (size_t i = 0; i < n; i++)
        across[i] -= least;
    free(t);
}
