/*
 * matrix.h - the coloured cells of a matrix, for heatmaps and their small multiples. Inside draw.
 */
#ifndef DRAW_MATRIX_H
#define DRAW_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"
#include "draw/scale.h"

struct at_matrix_view {
    const float *values; /* (rows, cols) */
    size_t rows, cols;
    const struct at_scale *scale;
    bool is_causal;
};

/* at_matrix_draw - cells, hatching of masked ones, dots where undefined, in a box of w x h mm. */
void at_matrix_draw(struct at_canvas *c, double x, double y, double w, double h,
                    const struct at_matrix_view *m);

/* at_matrix_is_masked - right of the diagonal of a causal matrix. */
bool at_matrix_is_masked(const struct at_matrix_view *m, size_t row, size_t col);

/* at_matrix_has_undefined - a NaN among the cells that are not masked. */
bool at_matrix_has_undefined(const struct at_matrix_view *m);

/* at_matrix_range - has_below and has_above of a scale for these values. */
struct at_scale at_matrix_range(const struct at_matrix_view *m);

#endif
