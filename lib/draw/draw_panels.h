/*
 * draw_panels.h - bars of several measures side by side: rows are named once, and every measure has
 * a panel with an axis of its own.
 */
#ifndef DRAW_PANELS_H
#define DRAW_PANELS_H

#include <stddef.h>

#include "draw/canvas.h"
#include "text/label.h"

struct at_panel {
    const char *name;
    const double *values; /* (n) bars from 0 to either side; NaN is a dot */
};

struct at_panels {
    const char *title, *subtitle, *note;
    const struct at_label *rows; /* (n) top to bottom */
    const size_t *numbers;       /* (n) written faintly before the labels, or NULL */
    size_t n;
    const struct at_panel *panels; /* left to right, in as many bands as they need */
    size_t n_panels;
    double width_mm; /* unless it is too narrow */
};

/* at_draw_panels - a new canvas; the caller frees it. It grows downwards with the rows. */
struct at_canvas *at_draw_panels(const struct at_panels *p);

#endif
