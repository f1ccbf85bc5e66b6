/*
 * predict.h - what a model expects at each position of a text.
 *
 * Masked models: each chosen position is replaced by the mask token in a copy of its own, the
 * copies run in batches and only the masked rows go through the last layer and the head. Causal
 * models: the next token after every position, from the hidden states of the one pass. A window
 * (session/doc_window.h) predicts what it owns; a mask is of the whole text.
 */
#ifndef SESSION_PREDICT_H
#define SESSION_PREDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "model/lm_head.h"
#include "session/doc.h"

/* Which positions a masked model is asked about. */
enum at_mask_choice {
    AT_MASK_AUTO, /* the mask tokens of the text; without any, every token that is not special of a
                     text of at most AT_MASK_AUTO_MOST tokens, and none of a longer one */
    AT_MASK_ALL,  /* both */
    AT_MASK_NONE, /* no predictions, of causal models neither */
    AT_MASK_LIST
};

#define AT_MASK_AUTO_MOST 64

struct at_mask {
    enum at_mask_choice choice;
    const size_t *positions; /* (n) of AT_MASK_LIST */
    size_t n;
};

struct at_predict_options {
    struct at_mask mask;
    size_t k;                                             /* most probable tokens, at least 1 */
    void (*progress)(void *arg, size_t n_done, size_t n); /* of masked positions; or NULL */
    void *arg;
    /* The logits (V) of the position that is predicted, from several threads at a time; or NULL. */
    at_logits_fn see;
    void *see_arg;
};

/* One of the most probable tokens. */
struct at_guess {
    size_t rank;       /* from 1 */
    const char *token; /* piece */
    int id;
    double p;
    float logit;
};

/* One position. */
struct at_predicted {
    size_t index;       /* whose token is predicted: masked, or following index - 1 */
    const char *token;  /* piece that stands there; NULL past the end of a text */
    size_t token_rank;  /* 1 is the most probable; AT_NONE when it is not known: a mask, the end */
    double token_p;     /* NaN likewise */
    double log_sum_exp; /* p = exp(logit - log_sum_exp) */
    struct at_guess *top; /* (n_top), fewer than k in a small vocabulary; none without a number */
    size_t n_top;
};
extern const struct at_record at_predicted_record; /* run.json, predictions[] */

struct at_predictions {
    struct at_predicted *items; /* (n), in order of index, of a list as it is */
    size_t n;
    double next_sentence; /* probability that the pair follows; NaN when not asked or no head */
    struct at_arena arena;
};

/* at_predict_check - AT_ERANGE when a listed position is outside the text. */
AT_MUST_USE int at_predict_check(const struct at_session *s, const struct at_doc *doc,
                                 const struct at_mask *mask, struct at_error *err);

/* at_predict_leaves_out - a long text that AT_MASK_AUTO predicts nothing of. */
bool at_predict_leaves_out(const struct at_session *s, const struct at_doc *doc,
                           const struct at_mask *mask);

/*
 * at_predict - the doc and the mask passed at_predict_check().
 *
 * hidden (T,C): final states of the unchanged text. No head, or mask none: no predictions; a pair
 * is judged all the same when the model has a next-sentence head. s NULL, as with a capture:
 * nothing. Strings are those of doc and tokenizer.
 * Errors    AT_ENOMEM.     Memory  at_predictions_release().
 */
AT_MUST_USE int at_predict(struct at_predictions *out, const struct at_session *s,
                           const struct at_doc *doc, const float *hidden,
                           const struct at_predict_options *options, struct at_error *err);
void at_predictions_release(struct at_predictions *p); /* accepts a zeroed struct */

/* predictions.csv: a position and one of its guesses. */
struct at_prediction_row {
    struct at_predicted position;
    struct at_guess guess;
    const char *token_label, *prediction_label; /* as people write the two */
};
extern const struct at_record at_prediction_row_record;
/* at_prediction_rows - (*n), the arena's. s may be NULL when there are no predictions. */
struct at_prediction_row *at_prediction_rows(size_t *n, const struct at_predictions *p,
                                             const struct at_session *s, const struct at_doc *doc,
                                             struct at_arena *arena);

#endif
