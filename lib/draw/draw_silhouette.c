/*
 * draw_silhouette.c - see draw_silhouette.h.
 */
#include "draw/draw_silhouette.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/axes.h"
#include "draw/frame.h"
#include "draw/scale.h"

static const double number_w = 8;

static int descending(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;

    return p > q ? -1 : p < q;
}

/* The finite silhouettes of a category, or of all points. */
static double *collect(size_t *n_out, const struct at_scatter *s, const size_t *category)
{
    double *v = at_malloc(AT_MAX(s->n, (size_t)1), sizeof *v);
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        if ((!category || s->points[i].category == *category) && isfinite(s->points[i].silhouette))
            v[n++] = s->points[i].silhouette;
    qsort(v, n, sizeof *v, descending);
    *n_out = n;
    return v;
}

static double mean(const double *v, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return n ? sum / (double)n : NAN;
}

/* All bars of a category as one outline: hundreds of rectangles would show seams. */
static void draw_bars(struct at_canvas *c, const struct at_axes *a, double y, double bar,
                      const double *v, size_t n, uint32_t rgb)
{
    double *xy = at_malloc(4 * n + 4, sizeof *xy), zero = at_axes_x(a, 0);
    size_t k = 0;

    xy[k++] = zero;
    xy[k++] = y;
    for (size_t i = 0; i < n; i++) {
        double x = at_axes_x(a, fmax(a->x0, v[i]));
        xy[k++] = x;
        xy[k++] = y + bar * (double)i;
        xy[k++] = x;
        xy[k++] = y + bar * (double)(i + 1);
    }
    xy[k++] = zero;
    xy[k++] = y + bar * (double)n;
    at_canvas_polygon(c, xy, k / 2, at_fill(rgb));
    free(xy);
}

void at_draw_silhouette(struct at_canvas *c, double x, double y, double w, double h,
                        const struct at_scatter *s)
{
    struct at_text_style number = { .size_pt = AT_TICK_PT, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK };
    struct at_axes a = { .x = x,
                         .y = y,
                         .w = w - number_w,
                         .h = h,
                         .x0 = 0,
                         .x1 = 1,
                         .y0 = 0,
                         .y1 = 1,
                         .x_name = "silhouette",
                         .has_x_ticks = true };
    size_t n;
    double *all = collect(&n, s, NULL), overall = mean(all, n);
    double gap = 1.6, bar, top = y + gap / 2;
    char text[48];

    if (n && all[n - 1] < 0)
        a.x0 = fmax(-1, floor(all[n - 1] * 4) / 4);
    at_axes_draw(c, &a);
    bar = n ? (h - gap * (double)s->n_categories) / (double)n : 0;
    at_canvas_group(c, "silhouettes");
    for (size_t k = 0; k < s->n_categories; k++) {
        size_t m;
        double *v = collect(&m, s, &k);
        if (m) {
            draw_bars(c, &a, top, bar, v, m, at_category_color(k));
            snprintf(text, sizeof text, "%.2f", mean(v, m));
            if (bar * (double)m + gap > number.size_pt * AT_PT_MM)
                at_canvas_text(c, x + w - number_w + 1, top + bar * (double)m / 2, text, &number);
        }
        top += bar * (double)m + gap;
        free(v);
    }
    at_canvas_line(c, at_axes_x(&a, 0), y, at_axes_x(&a, 0), y + h, at_stroke(AT_INK_LINE, 0.15));
    at_axes_reference(c, &a, overall, true);
    if (n) {
        number.v = AT_ANCHOR_END;
        number.h = AT_ANCHOR_END;
        snprintf(text, sizeof text, "mean %.2f", overall);
        at_canvas_text(c, x + w, y - 1, text, &number);
    }
    free(all);
}
