/*
 * classes.h - what a classifier of whole texts says of one: classes with their probabilities, or
 * the values of a regression.
 */
#ifndef SESSION_CLASSES_H
#define SESSION_CLASSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "session/doc.h"

struct at_class {
    const char *label; /* the model's */
    double p, logit;   /* NaN of a regression, */
    double value;      /* which has one; NaN of classes */
};
extern const struct at_record at_class_record; /* classes[] of run.json, classes.csv */

struct at_classes {
    struct at_class *items; /* (n) in the order of the model's labels */
    size_t n;               /* 0: the model has no such head */
    bool is_regression;
};

/*
 * at_classes_of - hidden (T,C) are the final states of doc; s NULL, as with a capture, or hidden
 * NULL: none. p is a softmax over the classes, or a sigmoid of each where they do not exclude one
 * another (problem_type multi_label_classification).
 *
 * Errors    AT_EFORMAT: the logits are not finite.      Memory  the arena's and the model's.
 */
AT_MUST_USE int at_classes_of(struct at_classes *out, const struct at_session *s,
                              const struct at_doc *doc, const float *hidden, struct at_arena *arena,
                              struct at_error *err);

/* at_class_row - the token whose state classes are told from: the first where it sums up the text,
   else the last. */
size_t at_class_row(const struct at_doc *doc);

#endif
