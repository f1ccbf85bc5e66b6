/*
 * bias.h - which tokens a bias classifier flags: labels, thresholds and the decision.
 *
 * The classifier has seven independent sigmoid labels, O and B-/I- of three categories. Labels are
 * judged token by token; there is no BIO decoding, an I- without a B- counts.
 *
 * Source    GUS-Net (Powers et al. 2024, arXiv 2410.08388) as used by Attention Atlas, whose
 *           thresholds these are.
 */
#ifndef ANALYSIS_BIAS_H
#define ANALYSIS_BIAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/config.h"
#include "text/tokenizer.h"

enum at_bias_category { AT_BIAS_GEN, AT_BIAS_UNFAIR, AT_BIAS_STEREO, AT_N_BIAS };
enum { AT_BIAS_O = 0, AT_N_BIAS_LABELS = 7 }; /* O B-STEREO I-STEREO B-GEN I-GEN B-UNFAIR ... */

extern const char *const at_bias_keys[AT_N_BIAS + 1]; /* "GEN"; ends with NULL */
const char *at_bias_label_name(size_t label);         /* "B-GEN" */

/* Where each of the seven labels is among the outputs of a classifier. */
struct at_bias_labels {
    size_t column[AT_N_BIAS_LABELS];
};

/*
 * at_bias_find_labels - by name, in any order; LABEL_0 .. LABEL_6 are taken in the order above.
 *
 * Errors    AT_EFORMAT: other labels, with the first of those that were found.
 */
AT_MUST_USE int at_bias_find_labels(struct at_bias_labels *out, const struct at_config *config,
                                    struct at_error *err);
/* at_bias_is_classifier - are they there? The prefix_space of sessions (session/session.h), too:
   the published classifiers were trained with a space before the text. */
bool at_bias_is_classifier(const struct at_config *config);

/*
 * When a category fires. By label (the optimised rule): when either of its two probabilities
 * reaches that label's threshold. By category (the manual rule): when the larger one reaches the
 * category's.
 */
struct at_bias_rule {
    bool is_by_label;
    double label[AT_N_BIAS_LABELS]; /* O's is not used */
    double category[AT_N_BIAS];
    const char *source; /* "config.json", "gusnet-bert", "default 0.5", "given"; borrowed */
};

/*
 * at_bias_rule_of - thresholds for a model: those in its config.json, else the row of the source's
 * table that its name asks for ("pinthoz/gus-net-bert-large" finds "gusnet-bert-large"), else 0.5.
 */
struct at_bias_rule at_bias_rule_of(const struct at_config *config,
                                    const struct at_bias_labels *labels, const char *model_name);
/* at_bias_rule_by_label - the optimised rule; thresholds (n_labels) in the classifier's order. */
struct at_bias_rule at_bias_rule_by_label(const double *thresholds,
                                          const struct at_bias_labels *labels, const char *source);
/* at_bias_rule_named - a row of the table by its key; AT_ENOTFOUND lists the keys. */
AT_MUST_USE int at_bias_rule_named(struct at_bias_rule *out, const char *key, struct at_error *err);
/* at_bias_rule_manual - the manual rule with one threshold per category. */
struct at_bias_rule at_bias_rule_manual(const double *category);

/* One token's verdict. */
struct at_bias_token {
    double score[AT_N_BIAS]; /* max of the B- and I- probabilities; 0 for special tokens */
    double score_o;
    bool is_special;
    bool is_suppressed; /* punctuation: keeps its scores, is never flagged */
    struct at_bias_fired {
        int label;           /* the strongest firing label; -1 when the category does not fire */
        double p, threshold; /* of that label (manual rule: of the category); NaN */
    } fired[AT_N_BIAS];
};

bool at_bias_is_flagged(const struct at_bias_token *t);

/*
 * at_bias_tokens - judge every token of a text.
 *
 * Shapes    out (tokens->n); p (tokens->n, n_labels) probabilities as at_classify() gives them.
 */
void at_bias_tokens(struct at_bias_token *out, const float *p, size_t n_labels,
                    const struct at_bias_labels *labels, const struct at_tokens *tokens,
                    const struct at_tokenizer *tokenizer, const struct at_bias_rule *rule);

/*
 * at_bias_fuse - probabilities of two classifiers as one: p = w_a p_a + w_b p_b.
 *
 * Weights of (a, b): GEN (0.3, 0.7), UNFAIR and STEREO (0.7, 0.3), O (0.5, 0.5), as in
 * Attention Atlas. Goes with the manual rule and needs one tokenisation for both.
 * Shapes    out (n, AT_N_BIAS_LABELS), its labels in the order above; a (n, n_labels_a), b alike.
 */
void at_bias_fuse(float *out, const float *a, size_t n_labels_a, const struct at_bias_labels *la,
                  const float *b, size_t n_labels_b, const struct at_bias_labels *lb, size_t n);

/* at_bias_explain - append "Generalization (0.61 >= 0.35, B-GEN); Stereotype (...)"; nothing when
   no category fired. The manual rule names no label. */
void at_bias_explain(struct at_strbuf *out, const struct at_bias_token *t, bool is_by_label);

/* How sure a flagged token is: the largest probability that fired. */
enum at_bias_tier { AT_BIAS_TIER_LOW, AT_BIAS_TIER_MEDIUM, AT_BIAS_TIER_HIGH, AT_N_BIAS_TIERS };
double at_bias_confidence(const struct at_bias_token *t); /* NaN when nothing fired */
enum at_bias_tier at_bias_tier(double confidence);        /* < 0.70, < 0.85, the rest */
const char *at_bias_tier_name(enum at_bias_tier t);

#endif
