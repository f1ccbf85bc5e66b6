/*
 * classify.h - classification heads: probabilities per label of tokens, logits of whole texts.
 */
#ifndef MODEL_CLASSIFY_H
#define MODEL_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "model/weights.h"

/*
 * at_classify - out (N, n_labels): sigmoid of each logit when labels do not exclude each other,
 * softmax otherwise; softmax within each group when label names have one ("upos:NOUN", "ner:O").
 *
 * is_multi_label is config.is_multi_label, unless the caller knows the model better.
 * Errors    AT_ENOTFOUND, the model has no token classifier; AT_EFORMAT, its logits are not finite.
 */
AT_MUST_USE int at_classify(float *out, const struct at_model *m, const float *hidden, size_t N,
                            bool is_multi_label, struct at_pool *pool, struct at_error *err);

/*
 * at_class_logits - of the classifier of whole texts, what it has before its last product included.
 *
 * Shapes    out (n_labels); state (C): the final state of the token that stands for the text.
 * Errors    AT_ENOTFOUND, the model has no such head; AT_EFORMAT, the logits are not finite.
 */
AT_MUST_USE int at_class_logits(float *out, const struct at_model *m, const float *state,
                                struct at_pool *pool, struct at_error *err);

/* at_label_group - length of the "group" before the colon of a label name; 0 when it has none. */
size_t at_label_group(const char *label);

/* at_label_leaders - (n_labels) the first label of each one's group; free() it. */
AT_MUST_USE size_t *at_label_leaders(const struct at_config *c);

#endif
