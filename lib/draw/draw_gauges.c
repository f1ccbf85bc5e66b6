/*
 * draw_gauges.c - see draw_gauges.h.
 */
#include "draw/draw_gauges.h"

#include <math.h>
#include <stdio.h>

#include "draw/frame.h"
#include "draw/draw_label.h"
#include "draw/scale.h"

static const double row_h = 10.5, track_h = 3.4, column_gap = 4;

static const uint32_t tints[] = { 0xf3f3f3, 0xdedede, 0xc4c4c4 };

struct layout {
    double name_w, x, w, y; /* the track of the row that is drawn */
    double words_x, words_w, width;
};

static double place(const struct layout *l, const struct at_gauge *g, double v)
{
    double t = g->hi > g->lo ? (v - g->lo) / (g->hi - g->lo) : 0;

    return l->x + l->w * fmin(1, fmax(0, t));
}

static size_t band_of(const struct at_gauge *g)
{
    return g->value <= g->low ? 0 : g->value >= g->high ? 2 : 1;
}

static struct layout make_layout(const struct at_gauges *g)
{
    struct layout l = { .width = fmax(g->width_mm, AT_LEAST_MM) };
    double rank_w = 0;

    for (size_t i = 0; i < g->n; i++) {
        l.name_w = fmax(l.name_w, at_text_width(g->rows[i].name, AT_LABEL_PT) * 1.08);
        if (g->rows[i].rank)
            rank_w = fmax(rank_w, at_text_width(g->rows[i].rank, AT_TICK_PT));
    }
    l.name_w = fmin(l.name_w, 0.3 * l.width);
    l.words_w = fmin(fmax(rank_w, 24), 0.3 * l.width) + 0.5;
    l.x = AT_MARGIN_MM + l.name_w + column_gap;
    l.words_x = l.width - AT_MARGIN_MM - l.words_w;
    l.w = l.words_x - column_gap - l.x;
    return l;
}

static void draw_track(struct at_canvas *c, const struct layout *l, const struct at_gauge *g)
{
    double from = l->x, top = l->y;

    if (isfinite(g->low) && isfinite(g->high)) {
        double ends[] = { place(l, g, g->low), place(l, g, g->high), l->x + l->w };
        for (size_t k = 0; k < 3; k++) {
            at_canvas_rect(c, from, top, fmax(ends[k] - from, 0), track_h, at_fill(tints[k]));
            if (k < 2)
                at_canvas_line(c, ends[k], top, ends[k], top + track_h,
                               at_stroke(AT_INK_LINE, 0.12));
            from = ends[k];
        }
    } else {
        at_canvas_rect(c, from, top, l->w, track_h, at_fill(tints[0]));
    }
    at_canvas_rect(c, l->x, top, l->w, track_h, at_stroke(AT_INK_LINE, 0.15));
}

/* Numbers under the track: the ends, and the limits of the bands where they do not collide. */
static void draw_numbers(struct at_canvas *c, const struct layout *l, const struct at_gauge *g)
{
    struct at_text_style style = { .size_pt = 5.5, .h = AT_ANCHOR_MIDDLE, .rgb = AT_INK_SOFT };
    const double v[] = { g->lo, g->hi, g->low, g->high };
    double taken[4][2];
    size_t n = 0;

    for (size_t k = 0; k < 4; k++) {
        char text[32];
        if (!isfinite(v[k]))
            continue;
        snprintf(text, sizeof text, "%.4g", v[k]);
        double half = at_text_width(text, style.size_pt) / 2, x = place(l, g, v[k]);
        bool is_free = true;
        for (size_t i = 0; i < n; i++)
            is_free &= x + half + 0.8 < taken[i][0] || x - half - 0.8 > taken[i][1];
        if (!is_free)
            continue;
        taken[n][0] = x - half;
        taken[n++][1] = x + half;
        at_canvas_text(c, x, l->y + track_h + 0.5, text, &style);
    }
}

/* A pointer above the track, a diamond in it for the baseline, a grey bar for the mean. */
static void draw_markers(struct at_canvas *c, const struct layout *l, const struct at_gauge *g)
{
    double middle = l->y + track_h / 2;

    if (isfinite(g->mean))
        at_canvas_line(c, place(l, g, g->mean), l->y, place(l, g, g->mean), l->y + track_h,
                       at_stroke(AT_INK_SOFT, 0.9));
    if (isfinite(g->baseline))
        at_frame_marker(c, place(l, g, g->baseline), middle, 1.25, 3, at_fill(at_categorical(3)));
    if (!isfinite(g->value))
        return;
    double x = place(l, g, g->value);
    double pointer[] = { x - 1.1, l->y - 1.9, x + 1.1, l->y - 1.9, x, l->y };
    at_canvas_polygon(c, pointer, 3, at_fill(AT_INK));
    at_canvas_line(c, x, l->y, x, l->y + track_h, at_stroke(AT_INK, 0.4));
    if (g->value > g->hi || g->value < g->lo) {
        double side = g->value > g->hi ? 1 : -1;
        double arrow[] = { x + side * 0.4, l->y - 1.8,     x + side * 1.9,
                           l->y - 0.95,    x + side * 0.4, l->y - 0.1 };
        at_canvas_polygon(c, arrow, 3, at_fill(AT_INK));
    }
}

static void draw_words(struct at_canvas *c, const struct layout *l, const struct at_gauge *g)
{
    struct at_text_style name = { .size_pt = AT_LABEL_PT,
                                  .h = AT_ANCHOR_END,
                                  .v = AT_ANCHOR_MIDDLE,
                                  .max_mm = l->name_w,
                                  .rgb = AT_INK };
    struct at_text_style value = { .size_pt = AT_LABEL_PT,
                                   .is_bold = true,
                                   .v = AT_ANCHOR_MIDDLE,
                                   .max_mm = l->words_w,
                                   .rgb = AT_INK };
    struct at_text_style small = {
        .size_pt = AT_TICK_PT, .v = AT_ANCHOR_MIDDLE, .max_mm = l->words_w, .rgb = AT_INK_SOFT
    };
    double middle = l->y + track_h / 2;
    char text[96];

    at_canvas_text(c, AT_MARGIN_MM + l->name_w, middle, g->name, &name);
    if (!isfinite(g->value))
        snprintf(text, sizeof text, "n/a");
    else if (isfinite(g->low) && g->band_names[band_of(g)])
        snprintf(text, sizeof text, "%.*f  %s", g->decimals, g->value, g->band_names[band_of(g)]);
    else
        snprintf(text, sizeof text, "%.*f", g->decimals, g->value);
    at_canvas_text(c, l->words_x, middle - (g->rank ? 0.9 : 0), text, &value);
    if (g->rank)
        at_canvas_text(c, l->words_x, middle + 2.5, g->rank, &small);
}

static double draw_legend(struct at_canvas *c, const struct at_gauges *g, double y)
{
    struct at_legend_entry e[5] = { { AT_SWATCH_MARKER, AT_INK, 4, "value" } };
    bool has_bands = false;
    size_t n = 1;

    for (size_t i = 0; i < g->n; i++)
        has_bands |= isfinite(g->rows[i].low) && isfinite(g->rows[i].high);
    if (g->mean_name)
        e[n++] = (struct at_legend_entry){ AT_SWATCH_FILL, AT_INK_SOFT, 0, g->mean_name };
    if (g->baseline_name)
        e[n++] =
            (struct at_legend_entry){ AT_SWATCH_MARKER, at_categorical(3), 3, g->baseline_name };
    if (has_bands)
        e[n++] = (struct at_legend_entry){ .text = "tones: first, middle and last band" };
    return at_frame_legend(c, y, e, n);
}

struct at_canvas *at_draw_gauges(const struct at_gauges *g)
{
    struct layout l = make_layout(g);
    struct at_canvas *c = at_canvas_new(l.width, l.width);
    double y = at_frame_header(c, g->title, g->subtitle) + 2.5;

    for (size_t i = 0; i < g->n; i++, y += row_h) {
        l.y = y;
        at_canvas_group(c, g->rows[i].name);
        draw_track(c, &l, &g->rows[i]);
        draw_numbers(c, &l, &g->rows[i]);
        draw_markers(c, &l, &g->rows[i]);
        draw_words(c, &l, &g->rows[i]);
    }
    at_frame_finish(c, draw_legend(c, g, y - 1), g->note);
    return c;
}
