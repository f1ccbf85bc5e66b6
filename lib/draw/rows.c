/*
 * rows.c - see rows.h.
 */
#include "draw/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "draw/frame.h"
#include "draw/draw_label.h"

static const double roomy_pitch = 5.6, page_height = 210, gap = 1.6;

/* A label and what is to be seen of it. */
struct shown {
    const char *label;
    char *text;
};

static int by_text(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    return order ? order : strcmp(x->label, y->label);
}

/* Whether different labels would look the same in this style. */
static bool look_alike(const struct at_row_text *texts, size_t n, const struct at_text_style *style)
{
    struct shown *s = at_malloc(AT_MAX(n, (size_t)1), sizeof *s);
    bool out = false;

    for (size_t i = 0; i < n; i++)
        s[i] = (struct shown){ texts[i].label, at_text_shown(texts[i].label, style) };
    qsort(s, n, sizeof *s, by_text);
    for (size_t i = 1; i < n && !out; i++)
        out = !strcmp(s[i - 1].text, s[i].text) && strcmp(s[i - 1].label, s[i].label) != 0;
    for (size_t i = 0; i < n; i++)
        free(s[i].text);
    free(s);
    return out;
}

/* Labels that are too long lose their ends; where those tell them apart, their middles, and when
   that does not help they get more of the width. widest is what the longest would take. */
static void fit_labels(struct at_rows *r, const struct at_row_text *texts, size_t n, double widest,
                       double width_mm)
{
    static const struct {
        double share;
        bool elides_middle;
    } ways[] = { { 0.3, false }, { 0.3, true }, { 0.5, true } };

    for (size_t k = 0; k < AT_COUNTOF(ways); k++) {
        r->label_w = fmin(widest, ways[k].share * width_mm);
        r->elides_middle = ways[k].elides_middle;
        struct at_text_style style = { .size_pt = r->size_pt,
                                       .max_mm = r->label_w,
                                       .elides_middle = r->elides_middle };
        if (r->label_w >= widest || !look_alike(texts, n, &style))
            break;
    }
}

static void layout(struct at_rows *r, const struct at_row_text *texts, size_t n, double y,
                   double width_mm)
{
    double smallest = AT_MIN_PT * AT_PT_MM * 1.45, rows = (double)AT_MAX(n, (size_t)1), widest = 0;

    r->pitch = fmax(smallest, fmin(roomy_pitch, page_height / rows));
    r->size_pt = fmin(AT_LABEL_PT, r->pitch / (1.45 * AT_PT_MM));
    r->detail_w = 0;
    for (size_t i = 0; i < n; i++) {
        widest = fmax(widest, at_text_width(texts[i].label, r->size_pt) + 0.2);
        if (texts[i].detail)
            r->detail_w = fmax(r->detail_w, at_text_width(texts[i].detail, r->size_pt) + 0.2);
    }
    fit_labels(r, texts, n, widest, width_mm);
    r->detail_w = fmin(r->detail_w, 0.22 * width_mm);
    r->axes.x = AT_MARGIN_MM + r->label_w + gap;
    r->axes.w = width_mm - AT_MARGIN_MM - r->axes.x - (r->detail_w > 0 ? r->detail_w + gap : 3);
    r->axes.y = y;
    r->axes.h = r->pitch * rows;
    r->axes.y0 = 0;
    r->axes.y1 = 1;
    r->axes.has_x_ticks = true;
}

double at_rows_y(const struct at_rows *r, size_t row)
{
    return r->axes.y + r->pitch * ((double)row + 0.5);
}

/* A middle is cut out here: Pango would leave a gap beside the ellipsis. */
static void draw_label(struct at_canvas *c, double x, double y, const char *text,
                       const struct at_text_style *style)
{
    struct at_text_style s = *style;
    char *shown = NULL;

    if (style->elides_middle) {
        shown = at_text_shown(text, style);
        s.max_mm = 0;
    }
    at_canvas_text(c, x, y, shown ? shown : text, &s);
    free(shown);
}

void at_rows_draw(struct at_canvas *c, struct at_rows *r, const struct at_row_text *texts, size_t n,
                  double y)
{
    layout(r, texts, n, y, at_canvas_width(c));

    struct at_text_style label = { .size_pt = r->size_pt,
                                   .h = AT_ANCHOR_END,
                                   .v = AT_ANCHOR_MIDDLE,
                                   .max_mm = r->label_w,
                                   .elides_middle = r->elides_middle,
                                   .rgb = AT_INK };
    struct at_text_style detail = {
        .size_pt = r->size_pt, .v = AT_ANCHOR_MIDDLE, .max_mm = r->detail_w, .rgb = AT_INK_SOFT
    };

    at_axes_draw(c, &r->axes);
    at_canvas_group(c, "row labels");
    for (size_t i = 0; i < n; i++)
        draw_label(c, r->axes.x - gap, at_rows_y(r, i), texts[i].label, &label);
    at_canvas_group(c, "details");
    for (size_t i = 0; i < n; i++)
        if (texts[i].detail)
            at_canvas_text(c, r->axes.x + r->axes.w + gap, at_rows_y(r, i), texts[i].detail,
                           &detail);
}

void at_rows_finish(struct at_canvas *c, const struct at_rows *r, const struct at_rows_key *key,
                    const char *note)
{
    struct at_legend_entry *e = at_calloc(key->n_categories + 2, sizeof *e);
    size_t n = at_frame_categories(e, key->category_names, key->n_categories);
    double y = r->axes.y + r->axes.h + (r->axes.x_name ? AT_AXES_BOTTOM : 6);

    at_canvas_group(c, "reference");
    at_axes_reference(c, &r->axes, key->reference, true);
    if (key->interval_name)
        e[n++] = (struct at_legend_entry){ AT_SWATCH_LINE, AT_INK, 0, key->interval_name };
    if (isfinite(key->reference) && key->reference_name)
        e[n++] = (struct at_legend_entry){ AT_SWATCH_DASHED, AT_INK, 0, key->reference_name };
    y = at_frame_legend(c, y, e, n);
    at_frame_finish(c, y, note);
    free(e);
}
