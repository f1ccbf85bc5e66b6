/*
 * draw_radar.h - profiles of several measures as polygons on axes from 0 to 1.
 */
#ifndef DRAW_RADAR_H
#define DRAW_RADAR_H

#include <stddef.h>

#include "draw/canvas.h"

struct at_radar_series {
    const char *name;
    const double *values; /* (n_axes) 0..1; NaN leaves a gap */
};

struct at_radar {
    const char *title, *subtitle, *note; /* note: what 0 and 1 mean, what may be compared */
    size_t n_axes;                       /* 3 to 12 */
    const char *const *axis_names;       /* (n_axes) */
    const char *const *axis_details;     /* (n_axes) a second line, the raw value; or NULL */
    const struct at_radar_series *series;
    size_t n_series;
    double width_mm; /* at most, unless it is too narrow */
};

/* at_draw_radar - a new canvas; the caller frees it. */
struct at_canvas *at_draw_radar(const struct at_radar *r);

#endif
