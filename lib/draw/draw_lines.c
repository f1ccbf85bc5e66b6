/*
 * draw_lines.c - see draw_lines.h.
 */
#include "draw/draw_lines.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/axes.h"
#include "draw/frame.h"
#include "draw/scale.h"

static void include(double *lo, double *hi, double v)
{
    if (isfinite(v)) {
        *lo = fmin(*lo, v);
        *hi = fmax(*hi, v);
    }
}

static void fit_ranges(struct at_axes *a, const struct at_line_plot *l)
{
    a->x0 = a->y0 = INFINITY;
    a->x1 = a->y1 = -INFINITY;
    for (size_t k = 0; k < l->n_series; k++) {
        const struct at_line_series *s = &l->series[k];
        for (size_t i = 0; i < s->n; i++) {
            include(&a->x0, &a->x1, s->x[i]);
            include(&a->y0, &a->y1, s->y[i]);
            if (s->lo && s->hi) {
                include(&a->y0, &a->y1, s->lo[i]);
                include(&a->y0, &a->y1, s->hi[i]);
            }
        }
    }
    include(&a->y0, &a->y1, l->y_reference);
    if (a->x0 > a->x1)
        a->x0 = 0, a->x1 = 1;
    if (a->y0 > a->y1)
        a->y0 = 0, a->y1 = 1;
    at_axes_pad(&a->x0, &a->x1, 0.03);
    at_axes_pad(&a->y0, &a->y1, 0.08);
}

static void draw_errors(struct at_canvas *c, const struct at_axes *a,
                        const struct at_line_series *s, uint32_t rgb)
{
    for (size_t i = 0; s->lo && s->hi && i < s->n; i++) {
        double x = at_axes_x(a, s->x[i]);
        if (!isfinite(s->y[i]) || !isfinite(s->lo[i]) || !isfinite(s->hi[i]))
            continue;
        double lo = at_axes_y(a, s->lo[i]), hi = at_axes_y(a, s->hi[i]);
        at_canvas_line(c, x, lo, x, hi, at_stroke(rgb, 0.2));
        at_canvas_line(c, x - 0.8, lo, x + 0.8, lo, at_stroke(rgb, 0.2));
        at_canvas_line(c, x - 0.8, hi, x + 0.8, hi, at_stroke(rgb, 0.2));
    }
}

/* The area between lo and hi, over each run of points that have both. */
static void draw_band(struct at_canvas *c, const struct at_axes *a, const struct at_line_series *s,
                      uint32_t rgb)
{
    double *xy = at_malloc(4 * AT_MAX(s->n, (size_t)1), sizeof *xy);
    struct at_ink ink = { .rgb = rgb, .alpha = 0.2 };

    for (size_t first = 0, end; first < s->n && s->lo && s->hi; first = end + 1) {
        size_t n;
        for (end = first; end < s->n && isfinite(s->lo[end]) && isfinite(s->hi[end]); end++)
            ;
        n = end - first;
        for (size_t i = 0; i < n; i++) {
            size_t back = 2 * n - 1 - i;
            xy[2 * i] = xy[2 * back] = at_axes_x(a, s->x[first + i]);
            xy[2 * i + 1] = at_axes_y(a, s->lo[first + i]);
            xy[2 * back + 1] = at_axes_y(a, s->hi[first + i]);
        }
        if (n >= 2)
            at_canvas_polygon(c, xy, 2 * n, ink);
    }
    free(xy);
}

/* Runs of defined points, each one line. */
static void draw_runs(struct at_canvas *c, const struct at_axes *a, const struct at_line_series *s,
                      struct at_ink ink)
{
    double *xy = at_malloc(2 * AT_MAX(s->n, (size_t)1), sizeof *xy);
    size_t n = 0;

    for (size_t i = 0; i <= s->n; i++) {
        if (i < s->n && isfinite(s->y[i])) {
            xy[2 * n] = at_axes_x(a, s->x[i]);
            xy[2 * n++ + 1] = at_axes_y(a, s->y[i]);
            continue;
        }
        if (n >= 2)
            at_canvas_polyline(c, xy, n, ink);
        n = 0;
    }
    free(xy);
}

static void draw_series(struct at_canvas *c, const struct at_axes *a,
                        const struct at_line_series *s, size_t k)
{
    struct at_ink ink = at_stroke(at_category_color(k), 0.45);

    ink.is_dashed = s->style != AT_LINE_PLAIN && k / 8 % 2;
    if (s->style != AT_LINE_BAND)
        draw_errors(c, a, s, ink.rgb);
    if (s->style != AT_LINE_POINTS)
        draw_runs(c, a, s, ink);
    for (size_t i = 0; s->style != AT_LINE_PLAIN && i < s->n; i++)
        if (isfinite(s->y[i]))
            at_frame_marker(c, at_axes_x(a, s->x[i]), at_axes_y(a, s->y[i]), 0.85, k,
                            at_fill(ink.rgb));
}

static double draw_legend(struct at_canvas *c, const struct at_line_plot *l, double y)
{
    struct at_legend_entry *e = at_calloc(l->n_series + 2, sizeof *e);
    size_t n = 0;
    char *marked = NULL;

    for (size_t k = 0; k < l->n_series; k++) {
        enum at_line_style style = l->series[k].style;
        if (!l->series[k].name)
            continue;
        e[n++] = (struct at_legend_entry){ style == AT_LINE_PLAIN    ? AT_SWATCH_LINE
                                           : style == AT_LINE_POINTS ? AT_SWATCH_MARKER
                                           : k / 8 % 2               ? AT_SWATCH_DASHED_MARKER
                                                                     : AT_SWATCH_LINE_MARKER,
                                           at_category_color(k), k, l->series[k].name };
    }
    if (isfinite(l->y_reference) && l->reference_name)
        e[n++] = (struct at_legend_entry){ AT_SWATCH_DASHED, AT_INK, 0, l->reference_name };
    if (isfinite(l->x_marked) && l->x_marked_name) {
        marked = at_asprintf("\xe2\x96\xbc %s", l->x_marked_name); /* U+25BC */
        e[n++] = (struct at_legend_entry){ .text = marked };
    }
    y = at_frame_legend(c, y, e, n);
    free(marked);
    free(e);
    return y;
}

struct at_canvas *at_draw_lines(const struct at_line_plot *l)
{
    struct at_axes a = { .x = AT_MARGIN_MM + AT_AXES_LEFT,
                         .x_name = l->x_name,
                         .y_name = l->y_name,
                         .has_x_ticks = true,
                         .has_y_ticks = true,
                         .is_x_count = l->is_x_count };
    struct at_canvas *c = at_canvas_new(l->width_mm, l->width_mm);

    fit_ranges(&a, l);
    a.w = l->width_mm - a.x - AT_MARGIN_MM - 1;
    a.h = fmin(0.55 * a.w, 75);
    a.y = at_frame_header(c, l->title, l->subtitle) + 1;
    at_axes_draw(c, &a);
    at_canvas_group(c, "reference");
    at_axes_reference(c, &a, l->y_reference, false);
    if (l->x_marked >= a.x0 && l->x_marked <= a.x1) {
        double x = at_axes_x(&a, l->x_marked);
        double pointer[] = { x - 1.2, a.y - 2, x + 1.2, a.y - 2, x, a.y };
        at_canvas_polygon(c, pointer, 3, at_fill(AT_INK));
        at_canvas_line(c, x, a.y, x, a.y + a.h, at_stroke(AT_INK_MASK, 0.2));
    }
    at_canvas_group(c, "bands"); /* under all lines */
    for (size_t k = 0; k < l->n_series; k++)
        if (l->series[k].style == AT_LINE_BAND)
            draw_band(c, &a, &l->series[k], at_category_color(k));
    at_canvas_group(c, "series");
    for (size_t k = 0; k < l->n_series; k++)
        draw_series(c, &a, &l->series[k], k);
    at_frame_finish(c, draw_legend(c, l, a.y + a.h + AT_AXES_BOTTOM + 1), l->note);
    return c;
}
