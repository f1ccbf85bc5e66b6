/*
 * draw_bars.c - see draw_bars.h.
 */
#include "draw/draw_bars.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/frame.h"
#include "draw/rows.h"
#include "draw/scale.h"

static void fit_range(struct at_axes *a, const struct at_bars *b)
{
    a->x0 = a->x1 = isfinite(b->reference) ? b->reference : 0;
    a->x0 = fmin(a->x0, 0);
    for (size_t i = 0; i < b->n; i++) {
        const double v[] = { b->bars[i].value, b->bars[i].lo, b->bars[i].hi };
        for (size_t k = 0; k < 3; k++)
            if (isfinite(v[k])) {
                a->x0 = fmin(a->x0, v[k]);
                a->x1 = fmax(a->x1, v[k]);
            }
    }
    a->x1 += 0.04 * (a->x1 - a->x0);
    if (isfinite(b->axis_lo))
        a->x0 = b->axis_lo;
    if (isfinite(b->axis_hi))
        a->x1 = b->axis_hi;
    if (!(a->x1 > a->x0))
        a->x1 = a->x0 + 1;
}

static double inside(const struct at_axes *a, double v)
{
    return at_axes_x(a, fmin(a->x1, fmax(a->x0, v)));
}

static void draw_interval(struct at_canvas *c, double lo, double hi, double y, double cap)
{
    at_canvas_line(c, lo, y, hi, y, at_stroke(AT_INK, 0.25));
    at_canvas_line(c, lo, y - cap, lo, y + cap, at_stroke(AT_INK, 0.25));
    at_canvas_line(c, hi, y - cap, hi, y + cap, at_stroke(AT_INK, 0.25));
}

static void draw_bar(struct at_canvas *c, const struct at_rows *r, const struct at_bars *b,
                     size_t i)
{
    const struct at_axes *a = &r->axes;
    const struct at_bar *bar = &b->bars[i];
    double y = at_rows_y(r, i), half = 0.34 * r->pitch;
    struct at_text_style none = { .size_pt = AT_TICK_PT < r->size_pt ? AT_TICK_PT : r->size_pt,
                                  .v = AT_ANCHOR_MIDDLE,
                                  .rgb = AT_INK_SOFT };

    if (!isfinite(bar->value)) {
        at_canvas_text(c, a->x + 1, y, "n/a", &none);
        return;
    }
    double from = inside(a, fmax(a->x0, 0)), to = inside(a, bar->value);
    struct at_ink ink = { .rgb = at_category_color(bar->category), .alpha = 0.55 };
    at_canvas_rect(c, fmin(from, to), y - half, fabs(to - from), 2 * half, ink);
    if (isfinite(bar->lo) && isfinite(bar->hi))
        draw_interval(c, inside(a, bar->lo), inside(a, bar->hi), y, 0.22 * r->pitch);
    at_frame_marker(c, to, y, 0.85, bar->category, at_fill(ink.rgb));
}

struct at_canvas *at_draw_bars(const struct at_bars *b)
{
    struct at_canvas *c = at_canvas_new(b->width_mm, b->width_mm);
    struct at_row_text *texts = at_calloc(AT_MAX(b->n, (size_t)1), sizeof *texts);
    struct at_rows r = { .axes.x_name = b->value_name };
    struct at_rows_key key = { b->category_names, b->n_categories, b->interval_name, b->reference,
                               b->reference_name };

    for (size_t i = 0; i < b->n; i++)
        texts[i] = (struct at_row_text){ b->bars[i].label, b->bars[i].detail };
    fit_range(&r.axes, b);
    at_rows_draw(c, &r, texts, b->n, at_frame_header(c, b->title, b->subtitle));
    at_canvas_group(c, "bars");
    for (size_t i = 0; i < b->n; i++)
        draw_bar(c, &r, b, i);
    at_rows_finish(c, &r, &key, b->note);
    free(texts);
    return c;
}
