/*
 * draw_panels.c - see draw_panels.h.
 */
#include "draw/draw_panels.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "draw/draw_label.h"
#include "draw/frame.h"
#include "draw/scale.h"

static const double least_panel = 15, most_panel = 42, gap = 2.5, max_label = 30, head_h = 4.2,
                    axis_h = 4.5, band_gap = 3;
static const uint32_t positive = 0xc35e0fu, negative = 0x2468adu; /* as on diverging scales */

struct layout {
    const struct at_panels *p;
    double left, width; /* of a panel; left of the first */
    double row_h, label_pt;
    size_t per_band, step;
};

static double label_width(const struct at_panels *p, double pt)
{
    double w = 4;

    for (size_t i = 0; i < p->n; i++)
        w = fmax(w, at_label_length(&p->rows[i], p->numbers ? &p->numbers[i] : NULL, pt));
    return fmin(w, max_label);
}

static struct layout lay_out(const struct at_panels *p, double width_mm)
{
    struct layout l = { .p = p, .row_h = p->n <= 40 ? 3.4 : p->n <= 80 ? 2.7 : 2.2 };
    double room, most;

    l.step = at_label_step(&l.label_pt, l.row_h, AT_TICK_PT);
    l.left = AT_MARGIN_MM + label_width(p, l.label_pt) + 2;
    room = width_mm - l.left - AT_MARGIN_MM + gap;
    most = fmax(1.0, floor(room / (least_panel + gap)));
    l.per_band = AT_MIN((size_t)most, AT_MAX(p->n_panels, (size_t)1));
    l.per_band = (p->n_panels + l.per_band - 1) / l.per_band; /* bands, then evenly filled */
    l.per_band = (p->n_panels + l.per_band - 1) / AT_MAX(l.per_band, (size_t)1);
    l.width = fmin(room / (double)AT_MAX(l.per_band, (size_t)1) - gap, most_panel);
    return l;
}

/* The axis from the smallest to the largest value, with 0 on it. */
static void find_range(double *lo, double *hi, const struct at_panel *panel, size_t n)
{
    *lo = *hi = 0.0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(panel->values[i])) {
            *lo = fmin(*lo, panel->values[i]);
            *hi = fmax(*hi, panel->values[i]);
        }
    if (*lo == *hi)
        *hi = 1.0;
}

/* The ends of the axis in figures, and the 0 where it does not touch them. */
static void draw_axis(struct at_canvas *c, double x, double y, double w, double lo, double hi)
{
    struct at_text_style style = { .size_pt = AT_MIN_PT + 0.5, .rgb = AT_INK_SOFT };
    double ends[] = { lo, hi };

    at_canvas_line(c, x, y, x + w, y, at_stroke(AT_INK_LINE, 0.15));
    for (size_t k = 0; k < 2; k++) {
        char text[32];
        if (ends[k] == 0.0)
            snprintf(text, sizeof text, "0");
        else
            snprintf(text, sizeof text, "%.2g", ends[k]);
        style.h = k ? AT_ANCHOR_END : AT_ANCHOR_START;
        at_canvas_text(c, x + (k ? w : 0), y + 0.6, text, &style);
    }
}

static void draw_panel(struct at_canvas *c, const struct layout *l, const struct at_panel *panel,
                       double x, double y)
{
    struct at_text_style name = { .size_pt = AT_TICK_PT, .max_mm = l->width, .rgb = AT_INK };
    size_t n = l->p->n;
    double length = at_text_width(panel->name, AT_TICK_PT), lo, hi, zero, bar_h = l->row_h * 0.72,
           h = (double)n * l->row_h;

    find_range(&lo, &hi, panel, n);
    zero = x - lo / (hi - lo) * l->width;
    at_canvas_group(c, panel->name);
    if (length > l->width)
        name.size_pt = fmax(AT_MIN_PT, 0.98 * AT_TICK_PT * l->width / length);
    at_canvas_text(c, x, y, panel->name, &name);
    y += head_h;
    for (size_t i = 0; i < n; i++) {
        double v = panel->values[i], row = y + (double)i * l->row_h;
        double end = zero + v / (hi - lo) * l->width;
        if (isfinite(v) && v != 0.0)
            at_canvas_rect(c, fmin(zero, end), row + (l->row_h - bar_h) / 2, fabs(end - zero),
                           bar_h, at_fill(v > 0 ? positive : negative));
        else if (!isfinite(v))
            at_canvas_circle(c, zero, row + l->row_h / 2, 0.3, at_fill(AT_INK_MASK));
    }
    at_canvas_line(c, zero, y, zero, y + h, at_stroke(AT_INK_LINE, 0.15));
    draw_axis(c, x, y + h, l->width, lo, hi);
}

/* Names of the rows, and faint lines that lead the eye across. */
static void draw_rows(struct at_canvas *c, const struct layout *l, size_t n_panels, double y)
{
    struct at_text_style style = { .size_pt = l->label_pt,
                                   .h = AT_ANCHOR_END,
                                   .v = AT_ANCHOR_MIDDLE,
                                   .max_mm = max_label,
                                   .rgb = AT_INK };
    double right = l->left + (double)n_panels * (l->width + gap) - gap;

    at_canvas_group(c, "rows");
    for (size_t i = 0; i < l->p->n; i++) {
        double row = y + head_h + (double)i * l->row_h;
        if (i % 5 == 0 && i > 0)
            at_canvas_line(c, l->left, row, right, row, at_stroke(AT_INK_GRID, 0.1));
        if (i % l->step == 0)
            at_label_draw(c, l->left - 1.5, row + l->row_h / 2, &l->p->rows[i],
                          l->p->numbers ? &l->p->numbers[i] : NULL, &style);
    }
}

struct at_canvas *at_draw_panels(const struct at_panels *p)
{
    double width = fmax(p->width_mm, AT_LEAST_MM);
    struct layout l = lay_out(p, width);
    struct at_canvas *c = at_canvas_new(width, width);
    double y = at_frame_header(c, p->title, p->subtitle) + 1;
    double band_h = head_h + (double)p->n * l.row_h + axis_h;

    for (size_t first = 0; first < p->n_panels; first += l.per_band) {
        size_t n = AT_MIN(l.per_band, p->n_panels - first);
        draw_rows(c, &l, n, y);
        for (size_t k = 0; k < n; k++)
            draw_panel(c, &l, &p->panels[first + k], l.left + (double)k * (l.width + gap), y);
        y += band_h + band_gap;
    }
    at_frame_finish(c, y, p->note);
    return c;
}
