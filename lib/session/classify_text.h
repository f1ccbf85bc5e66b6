/*
 * classify_text.h - a token classifier on a text: the probability of every label for every token,
 * with the tokens as the classifier cuts the text. Taggers and bias detectors go through it.
 */
#ifndef SESSION_CLASSIFY_TEXT_H
#define SESSION_CLASSIFY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "session/session.h"

struct at_classify_options {
    bool is_multi_label; /* labels do not exclude each other, whatever config.json says */
    bool is_truncated;   /* cut a text that is longer than the model allows */
    bool in_windows;     /* or read it in windows of its length, half of it apart */
    const char *what;    /* the classifier in messages, "bias classifier"; NULL: "classifier" */
};

struct at_classified {
    struct at_tokens tokens; /* the classifier's own, with offsets into the text */
    size_t n_tokens_given;   /* before they were cut */
    float *p;                /* (tokens.n, config.n_labels) */
};

/*
 * at_classify_text - tokenize a text, run the model, ask its token classifier.
 *
 * Errors    AT_ENOTFOUND: no token classifier; AT_ERANGE: no token, or too many and not to be cut;
 *           AT_ENOMEM, and what the tokenizer says.
 * Memory    at_classified_release().
 */
AT_MUST_USE int at_classify_text(struct at_classified *out, const struct at_session *s,
                                 const char *text, const struct at_classify_options *options,
                                 struct at_error *err);
void at_classified_release(struct at_classified *c); /* accepts a zeroed struct */

/*
 * at_classify_tokens - the same of a text that is tokenized already, perhaps run already.
 *
 * Shapes    hidden (tokens->n,C): the model's final states, or NULL to compute them here;
 *           *out (tokens->n, config.n_labels).
 * Errors    AT_ENOTFOUND, AT_ENOMEM; what at_forward() says.      Memory  *out is the caller's.
 */
AT_MUST_USE int at_classify_tokens(float **out, const struct at_session *s,
                                   const struct at_tokens *tokens, const float *hidden,
                                   bool is_multi_label, struct at_error *err);

/*
 * at_classify_agrees - can two classifiers be asked about the same tokens? second cuts the text
 * into tokens of its own; in_windows: too many are not.
 *
 * Errors    AT_EFORMAT when those are others; AT_ERANGE when they are too many for it.
 */
AT_MUST_USE int at_classify_agrees(const struct at_session *second, const struct at_tokens *tokens,
                                   const char *text, bool in_windows, struct at_error *err);

/* A checkpoint may bring thresholds, one for each label, in this file beside its weights. */
#define AT_THRESHOLDS_FILE "optimized_thresholds.npy"

/*
 * at_thresholds_read - those of a session's model; *out and *path_out stay NULL without the file.
 *
 * Shapes    *out (config.n_labels), 0 to 1.
 * Errors    AT_EFORMAT, AT_EIO; AT_ERANGE: a value outside 0 to 1.      Memory  both the caller's.
 */
AT_MUST_USE int at_thresholds_read(double **out, char **path_out, const struct at_session *s,
                                   struct at_error *err);

#endif
