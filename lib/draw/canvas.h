/*
 * canvas.h - one drawing list, three surfaces.
 *
 * A picture is recorded as a list of simple items (rectangles, paths, text, cell images) in
 * millimetres, then written as PNG (libpng, with text chunks and the resolution set), SVG or PDF
 * (cairo), or dumped as JSON for tests. Colours are 0xRRGGBB with a separate opacity. Nothing here
 * knows what is drawn. Outputs carry no dates: equal drawings are equal bytes.
 */
#ifndef DRAW_CANVAS_H
#define DRAW_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct at_canvas;

struct at_ink {
    uint32_t rgb;
    double alpha;    /* 0..1 */
    double width_mm; /* strokes; 0 fills */
    bool is_dashed;
};

enum at_anchor { AT_ANCHOR_START, AT_ANCHOR_MIDDLE, AT_ANCHOR_END };

struct at_text_style {
    double size_pt;
    bool is_bold, is_faint, is_mono;
    enum at_anchor h, v; /* which point of the text box x, y names */
    double angle_deg;    /* counter-clockwise */
    double max_mm;       /* elided with an ellipsis beyond this length; 0 = no limit */
    uint32_t rgb;
};

/* at_canvas_new - an empty white picture; sizes in mm. Free with at_canvas_free(). */
struct at_canvas *at_canvas_new(double width_mm, double height_mm);
void at_canvas_free(struct at_canvas *c);
/* at_canvas_resize - layouts that learn their height late. */
void at_canvas_resize(struct at_canvas *c, double width_mm, double height_mm);
double at_canvas_width(const struct at_canvas *c);
double at_canvas_height(const struct at_canvas *c);

/* at_canvas_group - items until the next call belong to this named part in the dump ("panel L3 H5",
   "colour bar"); tests look for them. */
void at_canvas_group(struct at_canvas *c, const char *name);

void at_canvas_rect(struct at_canvas *c, double x, double y, double w, double h, struct at_ink ink);
void at_canvas_line(struct at_canvas *c, double x0, double y0, double x1, double y1,
                    struct at_ink ink);
void at_canvas_circle(struct at_canvas *c, double x, double y, double r, struct at_ink ink);
/* at_canvas_polygon - closed; xy (n,2). */
void at_canvas_polygon(struct at_canvas *c, const double *xy, size_t n, struct at_ink ink);
void at_canvas_polyline(struct at_canvas *c, const double *xy, size_t n, struct at_ink ink);
/* at_canvas_ribbon - filled band from (x0, y0..y0+h0) to (x1, y1..y1+h1) along x with cubic sides;
   is_vertical runs along y instead with widths in x. */
void at_canvas_ribbon(struct at_canvas *c, double x0, double y0, double h0, double x1, double y1,
                      double h1, bool is_vertical, struct at_ink ink);
/* at_canvas_hatch - diagonal hatching inside a polygon. */
void at_canvas_hatch(struct at_canvas *c, const double *xy, size_t n, struct at_ink ink);
/* at_canvas_cells - (rows, cols) colours 0xRRGGBB as one image with hard cell borders; copied. */
void at_canvas_cells(struct at_canvas *c, double x, double y, double w, double h,
                     const uint32_t *rgb, size_t rows, size_t cols);
void at_canvas_text(struct at_canvas *c, double x, double y, const char *utf8,
                    const struct at_text_style *style);

/* at_canvas_missing_glyphs - code points that no installed font has, as a message; "" when none. */
const char *at_canvas_missing_glyphs(const struct at_canvas *c);

enum at_format { AT_PNG, AT_SVG, AT_PDF };

/* Key and value of a PNG text chunk (iTXt, UTF-8), an SVG/PDF title where there is a place. */
struct at_canvas_meta {
    const char *key, *value;
};

/*
 * at_canvas_write - the picture as a file, complete or not at all.
 *
 * Errors    AT_EIO; AT_EFORMAT with cairo's words.
 */
AT_MUST_USE int at_canvas_write(const struct at_canvas *c, const char *path, enum at_format format,
                                double dpi, const struct at_canvas_meta *meta, size_t n_meta,
                                struct at_error *err);

/* at_canvas_dump - the drawing list as JSON: size, groups, items with rounded coordinates. */
void at_canvas_dump(const struct at_canvas *c, struct at_strbuf *out);

#endif
