/*
 * bias_detector.h - a bias classifier made ready: sessions, labels, the rule that decides.
 *
 * Sessions are lent and not changed; open them with at_bias_is_classifier() as their prefix_space.
 */
#ifndef ANALYSIS_BIAS_DETECTOR_H
#define ANALYSIS_BIAS_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/bias_labels.h"
#include "base/arena.h"
#include "io/record.h"
#include "session/session.h"

struct at_detector {
    const struct at_session *session;
    const struct at_session *second; /* of an ensemble, or NULL */
    const char *second_name;         /* "--ensemble": what messages about it begin with */
    struct at_bias_labels labels, second_labels;
    const struct at_bias_label_map *map; /* of other labels, lent; or NULL */
    struct at_bias_rule rule;
    bool in_windows;       /* texts longer than a classifier are read in windows, not refused */
    char *thresholds_path; /* AT_THRESHOLDS_FILE of the model, when the rule is from it */
};

/*
 * at_detector_init - with the rule given, else with the model's own: thresholds of config.json, of
 * AT_THRESHOLDS_FILE, those known for its name, or 0.5.
 *
 * Errors    AT_EFORMAT: other labels, no classifier, a broken file of thresholds; AT_ERANGE: a
 *           threshold outside 0 to 1.
 * Memory    at_detector_release(), which accepts a zeroed struct.
 */
AT_MUST_USE int at_detector_init(struct at_detector *out, const struct at_session *session,
                                 const struct at_bias_rule *rule, struct at_error *err);
/* at_detector_init_mapped - of any token classifier, whose labels the map says; it must outlive the
   detector. Without a rule the threshold is 0.5. */
AT_MUST_USE int at_detector_init_mapped(struct at_detector *out, const struct at_session *session,
                                        const struct at_bias_label_map *map,
                                        const struct at_bias_rule *rule, struct at_error *err);
/* at_detector_join - an ensemble with a second classifier, whose rule does not count; name: what
   messages about it begin with. AT_EFORMAT as above. */
AT_MUST_USE int at_detector_join(struct at_detector *d, const struct at_session *second,
                                 const char *name, struct at_error *err);
void at_detector_release(struct at_detector *d);

/* The rule as documents tell it: thresholds by label, without O's, or by category. */
struct at_detector_threshold {
    const char *name; /* "B-GEN" or "GEN" */
    double threshold;
};
struct at_detector_rule {
    const char *kind, *source;                /* kind: "by label" or "by category" */
    struct at_detector_threshold *thresholds; /* (n_thresholds) */
    size_t n_thresholds;
};
extern const struct at_record at_detector_rule_record;

/* at_detector_rule - the thresholds are the arena's. */
struct at_detector_rule at_detector_rule(const struct at_detector *d, struct at_arena *arena);

/*
 * at_detector_agrees - AT_EFORMAT when the second classifier cuts the text into other tokens than
 * these, the detector's own; AT_ERANGE when they are too many for it. 0 without a second.
 */
AT_MUST_USE int at_detector_agrees(const struct at_detector *d, const struct at_tokens *tokens,
                                   const char *text, struct at_error *err);

/*
 * at_detector_judge - verdicts (tokens->n) of a text that passed at_detector_agrees(). hidden (T,C)
 * are the final states of its model, or NULL to compute them here.
 */
AT_MUST_USE int at_detector_judge(struct at_bias_token *verdicts, const struct at_detector *d,
                                  const struct at_tokens *tokens, const float *hidden,
                                  struct at_error *err);

/* at_detector_read - tokens and verdicts of a text, both the caller's; AT_ERANGE when too long. */
AT_MUST_USE int at_detector_read(struct at_tokens *tokens, struct at_bias_token **verdicts,
                                 const struct at_detector *d, const char *text,
                                 struct at_error *err);

/*
 * at_detector_flag - which tokens of another model's tokenisation the detector flags.
 *
 * A token is flagged when it shares bytes of the text with a flagged token of the detector's own;
 * special tokens never are. flagged[0] is any category, flagged[1 + c] category c; (tokens->n)
 * each, all false before.
 */
AT_MUST_USE int at_detector_flag(bool *const flagged[1 + AT_N_BIAS], const struct at_detector *d,
                                 const struct at_tokens *tokens, const char *text,
                                 struct at_error *err);

#endif
