/*
 * layer_heads.h - a number per head as a picture: layers down, heads across.
 */
#ifndef CMD_LAYER_HEADS_H
#define CMD_LAYER_HEADS_H

#include "cmd/job.h"
#include "draw/scale.h"

struct layer_heads {
    const char *file;    /* "metrics_sparsity" */
    const char *title;   /* "Sparsity"; the model is added */
    const char *details; /* in the subtitle: a formula; "" for none */
    const char *unit;
    size_t L, H;
    const double *values; /* head (l,h) at (l * H + h) * stride; NaN is drawn as a dot */
    size_t stride;
    const struct at_scale *scale; /* NULL: sequential over the range of the values */
};

/* picture_layer_heads - nothing is written when every value is NaN. doc may be NULL: no text. */
AT_MUST_USE int picture_layer_heads(struct job *job, const struct doc *doc,
                                    const struct layer_heads *p, struct at_error *err);

#endif
