/*
 * draw_strip.c - see draw_strip.h.
 */
#include "draw/draw_strip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "draw/frame.h"
#include "draw/draw_label.h"

static const double text_pt = 8, pad = 0.4, close_pad = 0.1, box_h = 4.4, shape_h = 2.2,
                    mark_w = 2.1, line_gap = 1.2, word_gap = 1.0, piece_gap = 0.1, bar_gap = 4,
                    min_bar_h = 24, max_bar_h = 60;

struct token {
    const struct at_strip_token *from;
    const char *text;
    double w, pad; /* with the blank at both ends of a coloured one */
    enum at_direction direction;
    unsigned space_level, level; /* of embedding: even runs to the right, odd to the left */
};

static const char *visible(const struct at_strip_token *t)
{
    if (t->is_continuation && strncmp(t->text, "##", 2) == 0)
        return t->text + 2;
    return t->text + strspn(t->text, " ");
}

/* The direction of most tokens that have one. */
static bool runs_from_right(const struct token *t, size_t n)
{
    size_t right = 0, left = 0;

    for (size_t i = 0; i < n; i++) {
        right += t[i].direction == AT_FROM_RIGHT;
        left += t[i].direction == AT_FROM_LEFT;
    }
    return right > left;
}

static size_t count_marks(unsigned marks)
{
    size_t n = 0;

    for (; marks; marks &= marks - 1)
        n++;
    return n;
}

/* Blank at both ends: only what is coloured has an edge, and what stands close to another token a
   narrow one. */
static double pad_of(const struct at_strip *s, size_t i)
{
    bool is_close =
        s->tokens[i].is_continuation || (i + 1 < s->n && s->tokens[i + 1].is_continuation);

    if (!s->scale && !s->tokens[i].marks)
        return 0;
    return s->scale && is_close ? close_pad : pad;
}

static struct token *measure(const struct at_strip *s, double line_w)
{
    struct token *t = at_calloc(AT_MAX(s->n, (size_t)1), sizeof *t);

    for (size_t i = 0; i < s->n; i++) {
        t[i].from = &s->tokens[i];
        t[i].text = visible(&s->tokens[i]);
        t[i].direction = s->tokens[i].is_special ? AT_NEUTRAL : at_text_direction(t[i].text);
        t[i].pad = pad_of(s, i);
        double least = fmax(0.5, mark_w * (double)count_marks(t[i].from->marks));
        t[i].w = fmin(fmax(at_text_width(t[i].text, text_pt) + 2 * t[i].pad, least), line_w);
    }
    return t;
}

static void find_levels(struct token *t, size_t n, bool is_from_right)
{
    unsigned *levels = at_malloc(AT_MAX(n, (size_t)1), 2 * sizeof *levels);
    const char **texts = at_malloc(AT_MAX(n, (size_t)1), sizeof *texts);
    bool *is_glued = at_malloc(AT_MAX(n, (size_t)1), sizeof *is_glued);

    for (size_t i = 0; i < n; i++) {
        texts[i] = t[i].from->is_special ? NULL : t[i].text;
        is_glued[i] = t[i].from->is_continuation;
    }
    at_text_levels(levels, texts, is_glued, n, is_from_right);
    for (size_t i = 0; i < n; i++)
        t[i].space_level = levels[2 * i], t[i].level = levels[2 * i + 1];
    free(levels);
    free(texts);
    free(is_glued);
}

static double gap_between(const struct token *t, size_t a, size_t b)
{
    size_t later = AT_MAX(a, b);

    return later - AT_MIN(a, b) == 1 && t[later].from->is_continuation ? piece_gap : word_gap;
}

/* How many tokens from first on fill a line; pieces of a word stay together where they can. */
static size_t fill_line(const struct token *t, size_t n, size_t first, double line_w)
{
    double used = t[first].w;
    size_t end = first + 1, word = first;

    for (; end < n; end++) {
        if (!t[end].from->is_continuation)
            word = end;
        used += gap_between(t, end - 1, end) + t[end].w;
        if (used > line_w)
            return (word > first ? word : end) - first;
    }
    return end - first;
}

/* Of item k of a line: tokens are odd, the spaces before them even. */
static unsigned level_of(const struct token *t, size_t k)
{
    return k % 2 ? t[k / 2].level : t[k / 2].space_level;
}

/* Logical to visual order: runs of a level or higher are reversed, from the highest level down.
   Spaces take part, as two numbers beside each other are no run. order (2n), of which n are
   filled in the end. */
static void order_line(size_t *order, const struct token *t, size_t first, size_t n)
{
    size_t n_items = 2 * n - 1, n_tokens = 0;
    unsigned highest = 0;

    for (size_t i = 0; i < n_items; i++) {
        order[i] = 2 * first + 1 + i;
        highest = AT_MAX(highest, level_of(t, order[i]));
    }
    for (unsigned level = highest; level >= 1; level--)
        for (size_t from = 0, to; from < n_items; from = to + 1) {
            for (to = from; to < n_items && level_of(t, order[to]) >= level; to++)
                ;
            for (size_t a = from, b = to; a + 1 < b; a++) {
                size_t swap = order[a];
                order[a] = order[--b];
                order[b] = swap;
            }
        }
    for (size_t i = 0; i < n_items; i++)
        if (order[i] % 2)
            order[n_tokens++] = order[i] / 2;
}

static size_t lowest_mark(unsigned marks)
{
    size_t k = 0;

    while (!(marks >> k & 1))
        k++;
    return k;
}

/* Signs alone do not know that they stand in text that runs from the right. */
static void draw_text(struct at_canvas *c, double x, double y, const struct token *t,
                      const struct at_text_style *style)
{
    bool is_mirrored = t->level % 2 && t->direction == AT_NEUTRAL && !t->from->is_special;
    char *mirrored = is_mirrored ? at_text_mirrored(t->text) : NULL;
    const char *text = mirrored ? mirrored : t->text;

    at_canvas_text(c, x, y, *text ? text : "·", style);
    free(mirrored);
}

static void draw_token(struct at_canvas *c, const struct at_strip *s, const struct token *t,
                       double x, double y)
{
    struct at_text_style style = { .size_pt = text_pt,
                                   .h = AT_ANCHOR_MIDDLE,
                                   .v = AT_ANCHOR_MIDDLE,
                                   .max_mm = t->w - t->pad + 0.05,
                                   .rgb = AT_INK };
    double v = t->from->intensity, depth = isfinite(v) ? fmin(1, fmax(0, v)) : 0.5;
    unsigned marks = t->from->marks;

    style.is_faint = t->from->is_special && !s->scale; /* grey on a colour is hard to read */
    if (s->scale) {
        uint32_t rgb = at_scale_color(s->scale, v);
        at_canvas_rect(c, x, y, t->w, box_h, at_fill(rgb));
        style.rgb = at_is_dark(rgb) ? 0xffffff : AT_INK;
    } else if (marks) {
        size_t k = lowest_mark(marks);
        at_canvas_rect(
            c, x, y, t->w, box_h,
            (struct at_ink){ .rgb = at_category_color(k), .alpha = 0.12 + 0.48 * depth });
        at_canvas_rect(c, x, y + box_h - 0.5, t->w, 0.5, at_fill(at_category_color(k)));
    }
    draw_text(c, x + t->w / 2, y + box_h / 2, t, &style);
    double n = 0, step = 1.9;
    for (unsigned m = marks; m; m >>= 1)
        n += m & 1;
    double at = x + t->w / 2 - step * (n - 1) / 2;
    for (size_t k = 0; marks >> k; k++)
        if (marks >> k & 1) {
            at_frame_marker(c, at, y + box_h + shape_h / 2 + 0.1, 0.7, k,
                            at_fill(at_category_color(k)));
            at += step;
        }
}

/* Returns the y below the last line. */
static double draw_lines(struct at_canvas *c, const struct at_strip *s, struct token *t, double y,
                         double line_w)
{
    bool is_from_right = runs_from_right(t, s->n);
    size_t *order = at_malloc(AT_MAX(s->n, (size_t)1), 2 * sizeof *order);

    find_levels(t, s->n, is_from_right);
    at_canvas_group(c, "tokens");
    for (size_t first = 0, n; first < s->n; first += n) {
        double w = 0, x = AT_MARGIN_MM;
        n = fill_line(t, s->n, first, line_w);
        order_line(order, t, first, n);
        for (size_t i = 0; i < n; i++)
            w += t[order[i]].w + (i ? gap_between(t, order[i - 1], order[i]) : 0);
        if (is_from_right)
            x += fmax(0, line_w - w);
        for (size_t i = 0; i < n; i++) {
            x += i ? gap_between(t, order[i - 1], order[i]) : 0;
            draw_token(c, s, &t[order[i]], x, y);
            x += t[order[i]].w;
        }
        y += box_h + (s->scale ? 0 : shape_h) + line_gap;
    }
    free(order);
    return y;
}

static double draw_legend(struct at_canvas *c, const struct at_strip *s, double y)
{
    struct at_legend_entry *e = at_calloc(s->n_categories + 1, sizeof *e);
    char *tint = NULL;
    size_t n = at_frame_categories(e, s->category_names, s->n_categories);

    if (s->intensity_name && !s->scale) {
        tint = at_asprintf("deeper tint: higher %s", s->intensity_name);
        e[n++] = (struct at_legend_entry){ .text = tint };
    }
    y = at_frame_legend(c, y, e, n);
    free(tint);
    free(e);
    return y;
}

/* The height of the lines that draw_lines() makes. */
static double lines_height(const struct at_strip *s, const struct token *t, double line_w)
{
    double h = 0;

    for (size_t first = 0; first < s->n; first += fill_line(t, s->n, first, line_w))
        h += box_h + line_gap;
    return h - line_gap;
}

/* The tokens beside a colour bar, as high as their lines, and with room for what stands beside. */
static struct token *fit_bar(double *line_w, double *bar_h, const struct at_strip *s)
{
    double room = s->width_mm - 2 * AT_MARGIN_MM - bar_gap, taken = 0;
    struct token *t = NULL;

    for (double bar_w = at_colorbar_width(s->scale, max_bar_h, s->intensity_name); bar_w > taken;
         bar_w = at_colorbar_width(s->scale, *bar_h, s->intensity_name)) {
        taken = bar_w;
        *line_w = room - bar_w;
        free(t);
        t = measure(s, *line_w);
        *bar_h = fmin(fmax(min_bar_h, lines_height(s, t, *line_w)), max_bar_h);
    }
    return t;
}

struct at_canvas *at_draw_strip(const struct at_strip *s)
{
    struct at_canvas *c = at_canvas_new(s->width_mm, s->width_mm);
    double line_w = s->width_mm - 2 * AT_MARGIN_MM, bar_h = 0, top, y;
    struct token *t = s->scale ? fit_bar(&line_w, &bar_h, s) : measure(s, line_w);

    AT_BUG_IF(s->n_categories > 32);
    top = at_frame_header(c, s->title, s->subtitle) + 0.5;
    y = draw_lines(c, s, t, top, line_w);
    if (s->scale) {
        at_colorbar(c, AT_MARGIN_MM + line_w + bar_gap, top, bar_h, s->scale, s->intensity_name);
        y = fmax(y, top + bar_h + 3);
    }
    at_frame_finish(c, draw_legend(c, s, y + 1), s->note);
    free(t);
    return c;
}
