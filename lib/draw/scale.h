/*
 * scale.h - values to colours, ticks for axes and colour bars.
 */
#ifndef DRAW_SCALE_H
#define DRAW_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "draw/canvas.h"

enum at_scale_kind {
    AT_SEQUENTIAL, /* light (low) to dark (high), perceptually even */
    AT_DIVERGING,  /* blue - white - orange around a neutral value */
};

/* How colours are spaced between lo and hi; what is not linear is said beside the bar. */
enum at_scale_steps {
    AT_LINEAR,
    AT_SQRT, /* sequential only: small weights stay in sight beside large ones */
    AT_LOG,  /* lo and neutral above 0 */
};

struct at_scale {
    enum at_scale_kind kind;
    enum at_scale_steps steps;
    double lo, hi, neutral;    /* neutral is for diverging scales only */
    bool has_below, has_above; /* values beyond lo, hi are shown as lo, hi: the bar says so */
};

/* Not on any scale: undefined is never the colour of zero. */
#define AT_COLOR_UNDEFINED 0xe6e2dcu

/* at_scale_fit - the range of the finite values: sequential from 0 (or the smallest, if negative)
   to the largest; diverging symmetric around neutral; ends are rounded. Nothing finite gives
   0..1. */
struct at_scale at_scale_fit(enum at_scale_kind kind, double neutral, const float *values,
                             size_t n);
/* at_scale_round - move lo and hi outwards to where the ticks of the range end; a logarithmic range
   to powers of ten. */
void at_scale_round(struct at_scale *s);
/* at_scale_unflatten - a square-root scale for a sequential one that leaves most values in its
   palest tenth, as beside one far larger value; a logarithmic one of at most four powers of ten
   where that is not enough and nothing is negative. */
void at_scale_unflatten(struct at_scale *s, const float *values, size_t n);
/* at_scale_fit_map - the range of an attention map (n,n), from 0; on a square-root scale if it were
   flat otherwise. A causal map leaves out its first row, whose only weight is always 1 and would
   make all others pale; the bar then says "≥". */
struct at_scale at_scale_fit_map(const float *values, size_t n, bool is_causal);
/* at_scale_color - clamps; NaN gives AT_COLOR_UNDEFINED (callers add a dot where it fits). */
uint32_t at_scale_color(const struct at_scale *s, double v);
/* at_categorical - the eight colours of Okabe and Ito, in turn. */
uint32_t at_categorical(size_t i);
/* at_category_color - of the i-th category, whose marker is at_frame_marker() of shape i: the 64
   pairs of colour and shape all differ. */
uint32_t at_category_color(size_t i);
/* at_is_dark - whether light ink reads better on this colour. */
bool at_is_dark(uint32_t rgb);
/* at_ticks - round numbers in lo..hi, at most max; returns how many. */
size_t at_ticks(double *out, size_t max, double lo, double hi);
/* at_small_text - v, which is between -1 and 1, with so many digits that count: 0.0004; with an
   exponent when that takes more than five decimals. */
void at_small_text(char *out, size_t size, double v, int n_digits);

/* at_tick_text - v with as many decimals as its step needs; very small and very large steps give
   1.5e-07. */
void at_tick_text(char *out, size_t size, double v, double step);
/* at_colorbar - vertical bar with ticks, range and unit, which is wrapped into at most three lines
   of the bar's height. */
void at_colorbar(struct at_canvas *c, double x, double y, double h, const struct at_scale *s,
                 const char *unit);
/* at_colorbar_width - what a bar h mm high takes in all, labels included. */
double at_colorbar_width(const struct at_scale *s, double h, const char *unit);

#endif
