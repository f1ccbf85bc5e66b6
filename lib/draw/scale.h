/*
 * scale.h - values to colours, ticks for axes and colour bars.
 */
#ifndef DRAW_SCALE_H
#define DRAW_SCALE_H

#include <stddef.h>
#include <stdint.h>

#include "draw/canvas.h"

enum at_scale_kind {
    AT_SEQUENTIAL, /* light (low) to dark (high), perceptually even */
    AT_DIVERGING,  /* blue - white - orange around a neutral value */
};

struct at_scale {
    enum at_scale_kind kind;
    double lo, hi, neutral; /* neutral is for diverging scales only */
};

/* at_scale_color - clamps; NaN gives white (callers mark it with a dot). */
uint32_t at_scale_color(const struct at_scale *s, double v);
/* at_categorical - the eight colours of Okabe and Ito, in turn. */
uint32_t at_categorical(size_t i);
/* at_ticks - round numbers in lo..hi, at most max; returns how many. */
size_t at_ticks(double *out, size_t max, double lo, double hi);
/* at_colorbar - vertical bar with ticks, range and unit. Takes w mm in all, labels included. */
void at_colorbar(struct at_canvas *c, double x, double y, double w, double h,
                 const struct at_scale *s, const char *unit);

#endif
