/*
 * trace.h - what one text's forward pass left behind, in memory (model/capture.h: in a file).
 */
#ifndef MODEL_TRACE_H
#define MODEL_TRACE_H

#include <stddef.h>

#include "model/capture.h"
#include "model/forward.h"

/* A trace in memory: every pointer is NULL unless its bit was asked for. */
struct at_trace {
    struct at_dims dims;
    unsigned kept;       /* enum at_capture bits; logits are not kept in memory */
    float *attention;    /* (L,H,T,T) */
    float *hidden;       /* (L+1,T,C); the last is before GPT-2's final norm */
    float *final_hidden; /* (T,C); hand it to at_forward() as its out */
    float *q, *k, *v;    /* (L,H,T,D), (L,K,T,D) twice */
    float *context;      /* (L,H,T,D) */
    float *mid;          /* (L,T,C) */
    float *ffn_act;      /* (L,T,F) */
};

/* at_trace_init - AT_ENOMEM when what is asked for does not fit. */
AT_MUST_USE int at_trace_init(struct at_trace *out, const struct at_config *c, size_t T,
                              unsigned keep, struct at_error *err);
/* at_trace_add - copy one layer; an at_layer_fn body. at_trace_add_embedded likewise. */
void at_trace_add(struct at_trace *t, const struct at_layer_view *view);
void at_trace_add_embedded(struct at_trace *t, const float *embedded);
/* at_trace_map - one head's map (T,T). */
static inline const float *at_trace_map(const struct at_trace *t, size_t layer, size_t head)
{
    return t->attention + (layer * t->dims.H + head) * t->dims.T * t->dims.T;
}
void at_trace_release(struct at_trace *t); /* accepts a zeroed struct, may be called twice */

/*
 * at_trace_run - one text through the model, keeping what keep says.
 *
 * Shapes    ids (T); segments (T) or NULL.
 * Errors    as at_forward().      Memory    at_trace_release().
 */
AT_MUST_USE int at_trace_run(struct at_trace *out, const struct at_model *m, const int *ids,
                             const int *segments, size_t T, unsigned keep, struct at_pool *pool,
                             struct at_error *err);

#endif
