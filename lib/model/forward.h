/*
 * forward.h - the forward pass, layer by layer; what nobody asks for is lost.
 *
 * at_forward() computes a ragged batch and shows every finished layer of every text to a visitor,
 * which borrows pointers into the working buffers and copies what it wants to keep (model/trace.h
 * is such a visitor; so are the analyses that reduce maps on the fly). Only attention maps cost
 * extra to show: they are stored when options.want_attention is set, one layer at a time.
 *
 * A large batch is worked through in groups of texts of about AT_GROUP_ROWS rows, so memory does
 * not grow with the batch. Each text sees its layers in order; texts of one group take turns.
 */
#ifndef MODEL_FORWARD_H
#define MODEL_FORWARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "model/layer.h"
#include "model/weights.h"

enum { AT_GROUP_ROWS = 1024 };

/* Texts one after the other, without padding; text b is rows start[b] .. start[b+1]-1. */
struct at_batch {
    size_t B;
    const size_t *start; /* (B+1), start[0] = 0 */
    const int *ids;      /* (N); NULL when a change puts something else in their place */
    const int *segments; /* (N) or NULL for all 0; of models without segments nobody looks */
};

/* How a pass differs from that of the texts as they are; every member may be NULL. */
struct at_change {
    /* (N,E) rows in place of word embeddings: positions, segments, norm and projection come on top
       of them, as with `inputs_embeds` elsewhere. */
    const float *word_embeds;
    /* (N,C) the residual stream that enters layer first_layer: the pass starts there. When it is
       shared, it is (T,C) and that of every text, all of T tokens: what they have in common, which
       goes as far as their gates differ, is computed once. */
    const float *layer_input;
    size_t first_layer;
    bool is_shared;
    /* (N) tokens that no query sees. Their own rows are computed all the same. */
    const unsigned char *is_hidden;
    /* (B) gates of heads, in place of the model's own (struct at_model). Texts that begin like
       another (prefix) have the same as that one. */
    const struct at_head_edit *edits;
};

/*
 * at_batch_check - may the model be run on it?
 *
 * Shapes    prefix (B) as in struct at_forward_options, or NULL; change may be NULL.
 * Errors    AT_ERANGE, those of at_forward().
 */
AT_MUST_USE int at_batch_check(const struct at_batch *batch, const struct at_change *change,
                               const size_t *prefix, const struct at_model *m,
                               struct at_error *err);

/* One layer of one text. Pointers are valid until the visitor returns. Rows are contiguous unless
   a stride is given. q carries whatever scale a GPT-2 variant has beside 1 / sqrt(D), so that
   attention is softmax(q k' / sqrt(D) + bias) for every model. */
struct at_layer_view {
    size_t layer, text;
    size_t T, C, H, D, F;
    size_t group;           /* heads that share one of keys and values: H / group there are */
    const float *attention; /* (H,T,T), or NULL when not asked for */
    const float *input;     /* (T,C) residual stream entering the layer */
    const float *q;         /* (T, qkv_stride), head h at column h * D */
    const float *k;         /* likewise, what head h reads at column h / group * D */
    size_t qkv_stride;
    const float *bias; /* as in ops/attention.h, added to q k' / sqrt(D); or NULL */
    size_t bias_stride;
    /* NULL in the last layer when at_forward() was given no out. */
    const float *v;       /* as k */
    const float *context; /* (T,H*D) heads concatenated, before the output projection */
    const float *mid;     /* (T,C) between the two blocks: after norm 1, or the sum before norm 2 */
    const float *ffn_act; /* (T,F) after the activation, times what a gate lets through */
    const float *output;  /* (T,C) residual stream leaving the layer */
};

/* at_view_key_column - where the keys and values that head h reads begin in their rows. */
static inline size_t at_view_key_column(const struct at_layer_view *v, size_t h)
{
    return h / v->group * v->D;
}

/* Answer 0 to go on, a negative at_code (with err filled) to stop the pass. */
typedef int (*at_layer_fn)(void *arg, const struct at_layer_view *view, struct at_error *err);
/* embedded (T,C): the embedding output of one text, before layer 0. */
typedef int (*at_embedded_fn)(void *arg, size_t text, const float *embedded, size_t T,
                              struct at_error *err);

/* Room for one map (H,T,T), which the pass fills and shows to the visitor where it is. */
typedef float *(*at_map_room_fn)(void *arg, size_t text, size_t layer);

struct at_forward_options {
    bool want_attention;
    at_map_room_fn map_room;    /* where maps go, or NULL for a buffer that the next layer reuses */
    at_embedded_fn on_embedded; /* may be NULL */
    at_layer_fn on_layer;       /* may be NULL */
    void *arg;                  /* handed to all of them */
    /* When set, the last layer is computed for these rows of the batch only (ascending), and the
       result has n_final_rows rows. The visitor is then not called for the last layer. */
    const size_t *final_rows;
    size_t n_final_rows;
    /* Causal models, without visitors and want_attention: texts that begin like another. (B) or
       NULL. Text b goes on from the first prefix[b] tokens of the last text before it that has
       prefix 0, its rows are the tokens after them; what came before is not computed again. */
    const size_t *prefix;
    const struct at_change *change; /* or NULL */
};

/*
 * at_forward - run the model; out receives the final hidden states. options may be NULL.
 *
 * Shapes    out (N,C), or (n_final_rows,C): the last layer's output, after the final norm where
 *           there is one (the visitor's last output is the residual stream before it). NULL for a
 *           visitor that only looks at maps: what follows the last ones, most of a layer, is left
 *           out.
 * Errors    AT_ERANGE: a text that is empty or longer than the model's positions, an id outside
 *           the vocabulary, a segment the model does not have; AT_ENOMEM. AT_EFORMAT: what comes
 *           out is not finite (model/numbers.h). What a visitor answers.
 * Memory    working buffers for one group's rows and one layer's maps, released on return.
 */
AT_MUST_USE int at_forward(float *out, const struct at_model *m, const struct at_batch *batch,
                           const struct at_forward_options *options, struct at_pool *pool,
                           struct at_error *err);

#endif
