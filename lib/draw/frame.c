/*
 * frame.c - see frame.h.
 */
#include "draw/frame.h"

#include <math.h>

#include "base/attr.h"
#include "draw/draw_label.h"
#include "draw/scale.h"

double at_frame_header(struct at_canvas *c, const char *title, const char *subtitle)
{
    double width = at_canvas_width(c) - 2 * AT_MARGIN_MM, y = AT_MARGIN_MM;

    at_canvas_group(c, "title");
    if (title && *title) {
        struct at_text_style style = { .size_pt = AT_TITLE_PT, .is_bold = true, .rgb = AT_INK };
        y += at_canvas_paragraph(c, AT_MARGIN_MM, y, width, 3, title, &style) + 0.3;
    }
    if (subtitle && *subtitle) {
        struct at_text_style style = { .size_pt = AT_SUBTITLE_PT, .rgb = AT_INK_SOFT };
        y += at_canvas_paragraph(c, AT_MARGIN_MM, y, width, 4, subtitle, &style);
    }
    return y > AT_MARGIN_MM ? y + 2.0 : y;
}

static bool has_line(enum at_swatch s)
{
    return s == AT_SWATCH_LINE || s == AT_SWATCH_DASHED || s == AT_SWATCH_LINE_MARKER ||
           s == AT_SWATCH_DASHED_MARKER;
}

/* In a square of the given size, lines in two of them side by side. */
static void draw_swatch(struct at_canvas *c, double x, double y, double size,
                        const struct at_legend_entry *e)
{
    double box[] = { x, y, x + size, y, x + size, y + size, x, y + size }, half = size / 2;
    bool is_dashed = e->swatch == AT_SWATCH_DASHED || e->swatch == AT_SWATCH_DASHED_MARKER;
    struct at_ink line = { .rgb = e->rgb, .alpha = 1, .width_mm = 0.5, .is_dashed = is_dashed };

    if (has_line(e->swatch))
        at_canvas_line(c, x, y + half, x + 2 * size, y + half, line);
    switch (e->swatch) {
    case AT_SWATCH_FILL:
        at_canvas_rect(c, x, y, size, size, at_fill(e->rgb));
        break;
    case AT_SWATCH_OUTLINE:
        at_canvas_rect(c, x + 0.2, y + 0.2, size - 0.4, size - 0.4, at_stroke(e->rgb, 0.4));
        break;
    case AT_SWATCH_HATCH:
        at_canvas_hatch(c, box, 4, at_stroke(AT_INK_MASK, 0.12));
        at_canvas_rect(c, x, y, size, size, at_stroke(AT_INK_LINE, 0.1));
        break;
    case AT_SWATCH_DOT:
        at_canvas_rect(c, x, y, size, size, at_fill(AT_COLOR_UNDEFINED));
        at_canvas_circle(c, x + half, y + half, 0.35, at_fill(AT_INK));
        break;
    case AT_SWATCH_LINE_MARKER:
    case AT_SWATCH_DASHED_MARKER:
        at_frame_marker(c, x + size, y + half, 0.8, e->shape, at_fill(e->rgb));
        break;
    case AT_SWATCH_MARKER:
        at_frame_marker(c, x + half, y + half, size * 0.45, e->shape, at_fill(e->rgb));
        break;
    case AT_SWATCH_RING:
        at_canvas_circle(c, x + half, y + half, size * 0.45, at_stroke(e->rgb, 0.35));
        break;
    case AT_SWATCH_NONE:
    case AT_SWATCH_LINE:
    case AT_SWATCH_DASHED:
        break;
    }
}

size_t at_frame_categories(struct at_legend_entry *entries, const char *const *names, size_t n)
{
    for (size_t k = 0; k < n; k++)
        entries[k] =
            (struct at_legend_entry){ AT_SWATCH_MARKER, at_category_color(k), k, names[k] };
    return n;
}

double at_frame_legend(struct at_canvas *c, double y, const struct at_legend_entry *entries,
                       size_t n)
{
    const double line = 3.6, size = 2.4, x = AT_MARGIN_MM;
    double width = at_canvas_width(c) - 2 * AT_MARGIN_MM, left = x, top = y;

    if (!n)
        return y;
    at_canvas_group(c, "legend");
    for (size_t i = 0; i < n; i++) {
        const struct at_legend_entry *e = &entries[i];
        struct at_text_style style = { .size_pt = AT_TICK_PT,
                                       .v = AT_ANCHOR_MIDDLE,
                                       .rgb = AT_INK_SOFT };
        double indent = e->swatch == AT_SWATCH_NONE ? 0
                        : has_line(e->swatch)       ? 2 * size + 1.0
                                                    : size + 1.0;
        double w = at_text_width(e->text, style.size_pt);

        if (left > x && left + indent + w > x + width) {
            left = x;
            top += line;
        }
        style.max_mm = w > width - indent ? width - indent : 0;
        draw_swatch(c, left, top + (line - size) / 2, size, e);
        at_canvas_text(c, left + indent, top + line / 2, e->text, &style);
        left += indent + w + 4.0;
    }
    return top + line;
}

double at_frame_note(struct at_canvas *c, double y, const char *note)
{
    struct at_text_style style = { .size_pt = AT_TICK_PT, .rgb = AT_INK_SOFT };

    if (!note || !*note)
        return y;
    at_canvas_group(c, "note");
    return y + 0.5 +
           at_canvas_paragraph(c, AT_MARGIN_MM, y + 0.5, at_canvas_width(c) - 2 * AT_MARGIN_MM, 6,
                               note, &style);
}

void at_frame_finish(struct at_canvas *c, double y, const char *note)
{
    y = at_frame_note(c, y, note);
    at_canvas_resize(c, at_canvas_width(c), y + AT_MARGIN_MM);
}

/* Corners on the unit circle of a regular polygon or star. */
static void draw_star(struct at_canvas *c, double x, double y, double r, size_t points,
                      double inner, double turn, struct at_ink ink)
{
    double xy[40];
    size_t n = inner > 0 ? 2 * points : points;

    for (size_t i = 0; i < n; i++) {
        double a = turn + 2 * AT_PI * (double)i / (double)n;
        double d = inner > 0 && i % 2 ? r * inner : r;
        xy[2 * i] = x + d * sin(a);
        xy[2 * i + 1] = y - d * cos(a);
    }
    at_canvas_polygon(c, xy, n, ink);
}

void at_frame_marker(struct at_canvas *c, double x, double y, double r, size_t shape,
                     struct at_ink ink)
{
    switch (shape % 8) {
    case 0:
        at_canvas_circle(c, x, y, r, ink);
        break;
    case 1:
        at_canvas_rect(c, x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r, ink);
        break;
    case 2:
        draw_star(c, x, y, 1.2 * r, 3, 0, 0, ink);
        break;
    case 3:
        draw_star(c, x, y, 1.2 * r, 4, 0, 0, ink);
        break;
    case 4:
        draw_star(c, x, y, 1.2 * r, 3, 0, AT_PI, ink);
        break;
    case 5:
        draw_star(c, x, y, 1.3 * r, 5, 0.45, 0, ink);
        break;
    case 6:
        draw_star(c, x, y, 1.3 * r, 4, 0.35, AT_PI / 4, ink);
        break;
    default:
        draw_star(c, x, y, 1.1 * r, 6, 0, 0, ink);
        break;
    }
}
