/*
 * probe.h - one text, asked about its target again and again: as it is, with tokens hidden or
 * replaced, with heads gated, or at other points of the embedding space, where its gradient can be
 * had too.
 *
 * A target needs the text once, or in several copies whose numbers add up: the likelihood of a
 * masked model has one for every token that it hides. Copies of many variants go through the model
 * side by side, at most batch_rows rows at a time, so memory does not grow with their number.
 */
#ifndef SESSION_PROBE_H
#define SESSION_PROBE_H

#include <stddef.h>

#include "base/arena.h"
#include "model/backward.h"
#include "session/aim.h"
#include "session/doc.h"

/* A run of the text, and what it adds to the target. */
struct at_probe_copy {
    size_t masked; /* token that is the mask token here, or AT_NONE */
    struct at_target target;
    const size_t *rows; /* (n_rows) where the head looks; none of a pooled norm: everywhere */
    size_t n_rows;
};

struct at_probe {
    const struct at_session *s;
    const struct at_aim *aim;
    const struct at_doc *doc;
    size_t T, C, E;      /* E: width of the word embeddings */
    int *ids, *segments; /* (T) */
    size_t index;        /* token at which the head looks; AT_NONE: at several */
    int token, foil;     /* -1: none */
    const char *label;   /* label or class, NULL: none */
    struct at_probe_copy *copies;
    size_t n_copies;
    double value; /* of the text as it is */
    size_t batch_rows;
    /* progress - rows that have gone through the model since the last call; or NULL. */
    void (*progress)(void *arg, size_t n_rows);
    void *arg;
    struct at_arena arena;
};

struct at_probe_options {
    const size_t *positions; /* (n_positions) or NULL: see at_probe_init() */
    size_t n_positions;
    size_t batch_rows; /* 0: AT_BACKWARD_ROWS */
    void (*progress)(void *arg, size_t n_rows);
    void *arg;
};

/*
 * at_probe_init - the target of a text, its token when none was named, and its value.
 *
 * Without positions a token is asked for at the only mask token; without or with several ones at
 * the last token, of a masked model the last that is not special. Labels are summed over the
 * positions given, or over all tokens.
 *
 * Errors    AT_ERANGE: a position outside the text, several where one is wanted; AT_EFORMAT: what
 *           comes out is not finite; those of at_forward().
 * Memory    at_probe_release(); aim and doc must outlive it.
 */
AT_MUST_USE int at_probe_init(struct at_probe *out, const struct at_session *s,
                              const struct at_aim *aim, const struct at_doc *doc,
                              const struct at_probe_options *options, struct at_error *err);
void at_probe_release(struct at_probe *p); /* accepts a zeroed struct */

/* The text with something changed; what is NULL is as it was. */
struct at_variant {
    const int *ids;                 /* (T) */
    const unsigned char *is_hidden; /* (T) tokens that no query sees */
    const struct at_head_edit *edit;
};

/*
 * at_probe_values - the target of n variants.
 *
 * Edge      Labels and the pooled norm are sums over tokens: a hidden token is left out of them.
 *           With all hidden there is no pooled norm: NaN.
 */
AT_MUST_USE int at_probe_values(double *values, struct at_probe *p,
                                const struct at_variant *variants, size_t n, struct at_error *err);

/* What is seen on the way back: copy, and layers from the last one on. */
typedef void (*at_probe_layer_fn)(void *arg, size_t copy, const struct at_gradient_view *view);

struct at_probe_gradient {
    const float *points; /* (n,T,E) word embeddings; NULL: those of the text, n = 1 */
    enum at_rule rule;
    at_probe_layer_fn on_layer; /* with one point only; or NULL */
    void *arg;
    double *values;  /* (n) or NULL */
    double *at_head; /* (1) sum of hidden state times its gradient where the head looks; or NULL */
};

/*
 * at_probe_gradients - of the target at the word embeddings of n points.
 *
 * Shapes    d (n,T,E): 0 where all copies have the mask token.
 */
AT_MUST_USE int at_probe_gradients(float *d, struct at_probe *p, const struct at_probe_gradient *g,
                                   size_t n, struct at_error *err);

/* at_probe_embeddings - out (T,E) word embeddings of the text. at_probe_embedding - out (E) of one
   token. */
void at_probe_embeddings(float *out, const struct at_probe *p);
void at_probe_embedding(float *out, const struct at_probe *p, int id);

#endif
