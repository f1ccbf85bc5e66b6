/*
 * deep_dive.h - collects what is inside the layers of one text, layer by layer.
 *
 *   at_deep_begin(&d, doc, session, &options, err);
 *   at_deep_embedded(&d, ...); at_deep_layer(&d, ...) for each; at_deep_finish(&d);
 *
 * Needs all that a pass shows: queries, keys, values and the states of the last layer too.
 */
#ifndef ANALYSIS_DEEP_DIVE_H
#define ANALYSIS_DEEP_DIVE_H

#include "analysis/deep_result.h"
#include "analysis/map_series.h"
#include "session/session.h"

/* What is not kept of a layer: for pictures. Valid until the callback returns. */
struct at_deep_view {
    size_t layer;
    const float *cosine;      /* (H,n,n) of queries and keys */
    const float *cosine_mean; /* (n,n) over the heads */
    const float *output;      /* (n,C) residual stream behind the layer */
};
typedef int (*at_deep_view_fn)(void *arg, const struct at_deep_view *view, struct at_error *err);

struct at_deep_options {
    size_t layer, head;  /* whose attention is told step by step; AT_NONE: of all */
    const size_t *focus; /* (n_focus) tokens; none: the first that are not special */
    size_t n_focus;      /* of more than AT_DEEP_MAX_FOCUS the first count */
    size_t top_k;
    at_deep_view_fn on_layer; /* or NULL */
    void *arg;
};

struct at_deep_dive {
    const struct at_session *session; /* NULL with a capture */
    struct at_deep_options options;
    struct at_deep result;
    double *cosine_sum; /* (n,n) over the heads so far */
    size_t C;
    struct at_arena scratch; /* of one layer */
};

/* at_deep_missing - append the names of the tensors that a capture lacks; how many. */
size_t at_deep_missing(struct at_strbuf *out, const struct at_capture_file *capture);

/*
 * at_deep_begin - session: the model that runs, or NULL when doc is from a capture.
 *
 * Errors    AT_ENOTFOUND: which tensors the capture lacks.
 * Memory    at_deep_dive_release(), which accepts a zeroed struct. doc must outlive it.
 */
AT_MUST_USE int at_deep_begin(struct at_deep_dive *out, const struct at_doc *doc,
                              const struct at_session *session,
                              const struct at_deep_options *options, struct at_error *err);
/* at_deep_embedded - the embedding output (T,C). */
AT_MUST_USE int at_deep_embedded(struct at_deep_dive *d, const float *embedded,
                                 struct at_error *err);
/* at_deep_layer - the next layer. series has it already and ranks the keys of attention steps in
   its mode; not used by words. */
AT_MUST_USE int at_deep_layer(struct at_deep_dive *d, const struct at_layer_view *view,
                              struct at_map_series *series, struct at_pool *pool,
                              struct at_error *err);
/* at_deep_finish - the result, which is the dive's. */
const struct at_deep *at_deep_finish(struct at_deep_dive *d);
void at_deep_dive_release(struct at_deep_dive *d);

#endif
