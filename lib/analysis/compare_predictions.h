/*
 * compare_predictions.h - what two models, or one in two texts, expect at the same place.
 */
#ifndef ANALYSIS_COMPARE_PREDICTIONS_H
#define ANALYSIS_COMPARE_PREDICTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/token_alignment.h"
#include "base/arena.h"
#include "session/predict.h"

/* A row of predictions.csv. */
struct at_compare_prediction {
    const char *text_id; /* of one of many texts, else NULL */
    size_t index_a;      /* position that is predicted; past the last token: what would follow */
    const char *token_a;
    double p_a; /* of that token */
    size_t rank_a;
    const char *top_a; /* the most probable */
    double top_p_a;
    size_t index_b;
    const char *token_b;
    double p_b;
    size_t rank_b;
    const char *top_b;
    double top_p_b;
    double difference; /* p_a - p_b, when the token is the same */
    bool is_changed;   /* top_a is not top_b */
    size_t n_shared;   /* of the k most probable */
    double kl, kl_reverse;
    const char *label_a, *top_label_a, *label_b, *top_label_b; /* pieces as people write them */
};
extern const struct at_record at_compare_prediction_record;

struct at_compare_predictions {
    struct at_compare_prediction *items; /* (n) in the order of the first text */
    size_t n;
    double mean_kl;          /* NaN without any */
    double top_changed;      /* share of them; likewise */
    bool has_one_vocabulary; /* else no divergence is defined */
    struct at_arena arena;
};

/* A side: final_hidden (T,C) of the unchanged text. */
struct at_compare_predictor {
    const struct at_session *session;
    const struct at_doc *doc;
    const float *final_hidden;
};

/*
 * at_compare_predict - at every position that both predict.
 *
 * Causal models are compared where their contexts end at tokens that belong together, others, and
 * a causal one with a masked one, where the tokens that are predicted do. Positions of
 * options->mask are those of the first; of the second their partners.
 *
 *   kl = sum over the vocabulary of p_a ln(p_a / p_b), kl_reverse with a and b exchanged
 *
 * Units     nats.      Edge  NaN where the vocabularies are not the same, piece by piece.
 * Errors    AT_ENOMEM: the logits of the first are held, T x V floats; those of at_predict().
 * Memory    at_compare_predictions_release(), which accepts a zeroed struct; nothing on failure.
 */
AT_MUST_USE int at_compare_predict(struct at_compare_predictions *out,
                                   const struct at_compare_predictor *a,
                                   const struct at_compare_predictor *b,
                                   const struct at_token_alignment *t,
                                   const struct at_predict_options *options, struct at_error *err);
void at_compare_predictions_release(struct at_compare_predictions *p);

#endif
