/*
 * draw_bubbles.c - see draw_bubbles.h.
 */
#include "draw/draw_bubbles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/frame.h"
#include "draw/draw_label.h"
#include "draw/matrix.h"

static const double max_cell = 15, max_height = 200, name_w = 5, number_gap = 1.5, bar_gap = 4,
                    min_bar_h = 26, min_side = 12;

struct layout {
    double label_w, number_w, x, y, cell, side, width;
    double bar_w, bar_h; /* the colour bar with all that stands beside it */
    double row_pt, col_pt;
    size_t row_step, col_step;
};

static struct layout make_layout(const struct at_bubbles *b, const struct at_scale *scale)
{
    struct layout l = { .label_w = 0 };
    char last[24];

    for (size_t i = 0; i < b->n; i++)
        l.label_w = fmax(l.label_w, at_text_width(b->labels[i], AT_LABEL_PT) + 0.2);
    l.label_w = fmin(l.label_w, 0.34 * b->width_mm);
    snprintf(last, sizeof last, "%zu", b->n - 1);
    l.number_w = at_text_width(last, AT_LABEL_PT) + number_gap;
    l.x = AT_MARGIN_MM + name_w + l.label_w + l.number_w + number_gap;
    /* What stands beside the colour bar depends on its height: rounds until it has room. */
    for (double bar_w = at_colorbar_width(scale, max_height, b->unit); bar_w > l.bar_w;
         bar_w = at_colorbar_width(scale, l.bar_h, b->unit)) {
        double room = b->width_mm - l.x - bar_gap - bar_w - AT_MARGIN_MM;
        l.bar_w = bar_w;
        l.cell = fmin(max_cell, fmax(min_side, fmin(room, max_height)) / (double)b->n);
        l.side = l.cell * (double)b->n;
        l.bar_h = fmax(l.side, min_bar_h);
    }
    l.row_step = at_label_step(&l.row_pt, l.cell, AT_LABEL_PT);
    /* columns carry numbers: as wide as the last one, not as high */
    l.col_step = 1;
    l.col_pt = l.row_pt;
    while ((double)l.col_step * l.cell < at_text_width(last, l.col_pt) + 0.8)
        l.col_step++;
    /* A page too narrow for labels and bar gets a wider picture. */
    l.width = fmax(l.x + l.side + bar_gap + l.bar_w + AT_MARGIN_MM, fmin(b->width_mm, 90));
    return l;
}

static void draw_labels(struct at_canvas *c, const struct layout *l, const struct at_bubbles *b)
{
    struct at_text_style label = { .size_pt = l->row_pt,
                                   .h = AT_ANCHOR_END,
                                   .v = AT_ANCHOR_MIDDLE,
                                   .max_mm = l->label_w,
                                   .rgb = AT_INK };
    struct at_text_style number = {
        .size_pt = l->row_pt, .h = AT_ANCHOR_END, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK_SOFT
    };
    char text[24];

    at_canvas_group(c, "row labels");
    for (size_t i = 0; i < b->n; i += l->row_step) {
        double y = l->y + l->cell * ((double)i + 0.5);
        snprintf(text, sizeof text, "%zu", i);
        at_canvas_text(c, l->x - number_gap, y, text, &number);
        at_canvas_text(c, l->x - number_gap - l->number_w, y, b->labels[i], &label);
    }
    at_canvas_group(c, "column labels");
    number.size_pt = l->col_pt;
    number.h = AT_ANCHOR_MIDDLE;
    number.v = AT_ANCHOR_START;
    for (size_t j = 0; j < b->n; j += l->col_step) {
        snprintf(text, sizeof text, "%zu", j);
        at_canvas_text(c, l->x + l->cell * ((double)j + 0.5), l->y + l->side + 1.2, text, &number);
    }
}

/* Area in proportion to the value; the number on it where there is room. */
static void draw_circles(struct at_canvas *c, const struct layout *l, const struct at_bubbles *b)
{
    double most = 0.47 * l->cell, pt = fmin(6.5, (l->cell - 1.5) / at_text_width("0.00", 1));
    struct at_text_style style = { .size_pt = fmax(pt, AT_MIN_PT),
                                   .h = AT_ANCHOR_MIDDLE,
                                   .v = AT_ANCHOR_MIDDLE };
    bool has_room = pt >= AT_MIN_PT && style.size_pt * AT_PT_MM < 0.8 * l->cell;

    at_canvas_group(c, "bubbles");
    for (size_t k = 0; k < b->n * b->n; k++) {
        double x = l->x + l->cell * ((double)(k % b->n) + 0.5);
        double y = l->y + l->cell * ((double)(k / b->n) + 0.5);
        double v = b->values[k], t = fmin(1, fmax(0, v / b->scale.hi));
        if (isnan(v)) {
            at_canvas_circle(c, x, y, fmin(0.35, 0.2 * l->cell), at_fill(AT_INK));
            continue;
        }
        uint32_t rgb = at_scale_color(&b->scale, v);
        if (t > 0) {
            at_canvas_circle(c, x, y, most * sqrt(t), at_fill(rgb));
            if (!has_room || most * sqrt(t) > style.size_pt * AT_PT_MM) /* not through digits */
                at_canvas_circle(c, x, y, most * sqrt(t), at_stroke(AT_INK_MASK, 0.1));
        }
        if (has_room) {
            char text[32];
            snprintf(text, sizeof text, "%.2f", v);
            style.rgb = at_is_dark(rgb) ? 0xffffff : AT_INK;
            at_canvas_text(c, x, y, text, &style);
        }
    }
}

/* The name of the columns stands below their numbers, and never beside the colour bar. */
static double name_drop(const struct layout *l)
{
    return fmax(l->side + 5.2, min_bar_h + 2);
}

static void draw_frame(struct at_canvas *c, const struct layout *l, const struct at_bubbles *b)
{
    struct at_text_style name = { .size_pt = AT_AXIS_PT, .h = AT_ANCHOR_MIDDLE, .rgb = AT_INK };

    at_canvas_group(c, "frame");
    for (size_t i = 1; i < b->n; i++) {
        double at = l->cell * (double)i;
        at_canvas_line(c, l->x, l->y + at, l->x + l->side, l->y + at, at_stroke(AT_INK_GRID, 0.08));
        at_canvas_line(c, l->x + at, l->y, l->x + at, l->y + l->side, at_stroke(AT_INK_GRID, 0.08));
    }
    at_canvas_rect(c, l->x, l->y, l->side, l->side, at_stroke(AT_INK_LINE, 0.2));
    at_canvas_group(c, "axis names");
    if (b->x_name) {
        bool is_wide = l->side >= 30;
        name.h = is_wide ? AT_ANCHOR_MIDDLE : AT_ANCHOR_START;
        name.max_mm = l->width - l->x - AT_MARGIN_MM;
        at_canvas_text(c, is_wide ? l->x + l->side / 2 : l->x, l->y + name_drop(l), b->x_name,
                       &name);
    }
    if (b->y_name) {
        name.h = AT_ANCHOR_MIDDLE;
        name.angle_deg = 90;
        name.max_mm = l->bar_h + 6;
        at_canvas_text(c, AT_MARGIN_MM, l->y + l->bar_h / 2, b->y_name, &name);
    }
}

struct at_canvas *at_draw_bubbles(const struct at_bubbles *b)
{
    struct layout l;
    struct at_canvas *c;
    struct at_matrix_view m = { b->values, b->n, b->n, &b->scale, false };
    struct at_scale scale = at_matrix_range(&m);
    struct at_legend_entry undefined = { .swatch = AT_SWATCH_DOT, .text = "undefined" };
    double y;

    AT_BUG_IF(!b->n || !(b->scale.hi > 0));
    l = make_layout(b, &scale);
    c = at_canvas_new(l.width, b->width_mm);
    l.y = at_frame_header(c, b->title, b->subtitle) + 1;
    draw_frame(c, &l, b);
    draw_circles(c, &l, b);
    draw_labels(c, &l, b);
    at_colorbar(c, l.x + l.side + bar_gap, l.y, l.bar_h, &scale, b->unit);
    y = l.y + name_drop(&l) + 4.8;
    if (at_matrix_has_undefined(&m))
        y = at_frame_legend(c, y, &undefined, 1);
    y = at_frame_note(
        c, y,
        "Columns carry the numbers of the rows. The area of a circle is in proportion "
        "to its value.");
    at_frame_finish(c, y, b->note);
    return c;
}
