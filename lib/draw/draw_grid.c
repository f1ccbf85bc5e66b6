/*
 * draw_grid.c - small multiples of heatmaps: every head of a model; see draw_heatmap.h.
 */
#include <math.h>
#include <stdio.h>

#include "draw/draw_heatmap.h"
#include "draw/draw_label.h"
#include "draw/frame.h"
#include "draw/matrix.h"

static const double max_panel = 18, max_height = 225, name_w = 5, number_w = 5, bar_gap = 3,
                    min_bar_h = 24, max_bar_h = 70, min_room = 15;

struct layout {
    double x, y, pitch, panel; /* panels are square, pitch apart */
    double w, h;               /* all of them */
    double bar_w, bar_h;       /* the colour bar with all that stands beside it */
    double width;
};

/* What stands beside the colour bar depends on its height: rounds until it has room. */
static struct layout make_layout(const struct at_heatmap_grid *g, const struct at_scale *scale)
{
    struct layout l = { .x = AT_MARGIN_MM + name_w + number_w };

    for (double bar_w = at_colorbar_width(scale, max_bar_h, g->unit); bar_w > l.bar_w;
         bar_w = at_colorbar_width(scale, l.bar_h, g->unit)) {
        double room = fmax(g->width_mm - l.x - bar_gap - bar_w - AT_MARGIN_MM, min_room);
        l.bar_w = bar_w;
        l.pitch =
            fmin(fmin(room / (double)g->n_heads, max_height / (double)g->n_layers), max_panel);
        l.panel = l.pitch - fmin(1.0, 0.1 * l.pitch);
        l.w = l.pitch * (double)g->n_heads - (l.pitch - l.panel);
        l.h = l.pitch * (double)g->n_layers - (l.pitch - l.panel);
        l.bar_h = fmin(fmax(l.h, min_bar_h), max_bar_h);
    }
    l.width = fmax(l.x + l.w + bar_gap + l.bar_w + AT_MARGIN_MM, fmin(g->width_mm, 90));
    return l;
}

static void draw_panels(struct at_canvas *c, const struct layout *l,
                        const struct at_heatmap_grid *g)
{
    for (size_t i = 0; i < g->n_layers; i++)
        for (size_t k = 0; k < g->n_heads; k++) {
            const float *values = g->values + (i * g->n_heads + k) * g->rows * g->cols;
            struct at_matrix_view m = { values, g->rows, g->cols, &g->scale, g->is_causal };
            double x = l->x + l->pitch * (double)k, y = l->y + l->pitch * (double)i;
            char name[64];
            snprintf(name, sizeof name, "panel L%zu H%zu", i, k);
            at_canvas_group(c, name);
            at_matrix_draw(c, x, y, l->panel, l->panel, &m);
            at_canvas_rect(c, x, y, l->panel, l->panel, at_stroke(AT_INK_LINE, 0.12));
        }
}

static void draw_numbers(struct at_canvas *c, const struct layout *l,
                         const struct at_heatmap_grid *g)
{
    struct at_text_style style = { .v = AT_ANCHOR_MIDDLE, .h = AT_ANCHOR_END, .rgb = AT_INK };
    size_t step = at_label_step(&style.size_pt, l->pitch, AT_LABEL_PT);
    char number[24];

    at_canvas_group(c, "layer numbers");
    for (size_t i = 0; i < g->n_layers; i += step) {
        snprintf(number, sizeof number, "%zu", i);
        at_canvas_text(c, l->x - 1.4, l->y + l->pitch * (double)i + l->panel / 2, number, &style);
    }
    style.h = AT_ANCHOR_MIDDLE;
    style.v = AT_ANCHOR_END;
    at_canvas_group(c, "head numbers");
    for (size_t k = 0; k < g->n_heads; k += step) {
        snprintf(number, sizeof number, "%zu", k);
        at_canvas_text(c, l->x + l->pitch * (double)k + l->panel / 2, l->y - 1.2, number, &style);
    }
}

static void draw_names(struct at_canvas *c, const struct layout *l)
{
    struct at_text_style style = { .size_pt = AT_AXIS_PT, .h = AT_ANCHOR_MIDDLE, .rgb = AT_INK };

    at_canvas_group(c, "axis names");
    style.v = AT_ANCHOR_END;
    at_canvas_text(c, l->x + l->w / 2, l->y - 4.6, "head", &style);
    style.v = AT_ANCHOR_START;
    style.angle_deg = 90;
    at_canvas_text(c, AT_MARGIN_MM, l->y + l->h / 2, "layer", &style);
}

/* How to read a panel, what was reduced and that the colours are shared. */
static void draw_notes(struct at_canvas *c, const struct at_heatmap_grid *g, double y)
{
    char text[320], reduced[128] = "";

    if (g->n_tokens > g->rows)
        snprintf(reduced, sizeof reduced,
                 " %zu x %zu tokens are reduced to %zu x %zu cells, each the maximum it covers.",
                 g->n_tokens, g->n_tokens, g->rows, g->cols);
    snprintf(text, sizeof text,
             "In every panel queries run down and keys across, from the first token at the top "
             "left.%s All panels share one colour range.%s",
             g->is_causal ? " Hatched: masked, later tokens." : "", reduced);
    at_frame_finish(c, y, text);
}

/* One scale for all; has_above and has_below if any panel says so. */
static struct at_scale shared_range(const struct at_heatmap_grid *g)
{
    struct at_scale scale = g->scale;

    for (size_t p = 0; p < g->n_layers * g->n_heads; p++) {
        struct at_matrix_view m = { g->values + p * g->rows * g->cols, g->rows, g->cols, &scale,
                                    g->is_causal };
        scale = at_matrix_range(&m);
    }
    return scale;
}

struct at_canvas *at_draw_heatmap_grid(const struct at_heatmap_grid *g)
{
    struct at_scale scale = shared_range(g);
    struct layout l = make_layout(g, &scale);
    struct at_canvas *c = at_canvas_new(l.width, g->width_mm);

    AT_BUG_IF(!g->n_layers || !g->n_heads || !g->rows || !g->cols);
    l.y = at_frame_header(c, g->title, g->subtitle) + 7.0;
    draw_names(c, &l);
    draw_numbers(c, &l, g);
    draw_panels(c, &l, g);
    at_colorbar(c, l.x + l.w + bar_gap, l.y, l.bar_h, &scale, g->unit);
    draw_notes(c, g, l.y + fmax(l.h, min_bar_h) + 2.5);
    return c;
}

void at_thumbnail(float *out, size_t n, const float *values, size_t T)
{
    AT_BUG_IF(!n || n > T);
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            float most = NAN;
            for (size_t i = a * T / n; i < (a + 1) * T / n; i++)
                for (size_t j = b * T / n; j < (b + 1) * T / n; j++)
                    most = fmaxf(most, values[i * T + j]); /* fmaxf passes over NaN */
            out[a * n + b] = most;
        }
}
