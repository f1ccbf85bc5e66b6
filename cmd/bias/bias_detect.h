/*
 * bias_detect.h - the room of `atlas bias detect`: a call of it, and how its results are shown.
 */
#ifndef BIAS_DETECT_H
#define BIAS_DETECT_H

#include "analysis/bias_text.h"
#include "cmd/bias/detector_source.h"

struct detect {
    struct detector_source source;
    const char *weights_text;
    struct at_bias_text_options options;
    const struct context *x;
    float *states;      /* (T,C) of the text at hand, when it is read in windows */
    struct table texts; /* a row per text, when there are many */
};

/* detect_level - "3 of 9 words flagged, level 0.52 (high)", or "no words"; the arena's. */
const char *detect_level(const struct at_bias_result *r, struct at_arena *arena);

/* detect_print - the coloured text, its spans and their words. */
void detect_print(const struct detect *d, const struct at_doc *doc, const struct at_bias_result *r);
/* detect_pictures - the coloured text, and the probability of every category for every token. */
AT_MUST_USE int detect_pictures(struct sink *sink, const struct at_doc *doc,
                                const struct at_bias_result *r, struct at_error *err);

#endif
