/*
 * backward.h - reverse mode: how a number that a model's final hidden states give would change with
 * its input, with every attention weight and with every head's output.
 *
 * Each group of texts goes forward, the caller turns its final hidden states into their gradients
 * (model/target.h does so for the targets that models have heads for), and the group goes back,
 * layer by layer, shown to a visitor on the way. Weights need no gradients here and get none.
 * Texts do not see each other, so many points of one text can go through together.
 */
#ifndef MODEL_BACKWARD_H
#define MODEL_BACKWARD_H

#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "model/forward.h"

/* Rows that are kept at a time unless the caller says otherwise: 200 MB for bert-base. */
enum { AT_BACKWARD_ROWS = 512 };

/* Final hidden states of a group, and room for the gradient at them. Texts first .. first+B-1. */
struct at_final_view {
    size_t first, B;
    const size_t *start; /* (B+1) rows of each text among the N; 0 first */
    size_t N, C;
    const float *hidden; /* (N,C) what at_forward() would put out */
    float *d_hidden;     /* (N,C), 0 when the caller gets it */
    size_t lo;           /* in double: from both to their low parts (ops/precise.h); else 0. Who
                            does not look there works with floats. */
};

/* Answer 0 to go on, a negative at_code (with err filled) to stop. */
typedef int (*at_target_fn)(void *arg, const struct at_final_view *view, struct at_error *err);

/* One layer of one text on the way back, the last layer first. Pointers are valid until the visitor
   returns. d_ is the gradient at what follows. */
struct at_gradient_view {
    size_t layer, text;
    size_t T, C, H, D;
    const float *attention, *d_attention; /* (H,T,T); d_ is 0 where a causal query sees nothing */
    const float *context, *d_context;     /* (T,H*D) heads side by side, after their gates */
    const float *input, *d_input;         /* (T,C) residual stream entering the layer */
    size_t lo;                            /* as above, from context, d_context, input and d_input */
};
typedef int (*at_gradient_fn)(void *arg, const struct at_gradient_view *view, struct at_error *err);

struct at_backward_options {
    at_target_fn target;
    void *target_arg;
    /* (N,E) gradients at the word embeddings, or (N,C) at change->layer_input when there is one; or
       NULL. */
    float *d_input;
    at_gradient_fn on_layer; /* may be NULL: then no gradients of maps are kept */
    void *arg;
    /* Rows of the batch that the target looks at (ascending), or NULL for all: only those go
       through the end of the last layer, and the view has only them. */
    const size_t *final_rows;
    size_t n_final_rows;
    const struct at_change *change; /* or NULL; none that is shared */
    enum at_rule rule;              /* AttnLRP's relevance over value in place of gradients */
    size_t batch_rows;              /* most rows of a group, of one text at least; 0: the default */
};

/*
 * at_backward - forward and back again.
 *
 * Errors    those of at_forward(); what target and visitor answer.
 * Memory    for one group, rows * layers * (10 C + F + H T) floats or so, released on return; twice
 *           that for models in double.
 * Cost      about twice at_forward() for the same rows.
 */
AT_MUST_USE int at_backward(const struct at_model *m, const struct at_batch *batch,
                            const struct at_backward_options *options, struct at_pool *pool,
                            struct at_error *err);

#endif
