/*
 * bias_labels.h - labels of any token classifier as the seven of a bias detector.
 *
 * A map is a list of NAME=ROLE. NAME is a label of the classifier, or what is left of it without
 * its group ("ner:") and its place in a span ("B-", "I-"). ROLE is a category, GEN, UNFAIR or
 * STEREO, whose B- or I- follows from the label (B- without one), one of the seven, or O. Labels
 * that are not named are O.
 */
#ifndef ANALYSIS_BIAS_LABELS_H
#define ANALYSIS_BIAS_LABELS_H

#include "analysis/bias.h"

struct at_bias_label_map {
    size_t *role; /* (n) of each label of the classifier: AT_BIAS_O .. AT_N_BIAS_LABELS - 1 */
    size_t n;
    bool is_multi_label;
};

/*
 * at_bias_label_map_read - text: "HATE=STEREO,B-GROUP=GEN", or the name of a file with one a line
 * ("#" begins a comment).
 *
 * Errors    AT_ERANGE: no "=", a name that is no label, one twice, an unknown role, no category at
 *           all; those of at_text_read().
 * Memory    at_bias_label_map_release().
 */
AT_MUST_USE int at_bias_label_map_read(struct at_bias_label_map *out, const char *text,
                                       const struct at_config *config, struct at_error *err);
void at_bias_label_map_release(struct at_bias_label_map *m); /* accepts a zeroed struct */

/*
 * at_bias_label_map_apply - probabilities of the seven labels from those of the classifier.
 *
 * Labels that exclude one another are added up; of others a role has the greatest.
 * Shapes    out (N, AT_N_BIAS_LABELS); p (N, m->n).
 */
void at_bias_label_map_apply(float *out, const struct at_bias_label_map *m, const float *p,
                             size_t N);

#endif
