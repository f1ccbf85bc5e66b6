/*
 * bias_detect.h - what bias_detect.c finds and bias_detect_report.c tells.
 */
#ifndef CMD_BIAS_DETECT_H
#define CMD_BIAS_DETECT_H

#include "analysis/bias_spans.h"
#include "cmd/detector.h"
#include "cmd/job.h"

/* One text in the table over all of them. */
struct detect_row {
    const char *id;
    struct at_bias_summary summary;
    struct at_bias_level level;
};

/* One call of the command. */
struct detect_call {
    struct detector_options options;
    double min_score; /* spans below are told of, but not coloured */
    const char *weights_text;
    struct at_bias_weights weights;
    struct detector detector;
    struct detect_rows AT_ARRAY(struct detect_row) rows;
};

/* One text. */
struct detect_state {
    struct job *job;
    struct detect_call *call;
    const struct doc *doc;
    struct at_bias_token *verdicts; /* (tokens) */
    struct at_bias_words words;
    struct at_bias_spans spans; /* any category */
    struct at_bias_summary summary;
    struct at_bias_level level;
};

/* detect_report - documents, tables, pictures or the coloured text. */
AT_MUST_USE int detect_report(struct detect_state *s, struct at_error *err);
/* detect_texts_table - texts.csv, a row per text, when there were several. */
AT_MUST_USE int detect_texts_table(struct detect_call *c, struct job *job, struct at_error *err);

#endif
