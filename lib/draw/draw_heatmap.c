/*
 * draw_heatmap.c - one matrix with labels; see draw_heatmap.h. Small multiples: draw_grid.c.
 */
#include "draw/draw_heatmap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "draw/draw_label.h"
#include "draw/frame.h"
#include "draw/matrix.h"

/* Millimetres of the fixed parts. */
static const double max_cell = 13, max_text_cell = 26, text_row = 4.6, min_row = 3.5, min_room = 15,
                    name_w = 5, label_gap = 1.4, bar_gap = 4, min_bar_h = 24, mark_w = 2.2;

/* One axis: how many labels are shown, how large, how far they reach. */
struct axis {
    const struct at_label *labels;
    size_t n, step;
    double size_pt, reach_mm;
    bool is_upright, has_marks; /* columns only: labels across instead of along their column */
};

struct layout {
    struct axis row, col;
    double x, y, cell_w, cell_h, w, h; /* the matrix */
    double bar_w, bar_h;               /* the colour bar with all that stands beside it */
    double width;                      /* of the picture */
};

static double longest(const struct axis *a, double size_pt)
{
    double most = 0;

    for (size_t i = 0; i < a->n; i += a->step)
        most = fmax(most, at_label_length(&a->labels[i], a->step > 1 ? &i : NULL, size_pt));
    return most;
}

static void fit_axis(struct axis *a, double pitch_mm, double max_reach_mm)
{
    a->step = at_label_step(&a->size_pt, pitch_mm, AT_LABEL_PT);
    a->reach_mm = fmin(longest(a, a->size_pt) + 0.1, max_reach_mm);
    for (size_t i = 0; i < a->n; i++)
        a->has_marks |= a->labels[i].mark > 0;
}

/* Column labels stand upright when all of them fit above each other's cells. */
static void fit_columns(struct axis *a, double cell_w, double max_reach_mm)
{
    fit_axis(a, cell_w, max_reach_mm);
    if (a->step > 1)
        return;
    for (double pt = a->size_pt; pt >= 6.0 && !a->is_upright; pt -= 0.5)
        if (longest(a, pt) + 1.2 <= cell_w) {
            a->is_upright = true;
            a->size_pt = pt;
            a->reach_mm = pt * AT_PT_MM;
        }
}

/* Square cells for square matrices; others may be up to three times as long as wide, and few rows
   of many columns stay high enough for their labels. */
static void fit_cells(struct layout *l, const struct at_heatmap *h, double room_w, double room_h)
{
    l->cell_w = fmin(room_w / (double)h->cols, h->cell_texts ? max_text_cell : max_cell);
    l->cell_h = fmin(room_h / (double)h->rows, h->cell_texts ? text_row : max_cell);
    if (!h->cell_texts) {
        if (h->rows == h->cols)
            l->cell_w = l->cell_h = fmin(l->cell_w, l->cell_h);
        l->cell_w = fmin(l->cell_w, 3 * l->cell_h);
        if (h->rows != h->cols)
            l->cell_h = fmin(l->cell_h, fmax(l->cell_w, min_row));
    }
    l->w = l->cell_w * (double)h->cols;
    l->h = l->cell_h * (double)h->rows;
    l->bar_h = fmax(l->h, min_bar_h);
}

/*
 * Label sizes depend on the cells and the room for cells on the labels: two rounds settle it, the
 * last of which keeps what labels reach. What stands beside the colour bar depends on its height,
 * which is that of the cells: more rounds until there is room for it.
 */
static struct layout make_layout(const struct at_heatmap *h, const struct at_scale *scale)
{
    struct layout l = {
        .row = { .labels = h->row_labels, .n = h->rows },
        .col = { .labels = h->col_labels, .n = h->cols },
    };
    double max_reach = 0.2 * h->width_mm;
    double bar_w = at_colorbar_width(scale, h->width_mm, h->unit);

    l.row.reach_mm = max_reach;
    for (int round = 0; round < 2 || bar_w > l.bar_w; round++) {
        l.bar_w = fmax(l.bar_w, bar_w);
        l.x = AT_MARGIN_MM + name_w + l.row.reach_mm + label_gap + (l.row.has_marks ? mark_w : 0);
        double room_w = h->width_mm - AT_MARGIN_MM - l.bar_w - bar_gap - l.x;
        fit_cells(&l, h, fmax(room_w, min_room), 1.3 * h->width_mm);
        bar_w = at_colorbar_width(scale, l.bar_h, h->unit);
        fit_axis(&l.row, l.cell_h, max_reach);
        l.col.is_upright = false;
        fit_columns(&l.col, l.cell_w, 0.7 * max_reach);
    }
    /* A page too narrow for labels and bar gets a wider picture. */
    l.width = fmax(l.x + l.w + bar_gap + l.bar_w + AT_MARGIN_MM, fmin(h->width_mm, 90));
    return l;
}

static void draw_mark(struct at_canvas *c, double x, double y, size_t mark)
{
    at_frame_marker(c, x, y, 0.75, mark - 1, at_fill(at_category_color(mark - 1)));
}

static void draw_row_labels(struct at_canvas *c, const struct layout *l)
{
    const struct axis *a = &l->row;
    struct at_text_style style = { .size_pt = a->size_pt,
                                   .h = AT_ANCHOR_END,
                                   .v = AT_ANCHOR_MIDDLE,
                                   .max_mm = a->reach_mm,
                                   .elides_middle = true, /* names differ at either end */
                                   .rgb = AT_INK };
    double right = l->x - label_gap;

    at_canvas_group(c, "row labels");
    for (size_t i = 0; i < a->n; i += a->step) {
        double y = l->y + l->cell_h * ((double)i + 0.5);
        at_label_draw(c, right - (a->has_marks ? mark_w : 0), y, &a->labels[i],
                      a->step > 1 ? &i : NULL, &style);
        at_canvas_line(c, l->x - 0.8, y, l->x, y, at_stroke(AT_INK_LINE, 0.12));
    }
    for (size_t i = 0; i < a->n; i++)
        if (a->labels[i].mark)
            draw_mark(c, right - mark_w / 2 + 0.6, l->y + l->cell_h * ((double)i + 0.5),
                      a->labels[i].mark);
}

static void draw_col_labels(struct at_canvas *c, const struct layout *l)
{
    const struct axis *a = &l->col;
    struct at_text_style style = { .size_pt = a->size_pt, .elides_middle = true, .rgb = AT_INK };
    double top = l->y + l->h + label_gap;

    style.h = a->is_upright ? AT_ANCHOR_MIDDLE : AT_ANCHOR_END;
    style.v = a->is_upright ? AT_ANCHOR_START : AT_ANCHOR_MIDDLE;
    style.angle_deg = a->is_upright ? 0 : 90;
    style.max_mm = a->is_upright ? 0 : a->reach_mm;
    at_canvas_group(c, "column labels");
    for (size_t j = 0; j < a->n; j += a->step) {
        double x = l->x + l->cell_w * ((double)j + 0.5);
        at_label_draw(c, x, top + (a->has_marks ? mark_w : 0), &a->labels[j],
                      a->step > 1 ? &j : NULL, &style);
        at_canvas_line(c, x, l->y + l->h, x, l->y + l->h + 0.8, at_stroke(AT_INK_LINE, 0.12));
    }
    for (size_t j = 0; j < a->n; j++)
        if (a->labels[j].mark)
            draw_mark(c, l->x + l->cell_w * ((double)j + 0.5), top + mark_w / 2 - 0.6,
                      a->labels[j].mark);
}

/* Thin lines between cells that are large enough not to drown in them. */
static void draw_cell_lines(struct at_canvas *c, const struct layout *l)
{
    struct at_ink ink = { .rgb = 0x808080, .alpha = 0.35, .width_mm = 0.08 };

    if (fmin(l->cell_w, l->cell_h) < 1.8)
        return;
    for (size_t i = 1; i < l->row.n; i++)
        at_canvas_line(c, l->x, l->y + l->cell_h * (double)i, l->x + l->w,
                       l->y + l->cell_h * (double)i, ink);
    for (size_t j = 1; j < l->col.n; j++)
        at_canvas_line(c, l->x + l->cell_w * (double)j, l->y, l->x + l->cell_w * (double)j,
                       l->y + l->h, ink);
}

static void draw_emphasis(struct at_canvas *c, const struct layout *l, const struct at_heatmap *h)
{
    struct at_ink ink = at_stroke(at_categorical(4), 0.35);

    at_canvas_group(c, "emphasis");
    for (size_t k = 0; k < h->n_focus; k++) {
        double i = (double)h->focus[k];
        at_canvas_rect(c, l->x, l->y + l->cell_h * i, l->w, l->cell_h, ink);
        if (h->rows == h->cols)
            at_canvas_rect(c, l->x + l->cell_w * i, l->y, l->cell_w, l->h, ink);
    }
    for (size_t k = 0; k < h->n_outlined; k++) {
        double inset = 0.15, i = (double)(h->outlined[k] / h->cols),
               j = (double)(h->outlined[k] % h->cols);
        at_canvas_rect(c, l->x + l->cell_w * j + inset, l->y + l->cell_h * i + inset,
                       l->cell_w - 2 * inset, l->cell_h - 2 * inset, at_stroke(AT_INK, 0.4));
    }
}

/* As many decimals as tell twenty steps of the scale apart. */
static void format_value(char *out, size_t size, double v, const struct at_scale *s)
{
    double most = fmax(fabs(s->lo), fabs(s->hi)), range = s->hi - s->lo;
    int decimals = most >= 100 ? 0 : most >= 10 ? 1 : 2;

    while (most < 10 && decimals < 5 && range * pow(10, decimals) < 19.5)
        decimals++;
    snprintf(out, size, "%.*f", decimals, v);
    if (strpbrk(out, "123456789"))
        return;
    if (s->steps != AT_LINEAR && v != 0) /* there small values have colours of their own */
        at_small_text(out, size, v, 1);
    else
        snprintf(out, size, "%.*f", decimals, 0.0);
}

/* The number of a cell, or half of its interval. */
static void format_cell(char *out, size_t size, const struct at_heatmap *h, size_t k, bool is_half,
                        const struct at_scale *s)
{
    size_t n = is_half ? (size_t)snprintf(out, size, "\xc2\xb1") : 0;

    format_value(out + n, size - n, is_half ? h->half_widths[k] : h->values[k], s);
}

/* Size of the letters with which every number fits its cell; 0 when there is none. */
static double fit_values(const struct layout *l, const struct at_heatmap *h,
                         const struct at_matrix_view *m, int lines)
{
    double room = l->cell_h * (lines > 1 ? 0.44 : 0.8) / AT_PT_MM, widest = 0, size;
    char text[48];

    if (room < AT_MIN_PT)
        return 0; /* nothing to measure: a large matrix would take long */
    for (size_t k = 0; k < h->rows * h->cols * (size_t)lines; k++) {
        size_t cell = k / (size_t)lines;
        if (!isfinite(h->values[cell]))
            continue;
        format_cell(text, sizeof text, h, cell, k % (size_t)lines, m->scale);
        widest = fmax(widest, at_text_width(text, 10));
    }
    size = fmin(fmin(7, room), 10 * (l->cell_w - 0.9) / widest);
    return size >= AT_MIN_PT ? size : 0;
}

static void draw_values(struct at_canvas *c, const struct layout *l, const struct at_heatmap *h,
                        const struct at_matrix_view *m)
{
    int lines = h->half_widths ? 2 : 1;
    double size = fit_values(l, h, m, lines);
    char text[48];

    if (!(size > 0) && lines > 1)
        size = fit_values(l, h, m, lines = 1);
    if (!(size > 0))
        return;
    at_canvas_group(c, "values");
    for (size_t k = 0; k < h->rows * h->cols; k++) {
        size_t i = k / h->cols, j = k % h->cols;
        struct at_text_style style = { .size_pt = size,
                                       .h = AT_ANCHOR_MIDDLE,
                                       .v = AT_ANCHOR_MIDDLE };
        if (!isfinite(h->values[k]) || at_matrix_is_masked(m, i, j))
            continue;
        style.rgb = at_is_dark(at_scale_color(m->scale, h->values[k])) ? 0xffffff : AT_INK;
        for (int line = 0; line < lines; line++) {
            double y = lines > 1 ? 0.28 + 0.44 * line : 0.5;
            if (line && !isfinite(h->half_widths[k]))
                continue;
            format_cell(text, sizeof text, h, k, line, m->scale);
            at_canvas_text(c, l->x + l->cell_w * ((double)j + 0.5),
                           l->y + l->cell_h * ((double)i + y), text, &style);
        }
    }
}

/* Words in cells, as long as there is room for letters; a word too long loses its end. */
static void draw_cell_texts(struct at_canvas *c, const struct layout *l, const struct at_heatmap *h,
                            const struct at_matrix_view *m)
{
    double size = fmin(7, l->cell_h * 0.8 / AT_PT_MM);

    if (size < AT_MIN_PT || l->cell_w < 5)
        return;
    at_canvas_group(c, "cell texts");
    for (size_t k = 0; k < h->rows * h->cols; k++) {
        struct at_text_style style = {
            .size_pt = size, .h = AT_ANCHOR_MIDDLE, .v = AT_ANCHOR_MIDDLE, .max_mm = l->cell_w - 0.6
        };
        style.rgb = at_is_dark(at_scale_color(m->scale, h->values[k])) ? 0xffffff : AT_INK;
        at_canvas_text(c, l->x + l->cell_w * ((double)(k % h->cols) + 0.5),
                       l->y + l->cell_h * ((double)(k / h->cols) + 0.5), h->cell_texts[k], &style);
    }
}

static void draw_axis_names(struct at_canvas *c, const struct layout *l, const struct at_heatmap *h,
                            double y_below)
{
    struct at_text_style style = { .size_pt = AT_AXIS_PT, .h = AT_ANCHOR_MIDDLE, .rgb = AT_INK };

    at_canvas_group(c, "axis names");
    if (h->x_name) {
        style.max_mm = l->width - l->x - AT_MARGIN_MM;
        style.h = l->w >= 30 ? AT_ANCHOR_MIDDLE : AT_ANCHOR_START;
        at_canvas_text(c, l->w >= 30 ? l->x + l->w / 2 : l->x, y_below, h->x_name, &style);
    }
    if (h->y_name) {
        style.h = AT_ANCHOR_MIDDLE;
        style.angle_deg = 90;
        style.max_mm = l->bar_h + 6;
        at_canvas_text(c, AT_MARGIN_MM, l->y + l->bar_h / 2, h->y_name, &style);
    }
}

static const char *ordinal(size_t n)
{
    return n == 2 ? "nd" : "th";
}

/* Which labels are shown. */
static void steps_text(char *out, size_t size, size_t row, size_t col)
{
    if (row == col)
        snprintf(out, size, "every %zu%s is labelled", row, ordinal(row));
    else if (row == 1 || col == 1)
        snprintf(out, size, "every %zu%s %s is labelled", AT_MAX(row, col),
                 ordinal(AT_MAX(row, col)), col == 1 ? "row" : "column");
    else
        snprintf(out, size, "every %zu%s row and every %zu%s column is labelled", row, ordinal(row),
                 col, ordinal(col));
}

static double draw_legend(struct at_canvas *c, const struct layout *l, const struct at_heatmap *h,
                          const struct at_matrix_view *m, double y)
{
    struct at_legend_entry *e = at_calloc(h->n_marks + 5, sizeof *e);
    char steps[96];
    size_t n = at_frame_categories(e, h->mark_names, h->n_marks);

    if (h->is_causal && h->cols > 1)
        e[n++] =
            (struct at_legend_entry){ .swatch = AT_SWATCH_HATCH, .text = "masked: later tokens" };
    if (at_matrix_has_undefined(m))
        e[n++] = (struct at_legend_entry){ .swatch = AT_SWATCH_DOT, .text = "undefined" };
    if (h->n_outlined && h->outline_name)
        e[n++] = (struct at_legend_entry){ AT_SWATCH_OUTLINE, AT_INK, 0, h->outline_name };
    if (l->row.step > 1 || l->col.step > 1) {
        steps_text(steps, sizeof steps, l->row.step, l->col.step);
        e[n++] = (struct at_legend_entry){ .text = steps };
        e[n++] = (struct at_legend_entry){ .text = "numbers count from 0" };
    }
    y = at_frame_legend(c, y, e, n);
    free(e);
    return y;
}

struct at_canvas *at_draw_heatmap(const struct at_heatmap *h)
{
    struct at_matrix_view m = { h->values, h->rows, h->cols, &h->scale, h->is_causal };
    struct at_scale scale = at_matrix_range(&m);
    struct layout l = make_layout(h, &scale);
    struct at_canvas *c = at_canvas_new(l.width, h->width_mm);
    double below;

    AT_BUG_IF(!h->rows || !h->cols);
    l.y = at_frame_header(c, h->title, h->subtitle) + 1.0;
    at_canvas_group(c, "cells");
    at_matrix_draw(c, l.x, l.y, l.w, l.h, &m);
    draw_cell_lines(c, &l);
    if (h->show_values)
        draw_values(c, &l, h, &m);
    if (h->cell_texts)
        draw_cell_texts(c, &l, h, &m);
    draw_emphasis(c, &l, h);
    at_canvas_group(c, "frame");
    at_canvas_rect(c, l.x, l.y, l.w, l.h, at_stroke(AT_INK_LINE, 0.2));
    draw_row_labels(c, &l);
    draw_col_labels(c, &l);
    at_colorbar(c, l.x + l.w + bar_gap, l.y, l.bar_h, &scale, h->unit);

    below = l.y + l.h + label_gap + l.col.reach_mm + (l.col.has_marks ? mark_w : 0) + 1.5;
    below = fmax(below, l.y + min_bar_h + 2);
    draw_axis_names(c, &l, h, below);
    if (h->x_name)
        below += AT_AXIS_PT * AT_PT_MM + 2;
    at_frame_finish(c, draw_legend(c, &l, h, &m, below), h->note);
    return c;
}
