/*
 * baseline.c - see baseline.h.
 */
#include "analysis/baseline.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/map_series.h"
#include "base/alloc.h"
#include "base/path.h"
#include "session/batch.h"
#include "io/json.h"

/* Neutral statements about work, 18 to 25 words each, no person's group in any of them. */
const char *const at_baseline_sentences[AT_N_BASELINE_SENTENCES] = {
    "The project team meets every Tuesday morning to review the schedule, agree on the next steps "
    "and note what is still open.",
    "Before a new position is advertised, the department writes down which tasks it covers and "
    "which skills are needed for them.",
    "Orders that arrive before noon are packed on the same day and usually reach the customer "
    "within two working days.",
    "The quarterly report compares planned and actual costs and explains every difference that is "
    "larger than five percent of the budget.",
    "Applicants send a letter and a short summary of their experience, and they receive an answer "
    "within three weeks at most.",
    "When a machine stops, the operator checks the display, writes down the error code and calls "
    "the maintenance service if necessary.",
    "The sales department collects questions from customers and passes them on to the engineers, "
    "who answer them once a week in writing.",
    "Each document in the archive carries a number, a date and the name of the office that is "
    "responsible for keeping it.",
    "The training course lasts four days and covers planning, communication, the use of the "
    "software and the rules for safe work.",
    "After the contract was signed, both companies named a contact and agreed to exchange their "
    "forecasts at the beginning of every month.",
};

void at_baseline_release(struct at_baseline *b)
{
    free(b->head);
    *b = (struct at_baseline){ 0 };
}

/* Sums over the sentences, with the number of values that were defined. */
struct sums {
    size_t L, H;
    double *value; /* (L,H,AT_N_METRICS) */
    size_t *n;     /* likewise */
    double flow;
};

/* The sentence at hand. */
struct visit {
    struct sums *sums;
    struct at_map_series series;
    struct at_map_kind kind;
    size_t T;
    float *scratch;
};

static int add_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct visit *v = arg;
    struct at_attn_metrics m;

    (void)err;
    at_map_series_add(&v->series, view->attention, view->H);
    for (size_t h = 0; h < view->H; h++) {
        size_t at = (view->layer * view->H + h) * AT_N_METRICS;
        at_attn_metrics(&m, view->attention + h * v->T * v->T, v->T, v->kind, v->scratch);
        for (size_t i = 0; i < AT_N_METRICS; i++) {
            double value = at_metric_get(&m, i);
            if (isnan(value))
                continue;
            v->sums->value[at + i] += value;
            v->sums->n[at + i]++;
        }
    }
    return 0;
}

static int add_tokens(struct sums *sums, const struct at_model *m, const struct at_tokens *tokens,
                      struct at_pool *pool, struct at_error *err)
{
    size_t T = AT_MIN(tokens->n, m->config.max_positions);
    struct at_tokens cut = { tokens->items, T, tokens->cap };
    struct visit v = { .sums = sums, .T = T };
    struct at_forward_options options = { .want_attention = true,
                                          .on_layer = add_layer,
                                          .arg = &v };
    struct at_batcher batch = { 0 };
    int rc;

    v.kind = (struct at_map_kind){ m->config.is_causal, m->config.has_summary_token };
    v.scratch = at_malloc(T * T, sizeof *v.scratch);
    rc = at_map_series_init(&v.series, T, AT_RAW, err);
    at_batcher_add(&batch, &cut);
    if (!rc)
        rc = at_batcher_run(&batch, m, &options, false, pool, err);
    if (!rc)
        sums->flow += at_map_series_flow_change(&v.series);
    at_map_series_release(&v.series);
    at_batcher_release(&batch);
    free(v.scratch);
    return rc;
}

static void set_means(struct at_baseline *out, const struct sums *s)
{
    out->L = s->L;
    out->H = s->H;
    out->head = at_malloc(s->L * s->H, sizeof *out->head);
    for (size_t k = 0; k < s->L * s->H; k++)
        for (size_t i = 0; i < AT_N_METRICS; i++) {
            size_t at = k * AT_N_METRICS + i;
            at_metric_set(&out->head[k], i, s->n[at] ? s->value[at] / (double)s->n[at] : NAN);
        }
    out->flow_change = s->flow / AT_N_BASELINE_SENTENCES;
}

int at_baseline_compute(struct at_baseline *out, const struct at_model *m,
                        const struct at_tokenizer *t, struct at_pool *pool, struct at_error *err)
{
    struct sums s = { .L = m->config.n_layers, .H = m->config.n_heads };
    size_t n = s.L * s.H * AT_N_METRICS;
    int rc = 0;

    s.value = at_calloc(n, sizeof *s.value);
    s.n = at_calloc(n, sizeof *s.n);
    for (size_t i = 0; !rc && i < AT_N_BASELINE_SENTENCES; i++) {
        struct at_tokens tokens = { 0 };
        rc = at_tokenize(&tokens, t, at_baseline_sentences[i], NULL, true, err);
        if (!rc)
            rc = add_tokens(&s, m, &tokens, pool, err);
        at_tokens_release(&tokens);
    }
    if (!rc)
        set_means(out, &s);
    free(s.value);
    free(s.n);
    return rc;
}

static char *baseline_path(const char *dir, const char *digest)
{
    return at_asprintf("%s/baseline-%d-%s.json", dir, AT_BASELINE_VERSION, digest);
}

static int take_heads(struct at_baseline *b, const struct at_json *heads)
{
    for (size_t k = 0; k < b->L * b->H; k++) {
        const struct at_json *row = at_json_at(heads, k);
        if (at_json_count(row) != AT_N_METRICS)
            return -1;
        for (size_t i = 0; i < AT_N_METRICS; i++)
            at_metric_set(&b->head[k], i, at_json_number(at_json_at(row, i), NAN));
    }
    return 0;
}

int at_baseline_load(struct at_baseline *out, const char *dir, const char *digest, size_t L,
                     size_t H, struct at_error *err)
{
    char *path = baseline_path(dir, digest);
    struct at_baseline b = { .L = L, .H = H };
    struct at_json *doc = NULL;
    int rc = at_json_read(&doc, path, NULL);

    b.head = at_malloc(L * H, sizeof *b.head);
    b.flow_change = at_json_number(at_json_get(doc, "flow_change"), NAN);
    if (rc || at_json_integer(at_json_get(doc, "layers"), 0) != (long long)L ||
        at_json_integer(at_json_get(doc, "heads_per_layer"), 0) != (long long)H ||
        take_heads(&b, at_json_get(doc, "heads"))) {
        at_baseline_release(&b);
        rc = at_fail(err, AT_ENOTFOUND, "no baseline in '%s'", path);
    } else {
        *out = b;
    }
    at_json_free(doc);
    free(path);
    return rc;
}

int at_baseline_save(const struct at_baseline *b, const char *dir, const char *digest,
                     struct at_error *err)
{
    char *path = baseline_path(dir, digest);
    struct at_json *doc = at_json_object(), *heads = at_json_array();
    struct at_strbuf text = { 0 };
    int rc;

    for (size_t k = 0; k < b->L * b->H; k++) {
        double row[AT_N_METRICS];
        for (size_t i = 0; i < AT_N_METRICS; i++)
            row[i] = at_metric_get(&b->head[k], i);
        at_json_append(heads, at_json_reals(row, AT_N_METRICS));
    }
    at_json_set_int(doc, "layers", (long long)b->L);
    at_json_set_int(doc, "heads_per_layer", (long long)b->H);
    at_json_set(doc, "heads", heads);
    at_json_set_real(doc, "flow_change", b->flow_change);
    at_json_dump(&text, doc, 0, 17); /* read back, a number is the same number */
    rc = at_write_file(path, text.s, text.n, err);
    at_strbuf_release(&text);
    at_json_free(doc);
    free(path);
    return rc;
}
