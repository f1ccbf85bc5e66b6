/*
 * rows.h - pictures that are a list: a label, something on a shared axis, a word at the right.
 * Inside draw only; bars and box plots are made of it.
 */
#ifndef DRAW_ROWS_H
#define DRAW_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/axes.h"
#include "draw/canvas.h"

struct at_row_text {
    const char *label, *detail; /* detail may be NULL */
};

struct at_rows {
    struct at_axes axes; /* x0, x1, x_name are the caller's; the rest is filled in */
    double pitch, size_pt, label_w, detail_w;
    bool elides_middle; /* of labels */
};

/* What the legend tells. */
struct at_rows_key {
    const char *const *category_names;
    size_t n_categories;
    const char *interval_name; /* or NULL */
    double reference;          /* dashed line; NaN for none */
    const char *reference_name;
};

/* at_rows_draw - lays out n rows below y: axis, labels and details. texts (n). */
void at_rows_draw(struct at_canvas *c, struct at_rows *r, const struct at_row_text *texts, size_t n,
                  double y);

/* at_rows_y - the middle of a row. */
double at_rows_y(const struct at_rows *r, size_t row);

/* at_rows_finish - once the rows are filled: reference line, legend and note; the canvas ends
   below them. */
void at_rows_finish(struct at_canvas *c, const struct at_rows *r, const struct at_rows_key *key,
                    const char *note);

#endif
