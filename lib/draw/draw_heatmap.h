/*
 * draw_heatmap.h - a matrix with token labels, and many of them as small multiples.
 */
#ifndef DRAW_HEATMAP_H
#define DRAW_HEATMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"
#include "text/label.h"
#include "draw/scale.h"

struct at_heatmap {
    const char *title, *subtitle; /* what and of which model; text, mode, tokens */
    const char *x_name, *y_name;  /* "key: looks at", "query: looks from" */
    const char *unit;             /* of the colour bar, "attention weight" */
    const char *note;             /* a sentence under the picture, or NULL */
    size_t rows, cols;
    const float *values; /* (rows, cols); NaN is drawn as a dot */
    const struct at_label *row_labels, *col_labels;
    struct at_scale scale; /* has_above, has_below are found here */
    bool is_causal;        /* cells right of the diagonal are hatched */
    bool show_values;      /* print numbers in cells when they fit */
    double width_mm;       /* at most, unless it is too narrow; small matrices take less */

    /* Optional. Words (rows, cols) written in the cells where they fit. Cells are then as wide as
       the page allows. */
    const char *const *cell_texts;

    /* Optional, with show_values: (rows, cols) "±0.02" under each number where there is room. */
    const float *half_widths;

    /* Optional. Names of the marks of the labels, for the legend. */
    const char *const *mark_names;
    size_t n_marks;
    /* Optional. Rows that are emphasised, with the columns of the same number if it is square. */
    const size_t *focus;
    size_t n_focus;
    /* Optional. Cells row * cols + col with a thick border, and what that means. */
    const size_t *outlined;
    size_t n_outlined;
    const char *outline_name;
};

/* at_draw_heatmap - a new canvas; the caller frees it. Legible from 3 to 512 tokens. */
struct at_canvas *at_draw_heatmap(const struct at_heatmap *h);

/* Small multiples: every head of a model, layers down, heads across, one shared range. */
struct at_heatmap_grid {
    const char *title, *subtitle, *unit;
    size_t n_layers, n_heads;
    size_t rows, cols;   /* of one panel, already reduced to thumbnails where larger */
    size_t n_tokens;     /* before the reduction; 0 if there was none */
    const float *values; /* (L,H,rows,cols) */
    struct at_scale scale;
    bool is_causal;
    double width_mm;
};

struct at_canvas *at_draw_heatmap_grid(const struct at_heatmap_grid *g);

/* at_thumbnail - reduce (T,T) to (n,n), n <= T, each output cell the largest of those it covers;
   NaN only where all of them are. */
void at_thumbnail(float *out, size_t n, const float *values, size_t T);

#endif
