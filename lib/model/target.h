/*
 * target.h - what is explained: one number for each text, from its final hidden states through one
 * of the model's heads, and its gradient there for at_backward().
 *
 *   AT_TARGET_TOKENS       sum of weight ln p(token at row), by the language-model head
 *   AT_TARGET_LABELS       sum of weight p(label at row), by the token classifier
 *   AT_TARGET_CLASSES      sum of weight ln p(class), by the classifier of whole texts, else the
 *                          next-sentence head, from the state of row, pooled where the model does;
 *                          of a regression the sum of weight value
 *   AT_TARGET_POOLED_NORM  length of the mean final hidden state of the tokens that are not hidden
 *
 * One term is a token's log-probability; two with weights 1 and -1 at one row a contrast, which is
 * a difference of logits and costs no more than two rows of the decoder; one for each token of a
 * text its likelihood. ln is natural; p of a classifier is as in model/classify.h.
 */
#ifndef MODEL_TARGET_H
#define MODEL_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "model/backward.h"

enum at_target_kind {
    AT_TARGET_TOKENS,
    AT_TARGET_LABELS,
    AT_TARGET_CLASSES,
    AT_TARGET_POOLED_NORM,
};

/* A part of a text's number. */
struct at_target_term {
    size_t row; /* token of the text, from 0: where the head looks */
    int index;  /* token id, label or class */
    double weight;
};

/* What one text is asked. No terms is 0; a pooled norm has none. */
struct at_target {
    const struct at_target_term *terms;
    size_t n;
};

/* A final row that targets look at, and its terms. */
struct at_target_row {
    size_t text;
    size_t first, n; /* terms first .. first+n-1 of struct at_targets */
    double sum;      /* of their weights */
};

/* The targets of a batch, and after a pass their values. */
struct at_targets {
    const struct at_model *m;
    struct at_pool *pool;
    enum at_target_kind kind;
    bool is_multi_label;            /* labels and classes: config.is_multi_label until changed */
    const unsigned char *is_hidden; /* (N) or NULL: what a pooled norm leaves out */
    enum at_rule rule;              /* as in struct at_backward_options */
    size_t B, *rows, n_rows; /* rows of the batch that targets look at, ascending; rows is NULL for
                                a pooled norm, which looks at all */
    size_t *first;           /* (B+1) where each text's rows begin among them */
    struct at_target_row *row;    /* (n_rows) */
    struct at_target_term *terms; /* those of all texts, by row */
    double *values;               /* (B) */
};

/*
 * at_targets_init - check the targets of a batch, and find out which rows they look at.
 *
 * Shapes    target (B), not needed afterwards; NULL for a pooled norm.
 * Errors    AT_ENOTFOUND, the model has no such head; AT_ERANGE, a token, label or class it does
 *           not have. A row outside the text is a bug.
 */
AT_MUST_USE int at_targets_init(struct at_targets *out, const struct at_model *m,
                                enum at_target_kind kind, const struct at_batch *batch,
                                const struct at_target *target, struct at_pool *pool,
                                struct at_error *err);
void at_targets_release(struct at_targets *t);

/* at_targets_gradient - values and gradients of a group: the target of struct at_backward_options,
   with rows and n_rows as its final rows and t as its argument. */
AT_MUST_USE int at_targets_gradient(void *t, const struct at_final_view *view,
                                    struct at_error *err);

/* at_targets_evaluate - values alone, from what at_forward() put out for the same final rows. */
AT_MUST_USE int at_targets_evaluate(struct at_targets *t, const float *hidden,
                                    struct at_error *err);

#endif
