/*
 * head_map.h - a number per head as a picture: layers down, heads across.
 */
#ifndef CMD_HEAD_MAP_H
#define CMD_HEAD_MAP_H

#include "cmd/sink.h"
#include "draw/scale.h"

struct head_map {
    const char *file;    /* "metrics_sparsity" */
    const char *title;   /* "Sparsity"; the model is added */
    const char *details; /* in the subtitle: a formula; "" for none */
    const char *unit;
    const char *model_name; /* NULL: the doc's */
    size_t L, H;
    const double *values; /* head (l,h) at (l * H + h) * stride; NaN is drawn as a dot */
    size_t stride;
    double covers[2]; /* lie within the range: what chance gives, the ends of what can be; noise is
                         not stretched over all colours. NaN for none */
    const struct at_scale *scale; /* NULL: sequential over the values and covers */
    /* Optional. Half of each value's interval, in the same places; NaN for none. */
    const double *half;
    const size_t *outlined; /* (n_outlined) heads, layer * H + head; and what that means */
    size_t n_outlined;
    const char *outline_name;
    const char *note; /* or NULL */
};

/* picture_head_map - nothing is written when every value is NaN. doc may
   be NULL: no text, then model_name is the model's. */
AT_MUST_USE int picture_head_map(struct sink *sink, const struct at_doc *doc,
                                 const struct head_map *p, struct at_error *err);

#endif
