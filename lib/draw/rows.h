/*
 * rows.h - pictures that are a list: a label, something on a shared axis, a word at the right.
 * Inside draw only; bars and box plots are made of it.
 */
#ifndef DRAW_ROWS_H
#define DRAW_ROWS_H

#include <stddef.h>

#include "draw/axes.h"
#include "draw/canvas.h"

struct at_row_text {
    const char *label, *detail; /* detail may be NULL */
};

struct at_rows {
    struct at_axes axes; /* x0, x1, x_name are the caller's; the rest is filled in */
    double pitch, size_pt, label_w, detail_w;
};

/* at_rows_layout - places the axes below y for n rows; texts (n). */
void at_rows_layout(struct at_rows *r, const struct at_row_text *texts, size_t n, double y,
                    double width_mm);

/* at_rows_draw - axis, labels and details. */
void at_rows_draw(struct at_canvas *c, const struct at_rows *r, const struct at_row_text *texts,
                  size_t n);

/* at_rows_y - the middle of a row; at_rows_bottom - below the axis and its name. */
double at_rows_y(const struct at_rows *r, size_t row);
double at_rows_bottom(const struct at_rows *r);

#endif
