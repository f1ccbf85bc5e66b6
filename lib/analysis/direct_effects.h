/*
 * direct_effects.h - direct logit attribution: what every head and block adds to a token's logit by
 * the residual stream alone, not by way of later layers.
 *
 *   logit = sum of parts,  part = gradient of the logit at the stream . what the part wrote there
 *
 * What a norm divides by is held at its value in this text, which makes norms linear. For GPT-2
 * that is all, and the parts add up to the logit. BERT's head has a transform whose activation is
 * linearised at the state in hand (first order), and offsets of norms all the way; what that leaves
 * is a part of its own, "rest".
 *
 * Source    Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; nostalgebraist
 *           2020.
 */
#ifndef ANALYSIS_DIRECT_EFFECTS_H
#define ANALYSIS_DIRECT_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "model/trace.h"

/* direct.csv */
struct at_direct_effect {
    const char *component; /* "embedding", "head", "attention_bias", "ffn", "final_norm", "rest" */
    size_t layer, head;    /* AT_NONE where the component has none */
    double dla;            /* logits */
};
extern const struct at_record at_direct_effect_record;

struct at_direct_effects {
    struct at_direct_effect *items; /* (n) in the order of the network */
    size_t n;
    double logit; /* of the token, or its difference to the foil's */
    bool is_linearised;
};

/* Whose logit, and where. */
struct at_logit {
    size_t row;
    int token, foil; /* foil -1: none */
};

/*
 * at_direct_effects - parts of a logit of a text.
 *
 * Shapes    t has hidden, context and mid.
 * Errors    AT_ENOTFOUND: the model has no language-model head.       Memory  the arena's.
 */
AT_MUST_USE int at_direct_effects(struct at_direct_effects *out, const struct at_model *m,
                                  const struct at_trace *t, const struct at_logit *logit,
                                  struct at_arena *arena, struct at_error *err);

#endif
