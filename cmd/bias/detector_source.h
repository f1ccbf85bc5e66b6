/*
 * detector_source.h - which bias classifier flags tokens: the call's own model, or one of its own;
 * with which thresholds, and together with which second one.
 */
#ifndef BIAS_DETECTOR_SOURCE_H
#define BIAS_DETECTOR_SOURCE_H

#include "analysis/bias_detector.h"
#include "cmd/cmd.h"

struct detector_source {
    bool is_model;              /* the call's model must be one */
    const char *name;           /* --detector; NULL: the call's model when it is one, else ours */
    struct opt_list thresholds; /* --threshold: "0.4", "GEN=0.4", "GEN=0.4,STEREO=0.6" */
    const char *set, *ensemble;
    const char *labels; /* --labels: roles of a classifier with labels of its own */
    struct at_bias_label_map map;
    struct opt options[6]; /* to include in a table, after detector_source_init() */
    struct at_bias_rule rule;
    bool has_rule; /* of the options */
    struct at_session own, second;
    struct at_detector detector; /* after detector_source_open() */
};

/* detector_source_init - is_model: the command is about the call's model, which must be one; then
   there is no --detector. */
void detector_source_init(struct detector_source *d, bool is_model);
/* detector_source_check - thresholds that are none, unknown keys; answers an exit status. A model
   that is the detector reads texts as detectors do. */
int detector_source_check(struct detector_source *d, struct call *c);
/* detector_source_given - are there options of a detector? */
bool detector_source_given(const struct detector_source *d);
/* detector_source_open - the classifiers; noted in the manifest. */
AT_MUST_USE int detector_source_open(struct detector_source *d, const struct context *x,
                                     struct at_error *err);
void detector_source_close(struct detector_source *d);

/* category_names - of pictures, in the order of enum at_bias_category. */
extern const char *const category_names[AT_N_BIAS];

#endif
