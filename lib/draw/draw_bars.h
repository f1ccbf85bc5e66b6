/*
 * draw_bars.h - one bar a row with its confidence interval and a reference line.
 */
#ifndef DRAW_BARS_H
#define DRAW_BARS_H

#include <stddef.h>

#include "draw/canvas.h"

struct at_bar {
    const char *label;
    double value;       /* NaN is "n/a" */
    double lo, hi;      /* ends of the interval; NaN for none */
    size_t category;    /* colour; bars of one group are told apart by the legend */
    const char *detail; /* at the right: "n = 120", "q = 0.03"; or NULL */
};

struct at_bars {
    const char *title, *subtitle, *note;
    const char *value_name;    /* of the axis, with unit */
    const struct at_bar *bars; /* top to bottom */
    size_t n;
    double axis_lo, axis_hi; /* of the axis; NaN: from the data and 0 */
    double reference;        /* dashed line, bars grow from the left end; NaN for none */
    const char *reference_name;
    const char *interval_name; /* "95 % Wilson interval" */
    const char *const *category_names;
    size_t n_categories; /* 0: all bars alike, no legend */
    double width_mm;
};

/* at_draw_bars - a new canvas; the caller frees it. It grows downwards beyond 70 rows. */
struct at_canvas *at_draw_bars(const struct at_bars *b);

#endif
