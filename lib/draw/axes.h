/*
 * axes.h - a plot area with two linear axes. Inside draw only.
 */
#ifndef DRAW_AXES_H
#define DRAW_AXES_H

#include <stdbool.h>

#include "draw/canvas.h"

struct at_axes {
    double x, y, w, h;     /* the area in mm */
    double x0, x1, y0, y1; /* left, right, bottom and top in data units */
    const char *x_name, *y_name;
    bool has_x_ticks, has_y_ticks;
    bool is_x_count; /* ticks at whole numbers only: layers, heads */
};

/* Room that tick labels and names take. */
#define AT_AXES_LEFT   14.0
#define AT_AXES_BOTTOM 10.5

/* at_axes_x, at_axes_y - data to mm. */
double at_axes_x(const struct at_axes *a, double v);
double at_axes_y(const struct at_axes *a, double v);

/* at_axes_pad - widen lo..hi by a share of it, and by 5e-4 of the larger at least, so that rounding
   errors are no curve; a single value gets a range around it. */
void at_axes_pad(double *lo, double *hi, double share);

/* at_axes_draw - light grid, ticks, names and the two lines. */
void at_axes_draw(struct at_canvas *c, const struct at_axes *a);

/* at_axes_reference - a dashed line across at a value of y (or of x, upright); none if it is NaN
   or outside. */
void at_axes_reference(struct at_canvas *c, const struct at_axes *a, double v, bool is_upright);

#endif
