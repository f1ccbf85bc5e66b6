/*
 * faith_text.h - one text of `atlas faith`, from its layers to the result.
 */
#ifndef ANALYSIS_FAITH_TEXT_H
#define ANALYSIS_FAITH_TEXT_H

#include <stddef.h>

#include "analysis/attribution.h"
#include "analysis/faith_result.h"

struct at_faith_options {
    struct at_attribution_options attribution;
    struct at_probe_options probe;
    /* (n_methods) in the order of at_attribution_methods */
    const struct at_attribution_method **methods;
    size_t n_methods;
    bool are_named;    /* one that there are no scores of is an error, not left out */
    size_t n_draws;    /* random orders that curves are set against; 0: no curves */
    bool wants_sanity; /* analysis/faith_sanity.h */
    uint64_t seed;
    /* For maps.csv: of flow, which asks for a flow between any two tokens, those of texts of at
       most so many tokens. */
    size_t max_flow_map;
};

/* A text on its way. */
struct at_faith_text {
    const struct at_session *s;
    const struct at_aim *aim;
    const struct at_doc *doc;
    const struct at_faith_options *options;
    double *received;        /* (L,H,T) */
    struct at_mixing mixing; /* the maps that the methods read */
    struct at_probe probe;
    struct at_arena arena; /* the result */
};

/* at_faith_text_begin - nothing is computed yet. at_faith_text_add - a layer of a pass that shows
   states. Errors AT_ENOMEM. Memory at_faith_text_release(), which accepts a zeroed struct. */
AT_MUST_USE int at_faith_text_begin(struct at_faith_text *out, const struct at_session *s,
                                    const struct at_aim *aim, const struct at_doc *doc,
                                    const struct at_faith_options *options, struct at_error *err);
AT_MUST_USE int at_faith_text_add(struct at_faith_text *t, const struct at_doc_layer *layer,
                                  struct at_error *err);
void at_faith_text_release(struct at_faith_text *t);

/*
 * at_faith_text_finish - after the last layer: target, attributions and what follows from them.
 *
 * Methods that the model or target has no scores for are left out.
 * Errors    as at_probe_init() and those of methods; AT_ENOTFOUND: no scores of a named one.
 * Memory    the text's.
 */
AT_MUST_USE int at_faith_text_finish(struct at_faith_result *out, struct at_faith_text *t,
                                     struct at_error *err);

#endif
