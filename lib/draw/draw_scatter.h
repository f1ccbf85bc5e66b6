/*
 * draw_scatter.h - points by category, with names, and silhouettes beside them on request.
 *
 * Serves maps of heads (no ticks: distances of a t-SNE map mean nothing), and heads on two measures
 * with the Pareto-optimal ones marked.
 */
#ifndef DRAW_SCATTER_H
#define DRAW_SCATTER_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"

struct at_scatter_point {
    double x, y;      /* not finite: left out and counted in the note */
    double weight;    /* 0..1, the size of the point */
    size_t category;  /* colour and shape */
    const char *name; /* drawn where there is room, heavy points first, once with a count for points
                          of one name in one place; or NULL */
    bool is_marked;   /* a ring around it */
    double silhouette; /* -1..1, for the panel */
};

struct at_scatter {
    const char *title, *subtitle, *note;
    const char *x_name, *y_name;
    const struct at_scatter_point *points;
    size_t n;
    const char *const *category_names;
    size_t n_categories;
    const char *mark_name;           /* what the ring means; NULL when nothing is marked */
    bool joins_marked;               /* marked points are joined from left to right: a frontier */
    bool has_ticks;                  /* false: only the places relative to each other count */
    bool has_silhouettes;            /* bars by category in a panel of their own */
    double x_reference, y_reference; /* dashed lines; NaN for none */
    double width_mm;                 /* unless it is too narrow */
};

/* at_draw_scatter - a new canvas; the caller frees it. */
struct at_canvas *at_draw_scatter(const struct at_scatter *s);

#endif
