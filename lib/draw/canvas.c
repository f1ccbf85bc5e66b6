/*
 * canvas.c - records the items of a picture and prints them as JSON. Playing them is render.c.
 */
#include "draw/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/canvas_list.h"

struct at_canvas *at_canvas_new(double width_mm, double height_mm)
{
    struct at_canvas *c = at_calloc(1, sizeof *c);

    c->typesetter = at_typesetter_new();
    *at_array_push(&c->groups) = at_strdup("");
    at_canvas_resize(c, width_mm, height_mm);
    return c;
}

void at_canvas_free(struct at_canvas *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->items.n; i++) {
        free(c->items.items[i].xy);
        free(c->items.items[i].rgb);
        at_glyphs_release(&c->items.items[i].text);
    }
    for (size_t i = 0; i < c->groups.n; i++)
        free(c->groups.items[i]);
    at_array_release(&c->items);
    at_array_release(&c->groups);
    at_typesetter_free(c->typesetter);
    free(c);
}

void at_canvas_resize(struct at_canvas *c, double width_mm, double height_mm)
{
    AT_BUG_IF(!(width_mm > 0) || !(height_mm > 0));
    c->width_mm = width_mm;
    c->height_mm = height_mm;
}

double at_canvas_width(const struct at_canvas *c)
{
    return c->width_mm;
}

double at_canvas_height(const struct at_canvas *c)
{
    return c->height_mm;
}

void at_canvas_group(struct at_canvas *c, const char *name)
{
    *at_array_push(&c->groups) = at_strdup(name);
}

static void move_item(struct at_item *item, double x, double y)
{
    bool is_ribbon = item->kind == AT_ITEM_RIBBON; /* two points, each with a height */
    size_t n = is_ribbon ? 2 : item->xy ? item->n : 0, step = is_ribbon ? 3 : 2;

    item->x += x;
    item->y += y;
    for (size_t i = 0; i < n; i++) {
        item->xy[i * step] += x;
        item->xy[i * step + 1] += y;
    }
}

void at_canvas_place(struct at_canvas *c, struct at_canvas *part, const char *name, double x,
                     double y)
{
    size_t first = c->groups.n;

    for (size_t i = 0; i < part->groups.n; i++) {
        const char *group = part->groups.items[i];
        *at_array_push(&c->groups) = at_asprintf("%s%s%s", name, *group ? " " : "", group);
    }
    for (size_t i = 0; i < part->items.n; i++) {
        struct at_item item = part->items.items[i];
        item.group += first;
        move_item(&item, x, y);
        *at_array_push(&c->items) = item;
    }
    part->items.n = 0; /* they are c's now */
    at_canvas_free(part);
}

static struct at_item *add(struct at_canvas *c, enum at_item_kind kind, struct at_ink ink)
{
    struct at_item *item = at_array_push(&c->items);

    *item = (struct at_item){ .kind = kind, .group = c->groups.n - 1, .ink = ink };
    return item;
}

void at_canvas_rect(struct at_canvas *c, double x, double y, double w, double h, struct at_ink ink)
{
    struct at_item *item = add(c, AT_ITEM_RECT, ink);

    item->x = x;
    item->y = y;
    item->w = w;
    item->h = h;
}

void at_canvas_circle(struct at_canvas *c, double x, double y, double r, struct at_ink ink)
{
    struct at_item *item = add(c, AT_ITEM_CIRCLE, ink);

    item->x = x;
    item->y = y;
    item->w = r;
}

static struct at_item *add_points(struct at_canvas *c, enum at_item_kind kind, const double *xy,
                                  size_t n, struct at_ink ink)
{
    struct at_item *item = add(c, kind, ink);

    item->n = n;
    item->xy = at_malloc(n, 2 * sizeof *xy);
    memcpy(item->xy, xy, n * 2 * sizeof *xy);
    return item;
}

void at_canvas_line(struct at_canvas *c, double x0, double y0, double x1, double y1,
                    struct at_ink ink)
{
    add_points(c, AT_ITEM_PATH, (double[]){ x0, y0, x1, y1 }, 2, ink);
}

void at_canvas_polyline(struct at_canvas *c, const double *xy, size_t n, struct at_ink ink)
{
    AT_BUG_IF(n < 2);
    add_points(c, AT_ITEM_PATH, xy, n, ink);
}

void at_canvas_polygon(struct at_canvas *c, const double *xy, size_t n, struct at_ink ink)
{
    AT_BUG_IF(n < 3);
    add_points(c, AT_ITEM_PATH, xy, n, ink)->is_closed = true;
}

void at_canvas_hatch(struct at_canvas *c, const double *xy, size_t n, struct at_ink ink)
{
    AT_BUG_IF(n < 3);
    add_points(c, AT_ITEM_HATCH, xy, n, ink)->is_closed = true;
}

void at_canvas_ribbon(struct at_canvas *c, double x0, double y0, double h0, double x1, double y1,
                      double h1, bool is_vertical, struct at_ink ink)
{
    double ends[] = { x0, y0, h0, x1, y1, h1 };

    add_points(c, AT_ITEM_RIBBON, ends, 3, ink)->is_vertical = is_vertical;
}

void at_canvas_cells(struct at_canvas *c, double x, double y, double w, double h,
                     const uint32_t *rgb, size_t rows, size_t cols)
{
    struct at_item *item = add(c, AT_ITEM_CELLS, at_fill(0));
    size_t n;

    AT_BUG_IF(!rows || !cols || !at_mul_size(rows, cols, &n));
    item->x = x;
    item->y = y;
    item->w = w;
    item->h = h;
    item->rows = rows;
    item->cols = cols;
    item->rgb = at_malloc(n, sizeof *rgb);
    memcpy(item->rgb, rgb, n * sizeof *rgb);
}

/* The body of a line as canvas.h defines it, in sizes above the baseline. */
static double anchor_drop(enum at_anchor v, double size_mm)
{
    return v == AT_ANCHOR_START ? 0.76 * size_mm
           : v == AT_ANCHOR_END ? -0.24 * size_mm
                                : 0.36 * size_mm;
}

void at_canvas_text(struct at_canvas *c, double x, double y, const char *utf8,
                    const struct at_text_style *style)
{
    struct at_item *item = add(c, AT_ITEM_TEXT, at_fill(style->rgb));

    at_glyphs_shape(&item->text, c->typesetter, utf8, style, 0, 0);
    item->x = x;
    item->y = y;
    item->angle_deg = style->angle_deg;
    item->dx = -item->text.length_mm * (style->h == AT_ANCHOR_MIDDLE ? 0.5
                                        : style->h == AT_ANCHOR_END  ? 1.0
                                                                     : 0.0);
    item->dy = anchor_drop(style->v, style->size_pt * 25.4 / 72.0);
}

double at_canvas_paragraph(struct at_canvas *c, double x, double y, double width_mm, int max_lines,
                           const char *utf8, const struct at_text_style *style)
{
    struct at_item *item = add(c, AT_ITEM_TEXT, at_fill(style->rgb));

    at_glyphs_shape(&item->text, c->typesetter, utf8, style, width_mm, max_lines);
    item->x = x;
    item->y = y;
    item->dy = -item->text.origin_y;
    return item->text.height_mm;
}

const char *at_canvas_missing_glyphs(const struct at_canvas *c)
{
    return at_typesetter_missing(c->typesetter);
}

/* Thousandths of a millimetre are beyond any printer; -0 would differ from 0 for no reason. */
static void dump_number(struct at_strbuf *out, double v)
{
    double r = round(v * 1000.0) / 1000.0;

    at_strbuf_addf(out, "%.10g", r == 0 ? 0.0 : r);
}

static void dump_field(struct at_strbuf *out, const char *key, double v)
{
    at_strbuf_addf(out, ",\"%s\":", key);
    dump_number(out, v);
}

static void dump_string(struct at_strbuf *out, const char *s)
{
    at_strbuf_addc(out, '"');
    for (; *s; s++)
        if (*s == '"' || *s == '\\')
            at_strbuf_addf(out, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            at_strbuf_addf(out, "\\u%04x", (unsigned)*s);
        else
            at_strbuf_addc(out, *s);
    at_strbuf_addc(out, '"');
}

static void dump_numbers(struct at_strbuf *out, const char *key, const double *v, size_t n)
{
    at_strbuf_addf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i)
            at_strbuf_addc(out, ',');
        dump_number(out, v[i]);
    }
    at_strbuf_addc(out, ']');
}

/* The four corners of the ink, turned with the text: what tests compare for overlaps. */
static void dump_text(struct at_strbuf *out, const struct at_item *item)
{
    const struct at_glyphs *g = &item->text;
    double cosine = cos(item->angle_deg * AT_PI / 180), sine = sin(item->angle_deg * AT_PI / 180);
    double corners[8];

    for (int i = 0; i < 4; i++) {
        double along = item->dx + g->ink_x + (i == 1 || i == 2 ? g->ink_w : 0);
        double across = item->dy + g->ink_y + (i >= 2 ? g->ink_h : 0);
        corners[2 * i] = item->x + along * cosine + across * sine;
        corners[2 * i + 1] = item->y - along * sine + across * cosine;
    }
    at_strbuf_adds(out, ",\"text\":");
    dump_string(out, g->text);
    dump_field(out, "angle", item->angle_deg);
    at_strbuf_addf(out, ",\"elided\":%s", g->is_elided ? "true" : "false");
    dump_numbers(out, "corners", corners, 8);
}

static void dump_item(struct at_strbuf *out, const struct at_item *item)
{
    static const char *const kinds[] = { "rect",  "circle", "path", "ribbon",
                                         "hatch", "cells",  "text" };

    at_strbuf_addf(out, "{\"kind\":\"%s\",\"rgb\":\"#%06x\"", kinds[item->kind],
                   (unsigned)item->ink.rgb);
    if (item->kind != AT_ITEM_TEXT && item->kind != AT_ITEM_CELLS) {
        dump_field(out, "alpha", item->ink.alpha);
        dump_field(out, "line", item->ink.width_mm);
    }
    if (item->xy) {
        dump_numbers(out, item->kind == AT_ITEM_RIBBON ? "ends" : "points", item->xy, 2 * item->n);
    } else {
        dump_field(out, "x", item->x);
        dump_field(out, "y", item->y);
    }
    if (item->kind == AT_ITEM_CIRCLE)
        dump_field(out, "r", item->w);
    if (item->kind == AT_ITEM_RECT || item->kind == AT_ITEM_CELLS) {
        dump_field(out, "w", item->w);
        dump_field(out, "h", item->h);
    }
    if (item->kind == AT_ITEM_CELLS)
        at_strbuf_addf(out, ",\"rows\":%zu,\"cols\":%zu", item->rows, item->cols);
    if (item->kind == AT_ITEM_TEXT)
        dump_text(out, item);
    at_strbuf_addc(out, '}');
}

void at_canvas_dump(const struct at_canvas *c, struct at_strbuf *out)
{
    size_t i = 0;
    bool first = true;

    at_strbuf_adds(out, "{\"width\":");
    dump_number(out, c->width_mm);
    dump_field(out, "height", c->height_mm);
    at_strbuf_adds(out, ",\"groups\":[");
    for (size_t g = 0; g < c->groups.n; g++) {
        if (g == 0 && (!c->items.n || c->items.items[0].group != 0))
            continue; /* everything has a name */
        at_strbuf_adds(out, first ? "\n{\"name\":" : ",\n{\"name\":");
        first = false;
        dump_string(out, c->groups.items[g]);
        at_strbuf_adds(out, ",\"items\":[");
        for (const char *comma = "\n"; i < c->items.n && c->items.items[i].group == g; i++) {
            at_strbuf_adds(out, comma);
            dump_item(out, &c->items.items[i]);
            comma = ",\n";
        }
        at_strbuf_adds(out, "]}");
    }
    at_strbuf_adds(out, "]}\n");
}
