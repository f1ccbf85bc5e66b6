/*
 * draw_gauges.h - values on scales with bands, one row each, with rank, mean and baseline.
 */
#ifndef DRAW_GAUGES_H
#define DRAW_GAUGES_H

#include <stddef.h>

#include "draw/canvas.h"

struct at_gauge {
    const char *name;
    double value;     /* NaN is "n/a" */
    double lo, hi;    /* ends of the scale; a value beyond stands at the end with an arrow */
    double low, high; /* first band up to low, last band from high; NaN for no bands */
    const char *band_names[3]; /* "low", "medium", "high" */
    double mean, baseline;     /* markers; NaN for none */
    const char *rank;          /* "above 83 % of the layer", or NULL */
    int decimals;
};

struct at_gauges {
    const char *title, *subtitle, *note;
    const struct at_gauge *rows;
    size_t n;
    const char *mean_name, *baseline_name; /* for the legend: "mean of the layer" */
    double width_mm;                       /* unless it is too narrow */
};

/* at_draw_gauges - a new canvas; the caller frees it. Bands differ in tone and are named, so that
   nothing needs colour. */
struct at_canvas *at_draw_gauges(const struct at_gauges *g);

#endif
