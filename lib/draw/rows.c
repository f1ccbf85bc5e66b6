/*
 * rows.c - see rows.h.
 */
#include "draw/rows.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/frame.h"
#include "draw/label.h"

static const double roomy_pitch = 5.6, page_height = 210, gap = 1.6;

static void layout(struct at_rows *r, const struct at_row_text *texts, size_t n, double y,
                   double width_mm)
{
    double smallest = AT_MIN_PT * AT_PT_MM * 1.45, rows = (double)AT_MAX(n, (size_t)1);

    r->pitch = fmax(smallest, fmin(roomy_pitch, page_height / rows));
    r->size_pt = fmin(AT_LABEL_PT, r->pitch / (1.45 * AT_PT_MM));
    r->label_w = r->detail_w = 0;
    for (size_t i = 0; i < n; i++) {
        r->label_w = fmax(r->label_w, at_text_width(texts[i].label, r->size_pt) + 0.2);
        if (texts[i].detail)
            r->detail_w = fmax(r->detail_w, at_text_width(texts[i].detail, r->size_pt) + 0.2);
    }
    r->label_w = fmin(r->label_w, 0.3 * width_mm);
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

void at_rows_draw(struct at_canvas *c, struct at_rows *r, const struct at_row_text *texts, size_t n,
                  double y)
{
    layout(r, texts, n, y, at_canvas_width(c));

    struct at_text_style label = { .size_pt = r->size_pt,
                                   .h = AT_ANCHOR_END,
                                   .v = AT_ANCHOR_MIDDLE,
                                   .max_mm = r->label_w,
                                   .rgb = AT_INK };
    struct at_text_style detail = {
        .size_pt = r->size_pt, .v = AT_ANCHOR_MIDDLE, .max_mm = r->detail_w, .rgb = AT_INK_SOFT
    };

    at_axes_draw(c, &r->axes);
    at_canvas_group(c, "row labels");
    for (size_t i = 0; i < n; i++)
        at_canvas_text(c, r->axes.x - gap, at_rows_y(r, i), texts[i].label, &label);
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
