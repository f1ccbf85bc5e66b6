/*
 * detector_source.c - see detector_source.h.
 */
#include "cmd/bias/detector_source.h"

#include <stdlib.h>
#include <string.h>

static const char BUILT_IN[] = "atlas-bias";

const char *const category_names[AT_N_BIAS] = { "generalisation", "unfairness", "stereotype" };

/* clang-format off */
void detector_source_init(struct detector_source *d, bool is_model)
{
    const struct opt options[] = {
        OPT_TEXT(0, "detector", &d->name, "NAME|DIR", "classifier that flags; default: the model itself when it is one, else atlas-bias"),
        OPT_TEXT(0, "labels", &d->labels, "NAME=ROLE,...|FILE", "roles of the classifier's own labels: GEN, UNFAIR, STEREO, O"),
        OPT_LIST(0, "threshold", &d->thresholds, "P|CAT=P,...", "flag from this probability on, for all or by category (GEN, UNFAIR, STEREO)"),
        OPT_TEXT(0, "thresholds", &d->set, "KEY", "thresholds of a published classifier"),
        OPT_TEXT(0, "ensemble", &d->ensemble, "NAME|DIR", "second classifier with the same tokenizer; weighted mean of the probabilities"),
        OPT_END,
    };

    *d = (struct detector_source){ .is_model = is_model };
    memcpy(d->options, options + is_model, sizeof options - is_model * sizeof *options);
}
/* clang-format on */

/* --- thresholds --- */

/* "0.4" for every category, "GEN=0.4" for one. */
static int take_threshold(double *category, const char *item, size_t n)
{
    const char *equals = memchr(item, '=', n), *number = equals ? equals + 1 : item;
    char text[32], *end;
    size_t length = (size_t)(item + n - number), c = 0;
    double v;

    if (length == 0 || length >= sizeof text)
        return report_usage("--threshold: no number in '%.*s'", (int)n, item);
    memcpy(text, number, length);
    text[length] = '\0';
    v = strtod(text, &end);
    if (*end || !(v >= 0.0 && v <= 1.0))
        return report_usage("--threshold: '%s' is not a probability", text);
    for (; equals && c < AT_N_BIAS; c++) {
        const char *key = at_bias_keys[c];
        if (strlen(key) == (size_t)(equals - item) && !memcmp(key, item, strlen(key)))
            break;
    }
    if (c == AT_N_BIAS)
        return report_usage("--threshold: no category '%.*s'; want GEN, UNFAIR, STEREO",
                            (int)(equals - item), item);
    for (size_t i = 0; i < AT_N_BIAS; i++)
        if (!equals || i == c)
            category[i] = v;
    return EXIT_DONE;
}

/* Explicit thresholds are the manual rule; categories that are not named keep 0.5. */
static int take_rule(struct detector_source *d)
{
    double category[AT_N_BIAS] = { 0.5, 0.5, 0.5 };
    struct at_error err;
    int status = EXIT_DONE;

    if (d->set && d->thresholds.n)
        return report_usage("--threshold and --thresholds exclude each other");
    if (d->set && at_bias_rule_named(&d->rule, d->set, &err))
        return report_usage("--thresholds: %s", err.text);
    for (size_t i = 0; i < d->thresholds.n && !status; i++)
        for (const char *s = d->thresholds.items[i]; !status; s += strcspn(s, ",") + 1) {
            status = take_threshold(category, s, strcspn(s, ","));
            if (!s[strcspn(s, ",")])
                break;
        }
    if (!d->set)
        d->rule = at_bias_rule_manual(category);
    d->has_rule = d->set || d->ensemble || d->thresholds.n;
    return status;
}

/* --- which one --- */

bool detector_source_given(const struct detector_source *d)
{
    return d->name || d->labels || d->set || d->ensemble || d->thresholds.n;
}

int detector_source_check(struct detector_source *d, struct call *c)
{
    if (!d->name)
        c->prefix_space = at_bias_is_classifier;
    if (d->labels && (d->set || d->ensemble))
        return report_usage("--labels are of a classifier of one's own; leave out --%s",
                            d->set ? "thresholds" : "ensemble");
    return take_rule(d);
}

static int open_one(struct at_session *s, const char *name, const struct context *x,
                    struct at_error *err)
{
    const struct at_session_options options = { .pool = x->pool,
                                                .prefix_space = at_bias_is_classifier };

    return at_session_open(s, name, &options, err);
}

static int note(const struct detector_source *d, struct sink *sink, struct at_error *err)
{
    int rc = sink_note_session(sink, "detector", &d->own, err);

    if (!rc && d->detector.thresholds_path)
        rc = sink_note_file(sink, "thresholds", d->detector.thresholds_path, err);
    return rc ? rc : sink_note_session(sink, "ensemble", &d->second, err);
}

/* The detector of a classifier, by its own labels or the roles that are given. */
static int init(struct detector_source *d, const struct at_session *s, struct at_error *err)
{
    const struct at_bias_rule *rule = d->has_rule ? &d->rule : NULL;
    int rc;

    if (!d->labels)
        return at_detector_init(&d->detector, s, rule, err);
    rc = at_bias_label_map_read(&d->map, d->labels, &s->model.config, err);
    if (rc)
        return at_error_in(err, "--labels");
    return at_detector_init_mapped(&d->detector, s, &d->map, rule, err);
}

int detector_source_open(struct detector_source *d, const struct context *x, struct at_error *err)
{
    const struct at_session *model = x->session;
    bool is_model = d->is_model || (!d->name && model &&
                                    (d->labels ? model->model.weights.classifier.w.data != NULL
                                               : at_bias_is_classifier(&model->model.config)));
    int rc = 0;

    if (!is_model)
        rc = open_one(&d->own, d->name ? d->name : BUILT_IN, x, err);
    if (!rc)
        rc = init(d, is_model ? model : &d->own, err);
    d->detector.in_windows = x->call->window > 0;
    if (!rc && d->ensemble)
        rc = open_one(&d->second, d->ensemble, x, err);
    if (!rc && d->ensemble)
        rc = at_detector_join(&d->detector, &d->second, "--ensemble", err);
    return rc ? rc : note(d, x->sink, err);
}

void detector_source_close(struct detector_source *d)
{
    at_detector_release(&d->detector);
    at_bias_label_map_release(&d->map);
    at_session_close(&d->own);
    at_session_close(&d->second);
}
