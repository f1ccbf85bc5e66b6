/*
 * bias_spans.h - from flagged tokens to words, spans and a summary of a text.
 *
 * Source    Attention Atlas, its bias summary and spans; here pieces become words before spans are
 *           built, so that a word is never cut into several spans.
 */
#ifndef ANALYSIS_BIAS_SPANS_H
#define ANALYSIS_BIAS_SPANS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/bias.h"
#include "base/array.h"
#include "base/strbuf.h"
#include "text/tokenizer.h"

/* A word: its pieces together. */
struct at_bias_word {
    size_t first_token, n_tokens;
    size_t start, end;       /* bytes in the text */
    bool has_letter;         /* or digit; words without any are not counted */
    bool fired[AT_N_BIAS];   /* by any piece */
    double score[AT_N_BIAS]; /* largest of its pieces */
};

struct at_bias_words AT_ARRAY(struct at_bias_word);

/* at_bias_words - words of a text from its tokens' verdicts (tokens->n). Memory at_array_release().
   Tokens of a second segment are not part of text and not expected. */
void at_bias_words(struct at_bias_words *out, const struct at_bias_token *verdicts,
                   const struct at_tokens *tokens, const char *text);

/* Adjacent flagged words. */
struct at_bias_span {
    size_t first_word, n_words;
    size_t first_token, n_tokens;
    size_t start, end;      /* bytes in the text */
    bool fired[AT_N_BIAS];  /* by any word */
    double mean[AT_N_BIAS]; /* mean score over the words, of every category */
    double score;           /* mean of those of the categories that fired */
};

struct at_bias_spans AT_ARRAY(struct at_bias_span);

/*
 * at_bias_spans - maximal runs of adjacent flagged words; a special token ends a run.
 *
 * category: -1 for words flagged with anything (categories may mix), else one category alone.
 * Memory    appends to *out, at_array_release().
 */
void at_bias_spans(struct at_bias_spans *out, const struct at_bias_words *words, long category);

/* at_bias_span_explain - explanations of the span's flagged tokens, joined by " | ". */
void at_bias_span_explain(struct at_strbuf *out, const struct at_bias_span *span,
                          const struct at_bias_token *verdicts, bool is_by_label);

struct at_bias_summary {
    size_t total, flagged;   /* words with a letter or digit */
    size_t count[AT_N_BIAS]; /* of them, by category */
    double percentage;       /* 100 flagged / total; NaN without words */
    double confidence; /* mean over flagged words and their categories of the score; NaN for none */
};

void at_bias_summary(struct at_bias_summary *out, const struct at_bias_words *words);

/* Weights of the composite level; divided by their sum. The source's, a heuristic. */
struct at_bias_weights {
    double density, category[AT_N_BIAS];
};
#define AT_BIAS_WEIGHTS_INIT                                                                       \
    {                                                                                              \
        0.30,                                                                                      \
        {                                                                                          \
            0.20, 0.25, 0.25                                                                       \
        }                                                                                          \
    }

enum at_bias_band { AT_BIAS_LOW, AT_BIAS_MODERATE, AT_BIAS_HIGH, AT_BIAS_NO_BAND };

struct at_bias_level {
    double score;                        /* 0..1; NaN without words */
    enum at_bias_band band;              /* below 0.15, below 0.40, the rest; none of a NaN */
    double density, category[AT_N_BIAS]; /* the components before weighting, 0..1 */
};

/* at_bias_level - min(1, sum of weight * component); a category's is min(1, 5 count / total). */
void at_bias_level(struct at_bias_level *out, const struct at_bias_summary *s,
                   const struct at_bias_weights *weights);
const char *at_bias_band_name(enum at_bias_band b); /* NULL for AT_BIAS_NO_BAND */

#endif
