/*
 * lm_head.h - predictions from final hidden states: masked LM, causal LM, next sentence.
 *
 * Logits that are not finite are AT_EFORMAT, which names the weight that is not (model/numbers.h).
 *
 * Only the rows that are asked for go through the head: never (T,V) for a mask, never more than a
 * block of rows at a time when only the top k or a log-probability is wanted.
 */
#ifndef MODEL_LM_HEAD_H
#define MODEL_LM_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "model/weights.h"

/* at_lm_head_present - GPT-2 always but when its own decoder is missing, BERT when it has MLM. */
bool at_lm_head_present(const struct at_model *m);

/* at_lm_logits - logits (N,V) of hidden (N,C); AT_ENOTFOUND when the model has no such head. */
AT_MUST_USE int at_lm_logits(float *logits, const struct at_model *m, const float *hidden, size_t N,
                             struct at_pool *pool, struct at_error *err);

struct at_prediction {
    int id;
    float logit;
    double p; /* softmax over the vocabulary */
};

/* One row's predictions: the k most probable tokens (ties: lower id first) and one token's own. */
struct at_ranking {
    struct at_prediction *top; /* (k), the caller's array; beyond the vocabulary id is -1 */
    int token;                 /* id asked about, or -1 */
    size_t token_rank;         /* 1 is the most probable; 0 when token is -1 */
    double token_log_p;        /* natural log; NaN when token is -1 */
    double log_sum_exp;        /* p = exp(logit - log_sum_exp) */
};

/* at_lm_rank - fill rankings (N), each with its token and room for k set by the caller.
   Errors  AT_ENOTFOUND, no head; AT_ERANGE, a token outside the vocabulary. */
AT_MUST_USE int at_lm_rank(struct at_ranking *rankings, size_t k, const struct at_model *m,
                           const float *hidden, size_t N, struct at_pool *pool,
                           struct at_error *err);

/* at_lm_rank_seen - the same; see is shown the logits (V) of every row on the way, from several
   threads at a time, each row once. */
typedef void (*at_logits_fn)(void *arg, size_t row, const float *logits, double log_sum_exp);
AT_MUST_USE int at_lm_rank_seen(struct at_ranking *rankings, size_t k, const struct at_model *m,
                                const float *hidden, size_t N, at_logits_fn see, void *arg,
                                struct at_pool *pool, struct at_error *err);

/* at_lm_log_probs - out[i] = ln p(tokens[i] | hidden row i), natural log. Errors as above. */
AT_MUST_USE int at_lm_log_probs(double *out, const int *tokens, const struct at_model *m,
                                const float *hidden, size_t N, struct at_pool *pool,
                                struct at_error *err);

/* at_next_sentence - probability that B follows A, from the [CLS] row (C). AT_ENOTFOUND. */
AT_MUST_USE int at_next_sentence(double *p_out, const struct at_model *m, const float *cls_hidden,
                                 struct at_error *err);

#endif
