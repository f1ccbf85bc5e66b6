/*
 * scorer.h - log-probabilities of tokens from very many small forward passes.
 *
 * Questions ("what is the log-probability of token 2123 at row 5 of this sequence?") wait in line
 * until a batch is full, then one pass answers them all: sequences lie side by side without
 * padding, the last layer and the language-model head see only the rows that were asked about, and
 * what a causal text shares with the one before it is computed once. Memory is one batch, whatever
 * the number of texts or masks.
 *
 *   at_scorer_init(&s, &model, tokenizer, pool, 0);
 *   at_scorer_add_text(&s, log_p, &tokens, NULL, rule, &err);     many times
 *   at_scorer_run(&s, &err);                      now every log_p is filled
 *   at_scorer_release(&s);
 */
#ifndef ANALYSIS_SCORER_H
#define ANALYSIS_SCORER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "base/pool.h"
#include "model/weights.h"
#include "text/tokenizer.h"

enum { AT_ASK_NEXT_SENTENCE = -1 };

/* One number wanted from a sequence. */
struct at_question {
    size_t row;  /* of the sequence, from 0 */
    int token;   /* ln p(token | row's final state), or AT_ASK_NEXT_SENTENCE: p(is next), row 0 */
    double *out; /* written by the run that answers; must stay valid until then */
};

struct at_questions AT_ARRAY(struct at_question);
struct at_ints AT_ARRAY(int);
struct at_sizes AT_ARRAY(size_t);

struct at_scorer {
    const struct at_model *model;
    const struct at_tokenizer *tokenizer;
    struct at_pool *pool;
    size_t batch_tokens;
    int mask_id;        /* -1 when the vocabulary has none */
    size_t n_rows_done; /* tokens that went through the model, for rates */
    /* The batch that waits; start and prefix as at_batch and at_forward_options want them. */
    struct at_ints ids, segments;
    struct at_sizes start, prefix;
    size_t whole; /* number of the last text with prefix 0 */
    struct at_questions waiting;
    float *lone_state;      /* (C) final state of a lone start token; NULL until it is needed */
    struct at_ints variant; /* scratch: one sequence with its masks */
};

/* at_scorer_init - batch_tokens 0 means AT_SCORER_ROWS (session/batch.h). */
void at_scorer_init(struct at_scorer *s, const struct at_model *m, const struct at_tokenizer *t,
                    struct at_pool *pool, size_t batch_tokens);
void at_scorer_release(struct at_scorer *s); /* accepts a zeroed struct; unasked questions go */

/*
 * at_scorer_add - put one sequence in line; may run the batch in front of it.
 *
 * Shapes    ids, segments (n), segments NULL for all 0; questions in ascending order of row.
 * Errors    AT_ERANGE: too many tokens ("613 tokens, the model takes 512"), none, or an id the
 *           model does not have. Nothing was added and the scorer can go on. Any other code is
 *           from the batch that ran, and final.
 */
AT_MUST_USE int at_scorer_add(struct at_scorer *s, const int *ids, const int *segments, size_t n,
                              const struct at_question *questions, size_t n_questions,
                              struct at_error *err);

/* at_scorer_run - answer everything that waits. */
AT_MUST_USE int at_scorer_run(struct at_scorer *s, struct at_error *err);
/* at_scorer_drop - forget everything that waits, so that its answers' memory may go. */
void at_scorer_drop(struct at_scorer *s);

/* What is hidden when a piece of a word is scored by a masked model. */
enum at_pll {
    AT_PLL_ORIGINAL,   /* the piece itself (Salazar et al. 2020) */
    AT_PLL_WORD_L2R,   /* and the later pieces of its word (Kauf and Ivanova 2023) */
    AT_PLL_WHOLE_WORD, /* and all other pieces of its word */
};

/* What stands before the first token of a causal model. */
enum at_bos {
    AT_BOS_NONE,    /* nothing: the first token is not scored */
    AT_BOS_PREPEND, /* <|endoftext|>, for the whole text, unless it begins with that anyway */
    AT_BOS_APART,   /* the first token is scored after a lone <|endoftext|>, the rest without it */
};

struct at_score_rule {
    enum at_pll pll; /* masked models */
    enum at_bos bos; /* causal models */
};

/*
 * at_scorer_add_text - ask for ln p of the tokens of one text, whatever the model's kind.
 *
 * Masked: each wanted token is masked in turn (and others of its word, see enum at_pll). Causal:
 * each wanted token given those before it. Special tokens are never scored.
 *
 * Shapes    log_p (tokens->n): NaN for what is not scored, the rest written when a run answers;
 *           wanted (tokens->n) or NULL for every token.
 * Units     nats.      Errors   as at_scorer_add(); AT_ENOTFOUND without a mask or start token.
 */
AT_MUST_USE int at_scorer_add_text(struct at_scorer *s, double *log_p,
                                   const struct at_tokens *tokens, const bool *wanted,
                                   struct at_score_rule rule, struct at_error *err);

/* Sum over the scored tokens of a text. */
struct at_text_score {
    double sum, mean; /* nats; mean is NaN when nothing was scored */
    size_t n;         /* tokens scored */
};
struct at_text_score at_text_score(const double *log_p, size_t n);

#endif
