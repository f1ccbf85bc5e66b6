/*
 * frame.c - see frame.h.
 */
#include "draw/frame.h"

#include <math.h>

#include "base/attr.h"
#include "draw/label.h"
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

static void draw_swatch(struct at_canvas *c, double x, double y, double size,
                        const struct at_legend_entry *e)
{
    double box[] = { x, y, x + size, y, x + size, y + size, x, y + size };
    struct at_ink line = at_stroke(e->rgb, 0.5);

    switch (e->swatch) {
    case AT_SWATCH_NONE:
        break;
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
        at_canvas_circle(c, x + size / 2, y + size / 2, 0.35, at_fill(AT_INK));
        break;
    case AT_SWATCH_DASHED:
        line.is_dashed = true;
        /* fall through */
    case AT_SWATCH_LINE:
        at_canvas_line(c, x - size, y + size / 2, x + size, y + size / 2, line);
        break;
    case AT_SWATCH_MARKER:
        at_frame_marker(c, x + size / 2, y + size / 2, size * 0.45, e->shape, at_fill(e->rgb));
        break;
    }
}

double at_frame_legend(struct at_canvas *c, double x, double y, double width,
                       const struct at_legend_entry *entries, size_t n)
{
    const double line = 3.6, size = 2.4;
    double left = x, top = y;

    if (!n)
        return 0;
    at_canvas_group(c, "legend");
    for (size_t i = 0; i < n; i++) {
        const struct at_legend_entry *e = &entries[i];
        struct at_text_style style = { .size_pt = AT_TICK_PT,
                                       .v = AT_ANCHOR_MIDDLE,
                                       .rgb = AT_INK_SOFT };
        bool is_line = e->swatch == AT_SWATCH_LINE || e->swatch == AT_SWATCH_DASHED;
        double indent = e->swatch == AT_SWATCH_NONE ? 0 : size + 1.0 + (is_line ? size : 0), w, h;

        at_text_extent(&w, &h, e->text, style.size_pt, false);
        if (left > x && left + indent + w > x + width) {
            left = x;
            top += line;
        }
        style.max_mm = w > width - indent ? width - indent : 0;
        draw_swatch(c, left + (is_line ? size : 0), top + (line - size) / 2, size, e);
        at_canvas_text(c, left + indent, top + line / 2, e->text, &style);
        left += indent + w + 4.0;
    }
    return top + line - y;
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
