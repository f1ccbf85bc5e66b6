/*
 * draw_scatter.c - see draw_scatter.h. The silhouette panel is in draw_silhouette.c.
 */
#include "draw/draw_scatter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "draw/axes.h"
#include "draw/draw_silhouette.h"
#include "draw/frame.h"
#include "draw/draw_label.h"
#include "draw/scale.h"

static const double panel_gap = 9, panel_w = 38, name_pt = 5.5, least_side = 30, same_place = 0.1;

static bool is_shown(const struct at_scatter_point *p)
{
    return isfinite(p->x) && isfinite(p->y);
}

static double radius(const struct at_scatter *s, const struct at_scatter_point *p)
{
    double base = s->n > 400 ? 0.5 : s->n > 60 ? 0.8 : 1.0;

    return base * (1 + fmin(1, fmax(0, p->weight)));
}

static void fit_ranges(struct at_axes *a, const struct at_scatter *s)
{
    a->x0 = a->y0 = INFINITY;
    a->x1 = a->y1 = -INFINITY;
    for (size_t i = 0; i < s->n; i++)
        if (is_shown(&s->points[i])) {
            a->x0 = fmin(a->x0, s->points[i].x);
            a->x1 = fmax(a->x1, s->points[i].x);
            a->y0 = fmin(a->y0, s->points[i].y);
            a->y1 = fmax(a->y1, s->points[i].y);
        }
    if (a->x0 > a->x1)
        a->x0 = a->y0 = 0, a->x1 = a->y1 = 1;
    if (isfinite(s->x_reference))
        a->x0 = fmin(a->x0, s->x_reference), a->x1 = fmax(a->x1, s->x_reference);
    if (isfinite(s->y_reference))
        a->y0 = fmin(a->y0, s->y_reference), a->y1 = fmax(a->y1, s->y_reference);
    at_axes_pad(&a->x0, &a->x1, 0.06);
    at_axes_pad(&a->y0, &a->y1, 0.06);
}

/* Indices of the shown points in the order of a comparison. */
struct ranked {
    const struct at_scatter_point *point;
    size_t index;
};

static int by_weight(const void *a, const void *b)
{
    const struct ranked *p = a, *q = b;

    if (p->point->is_marked != q->point->is_marked)
        return p->point->is_marked ? -1 : 1;
    if (p->point->weight != q->point->weight)
        return p->point->weight > q->point->weight ? -1 : 1;
    return p->index < q->index ? -1 : 1;
}

static int by_x(const void *a, const void *b)
{
    const struct ranked *p = a, *q = b;

    if (p->point->x != q->point->x)
        return p->point->x < q->point->x ? -1 : 1;
    if (p->point->y != q->point->y)
        return p->point->y < q->point->y ? -1 : 1;
    return p->index < q->index ? -1 : 1;
}

static struct ranked *rank(const struct at_scatter *s, size_t *n_out,
                           int (*order)(const void *, const void *))
{
    struct ranked *r = at_malloc(AT_MAX(s->n, (size_t)1), sizeof *r);
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        if (is_shown(&s->points[i]))
            r[n++] = (struct ranked){ &s->points[i], i };
    qsort(r, n, sizeof *r, order);
    *n_out = n;
    return r;
}

static void draw_frontier(struct at_canvas *c, const struct at_axes *a, const struct at_scatter *s)
{
    size_t n;
    struct ranked *r = rank(s, &n, by_x);
    double x = NAN, y = NAN;

    at_canvas_group(c, "frontier");
    for (size_t i = 0; i < n; i++) {
        double to_x = at_axes_x(a, r[i].point->x), to_y = at_axes_y(a, r[i].point->y);
        if (!r[i].point->is_marked)
            continue;
        if (isfinite(x))
            at_canvas_line(c, x, y, to_x, to_y, at_stroke(AT_INK, 0.2));
        x = to_x;
        y = to_y;
    }
    free(r);
}

static void draw_points(struct at_canvas *c, const struct at_axes *a, const struct at_scatter *s)
{
    size_t n;
    struct ranked *r = rank(s, &n, by_weight);

    at_canvas_group(c, "points");
    for (size_t i = n; i-- > 0;) { /* large ones last, they are what is looked for */
        const struct at_scatter_point *p = r[i].point;
        struct at_ink ink = { .rgb = at_category_color(p->category), .alpha = 0.75 };
        double x = at_axes_x(a, p->x), y = at_axes_y(a, p->y), size = radius(s, p);
        at_frame_marker(c, x, y, size, p->category, ink);
        if (p->is_marked)
            at_canvas_circle(c, x, y, size + 0.6, at_stroke(AT_INK, 0.3));
    }
    free(r);
}

struct box {
    double x0, y0, x1, y1;
};

static bool touches(const struct box *a, const struct box *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}

/* Right, left, above, below: the first place that is free of points and of names. */
static bool place_name(struct box *out, const struct box *taken, size_t n, const struct box *area,
                       double x, double y, double r, double w, double h)
{
    const double gap = 0.5;
    const struct box tries[] = {
        { x + r + gap, y - h / 2, x + r + gap + w, y + h / 2 },
        { x - r - gap - w, y - h / 2, x - r - gap, y + h / 2 },
        { x - w / 2, y - r - gap - h, x + w / 2, y - r - gap },
        { x - w / 2, y + r + gap, x + w / 2, y + r + gap + h },
    };

    for (size_t k = 0; k < AT_COUNTOF(tries); k++) {
        const struct box *b = &tries[k];
        bool is_free = b->x0 > area->x0 && b->x1 < area->x1 && b->y0 > area->y0 && b->y1 < area->y1;
        for (size_t i = 0; i < n && is_free; i++)
            is_free = !touches(b, &taken[i]);
        if (is_free) {
            *out = *b;
            return true;
        }
    }
    return false;
}

/* Dashed lines, which would strike names out. */
static size_t reference_boxes(struct box *out, const struct at_axes *a, const struct at_scatter *s)
{
    const double half = 0.15;
    size_t n = 0;

    if (isfinite(s->x_reference)) {
        double x = at_axes_x(a, s->x_reference);
        out[n++] = (struct box){ x - half, a->y, x + half, a->y + a->h };
    }
    if (isfinite(s->y_reference)) {
        double y = at_axes_y(a, s->y_reference);
        out[n++] = (struct box){ a->x, y - half, a->x + a->w, y + half };
    }
    return n;
}

/* How many points with this one's name stand in its place, 0 when one of them came before it. */
static size_t count_alike(const struct at_axes *a, const struct ranked *r, size_t n, size_t i)
{
    const struct at_scatter_point *p = r[i].point;
    size_t count = 0;

    for (size_t k = 0; k < n; k++) {
        const struct at_scatter_point *q = r[k].point;
        if (fabs(at_axes_x(a, q->x) - at_axes_x(a, p->x)) > same_place ||
            fabs(at_axes_y(a, q->y) - at_axes_y(a, p->y)) > same_place || !q->name ||
            strcmp(q->name, p->name) != 0)
            continue;
        if (k < i)
            return 0;
        count++;
    }
    return count;
}

/* Returns how many names found no place. */
static size_t draw_names(struct at_canvas *c, const struct at_axes *a, const struct at_scatter *s)
{
    struct at_text_style style = {
        .size_pt = name_pt, .v = AT_ANCHOR_START, .rgb = AT_INK, .max_mm = 24
    };
    struct box area = { a->x + 0.3, a->y, a->x + a->w, a->y + a->h - 0.3 };
    size_t n, n_taken, left_out = 0;
    struct ranked *r = rank(s, &n, by_weight);
    struct box *taken = at_malloc(2 * n + 2, sizeof *taken);

    for (n_taken = 0; n_taken < n; n_taken++) {
        const struct at_scatter_point *p = r[n_taken].point;
        double x = at_axes_x(a, p->x), y = at_axes_y(a, p->y);
        double size = radius(s, p) + (p->is_marked ? 0.6 : 0);
        taken[n_taken] = (struct box){ x - size, y - size, x + size, y + size };
    }
    n_taken += reference_boxes(taken + n_taken, a, s);
    at_canvas_group(c, "names");
    for (size_t i = 0; i < n; i++) {
        const struct at_scatter_point *p = r[i].point;
        double size = radius(s, p) + (p->is_marked ? 0.6 : 0);
        size_t n_alike = p->name ? count_alike(a, r, n, i) : 0;
        struct box b;
        char *name;
        if (!n_alike)
            continue;
        name = n_alike > 1 ? at_asprintf("%s \xc3\x97%zu", p->name, n_alike) : at_strdup(p->name);
        if (place_name(&b, taken, n_taken, &area, at_axes_x(a, p->x), at_axes_y(a, p->y), size,
                       fmin(at_text_width(name, name_pt), style.max_mm), name_pt * AT_PT_MM)) {
            taken[n_taken++] = b;
            at_canvas_text(c, b.x0, b.y0, name, &style);
        } else {
            left_out += n_alike;
        }
        free(name);
    }
    free(taken);
    free(r);
    return left_out;
}

static double draw_legend(struct at_canvas *c, const struct at_scatter *s, double y,
                          size_t names_left_out)
{
    struct at_legend_entry *e = at_calloc(s->n_categories + 3, sizeof *e);
    size_t n = at_frame_categories(e, s->category_names, s->n_categories), undefined = 0;
    char names[64], points[64];

    if (s->mark_name)
        e[n++] = (struct at_legend_entry){ AT_SWATCH_RING, AT_INK, 0, s->mark_name };
    for (size_t i = 0; i < s->n; i++)
        undefined += !is_shown(&s->points[i]);
    if (names_left_out) {
        snprintf(names, sizeof names, "%zu name%s had no room", names_left_out,
                 at_plural(names_left_out));
        e[n++] = (struct at_legend_entry){ .text = names };
    }
    if (undefined) {
        snprintf(points, sizeof points, "%zu point%s undefined", undefined, at_plural(undefined));
        e[n++] = (struct at_legend_entry){ .text = points };
    }
    y = at_frame_legend(c, y, e, n);
    free(e);
    return y;
}

struct at_canvas *at_draw_scatter(const struct at_scatter *s)
{
    double left = s->has_ticks ? AT_AXES_LEFT : 5;
    double bottom = s->has_ticks || s->has_silhouettes ? AT_AXES_BOTTOM : 6;
    struct at_axes a = { .x = AT_MARGIN_MM + left,
                         .x_name = s->x_name,
                         .y_name = s->y_name,
                         .has_x_ticks = s->has_ticks,
                         .has_y_ticks = s->has_ticks };
    double beside = a.x + AT_MARGIN_MM + (s->has_silhouettes ? panel_gap + panel_w : 0);
    double width = fmax(s->width_mm, beside + least_side);
    struct at_canvas *c = at_canvas_new(width, width);
    size_t left_out;

    fit_ranges(&a, s);
    a.w = width - beside;
    a.h = fmin(a.w, 110);
    a.y = at_frame_header(c, s->title, s->subtitle) + (s->has_silhouettes ? 4 : 0);
    at_axes_draw(c, &a);
    at_canvas_group(c, "reference");
    at_axes_reference(c, &a, s->x_reference, true);
    at_axes_reference(c, &a, s->y_reference, false);
    if (s->joins_marked)
        draw_frontier(c, &a, s);
    draw_points(c, &a, s);
    left_out = draw_names(c, &a, s);
    if (s->has_silhouettes)
        at_draw_silhouette(c, a.x + a.w + panel_gap, a.y, panel_w, a.h, s);
    at_frame_finish(c, draw_legend(c, s, a.y + a.h + bottom + 1, left_out), s->note);
    return c;
}
