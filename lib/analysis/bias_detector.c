/*
 * bias_detector.c - see bias_detector.h.
 */
#include "analysis/bias_detector.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "session/classify_text.h"

static const struct at_field threshold_fields[] = {
    AT_FIELD(struct at_detector_threshold, name, "name", NULL, "label, or category"),
    AT_FIELD(struct at_detector_threshold, threshold, NULL, "probability",
             "least probability that flags"),
    AT_FIELD_END
};
static const struct at_record threshold_record =
    AT_RECORD(struct at_detector_threshold, threshold_fields);

static const struct at_field rule_fields[] = {
    AT_FIELD(struct at_detector_rule, kind, "kind", NULL, "by label, or by category"),
    AT_FIELD(struct at_detector_rule, source, "source", NULL, "where the thresholds are from"),
    AT_FIELD_LIST(struct at_detector_rule, thresholds, n_thresholds, "thresholds",
                  &threshold_record, "by label or category", .flags = AT_KEYED),
    AT_FIELD_END
};
const struct at_record at_detector_rule_record = AT_RECORD(struct at_detector_rule, rule_fields);

static int find_labels(struct at_bias_labels *out, const struct at_session *s, struct at_error *err)
{
    int rc = at_bias_find_labels(out, &s->model.config, err);

    if (!rc && !s->model.weights.classifier.w.data)
        rc = at_fail(err, AT_EFORMAT, "the checkpoint has no token classifier");
    return rc ? at_error_in(err, "'%s'", s->spec) : 0;
}

/* The rule that comes with the model; what its config.json says goes before all else. */
static int own_rule(struct at_detector *d, struct at_error *err)
{
    const struct at_config *c = &d->session->model.config;
    double *t = NULL;
    int rc;

    d->rule = at_bias_rule_of(c, &d->labels, d->session->name);
    if (c->label_thresholds)
        return 0;
    rc = at_thresholds_read(&t, &d->thresholds_path, d->session, err);
    if (!rc && t)
        d->rule = at_bias_rule_by_label(t, &d->labels, AT_THRESHOLDS_FILE);
    free(t);
    return rc;
}

int at_detector_init(struct at_detector *out, const struct at_session *session,
                     const struct at_bias_rule *rule, struct at_error *err)
{
    struct at_detector d = { .session = session };
    int rc = find_labels(&d.labels, session, err);

    if (!rc && rule)
        d.rule = *rule;
    else if (!rc)
        rc = own_rule(&d, err);
    if (!rc)
        *out = d;
    return rc;
}

int at_detector_init_mapped(struct at_detector *out, const struct at_session *session,
                            const struct at_bias_label_map *map, const struct at_bias_rule *rule,
                            struct at_error *err)
{
    static const double half[AT_N_BIAS] = { 0.5, 0.5, 0.5 };
    struct at_detector d = { .session = session, .map = map };

    if (!session->model.weights.classifier.w.data)
        return at_fail(err, AT_EFORMAT, "'%s' has no token classifier", session->spec);
    d.rule = rule ? *rule : at_bias_rule_manual(half);
    if (!rule)
        d.rule.source = "default 0.5";
    *out = d;
    return 0;
}

int at_detector_join(struct at_detector *d, const struct at_session *second, const char *name,
                     struct at_error *err)
{
    int rc = d->map ? at_fail(err, AT_ERANGE, "an ensemble is of detectors with the seven labels")
                    : find_labels(&d->second_labels, second, err);

    if (rc)
        return rc;
    d->second = second;
    d->second_name = name;
    return 0;
}

struct at_detector_rule at_detector_rule(const struct at_detector *d, struct at_arena *arena)
{
    const struct at_bias_rule *r = &d->rule;
    size_t n = r->is_by_label ? AT_N_BIAS_LABELS - 1 : AT_N_BIAS;
    struct at_detector_threshold *t = at_arena_alloc(arena, n, sizeof *t);

    for (size_t i = 0; i < n; i++)
        t[i] = r->is_by_label
                   ? (struct at_detector_threshold){ at_bias_label_name(i + 1), r->label[i + 1] }
                   : (struct at_detector_threshold){ at_bias_keys[i], r->category[i] };
    return (struct at_detector_rule){ r->is_by_label ? "by label" : "by category", r->source, t,
                                      n };
}

void at_detector_release(struct at_detector *d)
{
    free(d->thresholds_path);
    *d = (struct at_detector){ 0 };
}

int at_detector_agrees(const struct at_detector *d, const struct at_tokens *tokens,
                       const char *text, struct at_error *err)
{
    if (!d->second || !at_classify_agrees(d->second, tokens, text, d->in_windows, err))
        return 0;
    return at_error_in(err, "%s", d->second_name);
}

/* The seven labels do not exclude one another, whatever config.json says; of others it is right. */
static bool is_multi_label(const struct at_detector *d)
{
    return !d->map || d->map->is_multi_label;
}

/* Verdicts from what the first classifier says, p (tokens->n, n_labels), and the second if any. */
static int judge(struct at_bias_token *verdicts, const struct at_detector *d,
                 const struct at_tokens *tokens, const float *p, struct at_error *err)
{
    static const struct at_bias_labels in_order = { { 0, 1, 2, 3, 4, 5, 6 } };
    const struct at_tokenizer *t = d->session->tokenizer;
    size_t n_labels = d->session->model.config.n_labels;
    float *second = NULL, *fused;
    int rc;

    if (d->map) {
        fused = at_malloc(tokens->n * AT_N_BIAS_LABELS, sizeof *fused);
        at_bias_label_map_apply(fused, d->map, p, tokens->n);
        at_bias_tokens(verdicts, fused, AT_N_BIAS_LABELS, &in_order, tokens, t, &d->rule);
        free(fused);
        return 0;
    }
    if (!d->second) {
        at_bias_tokens(verdicts, p, n_labels, &d->labels, tokens, t, &d->rule);
        return 0;
    }
    rc = at_classify_tokens(&second, d->second, tokens, NULL, true, err);
    if (rc)
        return rc;
    fused = at_malloc(tokens->n * AT_N_BIAS_LABELS, sizeof *fused);
    at_bias_fuse(fused, p, n_labels, &d->labels, second, d->second->model.config.n_labels,
                 &d->second_labels, tokens->n);
    at_bias_tokens(verdicts, fused, AT_N_BIAS_LABELS, &in_order, tokens, t, &d->rule);
    free(second);
    free(fused);
    return 0;
}

int at_detector_judge(struct at_bias_token *verdicts, const struct at_detector *d,
                      const struct at_tokens *tokens, const float *hidden, struct at_error *err)
{
    float *p = NULL;
    int rc = at_classify_tokens(&p, d->session, tokens, hidden, is_multi_label(d), err);

    if (!rc)
        rc = judge(verdicts, d, tokens, p, err);
    free(p);
    return rc;
}

int at_detector_read(struct at_tokens *tokens, struct at_bias_token **verdicts,
                     const struct at_detector *d, const char *text, struct at_error *err)
{
    const struct at_classify_options options = { .is_multi_label = is_multi_label(d),
                                                 .in_windows = d->in_windows,
                                                 .what = "bias classifier" };
    struct at_classified c = { 0 };
    struct at_bias_token *v = NULL;
    int rc = at_classify_text(&c, d->session, text, &options, err);

    if (!rc)
        rc = at_detector_agrees(d, &c.tokens, text, err);
    if (!rc) {
        v = at_calloc(c.tokens.n, sizeof *v);
        rc = judge(v, d, &c.tokens, c.p, err);
    }
    if (!rc) {
        *tokens = c.tokens;
        *verdicts = v;
        c.tokens = (struct at_tokens){ 0 };
    } else {
        free(v);
    }
    at_classified_release(&c);
    return rc;
}

/* Do two tokens share a byte of the text? */
static bool overlaps(const struct at_token *a, const struct at_token *b)
{
    return a->start != AT_NO_OFFSET && b->start != AT_NO_OFFSET && a->start < b->end &&
           b->start < a->end;
}

int at_detector_flag(bool *const flagged[1 + AT_N_BIAS], const struct at_detector *d,
                     const struct at_tokens *tokens, const char *text, struct at_error *err)
{
    struct at_tokens own = { 0 };
    struct at_bias_token *verdicts = NULL;
    int rc = at_detector_read(&own, &verdicts, d, text, err);

    if (rc)
        return rc;
    for (size_t j = 0; j < own.n; j++) {
        if (!at_bias_is_flagged(&verdicts[j]))
            continue;
        for (size_t i = 0; i < tokens->n; i++) {
            if (tokens->items[i].is_special || !overlaps(&tokens->items[i], &own.items[j]))
                continue;
            flagged[0][i] = true;
            for (size_t c = 0; c < AT_N_BIAS; c++)
                flagged[1 + c][i] |= verdicts[j].fired[c].label >= 0;
        }
    }
    at_tokens_release(&own);
    free(verdicts);
    return 0;
}
