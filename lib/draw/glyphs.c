/*
 * glyphs.c - see glyphs.h.
 *
 * Fonts go by family name; Pango asks fontconfig for what the first families lack. The language is
 * fixed, not taken from the environment, so that a picture does not depend on the locale.
 */
#include "draw/glyphs.h"

#include <stdlib.h>
#include <string.h>

#include <hb-ot.h>
#include <pango/pangocairo.h>

#include "base/array.h"
#include "base/strbuf.h"
#include "draw/draw_label.h"

static const char sans[] = "Noto Sans,Noto Sans CJK SC,Noto Sans Arabic,DejaVu Sans";
static const char mono[] = "Noto Sans Mono,Noto Sans Mono CJK SC,DejaVu Sans Mono";

/* Replacement characters and message stay readable when a whole script is missing. */
enum { MAX_NAMED = 8, MAX_MISSING = 4096 };

static const double pt_per_mm = 72.0 / 25.4;
static const uint32_t faint_rgb = 0x767676; /* 4.5:1 on white, still dark enough in print */

struct at_typesetter {
    PangoContext *context;
    struct code_points AT_ARRAY(gunichar) missing;
    struct at_strbuf message;
    bool has_no_font; /* none at all is installed */
};

struct at_typesetter *at_typesetter_new(void)
{
    struct at_typesetter *t = at_calloc(1, sizeof *t);
    cairo_font_options_t *options = cairo_font_options_create();

    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    t->context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    pango_cairo_context_set_font_options(t->context, options);
    pango_cairo_context_set_resolution(t->context, 72.0);
    pango_context_set_language(t->context, pango_language_from_string("en"));
    pango_context_set_round_glyph_positions(t->context, FALSE);
    cairo_font_options_destroy(options);
    return t;
}

void at_typesetter_free(struct at_typesetter *t)
{
    if (!t)
        return;
    g_object_unref(t->context);
    at_array_release(&t->missing);
    at_strbuf_release(&t->message);
    free(t);
}

const char *at_typesetter_missing(const struct at_typesetter *t)
{
    return at_strbuf_str(&t->message);
}

bool at_typesetter_has_font(const struct at_typesetter *t)
{
    return !t->has_no_font;
}

static bool is_missing(const struct at_typesetter *t, gunichar u)
{
    for (size_t i = 0; i < t->missing.n; i++)
        if (t->missing.items[i] == u)
            return true;
    return false;
}

static void note_missing(struct at_typesetter *t, gunichar u)
{
    if (is_missing(t, u) || t->missing.n == MAX_MISSING)
        return;
    *at_array_push(&t->missing) = u;
    at_strbuf_clear(&t->message);
    at_strbuf_adds(&t->message, "no font has");
    for (size_t i = 0; i < AT_MIN(t->missing.n, (size_t)MAX_NAMED); i++)
        at_strbuf_addf(&t->message, "%s U+%04X", i ? "," : "", (unsigned)t->missing.items[i]);
    if (t->missing.n > MAX_NAMED)
        at_strbuf_addf(&t->message, " and %zu more", t->missing.n - MAX_NAMED);
}

/* Code points that are no characters, U+FFFF and its like: cairo refuses to put them into a PDF. */
static bool is_noncharacter(gunichar u)
{
    return (u & 0xFFFE) == 0xFFFE || (u >= 0xFDD0 && u <= 0xFDEF);
}

/* Valid UTF-8 in which every control character is visible: Pango would act on them. */
static char *clean(const char *utf8)
{
    struct at_strbuf b = { 0 };
    char *valid = g_utf8_make_valid(utf8, -1);

    at_strbuf_adds(&b, "");
    for (char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar u = g_utf8_get_char(p);
        if (u == '\n' || u == '\r')
            u = 0x21B5;
        else if (u == '\t')
            u = 0x21E5;
        else if (u < 0x20 || (u >= 0x7F && u < 0xA0) || u == 0x2028 || u == 0x2029 ||
                 is_noncharacter(u))
            u = 0xFFFD;
        at_strbuf_add_utf8(&b, u);
    }
    g_free(valid);
    return at_strbuf_take(&b);
}

/* Looks through all glyphs; true when one is missing (its code point is then noted). */
static bool inspect(struct at_glyphs *g, struct at_typesetter *t)
{
    PangoLayoutIter *iter = pango_layout_get_iter(g->layout);
    bool any = false;

    g->has_color = false;
    do {
        PangoLayoutRun *run = pango_layout_iter_get_run_readonly(iter);
        if (!run)
            continue;
        if (!run->item->analysis.font) {
            t->has_no_font = true;
            continue;
        }
        hb_face_t *face = hb_font_get_face(pango_font_get_hb_font(run->item->analysis.font));
        g->has_color |= hb_ot_color_has_png(face) || hb_ot_color_has_layers(face);
        for (int i = 0; i < run->glyphs->num_glyphs; i++) {
            PangoGlyph glyph = run->glyphs->glyphs[i].glyph;
            if (glyph != PANGO_GLYPH_EMPTY && (glyph & PANGO_GLYPH_UNKNOWN_FLAG)) {
                note_missing(t, glyph & ~PANGO_GLYPH_UNKNOWN_FLAG);
                any = true;
            }
        }
    } while (pango_layout_iter_next_run(iter));
    pango_layout_iter_free(iter);
    return any;
}

static char *without_missing(char *text, const struct at_typesetter *t)
{
    gunichar stand_in = is_missing(t, 0xFFFD) ? '?' : 0xFFFD;
    struct at_strbuf b = { 0 };

    for (char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar u = g_utf8_get_char(p);
        at_strbuf_add_utf8(&b, is_missing(t, u) ? stand_in : u);
    }
    return at_strbuf_take(&b);
}

static void set_color(PangoAttrList *attrs, uint32_t rgb, size_t start, size_t end)
{
    PangoAttribute *a =
        pango_attr_foreground_new((guint16)((rgb >> 16 & 255) * 257),
                                  (guint16)((rgb >> 8 & 255) * 257), (guint16)((rgb & 255) * 257));

    a->start_index = (guint)start;
    a->end_index = (guint)end;
    pango_attr_list_insert(attrs, a);
}

static void set_text(struct at_glyphs *g, const struct at_text_style *style)
{
    PangoAttrList *attrs = pango_attr_list_new();
    size_t n = strlen(g->text);
    size_t chars = (size_t)g_utf8_strlen(g->text, -1);
    const char *split = g_utf8_offset_to_pointer(g->text, (glong)AT_MIN(style->n_faint, chars));

    set_color(attrs, style->is_faint ? faint_rgb : style->rgb, 0, n);
    if (style->n_faint)
        set_color(attrs, faint_rgb, 0, (size_t)(split - g->text));
    pango_layout_set_text(g->layout, g->text, (int)n);
    pango_layout_set_attributes(g->layout, attrs);
    pango_attr_list_unref(attrs);
}

static void set_font(PangoLayout *layout, const struct at_text_style *style)
{
    PangoFontDescription *font = pango_font_description_new();

    pango_font_description_set_family_static(font, style->is_mono ? mono : sans);
    pango_font_description_set_weight(font,
                                      style->is_bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(font, style->size_pt * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
}

static void measure(struct at_glyphs *g)
{
    const double mm = 1.0 / (PANGO_SCALE * pt_per_mm);
    PangoRectangle ink, logical;
    double baseline = pango_layout_get_baseline(g->layout);

    pango_layout_get_extents(g->layout, &ink, &logical);
    g->is_elided = pango_layout_is_ellipsized(g->layout);
    if (g->is_elided) { /* Pango pads the ellipsis up to the limit */
        logical.x = ink.x;
        logical.width = ink.width;
    }
    g->length_mm = logical.width * mm;
    g->height_mm = logical.height * mm;
    g->origin_x = -logical.x * mm;
    g->origin_y = -baseline * mm;
    g->ink_x = (ink.x - logical.x) * mm;
    g->ink_y = (ink.y - baseline) * mm;
    g->ink_w = ink.width * mm;
    g->ink_h = ink.height * mm;
}

void at_glyphs_shape(struct at_glyphs *out, struct at_typesetter *t, const char *utf8,
                     const struct at_text_style *style, double wrap_mm, int max_lines)
{
    struct at_glyphs g = { .layout = pango_layout_new(t->context), .text = clean(utf8) };
    double limit_mm = wrap_mm > 0 ? wrap_mm : style->max_mm;

    AT_BUG_IF(!(style->size_pt > 0));
    set_font(g.layout, style);
    if (limit_mm > 0) {
        pango_layout_set_width(g.layout, (int)(limit_mm * pt_per_mm * PANGO_SCALE));
        pango_layout_set_ellipsize(g.layout, style->elides_middle && wrap_mm <= 0
                                                 ? PANGO_ELLIPSIZE_MIDDLE
                                                 : PANGO_ELLIPSIZE_END);
    }
    if (wrap_mm > 0) {
        pango_layout_set_wrap(g.layout, PANGO_WRAP_WORD_CHAR);
        pango_layout_set_height(g.layout, -max_lines);
        pango_layout_set_auto_dir(g.layout, FALSE);
    } else {
        pango_layout_set_single_paragraph_mode(g.layout, TRUE);
    }
    set_text(&g, style);
    if (inspect(&g, t)) {
        char *repaired = without_missing(g.text, t);
        free(g.text);
        g.text = repaired;
        set_text(&g, style);
        inspect(&g, t);
    }
    if (!t->has_no_font) /* Pango then leaves the extents unset; the text has no size */
        measure(&g);
    *out = g;
}

void at_glyphs_release(struct at_glyphs *g)
{
    if (g->layout)
        g_object_unref(g->layout);
    free(g->text);
    *g = (struct at_glyphs){ 0 };
}

char *at_text_shown(const char *utf8, const struct at_text_style *style)
{
    struct at_typesetter *t = at_typesetter_new();
    struct at_strbuf b = { 0 };
    struct at_glyphs g;
    size_t from = 0;

    at_glyphs_shape(&g, t, utf8, style, 0, 0);
    at_strbuf_adds(&b, "");
    if (g.is_elided)
        for (GSList *r = pango_layout_get_line_readonly(g.layout, 0)->runs; r; r = r->next) {
            const PangoItem *hidden = ((const PangoLayoutRun *)r->data)->item;
            if (!(hidden->analysis.flags & PANGO_ANALYSIS_FLAG_IS_ELLIPSIS))
                continue;
            at_strbuf_add(&b, g.text, (size_t)hidden->offset);
            at_strbuf_adds(&b, "\xe2\x80\xa6");
            from = (size_t)(hidden->offset + hidden->length);
        }
    at_strbuf_adds(&b, g.text + from);
    at_glyphs_release(&g);
    at_typesetter_free(t);
    return at_strbuf_take(&b);
}

enum at_direction at_text_direction(const char *utf8)
{
    struct at_typesetter *t = at_typesetter_new();
    struct at_text_style style = { .size_pt = 8 };
    enum at_direction out = AT_NEUTRAL;
    struct at_glyphs g;

    at_glyphs_shape(&g, t, utf8, &style, 0, 0);
    for (char *p = g.text; *p && out == AT_NEUTRAL; p = g_utf8_next_char(p))
        if (g_unichar_isalpha(g_utf8_get_char(p)))
            out = pango_layout_get_direction(g.layout, (int)(p - g.text)) == PANGO_DIRECTION_RTL
                      ? AT_FROM_RIGHT
                      : AT_FROM_LEFT;
    at_glyphs_release(&g);
    at_typesetter_free(t);
    return out;
}

void at_text_levels(unsigned *levels, const char *const *texts, const bool *is_glued, size_t n,
                    bool is_from_right)
{
    PangoDirection base = is_from_right ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR;
    struct at_strbuf line = { 0 };
    size_t chars = 0;
    guint8 *of_chars;

    at_strbuf_adds(&line, "");
    for (size_t i = 0; i < n; i++) {
        char *text = clean(texts[i] && *texts[i] ? texts[i] : "\xef\xbf\xbc");
        levels[2 * i] = (unsigned)chars; /* places, for now */
        if (i > 0 && !is_glued[i]) {
            at_strbuf_addc(&line, ' ');
            chars++;
        }
        at_strbuf_adds(&line, text);
        levels[2 * i + 1] = (unsigned)chars;
        chars += (size_t)g_utf8_strlen(text, -1);
        free(text);
    }
    of_chars = pango_log2vis_get_embedding_levels(line.s, (int)line.n, &base);
    for (size_t i = 0; i < 2 * n; i++)
        levels[i] = of_chars[levels[i]];
    g_free(of_chars);
    at_strbuf_release(&line);
}

char *at_text_mirrored(const char *utf8)
{
    char *text = clean(utf8);
    gunichar u = g_utf8_get_char(text);
    struct at_strbuf b = { 0 };

    at_strbuf_adds(&b, "");
    if (*text && *g_utf8_next_char(text)) { /* their order turns too: a mark tells Pango */
        at_strbuf_add_utf8(&b, 0x200F);
        at_strbuf_adds(&b, text);
    } else if (*text) {
        g_unichar_get_mirror_char(u, &u);
        at_strbuf_add_utf8(&b, u);
    }
    free(text);
    return at_strbuf_take(&b);
}
