/*
 * svg_file.c - a picture as SVG, over cairo's surface: see render.h.
 *
 * Cairo draws letters as outlines. Where they are to stay text, what lies between two texts is
 * drawn on a surface of its own, whose elements are taken over, and the texts are written here, run
 * by run as Pango shaped them: each has its length, so that other fonts do not move what follows.
 */
#include <cairo-svg.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#include "draw/render.h"

enum { ZOOM = 4 }; /* cairo rounds SVG coordinates and emoji to units: make them small */

static const double units_per_mm = 72.0 / 25.4 * ZOOM;

static cairo_status_t collect(void *buffer, const unsigned char *bytes, unsigned n)
{
    at_strbuf_add(buffer, bytes, n);
    return CAIRO_STATUS_SUCCESS;
}

static void add_escaped(struct at_strbuf *out, const char *s, size_t n)
{
    for (; n-- > 0; s++)
        if (*s == '<')
            at_strbuf_adds(out, "&lt;");
        else if (*s == '>')
            at_strbuf_adds(out, "&gt;");
        else if (*s == '&')
            at_strbuf_adds(out, "&amp;");
        else if ((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t')
            at_strbuf_addc(out, *s);
}

/* Names that cairo numbers over the life of the process or of a surface: surfaceN, imageN, clipN.
   Each gets a new number in order of appearance, behind those of earlier surfaces. */
static const char *const numbered[] = { "surface", "image", "clip" };

enum { N_NUMBERED = AT_COUNTOF(numbered) };

struct renumbering {
    struct numbers AT_ARRAY(unsigned long) seen; /* of this surface */
    size_t before;                               /* of earlier ones */
};

static size_t renumber(struct renumbering *r, unsigned long old)
{
    for (size_t i = r->seen.n; i-- > 0;) /* uses follow soon after definitions */
        if (r->seen.items[i] == old)
            return r->before + i;
    *at_array_push(&r->seen) = old;
    return r->before + r->seen.n - 1;
}

/* The name that stands at p, behind id=" or #: its kind, and where its number is; NULL for none. */
static const char *number_at(const char *p, size_t *kind)
{
    static const char quoted[] = "id=\"";

    if (*p == '#')
        p++;
    else if (strncmp(p, quoted, sizeof quoted - 1) == 0)
        p += sizeof quoted - 1;
    else
        return NULL;
    for (*kind = 0; *kind < N_NUMBERED; ++*kind) {
        size_t n = strlen(numbered[*kind]);
        if (strncmp(p, numbered[*kind], n) == 0 && p[n] >= '0' && p[n] <= '9')
            return p + n;
    }
    return NULL;
}

static void copy_renumbered(struct at_strbuf *out, const char *svg, struct renumbering *r)
{
    const char *p = svg, *copied = svg, *number;
    size_t kind;

    while ((p = strpbrk(p, "i#"))) {
        char *end;
        number = number_at(p, &kind);
        if (!number) {
            p++;
            continue;
        }
        unsigned long old = strtoul(number, &end, 10);
        at_strbuf_add(out, copied, (size_t)(number - copied));
        at_strbuf_addf(out, "%zu", renumber(&r[kind], old));
        p = copied = end;
    }
    at_strbuf_adds(out, copied);
    for (kind = 0; kind < N_NUMBERED; kind++) {
        r[kind].before += r[kind].seen.n;
        r[kind].seen.n = 0;
    }
}

/* Our own first element: size in mm, a title. */
static void open_svg(struct at_strbuf *out, const struct at_canvas *c, const char *title)
{
    at_strbuf_addf(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                   "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"%.3fmm\" "
                   "height=\"%.3fmm\" viewBox=\"0 0 %.3f %.3f\" version=\"1.1\">",
                   c->width_mm, c->height_mm, c->width_mm * units_per_mm,
                   c->height_mm * units_per_mm);
    if (title) {
        at_strbuf_adds(out, "\n<title>");
        add_escaped(out, title, strlen(title));
        at_strbuf_adds(out, "</title>");
    }
}

/* The elements that cairo makes of some of the items. */
static unsigned add_items(struct at_strbuf *out, const struct at_canvas *c, size_t first,
                          size_t end, struct renumbering *r)
{
    struct at_strbuf raw = { 0 };
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(
        collect, &raw, c->width_mm * units_per_mm, c->height_mm * units_per_mm);
    unsigned status = at_play(c, first, end, surface, units_per_mm, false);
    char *tag, *body, *closing;

    cairo_surface_finish(surface);
    if (!status)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (!status) {
        tag = strstr(raw.s, "<svg ");
        body = tag ? strchr(tag, '>') : NULL;
        closing = body ? strstr(body, "</svg>") : NULL;
        AT_BUG_IF(!closing);
        *closing = '\0';
        copy_renumbered(out, body + 1, r);
    }
    at_strbuf_release(&raw);
    return status;
}

/* --- texts --- */

static uint32_t color_of(const PangoItem *run)
{
    for (const GSList *a = run->analysis.extra_attrs; a; a = a->next) {
        const PangoAttribute *attribute = a->data;
        if (attribute->klass->type == PANGO_ATTR_FOREGROUND) {
            const PangoColor *color = &((const PangoAttrColor *)a->data)->color;
            return (uint32_t)(color->red >> 8) << 16 | (uint32_t)(color->green >> 8) << 8 |
                   (uint32_t)(color->blue >> 8);
        }
    }
    return 0;
}

static void add_font(struct at_strbuf *out, const PangoItem *run, double size)
{
    PangoFontDescription *font = pango_font_describe(run->analysis.font);
    const char *family = pango_font_description_get_family(font);
    bool is_mono = strstr(family, "Mono") != NULL;

    at_strbuf_adds(out, " font-family=\"'");
    add_escaped(out, family, strcspn(family, "'\""));
    at_strbuf_addf(out, "', %s\" font-size=\"%.2f\"%s", is_mono ? "monospace" : "sans-serif", size,
                   pango_font_description_get_weight(font) >= PANGO_WEIGHT_SEMIBOLD
                       ? " font-weight=\"bold\""
                       : "");
    pango_font_description_free(font);
}

/* Letters of one font and direction, from x to x + w; those that run from the right begin there. */
static void add_run(struct at_strbuf *out, const char *text, const PangoItem *run, double x,
                    double y, double w, double size)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    bool is_from_right = run->analysis.level & 1;
    bool is_ellipsis = run->analysis.flags & PANGO_ANALYSIS_FLAG_IS_ELLIPSIS;
    const char *first = is_ellipsis ? ellipsis : text + run->offset;
    size_t n = is_ellipsis ? strlen(ellipsis) : (size_t)run->length;

    if (!(w > 0) || !run->analysis.font)
        return;
    at_strbuf_addf(out, "<text x=\"%.2f\" y=\"%.2f\" textLength=\"%.2f\"",
                   is_from_right ? x + w : x, y, w);
    at_strbuf_adds(out, " lengthAdjust=\"spacingAndGlyphs\"");
    if (is_from_right)
        at_strbuf_adds(out, " direction=\"rtl\" unicode-bidi=\"bidi-override\"");
    if (memchr(first, ' ', n)) /* else those at the ends would be lost */
        at_strbuf_adds(out, " xml:space=\"preserve\"");
    add_font(out, run, size);
    at_strbuf_addf(out, " fill=\"#%06x\">", (unsigned)color_of(run));
    add_escaped(out, first, n);
    at_strbuf_adds(out, "</text>\n");
}

static void add_text(struct at_strbuf *out, const struct at_item *item)
{
    const double per_unit = (double)ZOOM / PANGO_SCALE;
    PangoLayout *layout = item->text.layout;
    double size = pango_font_description_get_size(pango_layout_get_font_description(layout));
    double x = (item->dx + item->text.origin_x) * units_per_mm;
    double y = (item->dy + item->text.origin_y) * units_per_mm;
    PangoLayoutIter *iter = pango_layout_get_iter(layout);

    at_strbuf_addf(out, "<g transform=\"translate(%.2f,%.2f)", item->x * units_per_mm,
                   item->y * units_per_mm);
    if (item->angle_deg != 0)
        at_strbuf_addf(out, " rotate(%g)", -item->angle_deg);
    at_strbuf_adds(out, "\">\n");
    do {
        const PangoLayoutRun *run = pango_layout_iter_get_run_readonly(iter);
        PangoRectangle box;
        if (!run)
            continue;
        pango_layout_iter_get_run_extents(iter, NULL, &box);
        add_run(out, pango_layout_get_text(layout), run->item, x + box.x * per_unit,
                y + pango_layout_iter_get_baseline(iter) * per_unit, box.width * per_unit,
                size * per_unit);
    } while (pango_layout_iter_next_run(iter));
    pango_layout_iter_free(iter);
    at_strbuf_adds(out, "</g>\n");
}

/* Colour glyphs are pictures: cairo's. */
static bool is_text(const struct at_item *item)
{
    return item->kind == AT_ITEM_TEXT && !item->text.has_color;
}

unsigned at_svg_make(struct at_strbuf *out, const struct at_canvas *c, const char *title,
                     bool text_stays)
{
    struct renumbering r[N_NUMBERED] = { { .before = 0 } };
    unsigned status = CAIRO_STATUS_SUCCESS;
    size_t first = 0, end;

    open_svg(out, c, title);
    do {
        for (end = first; end < c->items.n; end++)
            if (text_stays && is_text(&c->items.items[end]))
                break;
        if (end > first || first == 0)
            status = add_items(out, c, first, end, r);
        for (first = end; !status && first < c->items.n; first++) {
            if (!text_stays || !is_text(&c->items.items[first]))
                break;
            add_text(out, &c->items.items[first]);
        }
    } while (!status && first < c->items.n);
    at_strbuf_adds(out, "</svg>\n");
    for (size_t kind = 0; kind < N_NUMBERED; kind++)
        at_array_release(&r[kind].seen);
    return status;
}
