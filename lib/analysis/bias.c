/*
 * bias.c - see bias.h.
 */
#include "analysis/bias.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const at_bias_keys[AT_N_BIAS + 1] = { "GEN", "UNFAIR", "STEREO", NULL };
static const char *const names[AT_N_BIAS] = { "Generalization", "Unfairness", "Stereotype" };
static const char *const label_names[AT_N_BIAS_LABELS] = { "O",     "B-STEREO", "I-STEREO", "B-GEN",
                                                           "I-GEN", "B-UNFAIR", "I-UNFAIR" };
static const size_t first_label[AT_N_BIAS] = { 3, 5, 1 };

/* The source's, tuned for its own classifiers. */
static const struct thresholds {
    const char *key;
    double label[AT_N_BIAS_LABELS];
} tuned[] = {
    { "gusnet-bert", { .4265, .4071, .3938, .3462, .3669, .3184, .3630 } },
    { "gusnet-bert-large", { .5194, .4882, .5640, .4915, .4429, .5264, .5000 } },
    { "gusnet-gpt2", { .4250, .3977, .3500, .3617, .3913, .3278, .4174 } },
    { "gusnet-gpt2-medium", { .5090, .5500, .5500, .4814, .6376, .4170, .5252 } },
    { "bert-new", { .4992, .5111, .8500, .4276, .6500, .4614, .6500 } },
    { "gpt2-new", { .4607, .4328, .8500, .4537, .6500, .3500, .6500 } },
    { "bert-sparse", { .4760, .3750, .3475, .3251, .3975, .3420, .3309 } },
    { "gpt2-sparse", { .4664, .3656, .2993, .3696, .4000, .3501, .3659 } },
    { "bert-paper", { .5039, .4993, .5410, .4630, .4658, .4632, .4140 } },
    { "gpt2-paper", { .5000, .4862, .4946, .5012, .5000, .4748, .4750 } },
};

const char *at_bias_label_name(size_t label)
{
    AT_BUG_IF(label >= AT_N_BIAS_LABELS);
    return label_names[label];
}

static long find_label(const struct at_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_labels; i++)
        if (strcmp(config->labels[i], name) == 0)
            return (long)i;
    return -1;
}

int at_bias_find_labels(struct at_bias_labels *out, const struct at_config *config,
                        struct at_error *err)
{
    struct at_bias_labels labels;
    size_t n_named = 0, n_numbered = 0;

    for (size_t l = 0; l < AT_N_BIAS_LABELS; l++) {
        char numbered[16];
        long at = find_label(config, label_names[l]);
        snprintf(numbered, sizeof numbered, "LABEL_%zu", l);
        n_numbered += find_label(config, numbered) == (long)l;
        n_named += at >= 0;
        labels.column[l] = at >= 0 ? (size_t)at : l;
    }
    if (n_named != AT_N_BIAS_LABELS &&
        !(config->n_labels == AT_N_BIAS_LABELS && n_numbered == AT_N_BIAS_LABELS))
        return at_fail(err, AT_EFORMAT,
                       "not a bias classifier: found %zu labels%s%s%s, want O, B-STEREO, I-STEREO, "
                       "B-GEN, I-GEN, B-UNFAIR and I-UNFAIR",
                       config->n_labels, config->n_labels ? " ('" : "",
                       config->n_labels ? config->labels[0] : "",
                       config->n_labels ? "', ...)" : "");
    *out = labels;
    return 0;
}

bool at_bias_is_classifier(const struct at_config *config)
{
    struct at_bias_labels labels;

    return at_bias_find_labels(&labels, config, NULL) == 0;
}

struct at_bias_rule at_bias_rule_manual(const double *category)
{
    struct at_bias_rule rule = { .source = "given" };

    memcpy(rule.category, category, sizeof rule.category);
    return rule;
}

struct at_bias_rule at_bias_rule_by_label(const double *thresholds,
                                          const struct at_bias_labels *labels, const char *source)
{
    struct at_bias_rule rule = { .is_by_label = true, .source = source };

    for (size_t l = 0; l < AT_N_BIAS_LABELS; l++)
        rule.label[l] = thresholds[labels->column[l]];
    return rule;
}

/* Row of the table for a model's name: its last part, "gus-net" written as one word. */
static const struct thresholds *row_for(const char *model_name)
{
    const char *slash = strrchr(model_name, '/'), *base = slash ? slash + 1 : model_name;
    char key[64];
    int n = strncmp(base, "gus-net", 7) == 0 ? snprintf(key, sizeof key, "gusnet%s", base + 7)
                                             : snprintf(key, sizeof key, "%s", base);

    for (size_t i = 0; n < (int)sizeof key && i < AT_COUNTOF(tuned); i++)
        if (strcmp(tuned[i].key, key) == 0)
            return &tuned[i];
    return NULL;
}

static struct at_bias_rule rule_from_row(const struct thresholds *row)
{
    struct at_bias_rule rule = { .is_by_label = true, .source = row->key };

    memcpy(rule.label, row->label, sizeof rule.label);
    return rule;
}

struct at_bias_rule at_bias_rule_of(const struct at_config *config,
                                    const struct at_bias_labels *labels, const char *model_name)
{
    static const double half[AT_N_BIAS] = { 0.5, 0.5, 0.5 };
    const struct thresholds *row = row_for(model_name);
    struct at_bias_rule rule = at_bias_rule_manual(half);

    rule.source = "default 0.5";
    if (config->label_thresholds)
        return at_bias_rule_by_label(config->label_thresholds, labels, "config.json");
    return row ? rule_from_row(row) : rule;
}

int at_bias_rule_named(struct at_bias_rule *out, const char *key, struct at_error *err)
{
    const struct thresholds *row = row_for(key);
    struct at_strbuf known = { 0 };
    int rc;

    if (row) {
        *out = rule_from_row(row);
        return 0;
    }
    for (size_t i = 0; i < AT_COUNTOF(tuned); i++)
        at_strbuf_addf(&known, "%s%s", i ? ", " : "", tuned[i].key);
    rc = at_fail(err, AT_ENOTFOUND, "no thresholds for '%s'; known are %s", key, known.s);
    at_strbuf_release(&known);
    return rc;
}

/* The source's list, with the typographic forms of the same marks. */
static bool is_punctuation(const char *label)
{
    static const char *const marks[] = { ".", ",", "!",  "?",  ";",  ":",  "(", ")",  "[",   "]",
                                         "{", "}", "-",  "–",  "—",  "'",  "‘", "’",  "\"",  "“",
                                         "”", "`", "``", "''", "'s", "’s", "/", "\\", "...", "…" };

    for (size_t i = 0; i < AT_COUNTOF(marks); i++)
        if (strcmp(label, marks[i]) == 0)
            return true;
    return false;
}

/* p (labels in our order) against the rule; the strongest label that fires wins. */
static struct at_bias_fired judge(enum at_bias_category c, const double *p,
                                  const struct at_bias_rule *rule)
{
    struct at_bias_fired fired = { -1, NAN, NAN };

    for (size_t k = 0; k < 2; k++) {
        size_t label = first_label[c] + k;
        double threshold = rule->is_by_label ? rule->label[label] : rule->category[c];
        if (p[label] >= threshold && (fired.label < 0 || p[label] > fired.p))
            fired = (struct at_bias_fired){ (int)label, p[label], threshold };
    }
    return fired;
}

static void judge_token(struct at_bias_token *out, const double *p, const struct at_bias_rule *rule)
{
    out->score_o = p[AT_BIAS_O];
    for (size_t c = 0; c < AT_N_BIAS; c++) {
        out->score[c] = fmax(p[first_label[c]], p[first_label[c] + 1]);
        if (!out->is_suppressed)
            out->fired[c] = judge((enum at_bias_category)c, p, rule);
    }
}

void at_bias_tokens(struct at_bias_token *out, const float *p, size_t n_labels,
                    const struct at_bias_labels *labels, const struct at_tokens *tokens,
                    const struct at_tokenizer *tokenizer, const struct at_bias_rule *rule)
{
    struct at_strbuf label = { 0 };

    for (size_t i = 0; i < tokens->n; i++) {
        const struct at_token *t = &tokens->items[i];
        double sorted[AT_N_BIAS_LABELS];
        out[i] = (struct at_bias_token){ .is_special = t->is_special };
        for (size_t c = 0; c < AT_N_BIAS; c++)
            out[i].fired[c] = (struct at_bias_fired){ -1, NAN, NAN };
        if (t->is_special)
            continue;
        at_strbuf_clear(&label);
        at_tokenizer_add_label(tokenizer, &label, t->id);
        out[i].is_suppressed = is_punctuation(at_strbuf_str(&label));
        for (size_t l = 0; l < AT_N_BIAS_LABELS; l++)
            sorted[l] = (double)p[i * n_labels + labels->column[l]];
        judge_token(&out[i], sorted, rule);
    }
    at_strbuf_release(&label);
}

bool at_bias_is_flagged(const struct at_bias_token *t)
{
    for (size_t c = 0; c < AT_N_BIAS; c++)
        if (t->fired[c].label >= 0)
            return true;
    return false;
}

void at_bias_fuse(float *out, const float *a, size_t n_labels_a, const struct at_bias_labels *la,
                  const float *b, size_t n_labels_b, const struct at_bias_labels *lb, size_t n)
{
    static const double weight_a[AT_N_BIAS_LABELS] = { 0.5, 0.7, 0.7, 0.3, 0.3, 0.7, 0.7 };

    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l < AT_N_BIAS_LABELS; l++) {
            double pa = (double)a[i * n_labels_a + la->column[l]];
            double pb = (double)b[i * n_labels_b + lb->column[l]];
            out[i * AT_N_BIAS_LABELS + l] = (float)(weight_a[l] * pa + (1.0 - weight_a[l]) * pb);
        }
}

void at_bias_explain(struct at_strbuf *out, const struct at_bias_token *t, bool is_by_label)
{
    const char *separator = "";

    for (size_t c = 0; c < AT_N_BIAS; c++) {
        const struct at_bias_fired *f = &t->fired[c];
        if (f->label < 0)
            continue;
        at_strbuf_addf(out, "%s%s (%.2f >= %.2f", separator, names[c], f->p, f->threshold);
        if (is_by_label)
            at_strbuf_addf(out, ", %s", label_names[f->label]);
        at_strbuf_addc(out, ')');
        separator = "; ";
    }
}

double at_bias_confidence(const struct at_bias_token *t)
{
    double best = NAN;

    for (size_t c = 0; c < AT_N_BIAS; c++)
        if (t->fired[c].label >= 0)
            best = fmax(best, t->fired[c].p); /* fmax passes over a NaN */
    return best;
}

enum at_bias_tier at_bias_tier(double confidence)
{
    return confidence < 0.70   ? AT_BIAS_TIER_LOW
           : confidence < 0.85 ? AT_BIAS_TIER_MEDIUM
                               : AT_BIAS_TIER_HIGH;
}

const char *at_bias_tier_name(enum at_bias_tier t)
{
    static const char *const tiers[AT_N_BIAS_TIERS] = { "low", "medium", "high" };

    return tiers[t];
}
