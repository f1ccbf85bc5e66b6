/*
 * draw_bubbles.h - a small matrix as circles: area and colour by value. Sentence by sentence.
 */
#ifndef DRAW_BUBBLES_H
#define DRAW_BUBBLES_H

#include <stddef.h>

#include "draw/canvas.h"
#include "draw/scale.h"

struct at_bubbles {
    const char *title, *subtitle, *note;
    const char *x_name, *y_name, *unit;
    size_t n;                  /* square: rows and columns are the same sentences */
    const float *values;       /* (n,n), not negative; NaN is a dot */
    const char *const *labels; /* (n) sentences; rows show them, columns their numbers */
    struct at_scale scale;     /* sequential from 0 */
    double width_mm;           /* at most, unless it is too narrow for anything */
};

/* at_draw_bubbles - a new canvas; the caller frees it. Numbers count from 0, as in the tables. */
struct at_canvas *at_draw_bubbles(const struct at_bubbles *b);

#endif
