/*
 * head_effects.h - what becomes of a text's target, states and predictions when heads are removed.
 *
 * The text is run once and what enters each of its layers is kept. A set of heads starts at the
 * lowest layer that it has a head of, and sets that start together go through the model side by
 * side: up to their gates they have everything in common, which is computed once.
 */
#ifndef SESSION_HEAD_EFFECTS_H
#define SESSION_HEAD_EFFECTS_H

#include <stddef.h>

#include "model/trace.h"
#include "session/probe.h"

/* What one set of heads does. */
struct at_head_effect {
    double change; /* target after less before */
    double impact; /* 1 - mean over tokens of the cosine of final states before and after */
    double kl; /* mean over tokens of KL(before || after) of the predictions, in nats; NaN without a
                  language-model head. What is below 1e-6 is rounding. */
    /* That it bit: lengths of the set's contexts over the text, as they were, as the rest of the
       model got them in the pass without the heads, and of the difference of the two. */
    double norm, norm_left, norm_removed;
    /* Of all heads of a layer and no others, removed to zero: largest difference between the
       layer's output in that pass and its output without attention, worked out by itself, as a
       share of the largest value; NaN of other sets. */
    double gap;
};

/* A text as it is: the ground that effects are measured from. */
struct at_head_ground {
    struct at_probe *probe;
    bool is_copy;          /* the target's only copy is the text itself */
    struct at_trace *runs; /* (1 + n_copies) hidden states of the text, contexts, mid; and of each
                              copy; of copies none when is_copy */
    float *p;              /* (T,V) predictions of the text; NULL without a head */
    double *log_p;         /* (T) mean of ln p under p */
};

/*
 * at_head_ground_init - run the text of a probe and its copies.
 *
 * Errors    AT_ENOMEM, those of at_forward().
 * Memory    at_head_ground_release(), which accepts a zeroed struct; (L+1) T C floats for each
 *           copy, twice as many for contexts and mid, T V for predictions. p must outlive it.
 */
AT_MUST_USE int at_head_ground_init(struct at_head_ground *out, struct at_probe *p,
                                    struct at_error *err);
void at_head_ground_release(struct at_head_ground *g);

/*
 * at_head_effects - of n edits, each by itself.
 *
 * Impact and kl are of the text, change is of the target with all its copies.
 * Shapes    out, edits (n). Where all gates are 1 nothing changes.
 * Memory    p->batch_rows rows, of one text at least, and their logits in blocks.
 * Cost      for every head of bert-base and 32 tokens about a third of as many forward passes.
 */
AT_MUST_USE int at_head_effects(struct at_head_effect *out, const struct at_head_ground *g,
                                const struct at_head_edit *edits, size_t n, struct at_error *err);

#endif
