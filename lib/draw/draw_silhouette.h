/*
 * draw_silhouette.h - silhouettes as bars, grouped by category. Inside draw only.
 */
#ifndef DRAW_SILHOUETTE_H
#define DRAW_SILHOUETTE_H

#include "draw/draw_scatter.h"

/* at_draw_silhouette - the panel of a scatter picture in a box of w x h mm; the axis is below it.
   Categories one below the other, every one from its largest silhouette to its smallest, with its
   mean, and a dashed line at the mean of all. */
void at_draw_silhouette(struct at_canvas *c, double x, double y, double w, double h,
                        const struct at_scatter *s);

#endif
