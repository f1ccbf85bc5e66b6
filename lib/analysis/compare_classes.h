/*
 * compare_classes.h - what two classifiers of whole texts, or one of two texts, say of each class.
 */
#ifndef ANALYSIS_COMPARE_CLASSES_H
#define ANALYSIS_COMPARE_CLASSES_H

#include "base/arena.h"
#include "io/record.h"
#include "session/classes.h"

/* A class of both: classes[] of compare.json, classes.csv. */
struct at_compare_class {
    const char *label;
    double a, b;             /* probabilities, or the values of regressions */
    double difference;       /* a - b */
    double logit_a, logit_b; /* NaN of regressions */
};
extern const struct at_record at_compare_class_record;

/* at_compare_classes - the classes that both have by name, in a's order, the arena's; *n 0 also
   where one is a regression and the other is not. */
struct at_compare_class *at_compare_classes(size_t *n, const struct at_classes *a,
                                            const struct at_classes *b, struct at_arena *arena);

#endif
