/*
 * bias_text.h - what a bias detector says of one text: its tokens, words, spans, and how much of it
 * is flagged.
 */
#ifndef ANALYSIS_BIAS_TEXT_H
#define ANALYSIS_BIAS_TEXT_H

#include "analysis/bias_detector.h"
#include "analysis/bias_spans.h"
#include "analysis/corpus.h"
#include "session/doc.h"

struct at_bias_text_options {
    double min_score;               /* spans with a lower mean score are told, but not shown */
    struct at_bias_weights weights; /* of the composite level */
};

/* A category that fired. */
struct at_bias_fired_row {
    const char *category;
    double p, threshold;
    const char *label; /* NULL with thresholds by category */
};

/* A token: tokens.csv, and tokens[] of bias.json. */
struct at_bias_token_row {
    size_t index;
    const char *token, *label;
    size_t start, end; /* bytes; AT_NONE for tokens that are not in the text */
    bool is_special, is_suppressed;
    double score[AT_N_BIAS], score_o;
    unsigned labels;                 /* categories that fired, bits of at_bias_keys */
    struct at_bias_fired_row *fired; /* (n_fired) */
    size_t n_fired;
    double confidence;              /* NaN when nothing fired, and then */
    const char *tier, *explanation; /* NULL */
};
extern const struct at_record at_bias_token_row_record;

/* A word, as the coloured text and lists of words show it. */
struct at_bias_word_row {
    const char *text;
    bool is_continuation; /* nothing stands between it and the word before */
    bool is_shown;        /* its span is */
    unsigned labels;
    double p[AT_N_BIAS]; /* greatest of its pieces that fired in a category; NaN when none did */
    double p_max;        /* of all categories */
};

/* A run of adjacent flagged words: spans.csv, and spans[] of bias.json. */
struct at_bias_span_row {
    const char *category; /* "any", or the one that its words are flagged with */
    size_t first_word, start, end, first_token, n_tokens, n_words;
    const char *text;
    unsigned labels;
    double score, mean[AT_N_BIAS];
    bool is_shown;
    const char *explanation;
};
extern const struct at_record at_bias_span_row_record;

struct at_bias_category_spans {
    const char *category;
    struct at_bias_span_row *spans; /* (n) */
    size_t n;
};

struct at_bias_summary_row {
    struct at_bias_summary of;
    unsigned categories; /* those that were found */
};
struct at_bias_level_row {
    struct at_bias_level of;
    const char *band; /* NULL without words */
};

struct at_bias_result {
    struct at_detector_rule rule;
    struct at_bias_token_row *tokens; /* (n_tokens) */
    size_t n_tokens;
    float *scores;                  /* (AT_N_BIAS + 1, n_tokens) categories, O; NaN of special
                                       tokens */
    struct at_bias_word_row *words; /* (n_words) */
    size_t n_words;
    struct at_bias_span_row *spans; /* (n_all_spans) those of any category, n_spans, come first */
    size_t n_spans, n_all_spans, n_hidden;      /* hidden: of n_spans not shown */
    struct at_bias_category_spans *by_category; /* (n_categories) */
    size_t n_categories;
    struct at_bias_summary_row summary;
    struct at_bias_level_row level;
    size_t tiers[AT_N_BIAS_TIERS]; /* flagged tokens by confidence */
    const char *caution;           /* what the model says of itself; or NULL */
};
extern const struct at_record at_bias_result_record; /* bias.json without its meta */

/*
 * at_bias_text - of a text that passed at_detector_agrees(); hidden (T,C) are the final states of
 * the detector's model, or NULL to compute them here.
 *
 * Errors    those of at_detector_judge().
 * Memory    what it points to is the arena's, the doc's and the detector's.
 */
AT_MUST_USE int at_bias_text(struct at_bias_result *out, struct at_arena *arena,
                             const struct at_detector *d, const struct at_doc *doc,
                             const float *hidden, const struct at_bias_text_options *options,
                             struct at_error *err);

/* texts.csv */
struct at_bias_text_row {
    struct at_text_head of;
    struct at_bias_summary_row summary;
    struct at_bias_level_row level;
};
extern const struct at_record at_bias_text_row_record;

#endif
