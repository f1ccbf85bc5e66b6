/*
 * attribution.h - methods that say how much each token of a text had to do with its target.
 *
 * A method is a row of at_attribution_methods, from which come --methods, help, the manual's list,
 * attributions.csv, agreement with attention and with each other, and curves. To add one: a struct
 * in a file of its own, its declaration here, its line in the table of attribution.c.
 */
#ifndef ANALYSIS_ATTRIBUTION_H
#define ANALYSIS_ATTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/mixing.h"
#include "session/pass.h"
#include "session/probe.h"

enum at_ig_baseline {
    AT_BASELINE_AUTO, /* pad where the vocabulary has one, else the end of text */
    AT_BASELINE_PAD,
    AT_BASELINE_MASK,
    AT_BASELINE_ZERO,
    AT_BASELINE_EOS
};

struct at_attribution_options {
    size_t n_steps; /* integrated gradients: nodes of one rule; 0: refined until it adds up */
    enum at_ig_baseline baseline;
    bool keeps_special; /* special tokens have their own embedding in the baseline */
};

/* A text and what methods may look at. */
struct at_explained {
    struct at_probe *probe;
    const struct at_doc *doc;
    const struct at_attribution_options *options;
    size_t T, L, H;
    const double *received; /* (L,H,T) attention that a token receives: mean over the queries that
                               can see it */
    const struct at_mixing *mixing; /* the maps that the methods name */
    /* What some methods find out beside their scores; NaN and 0 before they ran. */
    double ig_residual;  /* |sum - (F(x) - F(baseline))| over the larger of the sides' sizes */
    size_t ig_steps;     /* nodes that went through the model */
    double lrp_residual; /* likewise, of the relevance that came in and what arrived */
};

struct at_attribution_method {
    const char *key;       /* as everywhere: "ig" */
    const char *name;      /* for people: "integrated gradients" */
    const char *stands_on; /* whose input: "word embeddings", "input of every layer" */
    const char *sums_to;   /* what the scores add up to, "F(x) - F(baseline)"; NULL: nothing */
    unsigned maps;         /* bits of enum at_mixing_map that it reads */
    /* lacks - why the model or target gives no such scores, or NULL when it does. May be NULL. */
    const char *(*lacks)(const struct at_probe *p);
    /* run - scores (T), signed where the method has a sign. */
    int (*run)(double *scores, struct at_explained *e, struct at_error *err);
};

/* at_attribution_methods - all, in the order in which they are shown; ended by NULL. */
extern const struct at_attribution_method *const at_attribution_methods[];
/* at_attribution_find - by key; NULL when there is none. */
const struct at_attribution_method *at_attribution_find(const char *key, size_t n);

/* The table's rows: integrated_gradients.c, gradient_methods.c, leave_one_out.c,
   mixing_methods.c. */
extern const struct at_attribution_method at_method_ig, at_method_gradient_x_input,
    at_method_leave_one_out, at_method_leave_one_out_mask, at_method_relevance, at_method_attnlrp,
    at_method_attention, at_method_rollout, at_method_flow, at_method_norm, at_method_norm_residual,
    at_method_norm_residual_ln, at_method_value_zeroing, at_method_alti;

/* Attention that every token receives, added layer by layer. */
void at_received_add(double *received, const struct at_doc_layer *layer, bool is_causal);

#endif
