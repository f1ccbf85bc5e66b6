/*
 * draw_tree.c - see draw_tree.h.
 */
#include "draw/draw_tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/draw_label.h"
#include "draw/frame.h"
#include "draw/scale.h"
#include "draw/tidy_tree.h"

/* Millimetres. */
static const double page_height = 220, roomy_pitch = 5.4, heading = 5.0, max_gap = 34, max_box = 36,
                    product_box = 14,
                    number_gap = 12; /* links shorter than that carry no numbers */

static const double number_pt = 5.5;

struct layout {
    double *across; /* (n) in units of pitch */
    size_t *depth;  /* (n) */
    size_t n_levels;
    double *level_x; /* (n_levels) left edges of the boxes */
    double *level_w; /* (n_levels) widths of the boxes */
    double gap, pitch, size_pt, box_h;
    double y, width;
    bool has_products; /* there are nodes two hops from the root, and room in their boxes */
};

/* Three decimals, of small weights two digits that count. */
static void format_weight(char *out, size_t size, double w)
{
    if (w > 0 && w < 0.0095)
        at_small_text(out, size, w, 2);
    else
        snprintf(out, size, "%.3f", w);
}

static double product_pt(double label_pt)
{
    return fmax(0.8 * label_pt, AT_MIN_PT);
}

/* Label and product of one node, with the blanks around them. */
static double box_width(const struct at_tree_shape_node *node, size_t depth, double size_pt)
{
    double w = at_label_length(&node->label, &node->index, size_pt) + 2.0;
    char text[32];

    if (depth >= 2) {
        format_weight(text, sizeof text, node->product);
        w += at_text_width(text, product_pt(size_pt)) + 1.2;
    }
    return depth ? w : w * 1.08; /* the root is bold */
}

static void find_depths(struct layout *l, const struct at_tree_shape *t)
{
    size_t *parents = at_malloc(t->n, sizeof *parents);

    for (size_t i = 0; i < t->n; i++) {
        parents[i] = t->nodes[i].parent;
        AT_BUG_IF(i && parents[i] >= i);
        l->depth[i] = i ? l->depth[parents[i]] + 1 : 0;
        l->n_levels = AT_MAX(l->n_levels, l->depth[i] + 1);
    }
    at_tidy_tree(l->across, parents, t->n);
    free(parents);
}

/* The cap under which widths (n) fit into room: only the widest give way. It rises from an equal
   share, every round giving what narrow levels leave to the wide ones. */
static double cap_widths(const double *w, size_t n, double room)
{
    double cap = room / (double)n;

    for (size_t round = 0; round < n; round++) {
        double rest = room;
        size_t n_wide = 0;
        for (size_t i = 0; i < n; i++)
            if (w[i] > cap)
                n_wide++;
            else
                rest -= w[i];
        if (!n_wide)
            return INFINITY;
        cap = rest / (double)n_wide;
    }
    return cap;
}

static void place_levels(struct layout *l, const struct at_tree_shape *t)
{
    double room = t->width_mm - 2 * AT_MARGIN_MM, used = 0, x = AT_MARGIN_MM, cap;
    double n_gaps = (double)(l->n_levels - 1);
    double min_gap = fmin(number_gap, 0.4 * room / fmax(n_gaps, 1));

    l->level_w = at_calloc(l->n_levels, sizeof *l->level_w);
    l->level_x = at_calloc(l->n_levels, sizeof *l->level_x);
    for (size_t i = 0; i < t->n; i++) {
        double *w = &l->level_w[l->depth[i]];
        *w = fmax(*w, fmin(box_width(&t->nodes[i], l->depth[i], l->size_pt), max_box));
    }
    cap = cap_widths(l->level_w, l->n_levels, room - n_gaps * min_gap);
    for (size_t d = 0; d < l->n_levels; d++) {
        l->has_products &= d < 2 || l->level_w[d] <= cap || cap >= product_box;
        l->level_w[d] = fmin(l->level_w[d], cap);
        used += l->level_w[d];
    }
    l->gap = n_gaps > 0 ? fmin(max_gap, (room - used) / n_gaps) : 0;
    for (size_t d = 0; d < l->n_levels; d++) {
        l->level_x[d] = x;
        x += l->level_w[d] + l->gap;
    }
    l->width = fmin(t->width_mm, fmax(x - l->gap + AT_MARGIN_MM, 90));
}

static struct layout make_layout(const struct at_tree_shape *t)
{
    struct layout l = { .across = at_calloc(t->n, sizeof(double)),
                        .depth = at_calloc(t->n, sizeof(size_t)) };
    double rows = 0, smallest = AT_MIN_PT * AT_PT_MM * 1.5;

    find_depths(&l, t);
    for (size_t i = 0; i < t->n; i++)
        rows = fmax(rows, l.across[i] + 1);
    l.has_products = l.n_levels > 2;
    l.pitch = fmax(smallest, fmin(roomy_pitch, page_height / rows));
    l.size_pt = fmin(AT_LABEL_PT, l.pitch / (1.5 * AT_PT_MM));
    l.box_h = l.size_pt * AT_PT_MM * 1.38;
    place_levels(&l, t);
    return l;
}

static double node_y(const struct layout *l, size_t i)
{
    return l->y + l->pitch * (l->across[i] + 0.5);
}

/* A stroke keeps its width where the curve is steep, which a ribbon would not. */
static void draw_curve(struct at_canvas *c, double x0, double y0, double x1, double y1,
                       struct at_ink ink)
{
    double xy[2 * 25], last = AT_COUNTOF(xy) / 2 - 1;

    for (size_t i = 0; i < AT_COUNTOF(xy) / 2; i++) {
        double u = (double)i / last;
        xy[2 * i] = x0 + (x1 - x0) * u;
        xy[2 * i + 1] = y0 + (y1 - y0) * u * u * (3 - 2 * u); /* level at both ends */
    }
    at_canvas_polyline(c, xy, AT_COUNTOF(xy) / 2, ink);
}

static void draw_links(struct at_canvas *c, const struct layout *l, const struct at_tree_shape *t)
{
    struct at_text_style style = {
        .size_pt = number_pt, .h = AT_ANCHOR_END, .v = AT_ANCHOR_MIDDLE, .rgb = AT_INK
    };

    at_canvas_group(c, "links");
    for (size_t i = 1; i < t->n; i++) {
        size_t p = t->nodes[i].parent;
        double x0 = l->level_x[l->depth[p]] + l->level_w[l->depth[p]];
        double w = 0.15 + 1.6 * fmin(1, fmax(0, t->nodes[i].weight));
        struct at_ink ink = { .rgb = at_categorical(0), .alpha = 0.55, .width_mm = w };
        draw_curve(c, x0, node_y(l, p), l->level_x[l->depth[i]], node_y(l, i), ink);
    }
    if (l->gap < number_gap - 1e-9)
        return;
    at_canvas_group(c, "weights");
    for (size_t i = 1; i < t->n; i++) {
        double x = l->level_x[l->depth[i]] - 0.8, w, h = number_pt * AT_PT_MM;
        char text[32];
        format_weight(text, sizeof text, t->nodes[i].weight);
        w = at_text_width(text, number_pt);
        at_canvas_rect(c, x - w - 0.3, node_y(l, i) - h / 2, w + 0.6, h,
                       (struct at_ink){ .rgb = 0xffffff, .alpha = 0.85 });
        at_canvas_text(c, x, node_y(l, i), text, &style);
    }
}

static void draw_nodes(struct at_canvas *c, const struct layout *l, const struct at_tree_shape *t)
{
    at_canvas_group(c, "nodes");
    for (size_t i = 0; i < t->n; i++) {
        size_t d = l->depth[i];
        double x = l->level_x[d], w = l->level_w[d], y = node_y(l, i), product_w = 0;
        struct at_text_style style = {
            .size_pt = l->size_pt, .v = AT_ANCHOR_MIDDLE, .is_bold = i == 0, .rgb = AT_INK
        };
        struct at_text_style small = { .size_pt = product_pt(l->size_pt),
                                       .h = AT_ANCHOR_END,
                                       .v = AT_ANCHOR_MIDDLE,
                                       .rgb = AT_INK_SOFT };
        char text[32];
        at_canvas_rect(c, x, y - l->box_h / 2, w, l->box_h, at_fill(i ? 0xf4f7fa : 0xfff1d6));
        at_canvas_rect(c, x, y - l->box_h / 2, w, l->box_h,
                       at_stroke(i ? AT_INK_MASK : AT_INK, i ? 0.12 : 0.45));
        if (d >= 2 && l->has_products) {
            format_weight(text, sizeof text, t->nodes[i].product);
            at_canvas_text(c, x + w - 0.8, y, text, &small);
            product_w = at_text_width(text, small.size_pt) + 1.2;
        }
        style.max_mm = fmax(w - 1.8 - product_w, 1);
        at_label_draw(c, x + 0.9, y, &t->nodes[i].label, &t->nodes[i].index, &style);
    }
}

static void draw_headings(struct at_canvas *c, const struct layout *l)
{
    struct at_text_style style = { .size_pt = AT_TICK_PT, .v = AT_ANCHOR_END, .rgb = AT_INK_SOFT };
    char text[32];

    at_canvas_group(c, "levels");
    for (size_t d = 0; d < l->n_levels; d++) {
        snprintf(text, sizeof text, d ? "hop %zu" : "root", d);
        if (at_text_width(text, style.size_pt) < l->level_w[d] + l->gap - 1)
            at_canvas_text(c, l->level_x[d], l->y - 1.2, text, &style);
    }
}

static void draw_notes(struct at_canvas *c, const struct layout *l, double y)
{
    char text[256];

    snprintf(text, sizeof text,
             "Links are as wide as their weight%s. Grey numbers before tokens count from 0.%s",
             l->gap >= number_gap - 1e-9 ? ", the number at their end" : "",
             l->has_products ? " Those behind them: the product of the weights from the root."
                             : "");
    at_frame_finish(c, y, text);
}

struct at_canvas *at_draw_tree(const struct at_tree_shape *t)
{
    struct layout l;
    struct at_canvas *c;
    double rows = 0;

    AT_BUG_IF(!t->n);
    l = make_layout(t);
    c = at_canvas_new(l.width, t->width_mm);
    l.y = at_frame_header(c, t->title, t->subtitle) + heading;
    draw_headings(c, &l);
    draw_links(c, &l, t);
    draw_nodes(c, &l, t);
    for (size_t i = 0; i < t->n; i++)
        rows = fmax(rows, l.across[i] + 1);
    draw_notes(c, &l, l.y + rows * l.pitch + 2);
    free(l.across);
    free(l.depth);
    free(l.level_x);
    free(l.level_w);
    return c;
}
