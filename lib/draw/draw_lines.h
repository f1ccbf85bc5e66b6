/*
 * draw_lines.h - lines over layers or bins, with error bars or bands and a reference.
 */
#ifndef DRAW_LINES_H
#define DRAW_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"

enum at_line_style {
    AT_LINE_MARKED, /* points joined by a line */
    AT_LINE_PLAIN,  /* the line alone: a trend */
    AT_LINE_POINTS, /* the points alone */
    AT_LINE_BAND,   /* the line in a band from lo to hi */
};

struct at_line_series {
    const char *name;
    enum at_line_style style;
    const double *x, *y;   /* (n), x ascending; NaN in y interrupts the line */
    const double *lo, *hi; /* (n) ends of error bars or of the band, or NULL */
    size_t n;
};

struct at_line_plot {
    const char *title, *subtitle, *note;
    const char *x_name, *y_name;
    bool is_x_count; /* x are whole numbers: layers */
    const struct at_line_series *series;
    size_t n_series;
    double y_reference; /* dashed line, always inside the picture; NaN for none */
    const char *reference_name;
    double x_marked;           /* a value of x that is pointed out; NaN for none */
    const char *x_marked_name; /* what it is, "layer that changes most" */
    double width_mm;
};

/* at_draw_lines - a new canvas; the caller frees it. */
struct at_canvas *at_draw_lines(const struct at_line_plot *l);

#endif
