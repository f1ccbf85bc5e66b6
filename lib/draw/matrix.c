/*
 * matrix.c - see matrix.h.
 */
#include "draw/matrix.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/frame.h"

bool at_matrix_is_masked(const struct at_matrix_view *m, size_t row, size_t col)
{
    return m->is_causal && col > row;
}

bool at_matrix_has_undefined(const struct at_matrix_view *m)
{
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->cols; j++)
            if (!at_matrix_is_masked(m, i, j) && isnan(m->values[i * m->cols + j]))
                return true;
    return false;
}

struct at_scale at_matrix_range(const struct at_matrix_view *m)
{
    struct at_scale s = *m->scale;
    double slack = 1e-6 * (s.hi - s.lo); /* float rounding is not "beyond the range" */

    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->cols; j++) {
            double v = m->values[i * m->cols + j];
            if (at_matrix_is_masked(m, i, j))
                continue;
            s.has_above |= v > s.hi + slack;
            s.has_below |= v < s.lo - slack;
        }
    return s;
}

static void draw_cells(struct at_canvas *c, double x, double y, double w, double h,
                       const struct at_matrix_view *m)
{
    uint32_t *rgb = at_malloc(m->rows * m->cols, sizeof *rgb);

    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->cols; j++) {
            size_t k = i * m->cols + j;
            rgb[k] =
                at_matrix_is_masked(m, i, j) ? 0xffffff : at_scale_color(m->scale, m->values[k]);
        }
    at_canvas_cells(c, x, y, w, h, rgb, m->rows, m->cols);
    free(rgb);
}

/* The stair right of the diagonal as one polygon. */
static void draw_mask(struct at_canvas *c, double x, double y, double cell_w, double cell_h,
                      const struct at_matrix_view *m)
{
    size_t steps = AT_MIN(m->rows, m->cols - 1), n = 0;
    double *xy = at_malloc(2 * (2 * steps + 2), sizeof *xy);
    double right = x + cell_w * (double)m->cols;

    xy[n++] = right;
    xy[n++] = y;
    for (size_t i = 0; i < steps; i++) {
        double edge = x + cell_w * (double)(i + 1);
        xy[n++] = edge;
        xy[n++] = y + cell_h * (double)i;
        xy[n++] = edge;
        xy[n++] = y + cell_h * (double)(i + 1);
    }
    xy[n++] = right;
    xy[n++] = y + cell_h * (double)steps;
    at_canvas_hatch(c, xy, n / 2, at_stroke(AT_INK_MASK, 0.12));
    free(xy);
}

static void draw_dots(struct at_canvas *c, double x, double y, double cell_w, double cell_h,
                      const struct at_matrix_view *m)
{
    double cell = AT_MIN(cell_w, cell_h);

    if (cell < 0.6)
        return; /* the colour of undefined cells has to do */
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->cols; j++)
            if (!at_matrix_is_masked(m, i, j) && isnan(m->values[i * m->cols + j]))
                at_canvas_circle(c, x + cell_w * ((double)j + 0.5), y + cell_h * ((double)i + 0.5),
                                 AT_MIN(0.35, cell * 0.2), at_fill(AT_INK));
}

void at_matrix_draw(struct at_canvas *c, double x, double y, double w, double h,
                    const struct at_matrix_view *m)
{
    double cell_w = w / (double)m->cols, cell_h = h / (double)m->rows;

    draw_cells(c, x, y, w, h, m);
    if (m->is_causal && m->cols > 1)
        draw_mask(c, x, y, cell_w, cell_h, m);
    draw_dots(c, x, y, cell_w, cell_h, m);
}
