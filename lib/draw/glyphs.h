/*
 * glyphs.h - text shaped by Pango: the only place that picks fonts.
 *
 * Inside draw only. Sizes are laid out without hinting, so that a line is as long on paper as on
 * screen and measuring needs no surface.
 */
#ifndef DRAW_GLYPHS_H
#define DRAW_GLYPHS_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"

/* A shaped text; boxes in mm relative to the start of the (first) baseline, y downwards. */
struct at_glyphs {
    struct _PangoLayout *layout;
    char *text;                  /* what is shown, after repairs; not elided */
    double length_mm, height_mm; /* advance of the longest line; all lines with their spacing */
    double origin_x, origin_y;   /* where the layout's own origin goes */
    double ink_x, ink_y, ink_w, ink_h;
    bool is_elided, has_color; /* colour bitmaps: emoji */
};

/* Remembers what the fonts lack. */
struct at_typesetter;

struct at_typesetter *at_typesetter_new(void);
void at_typesetter_free(struct at_typesetter *t);
const char *at_typesetter_missing(const struct at_typesetter *t);
bool at_typesetter_has_font(const struct at_typesetter *t); /* false when none is installed */

/* at_glyphs_shape - wrap_mm > 0 wraps into at most max_lines, otherwise style->max_mm elides.
   Release with at_glyphs_release(). */
void at_glyphs_shape(struct at_glyphs *out, struct at_typesetter *t, const char *utf8,
                     const struct at_text_style *style, double wrap_mm, int max_lines);
void at_glyphs_release(struct at_glyphs *g);

#endif
