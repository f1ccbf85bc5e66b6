/*
 * canvas.h - one drawing list, three surfaces.
 *
 * A picture is recorded as a list of simple items (rectangles, paths, text, cell images) in
 * millimetres, y downwards, then written as PNG (libpng, with text chunks and the resolution set),
 * SVG or PDF (cairo), or dumped as JSON for tests. Colours are 0xRRGGBB with a separate opacity.
 * Nothing here knows what is drawn. Outputs carry no dates: equal drawings are equal bytes.
 *
 * Text is UTF-8 in any script; bytes that are not UTF-8 show as U+FFFD, as do U+FFFF and other code
 * points that are no characters, and characters that no installed font has
 * (at_canvas_missing_glyphs() names them). A canvas belongs to one thread.
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

/* at_fill, at_stroke - opaque ink for areas and for lines. */
static inline struct at_ink at_fill(uint32_t rgb)
{
    return (struct at_ink){ .rgb = rgb, .alpha = 1.0 };
}

static inline struct at_ink at_stroke(uint32_t rgb, double width_mm)
{
    return (struct at_ink){ .rgb = rgb, .alpha = 1.0, .width_mm = width_mm };
}

enum at_anchor { AT_ANCHOR_START, AT_ANCHOR_MIDDLE, AT_ANCHOR_END };

/* The body of a line of text, which anchors refer to, is one size high: 0.76 above the baseline
   and 0.24 below. It is the same for every script, so labels in a row share a baseline. */
struct at_text_style {
    double size_pt;
    bool is_bold, is_faint, is_mono;
    enum at_anchor h, v; /* which point of the text body x, y names */
    double angle_deg;    /* counter-clockwise */
    double max_mm;       /* elided with an ellipsis beyond this length; 0 = no limit */
    bool elides_middle;  /* there rather than at the end */
    uint32_t rgb;
    size_t n_faint; /* so many characters at the start are faint even if the rest is not */
};

/* at_canvas_new - an empty white picture; sizes in mm. Free with at_canvas_free(). */
struct at_canvas *at_canvas_new(double width_mm, double height_mm);
void at_canvas_free(struct at_canvas *c);
/* at_canvas_resize - layouts that learn their height late. */
void at_canvas_resize(struct at_canvas *c, double width_mm, double height_mm);
double at_canvas_width(const struct at_canvas *c);
double at_canvas_height(const struct at_canvas *c);

/* at_canvas_place - all of a picture onto another, its top left corner at x, y: pages made of
   several pictures. part is freed; its groups begin with name. What its fonts lack it has
   told already. */
void at_canvas_place(struct at_canvas *c, struct at_canvas *part, const char *name, double x,
                     double y);

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
/* at_canvas_paragraph - text wrapped to width_mm, at most max_lines, the last one elided; x, y is
   the top left corner, anchors and max_mm are not used. Returns the height taken in mm. */
double at_canvas_paragraph(struct at_canvas *c, double x, double y, double width_mm, int max_lines,
                           const char *utf8, const struct at_text_style *style);

/* at_canvas_missing_glyphs - what no installed font has, "no font has U+A4D0, U+A4D1"; "" when
   nothing is missing. */
const char *at_canvas_missing_glyphs(const struct at_canvas *c);

enum at_format {
    AT_PNG,
    AT_SVG, /* letters as outlines: it looks alike everywhere */
    AT_PDF,
    AT_SVG_TEXT, /* letters as text: found, edited and spoken, in the fonts of who looks at it */
};

/* Key and value of a PNG text chunk (iTXt, UTF-8), an SVG/PDF title where there is a place. */
struct at_canvas_meta {
    const char *key, *value;
};

/*
 * at_canvas_write - the picture as a file, complete or not at all.
 *
 * Units     dpi is pixels per inch of a PNG and is not used for SVG and PDF.
 * Errors    AT_EIO; AT_ERANGE when a PNG would be larger than 32767 pixels a side; AT_ENOTFOUND
 *           when there is text and no font at all; AT_EFORMAT with the words of cairo or libpng.
 */
AT_MUST_USE int at_canvas_write(const struct at_canvas *c, const char *path, enum at_format format,
                                double dpi, const struct at_canvas_meta *meta, size_t n_meta,
                                struct at_error *err);

/* at_canvas_dump - the drawing list as JSON: size, groups, items with rounded coordinates. */
void at_canvas_dump(const struct at_canvas *c, struct at_strbuf *out);

/*
 * at_canvas_on_fatal - what is called, with a line of text, when the libraries that draw give up:
 * GLib ends the process when it gets no memory, or no thread to look for fonts in. For programs, at
 * their start; the handler should not return.
 */
void at_canvas_on_fatal(void (*handler)(const char *why));

/* at_canvas_libraries - "cairo 1.16.0, Pango 1.50.12, libpng 1.6.39". */
void at_canvas_libraries(char *buf, size_t n);

#endif
