/*
 * draw_sankey.c - see draw_sankey.h.
 *
 * The order of tokens is given, so crossings are fewest when every node sends its ribbons in the
 * order of their targets and receives them in the order of their sources.
 */
#include "draw/draw_sankey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "draw/draw_label.h"
#include "draw/frame.h"
#include "draw/scale.h"

/* Millimetres of the fixed parts. */
static const double max_height = 225, max_per_weight = 14, bar_share = 0.5, token_pitch = 6.5,
                    bar = 2.2, leader = 4.0, label_gap = 0.8, heading = 5.0,
                    most_pitches = 2.5; /* from a label to its node */

struct ribbon {
    size_t source, target, index;
    double weight, y0, y1; /* upper edges */
    bool is_focus;
};

/* One column of tokens. */
struct side {
    const struct at_label *labels;
    bool is_numbered; /* an index before labels where not all of them are shown, or small */
    size_t n;
    double *mass, *top; /* (n) */
    size_t *shown;      /* (n_shown) labels that are drawn */
    double *label_y;    /* (n_shown) */
    bool *is_kept;      /* (n) has a label whatever its weight */
    size_t n_shown;
    double size_pt, reach_mm;
};

struct flow {
    struct side left, right;
    struct ribbon *ribbons;
    size_t n_ribbons;
    double y, h, per_weight; /* mm per unit of weight */
    double x_left, x_right;  /* inner edges of the bars */
    double width;
    bool has_focus;
};

/* Large areas beside each other: Paul Tol's muted colours, apart for the colour-blind too. */
static uint32_t muted(size_t i)
{
    static const uint32_t colors[] = { 0x332288, 0x44aa99, 0xddcc77, 0xcc6677, 0x88ccee,
                                       0x117733, 0x882255, 0x999933, 0xaa4499 };

    return colors[i % AT_COUNTOF(colors)];
}

static int by_source(const void *a, const void *b)
{
    const struct ribbon *p = a, *q = b;

    if (p->source != q->source)
        return p->source < q->source ? -1 : 1;
    if (p->target != q->target)
        return p->target < q->target ? -1 : 1;
    return p->index < q->index ? -1 : 1;
}

static int by_target(const void *a, const void *b)
{
    const struct ribbon *p = a, *q = b;

    return p->target != q->target ? (p->target < q->target ? -1 : 1) : by_source(a, b);
}

/* What is looked at comes last and so on top: focus tokens, then the heavy ones. */
static int by_prominence(const void *a, const void *b)
{
    const struct ribbon *p = a, *q = b;

    if (p->is_focus != q->is_focus)
        return p->is_focus ? 1 : -1;
    if (p->weight != q->weight)
        return p->weight < q->weight ? -1 : 1;
    return by_source(a, b);
}

static struct side make_side(const struct at_label *labels, size_t n, bool is_numbered)
{
    return (struct side){ .labels = labels,
                          .is_numbered = is_numbered,
                          .n = n,
                          .mass = at_calloc(n, sizeof(double)),
                          .top = at_calloc(n, sizeof(double)),
                          .shown = at_calloc(n, sizeof(size_t)),
                          .label_y = at_calloc(n, sizeof(double)),
                          .is_kept = at_calloc(n, sizeof(bool)) };
}

static void release_side(struct side *s)
{
    free(s->mass);
    free(s->top);
    free(s->shown);
    free(s->label_y);
    free(s->is_kept);
}

static void take_links(struct flow *f, const struct at_sankey *s)
{
    bool *is_focus = at_calloc(s->n_sources, sizeof *is_focus);

    for (size_t k = 0; k < s->n_focus; k++)
        is_focus[s->focus[k]] = true;
    f->has_focus = s->n_focus > 0;
    f->ribbons = at_malloc(AT_MAX(s->n_links, (size_t)1), sizeof *f->ribbons);
    for (size_t k = 0; k < s->n_links; k++) {
        const struct at_sankey_link *l = &s->links[k];
        AT_BUG_IF(l->source >= s->n_sources || l->target >= s->n_targets);
        if (!(l->weight > 0) || !isfinite(l->weight))
            continue;
        f->ribbons[f->n_ribbons++] = (struct ribbon){ .source = l->source,
                                                      .target = l->target,
                                                      .index = k,
                                                      .weight = l->weight,
                                                      .is_focus = is_focus[l->source] };
        f->left.mass[l->source] += l->weight;
        f->right.mass[l->target] += l->weight;
    }
    for (size_t k = 0; k < s->n_focus; k++) {
        f->left.is_kept[s->focus[k]] = true;
        if (s->focus[k] < s->n_targets)
            f->right.is_kept[s->focus[k]] = true;
    }
    for (size_t i = 0; i < s->n_sources; i++)
        f->left.is_kept[i] |= s->source_labels[i].mark > 0;
    for (size_t i = 0; i < s->n_targets; i++)
        f->right.is_kept[i] |= s->target_labels[i].mark > 0;
    free(is_focus);
}

/* Nodes from top to bottom, as high as their weight, the free height shared out between them. */
static void place_nodes(struct side *s, const struct flow *f)
{
    double mass = 0, y = f->y;

    for (size_t i = 0; i < s->n; i++)
        mass += s->mass[i];
    double gap = (f->h - mass * f->per_weight) / (double)s->n;
    for (size_t i = 0; i < s->n; i++) {
        s->top[i] = y + gap / 2;
        y += s->mass[i] * f->per_weight + gap;
    }
}

static void place_ribbons(struct flow *f)
{
    double *used = at_calloc(AT_MAX(f->left.n, f->right.n), sizeof *used);

    qsort(f->ribbons, f->n_ribbons, sizeof *f->ribbons, by_source);
    for (size_t k = 0; k < f->n_ribbons; k++) {
        struct ribbon *r = &f->ribbons[k];
        r->y0 = f->left.top[r->source] + used[r->source];
        used[r->source] += r->weight * f->per_weight;
    }
    for (size_t i = 0; i < f->right.n; i++)
        used[i] = 0;
    qsort(f->ribbons, f->n_ribbons, sizeof *f->ribbons, by_target);
    for (size_t k = 0; k < f->n_ribbons; k++) {
        struct ribbon *r = &f->ribbons[k];
        r->y1 = f->right.top[r->target] + used[r->target];
        used[r->target] += r->weight * f->per_weight;
    }
    qsort(f->ribbons, f->n_ribbons, sizeof *f->ribbons, by_prominence);
    free(used);
}

static double node_middle(const struct side *s, const struct flow *f, size_t i)
{
    return s->top[i] + s->mass[i] * f->per_weight / 2;
}

/* Labels at the height of their nodes, moved apart where they would touch. Answers whether all that
   may be left out stay within reach of their nodes. */
static bool place_labels(struct side *s, const struct flow *f)
{
    double pitch = s->size_pt * AT_PT_MM * 1.3;
    bool is_near = true;

    for (size_t k = 0; k < s->n_shown; k++)
        s->label_y[k] = node_middle(s, f, s->shown[k]);
    at_label_spread(s->label_y, s->n_shown, pitch, f->y + pitch / 2, f->y + f->h - pitch / 2);
    for (size_t k = 0; k < s->n_shown; k++)
        is_near &= s->is_kept[s->shown[k]] ||
                   fabs(s->label_y[k] - node_middle(s, f, s->shown[k])) <= most_pitches * pitch;
    return is_near;
}

/* Add token i among those that are shown, in the order of the text. */
static void insert_label(struct side *s, size_t i)
{
    size_t k = s->n_shown++;

    for (; k > 0 && s->shown[k - 1] > i; k--)
        s->shown[k] = s->shown[k - 1];
    s->shown[k] = i;
}

static void remove_label(struct side *s, size_t i)
{
    size_t k = 0;

    while (s->shown[k] != i)
        k++;
    for (s->n_shown--; k < s->n_shown; k++)
        s->shown[k] = s->shown[k + 1];
}

struct rank {
    bool is_kept;
    double mass;
    size_t index;
};

/* Kept tokens first, then the heavy ones. */
static int by_rank(const void *a, const void *b)
{
    const struct rank *p = a, *q = b;

    if (p->is_kept != q->is_kept)
        return p->is_kept ? -1 : 1;
    if (p->mass != q->mass)
        return p->mass > q->mass ? -1 : 1;
    return p->index < q->index ? -1 : 1;
}

/* Focus and marked tokens have a label, and of the others the heaviest whose label stays near its
   node beside those of the heavier ones. */
static void choose_labels(struct side *s, const struct flow *f)
{
    size_t capacity = (size_t)(f->h / (s->size_pt * AT_PT_MM * 1.3));
    struct rank *ranks = at_calloc(s->n, sizeof *ranks);

    for (size_t i = 0; i < s->n; i++)
        ranks[i] = (struct rank){ s->is_kept[i], s->mass[i], i };
    qsort(ranks, s->n, sizeof *ranks, by_rank);
    for (size_t k = 0; k < s->n && (s->n_shown < capacity || ranks[k].is_kept); k++) {
        insert_label(s, ranks[k].index);
        if (!place_labels(s, f) && !ranks[k].is_kept)
            remove_label(s, ranks[k].index);
    }
    place_labels(s, f);
    free(ranks);
}

static void size_labels(struct side *s, double height, double max_reach)
{
    double fits = height / (double)s->n / (1.3 * AT_PT_MM);

    s->size_pt = fmax(AT_MIN_PT, fmin(AT_LABEL_PT, fits));
    for (size_t i = 0; i < s->n; i++) {
        double w = at_label_length(
            &s->labels[i], s->is_numbered && s->size_pt < AT_LABEL_PT ? &i : NULL, s->size_pt);
        s->reach_mm = fmax(s->reach_mm, w + 0.1);
    }
    s->reach_mm = fmin(1.08 * s->reach_mm, max_reach); /* bold ones are a little longer */
}

static void make_layout(struct flow *f, const struct at_sankey *s)
{
    double most = (double)AT_MAX(s->n_sources, s->n_targets), mass = 0, span, sides;
    double width = fmax(s->width_mm, AT_LEAST_MM);

    for (size_t i = 0; i < s->n_sources; i++)
        mass += f->left.mass[i];
    f->h = fmin(max_height, fmax(24, most * token_pitch));
    f->per_weight = mass > 0 ? fmin(max_per_weight, bar_share * f->h / mass) : 1;
    size_labels(&f->left, f->h, 0.22 * width);
    size_labels(&f->right, f->h, 0.22 * width);
    sides = 2 * (AT_MARGIN_MM + label_gap + leader + bar) + f->left.reach_mm + f->right.reach_mm;
    span = fmin(width - sides, fmax(50, 0.8 * f->h));
    f->width = fmin(width, fmax(sides + span, 90));
    f->x_left = AT_MARGIN_MM + f->left.reach_mm + label_gap + leader + bar;
    f->x_right = f->x_left + span;
}

static void draw_ribbons(struct at_canvas *c, const struct flow *f)
{
    double most = 0;

    for (size_t k = 0; k < f->n_ribbons; k++)
        most = fmax(most, f->ribbons[k].weight);
    at_canvas_group(c, "ribbons");
    for (size_t k = 0; k < f->n_ribbons; k++) {
        const struct ribbon *r = &f->ribbons[k];
        bool is_grey = f->has_focus && !r->is_focus;
        struct at_ink ink = { .rgb = is_grey ? 0xa0a0a0 : muted(r->source),
                              .alpha = is_grey ? 0.2 : 0.2 + 0.5 * r->weight / most };
        double h = r->weight * f->per_weight;
        at_canvas_ribbon(c, f->x_left, r->y0, h, f->x_right, r->y1, h, false, ink);
    }
}

/* Bars of one side; what no kept link reaches is a thin grey line. */
static void draw_nodes(struct at_canvas *c, const struct flow *f, const struct side *s, double x,
                       const bool *is_colored)
{
    for (size_t i = 0; i < s->n; i++) {
        double h = s->mass[i] * f->per_weight;
        uint32_t rgb = is_colored && (is_colored[i] || !f->has_focus) ? muted(i) : AT_INK_LINE;
        if (h > 0)
            at_canvas_rect(c, x, s->top[i], bar, h, at_fill(rgb));
        else
            at_canvas_line(c, x, s->top[i], x + bar, s->top[i], at_stroke(AT_INK_GRID, 0.15));
    }
}

static void draw_labels(struct at_canvas *c, const struct flow *f, const struct side *s,
                        double x_node, double x_label, enum at_anchor h, const bool *is_bold)
{
    struct at_text_style style = {
        .size_pt = s->size_pt, .h = h, .v = AT_ANCHOR_MIDDLE, .max_mm = s->reach_mm, .rgb = AT_INK
    };
    double gap = h == AT_ANCHOR_END ? label_gap : -label_gap;
    bool is_numbered = s->is_numbered && (s->size_pt < AT_LABEL_PT || s->n_shown < s->n);

    for (size_t k = 0; k < s->n_shown; k++) {
        size_t i = s->shown[k];
        double y = s->top[i] + s->mass[i] * f->per_weight / 2;
        style.is_bold = is_bold && is_bold[i];
        at_canvas_line(c, x_node, y, x_label + gap, s->label_y[k], at_stroke(AT_INK_MASK, 0.1));
        at_label_draw(c, x_label, s->label_y[k], &s->labels[i], is_numbered ? &i : NULL, &style);
    }
}

static void draw_sides(struct at_canvas *c, const struct flow *f, const struct at_sankey *s)
{
    struct at_text_style name = { .size_pt = AT_AXIS_PT,
                                  .v = AT_ANCHOR_END,
                                  .rgb = AT_INK,
                                  .max_mm = (f->x_right - f->x_left) / 2 + bar };
    bool *is_focus = at_calloc(s->n_sources, sizeof *is_focus);
    double x0 = f->x_left - bar, x1 = f->x_right + bar;

    for (size_t k = 0; k < s->n_focus; k++)
        is_focus[s->focus[k]] = true;
    at_canvas_group(c, "source labels");
    draw_nodes(c, f, &f->left, x0, is_focus);
    draw_labels(c, f, &f->left, x0, x0 - leader - label_gap, AT_ANCHOR_END, is_focus);
    at_canvas_group(c, "target labels");
    draw_nodes(c, f, &f->right, f->x_right, NULL);
    draw_labels(c, f, &f->right, x1, x1 + leader + label_gap, AT_ANCHOR_START, NULL);
    at_canvas_group(c, "axis names");
    if (s->source_name)
        at_canvas_text(c, x0, f->y - 1.5, s->source_name, &name);
    name.h = AT_ANCHOR_END;
    if (s->target_name)
        at_canvas_text(c, x1, f->y - 1.5, s->target_name, &name);
    free(is_focus);
}

/* A bar of known weight, the rules of reading, and what was left out. */
static void draw_notes(struct at_canvas *c, const struct flow *f, const struct at_sankey *s,
                       double y)
{
    static const double samples[] = { 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01 };
    size_t left_out = f->left.n - f->left.n_shown + f->right.n - f->right.n_shown, k = 0;
    char text[400], weight[32], missing[96] = "", focus[64] = "";

    while (k + 1 < AT_COUNTOF(samples) && samples[k] * f->per_weight > 5)
        k++;
    at_canvas_group(c, "width key");
    double h = fmax(samples[k] * f->per_weight, 0.1), line = fmax(h, 3);
    at_canvas_rect(c, AT_MARGIN_MM, y + (line - h) / 2, 8, h, at_fill(AT_INK_LINE));
    snprintf(weight, sizeof weight, "%s %g", s->unit ? s->unit : "weight", samples[k]);
    struct at_text_style beside = { .size_pt = AT_TICK_PT,
                                    .v = AT_ANCHOR_MIDDLE,
                                    .rgb = AT_INK_SOFT };
    at_canvas_text(c, AT_MARGIN_MM + 9.5, y + line / 2, weight, &beside);
    if (left_out)
        snprintf(missing, sizeof missing, " %zu lighter %s%s %s no label%s.", left_out,
                 s->are_heads ? "head" : "token", at_plural(left_out),
                 left_out == 1 ? "has" : "have", s->are_heads ? "" : "; numbers count from 0");
    if (f->has_focus)
        snprintf(focus, sizeof focus, " Links of those in bold are coloured.");
    snprintf(text, sizeof text,
             "%sRibbons are as wide as their weight, stronger where it is larger, and coloured by "
             "where they leave.%s%s",
             f->n_ribbons ? "" : "No link is kept. ", focus, missing);
    at_frame_finish(c, y + line + 0.5, text);
}

struct at_canvas *at_draw_sankey(const struct at_sankey *s)
{
    struct flow f = { .left = make_side(s->source_labels, s->n_sources, !s->are_heads),
                      .right = make_side(s->target_labels, s->n_targets, !s->are_heads) };
    struct at_canvas *c;

    AT_BUG_IF(!s->n_sources || !s->n_targets);
    take_links(&f, s);
    make_layout(&f, s);
    c = at_canvas_new(f.width, s->width_mm);
    f.y = at_frame_header(c, s->title, s->subtitle) + heading;
    place_nodes(&f.left, &f);
    place_nodes(&f.right, &f);
    place_ribbons(&f);
    choose_labels(&f.left, &f);
    choose_labels(&f.right, &f);
    draw_ribbons(c, &f);
    draw_sides(c, &f, s);
    draw_notes(c, &f, s, f.y + f.h + 3);
    release_side(&f.left);
    release_side(&f.right);
    free(f.ribbons);
    return c;
}
