/*
 * faith_pictures.h - what the pictures of `atlas faith` share.
 */
#ifndef FAITH_FAITH_PICTURES_H
#define FAITH_FAITH_PICTURES_H

#include "cmd/faith/faith.h"
#include "draw/draw_heatmap.h"

struct pictures {
    const struct faith *f;
    const struct at_doc *doc;
    const struct at_faith_result *r;
    const char *target;   /* "why 'she' and not 'he' at token 5, F = -0.9" */
    const char *subtitle; /* text and target; NULL on the page, which says so once */
    double width_mm;
    struct at_arena arena;
};

/* picture_title - what, and of which model where the page does not say. */
const char *picture_title(struct pictures *p, const char *what);

/* picture_write - in all formats; takes the canvas, and does nothing for NULL. */
AT_MUST_USE int picture_write(struct pictures *p, const char *name, struct at_canvas *canvas,
                              struct at_error *err);

/* picture_heads - a number for each of (L,H) heads, values (L,H). h has title, subtitle, unit and
   scale; whatever else it has stays. */
struct at_canvas *picture_heads(struct pictures *p, const struct at_heatmap *h, size_t L, size_t H,
                                const float *values);

/* picture_ablation - the map of changes, NULL when heads were not removed one by one. */
struct at_canvas *picture_ablation(struct pictures *p);

/* picture_removed - all pictures of heads that were removed, of direct effects and patching. */
AT_MUST_USE int picture_removed(struct pictures *p, struct at_error *err);

#endif
