/*
 * detector.h - a bias classifier made ready: model, labels, thresholds, perhaps a second one.
 */
#ifndef CMD_DETECTOR_H
#define CMD_DETECTOR_H

#include "analysis/bias.h"
#include "base/pool.h"
#include "cmd/manifest.h"
#include "cmd/opt.h"
#include "model/weights.h"
#include "text/tokenizer.h"

struct detector_options {
    struct opt_list thresholds; /* --threshold: "0.4", "GEN=0.4", "GEN=0.4,STEREO=0.6" */
    const char *set;            /* --thresholds KEY: a row of the source's table */
    const char *ensemble;       /* --ensemble NAME: a second classifier */
    struct at_bias_rule rule;   /* what detector_check() made of them */
    bool has_rule;
};
#define DETECTOR_OPTIONS(o)                                                                        \
    OPT_LIST(0, "threshold", &(o)->thresholds, "P|CAT=P,...",                                      \
             "flag from this probability on, for all or by category (GEN, UNFAIR, STEREO)"),       \
        OPT_TEXT(0, "thresholds", &(o)->set, "KEY", "thresholds of a published classifier"),       \
        OPT_TEXT(0, "ensemble", &(o)->ensemble, "NAME|DIR",                                        \
                 "second classifier with the same tokenizer; weighted mean of the probabilities")

/* detector_check - thresholds that are none, unknown keys; answers an exit status. */
int detector_check(struct detector_options *o);

/* A checkpoint may bring thresholds, one for each label, in this file beside its weights. */
#define DETECTOR_THRESHOLDS "optimized_thresholds.npy"

struct detector {
    struct at_model *model; /* of this classifier; may be the job's own */
    struct at_tokenizer *tokenizer;
    struct at_bias_labels labels;
    struct at_bias_rule rule;
    char *thresholds_path; /* that file, when the rule is from it */
    struct detector *second;
    struct at_model own_model; /* when it was opened here */
    struct at_tokenizer *own_tokenizer;
};

/*
 * detector_use - make a model that is open a detector; detector_open - find and open it, too.
 *
 * Thresholds are those of the options, else of config.json, else of DETECTOR_THRESHOLDS, else those
 * known for the name, else 0.5.
 * o must have passed detector_check(), or be zeroed.
 * Errors    AT_EFORMAT: other labels, no classifier, a broken file of thresholds; AT_ENOTFOUND;
 *           AT_ERANGE: a threshold outside 0 to 1.
 * Memory    detector_close(), which accepts a zeroed struct. out must not be moved after use.
 */
AT_MUST_USE int detector_use(struct detector *out, struct at_model *model,
                             struct at_tokenizer *tokenizer, const char *name,
                             const struct detector_options *o, struct at_error *err);
AT_MUST_USE int detector_open(struct detector *out, const char *name,
                              const struct detector_options *o, struct at_error *err);
void detector_close(struct detector *d);

/* detector_note - the files it was opened with, as a manifest's inputs. Accepts a zeroed struct. */
AT_MUST_USE int detector_note(const struct detector *d, struct manifest *m, struct at_error *err);

/* detector_rule - kind, source and thresholds of the decision, as documents tell them; null for a
   zeroed struct. */
struct at_json *detector_rule(const struct detector *d);

/*
 * detector_check_text - AT_EFORMAT when the second classifier cuts the text into other tokens than
 * these, the detector's own; AT_ERANGE when they are too many for it.
 */
AT_MUST_USE int detector_check_text(const struct detector *d, const struct at_tokens *tokens,
                                    const char *text, struct at_error *err);

/*
 * detector_judge - verdicts (tokens->n) of a text that passed detector_check_text(). hidden (T,C)
 * are the final states of its model, or NULL to compute them here.
 */
AT_MUST_USE int detector_judge(struct at_bias_token *verdicts, const struct detector *d,
                               const struct at_tokens *tokens, const float *hidden,
                               struct at_pool *pool, struct at_error *err);

/* detector_read - tokens and verdicts of a text, both the caller's; AT_ERANGE when too long. */
AT_MUST_USE int detector_read(struct at_tokens *tokens, struct at_bias_token **verdicts,
                              const struct detector *d, const char *text, struct at_pool *pool,
                              struct at_error *err);

/*
 * detector_flag - which tokens of another model's tokenisation the detector flags.
 *
 * A token is flagged when it shares bytes of the text with a flagged token of the detector's own;
 * special tokens never are. flagged[0] is any category, flagged[1 + c] category c; (tokens->n)
 * each, all false before.
 */
AT_MUST_USE int detector_flag(bool *const flagged[1 + AT_N_BIAS], const struct detector *d,
                              const struct at_tokens *tokens, const char *text,
                              struct at_pool *pool, struct at_error *err);

#endif
