/*
 * job_predict.h - what a model expects at each position of a text.
 *
 * Masked models: each chosen position is replaced by [MASK] in a copy of its own, the copies run in
 * batches and only the masked rows go through the last layer and the MLM head. Causal models: the
 * next token after every position, from the hidden states of the one pass.
 */
#ifndef CMD_JOB_PREDICT_H
#define CMD_JOB_PREDICT_H

#include "cmd/job.h"
#include "model/lm_head.h"

struct predicted {
    size_t index; /* position whose token is predicted: masked, or following index - 1 */
    struct at_ranking ranking;
};

struct predictions {
    struct predicted *items; /* (n), in order of index */
    size_t n, k;
    struct at_prediction *top; /* (n,k) behind the rankings */
    double next_sentence; /* probability that the pair follows; NaN when not asked or no head */
};

/* predict_takes_mask - is it "auto", "all", "none" or a list of positions, "3,5-7"? */
bool predict_takes_mask(const char *mask);

/* predict_check - AT_ERANGE when a mask that predict_takes_mask() is outside the text. */
AT_MUST_USE int predict_check(const struct job *job, const struct doc *doc, const char *mask,
                              struct at_error *err);

/*
 * predict - fill *out; the text and the mask passed predict_check().
 *
 * hidden (T,C): final states of the unchanged text. No head, or mask none: no predictions; a pair
 * is judged all the same when the model has a next-sentence head.
 * Errors    AT_ENOMEM.     Memory  predictions_release().
 */
AT_MUST_USE int predict(struct predictions *out, const struct job *job, const struct doc *doc,
                        const float *hidden, const char *mask, size_t k, struct at_error *err);
void predictions_release(struct predictions *p);

#endif
