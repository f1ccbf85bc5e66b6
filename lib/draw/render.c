/*
 * render.c - plays a drawing list on cairo: PNG through libpng, and PDF; SVG is in svg_file.c.
 *
 * Vector files are made in memory, stripped of what differs from run to run (cairo dates its PDFs),
 * and then written whole.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "base/alloc.h"
#include "base/path.h"
#include "draw/png_file.h"
#include "draw/render.h"
#include "draw/resample.h"

enum {
    MAX_PNG_SIDE = 32767,   /* cairo's limit */
    VECTOR_IMAGE_DPI = 300, /* of cell images and emoji inside SVG and PDF */
};

/* What the items are played on; cr works in mm. */
struct stage {
    cairo_t *cr;
    bool is_raster;
};

static void set_ink(cairo_t *cr, const struct at_ink *ink)
{
    cairo_set_source_rgba(cr, (ink->rgb >> 16 & 255) / 255.0, (ink->rgb >> 8 & 255) / 255.0,
                          (ink->rgb & 255) / 255.0, ink->alpha);
}

static void paint_path(cairo_t *cr, const struct at_ink *ink)
{
    set_ink(cr, ink);
    if (!(ink->width_mm > 0)) {
        cairo_fill(cr);
        return;
    }
    if (ink->is_dashed)
        cairo_set_dash(cr, (double[]){ 1.2, 0.8 }, 2, 0);
    cairo_set_line_width(cr, ink->width_mm);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

static void trace_points(cairo_t *cr, const struct at_item *item)
{
    for (size_t i = 0; i < item->n; i++)
        cairo_line_to(cr, item->xy[2 * i], item->xy[2 * i + 1]);
    if (item->is_closed)
        cairo_close_path(cr);
}

/* Cubic sides whose handles reach the middle: flat where they leave and enter. */
static void trace_ribbon(cairo_t *cr, const struct at_item *item)
{
    const double *e = item->xy;
    double x0 = e[0], y0 = e[1], h0 = e[2], x1 = e[3], y1 = e[4], h1 = e[5];

    if (item->is_vertical) {
        double ym = (y0 + y1) / 2;
        cairo_move_to(cr, x0, y0);
        cairo_curve_to(cr, x0, ym, x1, ym, x1, y1);
        cairo_line_to(cr, x1 + h1, y1);
        cairo_curve_to(cr, x1 + h1, ym, x0 + h0, ym, x0 + h0, y0);
    } else {
        double xm = (x0 + x1) / 2;
        cairo_move_to(cr, x0, y0);
        cairo_curve_to(cr, xm, y0, xm, y1, x1, y1);
        cairo_line_to(cr, x1, y1 + h1);
        cairo_curve_to(cr, xm, y1 + h1, xm, y0 + h0, x0, y0 + h0);
    }
    cairo_close_path(cr);
}

static void play_hatch(cairo_t *cr, const struct at_item *item)
{
    const double pitch = 1.0; /* mm between lines, measured along x */
    double x0, y0, x1, y1;

    cairo_save(cr);
    trace_points(cr, item);
    cairo_path_extents(cr, &x0, &y0, &x1, &y1);
    cairo_clip(cr);
    /* lines x + y = k * pitch, so that neighbouring areas hatch alike */
    for (double k = ceil((x0 + y0) / pitch); k * pitch < x1 + y1; k++) {
        cairo_move_to(cr, k * pitch - y0, y0);
        cairo_line_to(cr, k * pitch - y1, y1);
    }
    paint_path(cr, &item->ink);
    cairo_restore(cr);
}

/* Images are made for whole device pixels: cairo then copies them, and every cell gets its share
   of the pixels it covers. Viewers of vector files like to smooth small images, so there the image
   has a whole number of pixels per cell and enough of them. */
static void play_cells(struct stage *s, const struct at_item *item)
{
    double x0 = item->x, y0 = item->y, x1 = item->x + item->w, y1 = item->y + item->h;
    size_t w, h;

    if (s->is_raster) {
        cairo_user_to_device(s->cr, &x0, &y0);
        cairo_user_to_device(s->cr, &x1, &y1);
        x0 = round(x0);
        y0 = round(y0);
        w = (size_t)AT_MAX(round(x1) - x0, 1.0);
        h = (size_t)AT_MAX(round(y1) - y0, 1.0);
    } else {
        double px_per_mm = VECTOR_IMAGE_DPI / 25.4;
        w = item->cols * (size_t)ceil(item->w * px_per_mm / (double)item->cols);
        h = item->rows * (size_t)ceil(item->h * px_per_mm / (double)item->rows);
    }
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w, (int)h);
    if (cairo_surface_status(image) == CAIRO_STATUS_SUCCESS) {
        at_resample_cells((uint32_t *)(void *)cairo_image_surface_get_data(image),
                          (size_t)cairo_image_surface_get_stride(image) / sizeof(uint32_t), w, h,
                          item->rgb, item->rows, item->cols);
        cairo_surface_mark_dirty(image);
    }
    cairo_save(s->cr);
    if (s->is_raster) {
        cairo_identity_matrix(s->cr);
        cairo_translate(s->cr, x0, y0);
    } else {
        cairo_translate(s->cr, x0, y0);
        cairo_scale(s->cr, item->w / (double)w, item->h / (double)h);
    }
    cairo_set_source_surface(s->cr, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(s->cr), CAIRO_FILTER_NEAREST);
    cairo_paint(s->cr);
    cairo_restore(s->cr);
    cairo_surface_destroy(image);
}

static void show_text(cairo_t *cr, const struct at_item *item)
{
    cairo_translate(cr, item->dx + item->text.origin_x, item->dy + item->text.origin_y);
    cairo_scale(cr, 1 / at_pt_per_mm, 1 / at_pt_per_mm); /* layouts are in points */
    cairo_move_to(cr, 0, 0);
    pango_cairo_show_layout(cr, item->text.layout);
}

/* Colour glyphs are bitmaps; cairo would embed them in vector files at 72 dpi. */
static void show_text_as_image(cairo_t *cr, const struct at_item *item)
{
    const struct at_glyphs *g = &item->text;
    double scale = VECTOR_IMAGE_DPI / 25.4;
    int w = (int)ceil(g->ink_w * scale) + 2, h = (int)ceil(g->ink_h * scale) + 2;
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, w, h);
    cairo_t *on_image = cairo_create(image);
    double left = item->dx + g->ink_x, top = item->dy + g->ink_y;

    cairo_translate(on_image, 1, 1);
    cairo_scale(on_image, scale, scale);
    cairo_translate(on_image, -left, -top);
    show_text(on_image, item);
    cairo_destroy(on_image);
    cairo_translate(cr, left - 1 / scale, top - 1 / scale);
    cairo_scale(cr, 1 / scale, 1 / scale);
    cairo_set_source_surface(cr, image, 0, 0);
    cairo_paint(cr);
    cairo_surface_destroy(image);
}

static void play_text(struct stage *s, const struct at_item *item)
{
    cairo_save(s->cr);
    cairo_translate(s->cr, item->x, item->y);
    cairo_rotate(s->cr, -item->angle_deg * AT_PI / 180);
    if (item->text.has_color && !s->is_raster)
        show_text_as_image(s->cr, item);
    else
        show_text(s->cr, item);
    cairo_restore(s->cr);
}

static void play_item(struct stage *s, const struct at_item *item)
{
    cairo_new_path(s->cr);
    switch (item->kind) {
    case AT_ITEM_RECT:
        cairo_rectangle(s->cr, item->x, item->y, item->w, item->h);
        paint_path(s->cr, &item->ink);
        break;
    case AT_ITEM_CIRCLE:
        cairo_arc(s->cr, item->x, item->y, item->w, 0, 2 * AT_PI);
        paint_path(s->cr, &item->ink);
        break;
    case AT_ITEM_PATH:
        trace_points(s->cr, item);
        paint_path(s->cr, &item->ink);
        break;
    case AT_ITEM_RIBBON:
        trace_ribbon(s->cr, item);
        paint_path(s->cr, &item->ink);
        break;
    case AT_ITEM_HATCH:
        play_hatch(s->cr, item);
        break;
    case AT_ITEM_CELLS:
        play_cells(s, item);
        break;
    case AT_ITEM_TEXT:
        play_text(s, item);
        break;
    }
}

unsigned at_play(const struct at_canvas *c, size_t first, size_t end, cairo_surface_t *surface,
                 double units_per_mm, bool is_raster)
{
    struct stage s = { .cr = cairo_create(surface), .is_raster = is_raster };
    cairo_status_t status;

    cairo_scale(s.cr, units_per_mm, units_per_mm);
    if (first == 0) {
        cairo_set_source_rgb(s.cr, 1, 1, 1);
        cairo_paint(s.cr);
    }
    for (size_t i = first; i < end; i++)
        play_item(&s, &c->items.items[i]);
    status = cairo_status(s.cr);
    cairo_destroy(s.cr);
    cairo_surface_flush(surface);
    return status ? status : cairo_surface_status(surface);
}

static int cairo_fail(struct at_error *err, const char *path, cairo_status_t status)
{
    return at_fail(err, AT_EFORMAT, "cannot draw '%s': %s", path, cairo_status_to_string(status));
}

static int write_png(const struct at_canvas *c, const char *path, double dpi,
                     const struct at_canvas_meta *meta, size_t n_meta, struct at_error *err)
{
    double units_per_mm = dpi / 25.4;
    double w = ceil(c->width_mm * units_per_mm - 1e-6),
           h = ceil(c->height_mm * units_per_mm - 1e-6);
    cairo_surface_t *surface;
    cairo_status_t status;
    int rc;

    if (!(w <= MAX_PNG_SIDE && h <= MAX_PNG_SIDE))
        return at_fail(err, AT_ERANGE, "'%s' would be %.0f x %.0f pixels, want at most %d a side",
                       path, w, h, MAX_PNG_SIDE);
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w, (int)h);
    status = at_play(c, 0, c->items.n, surface, units_per_mm, true);
    rc = status ? cairo_fail(err, path, status)
                : at_png_write(path, cairo_image_surface_get_data(surface), (size_t)w, (size_t)h,
                               (size_t)cairo_image_surface_get_stride(surface), dpi, meta, n_meta,
                               err);
    cairo_surface_destroy(surface);
    return rc;
}

static cairo_status_t collect(void *buffer, const unsigned char *bytes, unsigned n)
{
    at_strbuf_add(buffer, bytes, n);
    return CAIRO_STATUS_SUCCESS;
}

static const char *meta_value(const struct at_canvas_meta *meta, size_t n_meta, const char *key)
{
    for (size_t i = 0; i < n_meta; i++)
        if (strcmp(meta[i].key, key) == 0)
            return meta[i].value;
    return NULL;
}

/* What stands as title in the picture, its lines joined; "" when there is none. The subtitle is of
   another colour. */
static char *drawn_title(const struct at_canvas *c)
{
    struct at_strbuf b = { 0 };
    uint32_t rgb = 0;

    for (size_t i = 0; i < c->items.n; i++) {
        const struct at_item *item = &c->items.items[i];
        if (item->kind != AT_ITEM_TEXT || strcmp(c->groups.items[item->group], "title") != 0)
            continue;
        rgb = b.n ? rgb : item->ink.rgb;
        if (item->ink.rgb != rgb)
            break;
        at_strbuf_addf(&b, "%s%s", b.n ? " " : "", pango_layout_get_text(item->text.layout));
    }
    return at_strbuf_take(&b);
}

static cairo_status_t make_pdf(struct at_strbuf *out, const struct at_canvas *c, const char *title,
                               const char *author)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
        collect, out, c->width_mm * at_pt_per_mm, c->height_mm * at_pt_per_mm);
    cairo_status_t status;

    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "");
    if (title)
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    if (author)
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, author);
    status = at_play(c, 0, c->items.n, surface, at_pt_per_mm, false);
    cairo_surface_finish(surface);
    if (!status)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status;
}

int at_canvas_write(const struct at_canvas *c, const char *path, enum at_format format, double dpi,
                    const struct at_canvas_meta *meta, size_t n_meta, struct at_error *err)
{
    struct at_strbuf file = { 0 };
    const char *title = meta_value(meta, n_meta, "Title");
    char *own;
    cairo_status_t status;
    int rc;

    AT_BUG_IF(!(dpi > 0));
    if (!at_typesetter_has_font(c->typesetter))
        return at_fail(err, AT_ENOTFOUND, "cannot draw '%s': no font is installed", path);
    if (format == AT_PNG)
        return write_png(c, path, dpi, meta, n_meta, err);
    own = drawn_title(c);
    if (!title && *own)
        title = own;
    status = format == AT_PDF ? make_pdf(&file, c, title, meta_value(meta, n_meta, "Software"))
                              : at_svg_make(&file, c, title, format == AT_SVG_TEXT);
    rc = status ? cairo_fail(err, path, status) : at_write_file(path, file.s, file.n, err);
    free(own);
    at_strbuf_release(&file);
    return rc;
}
