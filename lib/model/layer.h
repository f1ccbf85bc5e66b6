/*
 * layer.h - one layer of a model over the rows of some texts, step by step and with every
 * intermediate in a buffer that has a name.
 *
 *   embed     what enters the first layer
 *   project   queries, keys and values of all rows
 *   attend    maps, and each row's context: what its heads read
 *   finish    output projection, feed-forward, norms and sums: the rest, which is by row
 *   end       the norm after the last layer
 *
 * at_forward() is a loop over these, and model/backward.h goes back through what they kept. Nothing
 * is allocated here: struct at_layer_run says what the caller provides.
 */
#ifndef MODEL_LAYER_H
#define MODEL_LAYER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "model/head_edit.h"
#include "model/layer_ops.h"
#include "model/weights.h"

/* Texts of one group and what does not change from layer to layer. Rows of the texts lie one after
   the other, text b in rows start[b] .. start[b+1]-1, N in all. */
struct at_layer_run {
    const struct at_model *m;
    const struct at_layer_ops *ops; /* at_layer_ops(m->is_double) */
    size_t lo;                      /* in double: from each buffer to its low parts; else 0 */
    struct at_pool *pool;
    size_t B, N;
    const size_t *start;              /* (B+1), start[0] = 0 */
    const size_t *prefix;             /* (B) as in struct at_forward_options, or NULL */
    const unsigned char *is_hidden;   /* (N) keys that no query sees, or NULL */
    const struct at_head_edit *edits; /* (B), or NULL: */
    const struct at_head_edit *edit;  /* of every text, or NULL */
    bool maps_are_for_later;          /* nobody reads maps while the caches could hold them */
    const float *turns;               /* at_rotary_table() of the longest text, or NULL */

    /* Room for the steps. */
    size_t *tokens;                 /* (N) */
    int *index;                     /* (N) */
    float *embedded;                /* (N,E) pairs in double; of models with an embedding
                                       projection, for at_layer_embed() */
    float *joined;                  /* keys and values of texts with a prefix, one by one */
    struct at_attention_in *in;     /* (B), set by attend: what it read, */
    struct at_attention_out *got;   /* (B) and where it put the result */
    struct at_attention_back *back; /* (B), for at_layer_attend_back() only */
    enum at_rule rule;              /* of the ways back */
};

/* The rows in one layer, in double with low parts. Q is at_query_width(), C for most models, and K
   is at_key_width(), Q for most. */
struct at_layer_buffers {
    float *x;          /* (N,C) residual stream entering the layer */
    float *norm;       /* (N,C) scratch, or (N,Q) where that is more */
    float *qkv;        /* (N,Q+2K), or (N,Q+K) without the values */
    size_t qkv_stride; /* set by project, */
    bool has_values;   /* and this, which they may lie there without */
    float *context;    /* (N,Q) heads side by side, after gates */
    float *mid;        /* (N,C) AT_NORM_AFTER: normalised sum of x and attention; else that sum */
    float *act;        /* (N,F) what the second product of the feed-forward reads */
    float *gated;      /* (N,F) what a gate lets through, or NULL when the model has none */
    float *out;        /* (N,C) residual stream leaving the layer */
    /* For reverse mode; all NULL when nobody goes back. */
    float *pre_act;       /* (N,F) before the activation */
    float *raw_q, *raw_k; /* (N,Q), (N,K) before their norms, or NULL when the model has none */
    float *sum1, *sum2;   /* (N,C) AT_NORM_AFTER: what the two norms normalise; else NULL, since the
                            norms of AT_NORM_BEFORE normalise x and mid */
};

/*
 * at_layer_embed - what enters layer 0: word + position (+ segment) embeddings, normalised and
 * brought to the width of the layers where the family does so.
 *
 * Shapes    x (N,C); sum (N,E) receives what is normalised, or NULL; ids (N), or words (N,E) floats
 *           in place of word embeddings; segments (N) or NULL for all 0.
 */
void at_layer_embed(const struct at_layer_run *run, float *x, float *sum, const int *ids,
                    const float *words, const int *segments);

/* at_position_rows - rows (T) of the position table of a text's tokens, those of a prefix before
   them; ids (T) or NULL when none is padding. */
void at_position_rows(int *rows, const struct at_config *c, const int *ids, size_t before,
                      size_t T);

/* at_layer_project - qkv from x, normed and turned where the model does so; without values when
   nobody needs the context. */
void at_layer_project(const struct at_layer_run *run, struct at_layer_buffers *b, size_t layer,
                      bool wants_values);

/*
 * at_layer_attend - context of every row, when project computed values, and maps.
 *
 * Shapes    maps (B) pointers to room for (H,T,T), or NULL when nobody keeps them.
 */
void at_layer_attend(const struct at_layer_run *run, const struct at_layer_buffers *b, size_t layer,
                     float *const *maps);

/* at_layer_edit - what the texts' gates make of the context of all rows; at_layer_attend() does so
   itself. norm is lost. */
void at_layer_edit(const struct at_layer_run *run, const struct at_layer_buffers *b, size_t layer);

/*
 * at_layer_attend_rows - the same for some rows only, and no maps.
 *
 * Their context goes to the first n rows of context, their x to the first n rows of out: finish
 * goes on with a copy of *b that has x = out. Not of texts whose edits need all rows.
 *
 * Shapes    rows (n), ascending.
 */
void at_layer_attend_rows(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          size_t layer, const size_t *rows, size_t n);

/* at_layer_finish - mid, act and out of n rows from their x and context. x may be out. */
void at_layer_finish(const struct at_layer_run *run, const struct at_layer_buffers *b, size_t layer,
                     size_t n);

/* at_layer_forward - all of a layer, for all rows. */
void at_layer_forward(const struct at_layer_run *run, struct at_layer_buffers *b, size_t layer,
                      float *const *maps);

/* at_layer_end - the final norm of n rows where the model has one, in place. */
void at_layer_end(const struct at_layer_run *run, float *x, size_t n);

/*
 * Gradients of whatever is explained, on their way back through a layer, in double with low parts.
 * out and x may be one buffer.
 */
struct at_layer_gradients {
    float *out; /* (N,C) at the residual stream leaving the layer */
    float *act; /* (N,F) scratch: at the activation's output, then at its input */
    float *mid; /* (N,C) at the sum of x and attention; with parallel blocks at x, but for what goes
                       through attention */
    float *context; /* (N,Q) at the heads' context, before the output projection */
    float
        *qkv; /* queries (N,Q), keys (N,K), values (N,K); side by side where one matrix made them */
    float *gated;   /* (N,F) at what a gate lets through, or NULL */
    float *scratch; /* (N,C) */
    float *x;       /* (N,C) at the residual stream entering the layer */
};

/* at_layer_end_back - dx of n rows from before the final norm, where they were x; in place. */
void at_layer_end_back(const struct at_layer_run *run, float *dx, const float *x, size_t n);

/* at_layer_embed_back - d (N,E) from dx (N,C): before the embedding norm, where rows were sum.
   That is the gradient at the word embeddings. d may be dx where there is no projection. */
void at_layer_embed_back(const struct at_layer_run *run, float *d, const float *dx,
                         const float *sum);

/* at_layer_finish_back - from out to mid and context: what at_layer_finish() did to n rows, of
   which *b kept what it says under "for reverse mode", gated, and x where blocks are parallel.
   out is lost. */
void at_layer_finish_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          const struct at_layer_gradients *g, size_t layer, size_t n);

/*
 * at_layer_attend_back - from mid and context of all rows to x: the way back through attention,
 * with its gates, and the projections. *b has x and qkv; context is lost to the gates.
 *
 * Shapes    maps (B) the layer's maps (H,T,T), d_maps (B) room for their gradients, or NULL; in
 *           double maps may be NULL too.
 */
void at_layer_attend_back(const struct at_layer_run *run, const struct at_layer_buffers *b,
                          const struct at_layer_gradients *g, size_t layer, float *const *maps,
                          float *const *d_maps);

/* at_text_rows - how many rows text b has; at_text_prefix - tokens before them. */
size_t at_text_rows(const struct at_layer_run *run, size_t b);
size_t at_text_prefix(const struct at_layer_run *run, size_t b);

#endif
