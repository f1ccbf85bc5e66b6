/*
 * aim.h - what of a model's answers is to be explained, named as people name it: a token and its
 * foil, labels, a class. The same for every text; session/probe.h asks it of one.
 */
#ifndef SESSION_AIM_H
#define SESSION_AIM_H

#include <stddef.h>

#include "base/arena.h"
#include "model/target.h"
#include "session/session.h"

enum at_aim_choice {
    AT_AIM_AUTO,        /* the first of these that the call names, or else the model has */
    AT_AIM_TOKEN,       /* ln p of a token, or of one less that of another */
    AT_AIM_LIKELIHOOD,  /* ln p of the text; of masked models each token hidden in turn */
    AT_AIM_LABEL,       /* probabilities of labels, summed over tokens */
    AT_AIM_CLASS,       /* ln p of a class of the whole text, or the value of a regression */
    AT_AIM_POOLED_NORM, /* length of the mean final hidden state */
};

struct at_aim_options {
    enum at_aim_choice choice;
    const char *token, *foil; /* as text, or NULL */
    const char *label;        /* a label, a category of labels ("GEN" of B-GEN), a class; or NULL */
};

struct at_aim {
    enum at_aim_choice choice; /* never AUTO */
    const char *kind;          /* "token", "contrast", "likelihood", "label", "class", "regression",
                         "pooled_norm" */
    enum at_target_kind how;
    int token, foil;   /* ids; -1: what the model expects, no foil */
    const char *label; /* as asked; NULL: all labels but O */
    int *labels;       /* (n_labels) labels or the class */
    size_t n_labels;
};

/*
 * at_aim_init - find out what the names mean.
 *
 * Edge      A word for a byte-level vocabulary is first looked for as it stands inside a text,
 *           with a space before it. A piece may be written as the vocabulary has it: "##ing".
 * Errors    AT_ENOTFOUND: no such head or label, or "'unlikely' is no token of the vocabulary,
 *           which makes of it 'unlike' + '##ly'"; AT_ERANGE: an empty token, or one for a model
 *           without a language-model head.
 * Memory    the arena's.
 */
AT_MUST_USE int at_aim_init(struct at_aim *out, const struct at_session *s,
                            const struct at_aim_options *options, struct at_arena *arena,
                            struct at_error *err);

/* at_class_name - of a classifier of whole texts, else of a next-sentence head. */
const char *at_class_name(const struct at_model *m, int class);

#endif
