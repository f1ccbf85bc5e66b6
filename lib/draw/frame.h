/*
 * frame.h - what all pictures share: sizes and inks, the title block, legends. Inside draw only.
 */
#ifndef DRAW_FRAME_H
#define DRAW_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "draw/canvas.h"

#define AT_INK      0x1a1a1au
#define AT_INK_SOFT 0x595959u /* secondary text: 7:1 on white */
#define AT_INK_LINE 0x4d4d4du
#define AT_INK_GRID 0xd4d4d4u
#define AT_INK_MASK 0x9a9a9au /* hatching */

#define AT_TITLE_PT    9.0
#define AT_SUBTITLE_PT 7.0
#define AT_AXIS_PT     7.5
#define AT_LABEL_PT    7.5
#define AT_TICK_PT     6.5
#define AT_MIN_PT      5.0 /* smaller text is left out rather than drawn */

#define AT_MARGIN_MM 3.0
#define AT_LEAST_MM  80.0 /* pictures whose labels need this are not drawn narrower */
#define AT_PT_MM     (25.4 / 72.0)

/* at_frame_header - title and subtitle across the canvas; returns the y where the plot may begin.
   Either may be NULL. */
double at_frame_header(struct at_canvas *c, const char *title, const char *subtitle);

enum at_swatch {
    AT_SWATCH_NONE,    /* words only */
    AT_SWATCH_FILL,    /* a square of the colour */
    AT_SWATCH_OUTLINE, /* an empty square with a thick border */
    AT_SWATCH_HATCH,   /* masked cells */
    AT_SWATCH_DOT,     /* undefined cells */
    AT_SWATCH_LINE,
    AT_SWATCH_DASHED,
    AT_SWATCH_LINE_MARKER, /* lines with at_frame_marker() of the number in shape */
    AT_SWATCH_DASHED_MARKER,
    AT_SWATCH_MARKER, /* the marker alone */
    AT_SWATCH_RING,   /* an empty circle */
};

struct at_legend_entry {
    enum at_swatch swatch;
    uint32_t rgb;
    size_t shape;
    const char *text;
};

/* at_frame_categories - entries (n): the marker and colour of every category; returns n. */
size_t at_frame_categories(struct at_legend_entry *entries, const char *const *names, size_t n);

/* at_frame_legend - entries side by side across the canvas at y, wrapped; nothing for n 0. Returns
   the next y, as at_frame_note() does. */
double at_frame_legend(struct at_canvas *c, double y, const struct at_legend_entry *entries,
                       size_t n);

/* at_frame_note - a sentence or two across the canvas at y, nothing if NULL. */
double at_frame_note(struct at_canvas *c, double y, const char *note);

/* at_frame_finish - a note at y, then the canvas ends below it. */
void at_frame_finish(struct at_canvas *c, double y, const char *note);

/* at_frame_marker - one of eight shapes, told apart without colour; r is half its size. */
void at_frame_marker(struct at_canvas *c, double x, double y, double r, size_t shape,
                     struct at_ink ink);

#endif
