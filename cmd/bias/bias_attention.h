/*
 * bias_attention.h - the room of `atlas bias attention`: a call of it, and how its results are
 * shown.
 */
#ifndef BIAS_ATTENTION_H
#define BIAS_ATTENTION_H

#include "analysis/bar_text.h"
#include "analysis/map_series.h"
#include "cmd/bias/detector_source.h"
#include "cmd/caption.h"
#include "cmd/many.h"

struct attention {
    struct detector_source source;
    const char *tokens_text; /* --tokens: flagged by hand, no detector; or NULL */
    const char *calibration; /* a file of `bias calibrate` */
    struct at_bar_flags flags;
    double threshold, alpha;
    long n_permutations, n_top;
    int correction; /* enum at_bar_correction */
    const struct context *x;
    struct many many;
    struct at_bar_text windows; /* of the text at hand, when it is read in windows */
};

/* attention_print - the summary of one text on standard output. */
void attention_print(const struct at_doc *doc, const struct at_bar_result *r);

/* attention_pictures - ratio of every head, its way through the layers, top heads. */
AT_MUST_USE int attention_pictures(const struct attention *a, const struct at_doc *doc,
                                   const struct at_bar_result *r, struct at_error *err);

/* A text whose maps are drawn: labels with a mark in the colour of what is flagged. */
struct marked_text {
    struct sink *sink;
    const struct at_doc *doc;
    struct at_label *labels; /* (T) */
    size_t *flagged;         /* (n_flagged) */
    size_t n_flagged;
};
struct marked_text mark_text(struct sink *sink, const struct at_bar_text *t,
                             struct at_arena *arena);
/* picture_marked_map - map (T,T). */
AT_MUST_USE int picture_marked_map(const struct marked_text *m, const float *map,
                                   struct map_name name, struct at_error *err);

#endif
