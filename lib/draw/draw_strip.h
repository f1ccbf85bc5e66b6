/*
 * draw_strip.h - a text, token by token on wrapped lines, coloured by category or by a value.
 */
#ifndef DRAW_STRIP_H
#define DRAW_STRIP_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"
#include "draw/scale.h"

struct at_strip_token {
    const char *text;     /* as people write it; "##" and a leading space are not shown */
    bool is_continuation; /* stands close to the token before it */
    bool is_special;
    unsigned marks;   /* bit k: category k */
    double intensity; /* 0..1, depth of the tint; or the value when there is a scale; NaN: none */
};

struct at_strip {
    const char *title, *subtitle, *note;
    const struct at_strip_token *tokens;
    size_t n;
    const char *const *category_names;
    size_t n_categories;
    const char *intensity_name;   /* "score of the strongest category": what a deeper tint means */
    const struct at_scale *scale; /* tokens coloured by intensity, with a colour bar; or NULL */
    double width_mm;
};

/* at_draw_strip - a new canvas; the caller frees it. Categories have a colour and a shape under the
   token. Lines run from the right when most of the text does, and runs of the other direction are
   turned round inside them. */
struct at_canvas *at_draw_strip(const struct at_strip *s);

#endif
