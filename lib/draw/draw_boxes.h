/*
 * draw_boxes.h - box plots, one a row: quartiles, whiskers, points beyond them.
 */
#ifndef DRAW_BOXES_H
#define DRAW_BOXES_H

#include <stddef.h>

#include "draw/canvas.h"

struct at_box {
    const char *label;
    double whisker_lo, q1, median, q3, whisker_hi; /* NaN: no data */
    const double *outliers;                        /* (n_outliers) */
    size_t n_outliers;
    size_t category;
    const char *detail; /* at the right: "n = 40", "p = 0.002 **"; or NULL */
};

struct at_boxes {
    const char *title, *subtitle, *note; /* note: what the whiskers are */
    const char *value_name;
    const struct at_box *boxes; /* top to bottom */
    size_t n;
    double reference; /* dashed line; NaN for none */
    const char *reference_name;
    const char *const *category_names;
    size_t n_categories;
    double width_mm;
};

/* at_draw_boxes - a new canvas; the caller frees it. */
struct at_canvas *at_draw_boxes(const struct at_boxes *b);

#endif
