/*
 * detector.c - see detector.h.
 */
#include "cmd/detector.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "cmd/report.h"
#include "io/npy.h"
#include "model/classify.h"
#include "model/forward.h"
#include "session/find.h"

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
        const char *key = at_bias_key((enum at_bias_category)c);
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
int detector_check(struct detector_options *o)
{
    double category[AT_N_BIAS] = { 0.5, 0.5, 0.5 };
    struct at_error err;
    int status = EXIT_DONE;

    if (o->set && o->thresholds.n)
        return report_usage("--threshold and --thresholds exclude each other");
    o->has_rule = o->set || o->ensemble || o->thresholds.n;
    o->rule = at_bias_rule_manual(category);
    if (o->set && at_bias_rule_named(&o->rule, o->set, &err))
        return report_usage("--thresholds: %s", err.text);
    for (size_t i = 0; i < o->thresholds.n && !status; i++)
        for (const char *s = o->thresholds.items[i]; !status; s += strcspn(s, ",") + 1) {
            status = take_threshold(category, s, strcspn(s, ","));
            if (!s[strcspn(s, ",")])
                break;
        }
    if (o->thresholds.n)
        o->rule = at_bias_rule_manual(category);
    return status;
}

static int read_thresholds(struct detector *d, const char *path, struct at_error *err)
{
    size_t n = d->model->config.n_labels;
    double *t = at_malloc(n, sizeof *t);
    int rc = at_npy_read(t, n, path, err);

    for (size_t i = 0; i < n && !rc; i++)
        if (!(t[i] >= 0.0 && t[i] <= 1.0))
            rc = at_fail(err, AT_ERANGE, "%s: value %zu is %g, want 0 to 1", path, i, t[i]);
    if (!rc)
        d->rule = at_bias_rule_by_label(t, &d->labels, DETECTOR_THRESHOLDS);
    free(t);
    return rc;
}

/* The rule that comes with the model; what its config.json says goes before all else. */
static int own_rule(struct detector *d, const char *name, struct at_error *err)
{
    char *path;

    d->rule = at_bias_rule_of(&d->model->config, &d->labels, name);
    if (d->model->config.label_thresholds)
        return 0;
    path = at_path_join(d->model->dir, DETECTOR_THRESHOLDS);
    if (!at_path_is_file(path)) {
        free(path);
        return 0;
    }
    d->thresholds_path = path;
    return read_thresholds(d, path, err);
}

/* Of an ensemble only the first one's rule counts. */
static int open_second(struct detector *d, const char *name, struct at_error *err)
{
    const struct detector_options same = { .rule = d->rule, .has_rule = true };

    d->second = at_calloc(1, sizeof *d->second);
    return detector_open(d->second, name, &same, err);
}

int detector_use(struct detector *out, struct at_model *model, struct at_tokenizer *tokenizer,
                 const char *name, const struct detector_options *o, struct at_error *err)
{
    int rc;

    out->model = model;
    out->tokenizer = tokenizer;
    name = at_model_trim(&model->arena, name);
    rc = at_bias_find_labels(&out->labels, &model->config, err);
    if (!rc && !model->weights.classifier.w.data)
        rc = at_fail(err, AT_EFORMAT, "the checkpoint has no token classifier");
    if (rc)
        return at_error_in(err, "'%s'", name);
    if (model->config.is_causal)
        at_tokenizer_set_prefix_space(tokenizer, true); /* as these classifiers were trained */
    if (!o->has_rule)
        return own_rule(out, name, err);
    out->rule = o->rule;
    return o->ensemble ? open_second(out, o->ensemble, err) : 0;
}

int detector_open(struct detector *out, const char *name, const struct detector_options *o,
                  struct at_error *err)
{
    int rc;

    *out = (struct detector){ 0 };
    rc = at_model_load(&out->own_model, &out->own_tokenizer, name, err);
    return rc ? rc : detector_use(out, &out->own_model, out->own_tokenizer, name, o, err);
}

void detector_close(struct detector *d)
{
    if (d->second)
        detector_close(d->second);
    free(d->second);
    free(d->thresholds_path);
    at_tokenizer_close(d->own_tokenizer);
    at_model_close(&d->own_model);
    *d = (struct detector){ 0 };
}

static int note_files(const struct detector *d, const char *role, struct manifest *m,
                      struct at_error *err)
{
    const struct at_tensors *files = d->own_model.files;
    int rc = 0;

    for (size_t i = 0; !rc && files && at_tensors_path(files, i); i++)
        rc = manifest_input_file(m, role, at_tensors_path(files, i), err);
    if (!rc && d->thresholds_path)
        rc = manifest_input_file(m, "thresholds", d->thresholds_path, err);
    return rc;
}

int detector_note(const struct detector *d, struct manifest *m, struct at_error *err)
{
    int rc = note_files(d, "detector", m, err);

    return !rc && d->second ? note_files(d->second, "ensemble", m, err) : rc;
}

struct at_json *detector_rule(const struct detector *d)
{
    struct at_json *o, *t;
    const struct at_bias_rule *r = &d->rule;

    if (!d->model)
        return at_json_null();
    o = at_json_object();
    t = at_json_object();
    at_json_set_string(o, "kind", r->is_by_label ? "by label" : "by category");
    at_json_set_string(o, "source", r->source);
    for (size_t l = 1; l < AT_N_BIAS_LABELS && r->is_by_label; l++)
        at_json_set_real(t, at_bias_label_name(l), r->label[l]);
    for (size_t c = 0; c < AT_N_BIAS && !r->is_by_label; c++)
        at_json_set_real(t, at_bias_key((enum at_bias_category)c), r->category[c]);
    at_json_set(o, "thresholds", t);
    return o;
}

/* p (T, n_labels) of one classifier: labels that are independent, whatever its config.json says.
   hidden NULL: computed here. The caller frees. */
static int probabilities(float **out, const struct detector *d, const struct at_tokens *tokens,
                         const float *hidden, struct at_pool *pool, struct at_error *err)
{
    size_t T = tokens->n, C = d->model->config.width, start[2] = { 0, T };
    float *own = NULL, *p;
    int *ids = at_tokens_ids(tokens), rc = 0;
    struct at_batch batch = { 1, start, ids, NULL };

    if (!hidden) {
        own = at_malloc(T * C, sizeof *own);
        rc = at_forward(own, d->model, &batch, NULL, pool, err);
    }
    p = at_malloc(T * d->model->config.n_labels, sizeof *p);
    if (!rc)
        rc = at_classify(p, d->model, hidden ? hidden : own, T, true, pool, err);
    free(ids);
    free(own);
    if (rc)
        free(p);
    else
        *out = p;
    return rc;
}

static bool same_ids(const struct at_tokens *a, const struct at_tokens *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (a->items[i].id != b->items[i].id)
            return false;
    return a->n == b->n;
}

int detector_check_text(const struct detector *d, const struct at_tokens *tokens, const char *text,
                        struct at_error *err)
{
    struct at_tokens other = { 0 };
    int rc = 0;

    if (!d->second)
        return 0;
    rc = at_tokenize(&other, d->second->tokenizer, text, NULL, true, err);
    if (!rc && !same_ids(tokens, &other))
        rc = at_fail(err, AT_EFORMAT,
                     "--ensemble: the two classifiers cut the text in different "
                     "ways (%zu and %zu tokens)",
                     tokens->n, other.n);
    if (!rc && tokens->n > d->second->model->config.max_positions)
        rc = at_fail(err, AT_ERANGE, "--ensemble: %zu tokens, the second classifier takes %zu",
                     tokens->n, d->second->model->config.max_positions);
    at_tokens_release(&other);
    return rc;
}

/* Two classifiers as one. */
static int fuse(float **p, const struct detector *d, const struct at_tokens *tokens,
                struct at_pool *pool, struct at_error *err)
{
    float *second, *fused;
    int rc = probabilities(&second, d->second, tokens, NULL, pool, err);

    if (rc)
        return rc;
    fused = at_malloc(tokens->n * AT_N_BIAS_LABELS, sizeof *fused);
    at_bias_fuse(fused, *p, d->model->config.n_labels, &d->labels, second,
                 d->second->model->config.n_labels, &d->second->labels, tokens->n);
    free(second);
    free(*p);
    *p = fused;
    return 0;
}

int detector_judge(struct at_bias_token *verdicts, const struct detector *d,
                   const struct at_tokens *tokens, const float *hidden, struct at_pool *pool,
                   struct at_error *err)
{
    static const struct at_bias_labels in_order = { { 0, 1, 2, 3, 4, 5, 6 } };
    float *p = NULL;
    int rc = probabilities(&p, d, tokens, hidden, pool, err);

    if (!rc && d->second)
        rc = fuse(&p, d, tokens, pool, err);
    if (!rc)
        at_bias_tokens(verdicts, p, d->second ? AT_N_BIAS_LABELS : d->model->config.n_labels,
                       d->second ? &in_order : &d->labels, tokens, d->tokenizer, &d->rule);
    free(p);
    return rc;
}

int detector_read(struct at_tokens *tokens, struct at_bias_token **verdicts,
                  const struct detector *d, const char *text, struct at_pool *pool,
                  struct at_error *err)
{
    struct at_tokens t = { 0 };
    struct at_bias_token *v = NULL;
    int rc = at_tokenize(&t, d->tokenizer, text, NULL, true, err);

    if (!rc && (t.n == 0 || t.n > d->model->config.max_positions))
        rc = at_fail(err, AT_ERANGE, "the text has %zu tokens, the bias classifier takes 1 to %zu",
                     t.n, d->model->config.max_positions);
    if (!rc)
        rc = detector_check_text(d, &t, text, err);
    if (!rc) {
        v = at_calloc(t.n, sizeof *v);
        rc = detector_judge(v, d, &t, NULL, pool, err);
    }
    if (rc) {
        at_tokens_release(&t);
        free(v);
        return rc;
    }
    *tokens = t;
    *verdicts = v;
    return 0;
}

/* Do two tokens share a byte of the text? */
static bool overlaps(const struct at_token *a, const struct at_token *b)
{
    return a->start != AT_NO_OFFSET && b->start != AT_NO_OFFSET && a->start < b->end &&
           b->start < a->end;
}

int detector_flag(bool *const flagged[1 + AT_N_BIAS], const struct detector *d,
                  const struct at_tokens *tokens, const char *text, struct at_pool *pool,
                  struct at_error *err)
{
    struct at_tokens own = { 0 };
    struct at_bias_token *verdicts = NULL;
    int rc = detector_read(&own, &verdicts, d, text, pool, err);

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
