/*
 * axes.c - see axes.h.
 */
#include "draw/axes.h"

#include <math.h>

#include "base/attr.h"
#include "draw/frame.h"
#include "draw/draw_label.h"
#include "draw/scale.h"

double at_axes_x(const struct at_axes *a, double v)
{
    return a->x + a->w * (v - a->x0) / (a->x1 - a->x0);
}

double at_axes_y(const struct at_axes *a, double v)
{
    return a->y + a->h * (a->y1 - v) / (a->y1 - a->y0);
}

void at_axes_pad(double *lo, double *hi, double share)
{
    double least = 5e-4 * fmax(fabs(*lo), fabs(*hi)); /* rounding errors are no curve */
    double by = *hi > *lo ? fmax(share * (*hi - *lo), least) : fmax(1e-3, 0.1 * fabs(*lo));

    *lo -= by;
    *hi += by;
}

/* Where the middle of a label goes that stands below x: not beyond the page. */
static double inside_page(const struct at_canvas *c, double x, const char *text, double size_pt)
{
    double half = at_text_width(text, size_pt) / 2 + 0.3;

    return fmin(x, at_canvas_width(c) - half);
}

static void draw_x_ticks(struct at_canvas *c, const struct at_axes *a)
{
    struct at_text_style style = { .size_pt = AT_TICK_PT, .h = AT_ANCHOR_MIDDLE, .rgb = AT_INK };
    double ticks[16];
    size_t most = (size_t)fmin(AT_COUNTOF(ticks), fmax(3, a->w / 12));
    size_t n = at_ticks(ticks, most, a->x0, a->x1);
    char text[32];

    for (size_t i = 0; i < n; i++) {
        double x = at_axes_x(a, ticks[i]);
        if (a->is_x_count && ticks[i] != floor(ticks[i]))
            continue;
        at_canvas_line(c, x, a->y, x, a->y + a->h, at_stroke(AT_INK_GRID, 0.1));
        at_canvas_line(c, x, a->y + a->h, x, a->y + a->h + 0.8, at_stroke(AT_INK_LINE, 0.15));
        at_tick_text(text, sizeof text, ticks[i],
                     a->is_x_count ? 1
                     : n > 1       ? ticks[1] - ticks[0]
                                   : 0);
        x = inside_page(c, x, text, style.size_pt);
        at_canvas_text(c, x, a->y + a->h + 1.4, text, &style);
    }
}

static void draw_y_ticks(struct at_canvas *c, const struct at_axes *a)
{
    struct at_text_style style = {
        .size_pt = AT_TICK_PT, .h = AT_ANCHOR_END, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK
    };
    const double room = 8;
    double ticks[12], widest = 0;
    size_t most = (size_t)fmin(AT_COUNTOF(ticks), fmax(3, a->h / 7));
    size_t n = at_ticks(ticks, most, a->y0, a->y1);
    char text[AT_COUNTOF(ticks)][32];

    for (size_t i = 0; i < n; i++) {
        at_tick_text(text[i], sizeof text[i], ticks[i], n > 1 ? ticks[1] - ticks[0] : 0);
        widest = fmax(widest, at_text_width(text[i], style.size_pt));
    }
    if (widest > room)
        style.size_pt = fmax(AT_MIN_PT, style.size_pt * room / widest);

    for (size_t i = 0; i < n; i++) {
        double y = at_axes_y(a, ticks[i]);
        at_canvas_line(c, a->x, y, a->x + a->w, y, at_stroke(AT_INK_GRID, 0.1));
        at_canvas_line(c, a->x - 0.8, y, a->x, y, at_stroke(AT_INK_LINE, 0.15));
        at_canvas_text(c, a->x - 1.4, y, text[i], &style);
    }
}

void at_axes_draw(struct at_canvas *c, const struct at_axes *a)
{
    struct at_text_style name = { .size_pt = AT_AXIS_PT, .h = AT_ANCHOR_MIDDLE, .rgb = AT_INK };

    at_canvas_group(c, "axes");
    if (a->has_x_ticks)
        draw_x_ticks(c, a);
    if (a->has_y_ticks)
        draw_y_ticks(c, a);
    at_canvas_line(c, a->x, a->y + a->h, a->x + a->w, a->y + a->h, at_stroke(AT_INK_LINE, 0.2));
    at_canvas_line(c, a->x, a->y, a->x, a->y + a->h, at_stroke(AT_INK_LINE, 0.2));
    at_canvas_group(c, "axis names");
    if (a->x_name) {
        name.max_mm = a->w + 6;
        at_canvas_text(c, a->x + a->w / 2, a->y + a->h + (a->has_x_ticks ? 5.2 : 1.8), a->x_name,
                       &name);
    }
    if (a->y_name) {
        name.angle_deg = 90;
        name.v = AT_ANCHOR_END;
        name.max_mm = a->h + 6;
        at_canvas_text(c, a->x - (a->has_y_ticks ? 10.2 : 1.8), a->y + a->h / 2, a->y_name, &name);
    }
}

void at_axes_reference(struct at_canvas *c, const struct at_axes *a, double v, bool is_upright)
{
    struct at_ink ink = at_stroke(AT_INK, 0.25);
    double lo = is_upright ? fmin(a->x0, a->x1) : fmin(a->y0, a->y1);
    double hi = is_upright ? fmax(a->x0, a->x1) : fmax(a->y0, a->y1);

    if (!(v >= lo && v <= hi))
        return;
    ink.is_dashed = true;
    if (is_upright)
        at_canvas_line(c, at_axes_x(a, v), a->y, at_axes_x(a, v), a->y + a->h, ink);
    else
        at_canvas_line(c, a->x, at_axes_y(a, v), a->x + a->w, at_axes_y(a, v), ink);
}
