/*
 * draw_radar.c - see draw_radar.h.
 */
#include "draw/draw_radar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/frame.h"
#include "draw/draw_label.h"
#include "draw/scale.h"

static const double max_radius = 42, label_gap = 3.5;

struct layout {
    double x, y, r; /* centre and radius */
    double label_w, width;
};

static double angle(const struct at_radar *r, size_t axis)
{
    return 2 * AT_PI * (double)axis / (double)r->n_axes;
}

static double at_x(const struct layout *l, double angle, double v)
{
    return l->x + l->r * v * sin(angle);
}

static double at_y(const struct layout *l, double angle, double v)
{
    return l->y - l->r * v * cos(angle);
}

static struct layout make_layout(const struct at_radar *r)
{
    struct layout l = { 0 };
    double most = fmax(r->width_mm, AT_LEAST_MM);

    for (size_t i = 0; i < r->n_axes; i++) {
        l.label_w = fmax(l.label_w, at_text_width(r->axis_names[i], AT_LABEL_PT) + 0.2);
        if (r->axis_details)
            l.label_w = fmax(l.label_w, at_text_width(r->axis_details[i], AT_TICK_PT) + 0.2);
    }
    l.label_w = fmin(l.label_w, 0.24 * most);
    l.r = fmin(max_radius, (most - 2 * (AT_MARGIN_MM + l.label_w + label_gap)) / 2);
    l.width = fmax(2 * (AT_MARGIN_MM + l.label_w + label_gap + l.r), fmin(most, 90));
    l.x = l.width / 2;
    return l;
}

/* Rings at quarters, polygons like the profiles themselves; the numbers on the first axis. */
static void draw_rings(struct at_canvas *c, const struct layout *l, const struct at_radar *r)
{
    double *xy = at_malloc(2 * r->n_axes, sizeof *xy);

    at_canvas_group(c, "rings");
    for (int ring = 1; ring <= 4; ring++) {
        for (size_t i = 0; i < r->n_axes; i++) {
            xy[2 * i] = at_x(l, angle(r, i), ring / 4.0);
            xy[2 * i + 1] = at_y(l, angle(r, i), ring / 4.0);
        }
        at_canvas_polygon(c, xy, r->n_axes, at_stroke(ring == 4 ? AT_INK_LINE : AT_INK_GRID, 0.12));
    }
    for (size_t i = 0; i < r->n_axes; i++)
        at_canvas_line(c, l->x, l->y, at_x(l, angle(r, i), 1), at_y(l, angle(r, i), 1),
                       at_stroke(AT_INK_GRID, 0.12));
    free(xy);
}

static void draw_ring_numbers(struct at_canvas *c, const struct layout *l)
{
    struct at_text_style style = {
        .size_pt = 5.5, .h = AT_ANCHOR_END, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK_SOFT
    };
    static const char *const numbers[] = { "0", "0.25", "0.5", "0.75", "1" };

    at_canvas_group(c, "ring numbers");
    for (size_t i = 0; i < AT_COUNTOF(numbers); i++) {
        double y = l->y - l->r * 0.25 * (double)i;
        double w = at_text_width(numbers[i], style.size_pt);
        at_canvas_rect(c, l->x - 1.5 - w, y - 1.1, w + 0.4, 2.2,
                       (struct at_ink){ .rgb = 0xffffff, .alpha = 0.75 });
        at_canvas_text(c, l->x - 1.3, y, numbers[i], &style);
    }
}

static void draw_names(struct at_canvas *c, const struct layout *l, const struct at_radar *r)
{
    struct at_text_style style = {
        .size_pt = AT_LABEL_PT, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK, .max_mm = l->label_w
    };
    struct at_text_style small = {
        .size_pt = AT_TICK_PT, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK_SOFT, .max_mm = l->label_w
    };
    double line = 3.2;

    at_canvas_group(c, "axis names");
    for (size_t i = 0; i < r->n_axes; i++) {
        double a = angle(r, i), side = sin(a), up = cos(a);
        double x = l->x + (l->r + label_gap - 1) * side;
        double y = l->y - (l->r + label_gap) * up;
        if (r->axis_details)
            y -= line / 2 * (1 + up * 0.6); /* both lines outside the polygon */
        style.h = small.h = side > 0.05    ? AT_ANCHOR_START
                            : side < -0.05 ? AT_ANCHOR_END
                                           : AT_ANCHOR_MIDDLE;
        at_canvas_text(c, x, y, r->axis_names[i], &style);
        if (r->axis_details)
            at_canvas_text(c, x, y + line, r->axis_details[i], &small);
    }
}

static bool is_dashed(size_t series)
{
    return series / 8 % 2; /* the second round of colours */
}

/* The polygon, or the pieces of it between undefined values. */
static void draw_series(struct at_canvas *c, const struct layout *l, const struct at_radar *r,
                        size_t k)
{
    const double *v = r->series[k].values;
    double *xy = at_malloc(2 * r->n_axes, sizeof *xy);
    struct at_ink line = at_stroke(at_category_color(k), r->n_series > 8 ? 0.3 : 0.5);
    struct at_ink area = { .rgb = line.rgb, .alpha = r->n_series == 1 ? 0.2 : 0.08 };
    size_t n = 0;

    line.is_dashed = is_dashed(k);
    for (size_t i = 0; i < r->n_axes; i++)
        if (isfinite(v[i])) {
            xy[2 * n] = at_x(l, angle(r, i), fmin(1, fmax(0, v[i])));
            xy[2 * n++ + 1] = at_y(l, angle(r, i), fmin(1, fmax(0, v[i])));
        }
    if (n == r->n_axes) {
        if (r->n_series <= 4)
            at_canvas_polygon(c, xy, n, area);
        at_canvas_polygon(c, xy, n, line);
    } else {
        for (size_t i = 0, at = 0; i < r->n_axes; i++) {
            size_t next = (i + 1) % r->n_axes;
            if (isfinite(v[i]) && isfinite(v[next]))
                at_canvas_line(c, xy[2 * at], xy[2 * at + 1], xy[2 * ((at + 1) % n)],
                               xy[2 * ((at + 1) % n) + 1], line);
            at += isfinite(v[i]);
        }
    }
    for (size_t i = 0; i < n; i++)
        at_frame_marker(c, xy[2 * i], xy[2 * i + 1], 0.75, k, at_fill(line.rgb));
    free(xy);
}

static double draw_legend(struct at_canvas *c, const struct at_radar *r, double y)
{
    struct at_legend_entry *e = at_calloc(AT_MAX(r->n_series, (size_t)1), sizeof *e);

    for (size_t k = 0; k < r->n_series; k++)
        e[k] = (struct at_legend_entry){ is_dashed(k) ? AT_SWATCH_DASHED_MARKER
                                                      : AT_SWATCH_LINE_MARKER,
                                         at_category_color(k), k, r->series[k].name };
    y = at_frame_legend(c, y, e, r->n_series);
    free(e);
    return y;
}

struct at_canvas *at_draw_radar(const struct at_radar *r)
{
    struct layout l = make_layout(r);
    struct at_canvas *c = at_canvas_new(l.width, r->width_mm);
    double lines = r->axis_details ? 7.5 : 4.5;

    AT_BUG_IF(r->n_axes < 3 || r->n_axes > 12);
    l.y = at_frame_header(c, r->title, r->subtitle) + l.r + label_gap + lines;
    draw_rings(c, &l, r);
    at_canvas_group(c, "profiles");
    for (size_t k = 0; k < r->n_series; k++)
        draw_series(c, &l, r, k);
    draw_ring_numbers(c, &l);
    draw_names(c, &l, r);
    at_frame_finish(c, draw_legend(c, r, l.y + l.r + label_gap + lines), r->note);
    return c;
}
