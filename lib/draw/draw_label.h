/*
 * draw_label.h - measuring text through Pango, and making token labels fit.
 */
#ifndef DRAW_DRAW_LABEL_H
#define DRAW_DRAW_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"
#include "text/label.h"

/* at_text_width - the length in mm of one line of upright text; bold takes about 8 % more. */
double at_text_width(const char *utf8, double size_pt);

/* at_text_shown - what is left of one line of text within style->max_mm, with an ellipsis for the
   rest. Free it with free(). */
char *at_text_shown(const char *utf8, const struct at_text_style *style);

enum at_direction { AT_NEUTRAL, AT_FROM_LEFT, AT_FROM_RIGHT };

/* at_text_direction - of the first letter; signs, digits and emoji have none. */
enum at_direction at_text_direction(const char *utf8);

/*
 * at_text_levels - in which direction each of n pieces of a text runs: even levels to the right,
 * odd ones to the left, and runs of a higher level lie inside those of a lower one.
 *
 * Source    Unicode Bidirectional Algorithm (UAX 9), applied to the pieces with spaces between them
 *           but where is_glued, in a text that begins at its right or left side.
 * Shapes    levels (2n): of the space before each piece and of the piece, in turn; without a space
 *           that of the piece stands twice.
 * Edge      A piece of both directions has the level of its first character; a neutral stand-in
 *           takes the place of NULL and of "".
 */
void at_text_levels(unsigned *levels, const char *const *texts, const bool *is_glued, size_t n,
                    bool is_from_right);

/* at_text_mirrored - signs as they look in text that runs from the right: one that has a mirror
   image is turned into it, several get a U+200F in front and are drawn so. Free it with free(). */
char *at_text_mirrored(const char *utf8);

/* at_label_draw - a label in the given style; show_index puts "index " faintly before it (for axes
   where not every label is shown), unless the label is that number. */
void at_label_draw(struct at_canvas *c, double x, double y, const struct at_label *label,
                   const size_t *show_index, const struct at_text_style *style);

/* at_label_length - how long at_label_draw() would make it, not elided. */
double at_label_length(const struct at_label *label, const size_t *show_index, double size_pt);

/*
 * at_label_step - how many labels to skip so that rows pitch_mm apart do not collide.
 *
 * 1 shows every label, 2 every second, then 5, 10, 20, 50 ... sizes below 5 pt are never used:
 * size_out is the size to draw with, between 5 and max_pt.
 */
size_t at_label_step(double *size_out, double pitch_mm, double max_pt);

/*
 * at_label_spread - move n ascending places as little as possible (least squares) until they are
 * pitch apart and within lo..hi; y in place. If they do not fit they are spaced evenly.
 */
void at_label_spread(double *y, size_t n, double pitch, double lo, double hi);

#endif
