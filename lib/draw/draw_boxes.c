/*
 * draw_boxes.c - see draw_boxes.h.
 */
#include "draw/draw_boxes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/frame.h"
#include "draw/rows.h"
#include "draw/scale.h"

static bool has_data(const struct at_box *b)
{
    return isfinite(b->whisker_lo) && isfinite(b->q1) && isfinite(b->median) && isfinite(b->q3) &&
           isfinite(b->whisker_hi);
}

static void fit_range(struct at_axes *a, const struct at_boxes *b)
{
    a->x0 = isfinite(b->reference) ? b->reference : INFINITY;
    a->x1 = isfinite(b->reference) ? b->reference : -INFINITY;
    for (size_t i = 0; i < b->n; i++) {
        const struct at_box *box = &b->boxes[i];
        if (!has_data(box))
            continue;
        a->x0 = fmin(a->x0, box->whisker_lo);
        a->x1 = fmax(a->x1, box->whisker_hi);
        for (size_t k = 0; k < box->n_outliers; k++) {
            a->x0 = fmin(a->x0, box->outliers[k]);
            a->x1 = fmax(a->x1, box->outliers[k]);
        }
    }
    if (a->x0 > a->x1)
        a->x0 = 0, a->x1 = 1;
    at_axes_pad(&a->x0, &a->x1, 0.04);
}

static void draw_box(struct at_canvas *c, const struct at_rows *r, const struct at_box *b, size_t i)
{
    const struct at_axes *a = &r->axes;
    double y = at_rows_y(r, i), half = 0.32 * r->pitch, cap = 0.18 * r->pitch;
    uint32_t rgb = at_category_color(b->category);
    struct at_text_style none = { .size_pt = r->size_pt,
                                  .v = AT_ANCHOR_MIDDLE,
                                  .rgb = AT_INK_SOFT };

    if (!has_data(b)) {
        at_canvas_text(c, a->x + 1, y, "n/a", &none);
        return;
    }
    double lo = at_axes_x(a, b->whisker_lo), q1 = at_axes_x(a, b->q1), q3 = at_axes_x(a, b->q3);
    double median = at_axes_x(a, b->median), hi = at_axes_x(a, b->whisker_hi);
    at_canvas_line(c, lo, y, q1, y, at_stroke(AT_INK_LINE, 0.2));
    at_canvas_line(c, q3, y, hi, y, at_stroke(AT_INK_LINE, 0.2));
    at_canvas_line(c, lo, y - cap, lo, y + cap, at_stroke(AT_INK_LINE, 0.2));
    at_canvas_line(c, hi, y - cap, hi, y + cap, at_stroke(AT_INK_LINE, 0.2));
    at_canvas_rect(c, q1, y - half, q3 - q1, 2 * half,
                   (struct at_ink){ .rgb = rgb, .alpha = 0.45 });
    at_canvas_rect(c, q1, y - half, q3 - q1, 2 * half, at_stroke(rgb, 0.25));
    at_canvas_line(c, median, y - half, median, y + half, at_stroke(AT_INK, 0.55));
    for (size_t k = 0; k < b->n_outliers; k++)
        at_frame_marker(c, at_axes_x(a, b->outliers[k]), y, 0.5, b->category,
                        (struct at_ink){ .rgb = rgb, .alpha = 0.6 });
}

struct at_canvas *at_draw_boxes(const struct at_boxes *b)
{
    struct at_canvas *c = at_canvas_new(b->width_mm, b->width_mm);
    struct at_row_text *texts = at_calloc(AT_MAX(b->n, (size_t)1), sizeof *texts);
    struct at_rows r = { .axes.x_name = b->value_name };
    struct at_rows_key key = { b->category_names, b->n_categories, NULL, b->reference,
                               b->reference_name };

    for (size_t i = 0; i < b->n; i++)
        texts[i] = (struct at_row_text){ b->boxes[i].label, b->boxes[i].detail };
    fit_range(&r.axes, b);
    at_rows_draw(c, &r, texts, b->n, at_frame_header(c, b->title, b->subtitle));
    at_canvas_group(c, "boxes");
    for (size_t i = 0; i < b->n; i++)
        draw_box(c, &r, &b->boxes[i], i);
    at_rows_finish(c, &r, &key, b->note);
    free(texts);
    return c;
}
