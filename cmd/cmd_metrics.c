/*
 * cmd_metrics.c - `atlas metrics`: ten numbers for every head, layer and the whole model, with
 * bands, ranks and what is ordinary for this model. Tables, documents and pictures of them are in
 * metrics_report.c.
 */
#include "cmd/legacy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/file_digest.h"
#include "cmd/metrics.h"
#include "ops/cpu.h"

static void metrics_release(void *state)
{
    struct metrics_state *s = state;

    at_map_series_release(&s->series);
    free(s->head);
    free(s->layer);
    free(s->scratch);
    free(s);
}

static void *metrics_begin(struct job *job, void *arg, const struct doc *doc, struct at_error *err)
{
    struct metrics_state *s = at_calloc(1, sizeof *s);
    size_t L = job->shape.n_layers, H = job->shape.n_heads;

    *s = (struct metrics_state){ .job = job, .call = arg, .doc = doc, .L = L, .H = H };
    s->head = at_calloc(L * H, sizeof *s->head);
    s->layer = at_calloc(L, sizeof *s->layer);
    /* a map in the mode and the metrics' own room, for each thread */
    s->scratch = at_malloc(at_pool_size(job->pool) * 2 * doc->n * doc->n, sizeof *s->scratch);
    if (at_map_series_init(&s->series, doc->n, (enum at_matrix_mode)job->matrix, err)) {
        metrics_release(s);
        return NULL;
    }
    return s;
}

/* The heads of one layer, a task each. */
struct layer_task {
    struct metrics_state *s;
    const struct doc_layer *l;
};

static void head_task(void *arg, size_t head, size_t slot)
{
    struct layer_task *t = arg;
    size_t cells = t->l->n * t->l->n;
    const float *map = t->l->maps + head * cells;
    float *normalized = t->s->scratch + slot * 2 * cells;

    if (t->s->job->matrix == AT_COL) {
        at_column_normalize(normalized, map, t->l->n);
        map = normalized;
    }
    at_attn_metrics(&t->s->head[t->l->layer * t->s->H + head], map, t->l->n,
                    job_map_kind(t->s->job), normalized + cells);
}

static int metrics_layer(void *state, const struct doc_layer *l, struct at_error *err)
{
    struct metrics_state *s = state;
    struct layer_task task = { s, l };

    (void)err;
    at_map_series_add(&s->series, l->maps, l->H);
    if (s->job->matrix != AT_ROLLOUT)
        at_pool_run(s->job->pool, l->H, head_task, &task);
    at_attn_metrics(&s->layer[l->layer], at_map_series_layer(&s->series), l->n,
                    job_map_kind(s->job), s->scratch);
    return 0;
}

/* Add this text to the tables over all of them. */
static void add_to_corpus(struct metrics_state *s)
{
    struct corpus_table *t = &s->call->corpus;

    if (!t->cells)
        corpus_init(t, s->L, s->H, s->call->keys, AT_N_METRIC_TEXTS);
    for (size_t i = 0; i < AT_N_METRICS; i++) {
        for (size_t l = 0; l < s->L; l++) {
            for (size_t h = 0; h < s->H && s->job->matrix != AT_ROLLOUT; h++)
                at_moments_add(corpus_cell(t, (long)l, (long)h, i),
                               at_metric_get(&s->head[l * s->H + h], i));
            at_moments_add(corpus_cell(t, (long)l, -1, i), at_metric_get(&s->layer[l], i));
        }
        at_moments_add(corpus_cell(t, -1, -1, i), at_metric_get(&s->global, i));
    }
    at_moments_add(corpus_cell(t, -1, -1, AT_N_METRICS), s->flow_change);
}

static int metrics_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct metrics_state *s = state;

    (void)final_hidden;
    at_attn_metrics(&s->global, at_map_series_global(&s->series), s->doc->n, job_map_kind(s->job),
                    s->scratch);
    s->flow_change = at_map_series_flow_change(&s->series);
    if (*s->doc->in.id)
        add_to_corpus(s);
    return metrics_report(s, err);
}

static const struct text_handler handler = {
    .what = "measuring",
    .begin = metrics_begin,
    .layer = metrics_layer,
    .finish = metrics_finish,
    .release = metrics_release,
};

/* The name of a baseline in the cache: the weights, and all else that its last digits depend on. */
static int baseline_key(char **out, const struct job *job, struct at_error *err)
{
    struct at_digest weights;
    int rc = weights_digest(&weights, job->model.files, err);

    if (!rc)
        *out = at_asprintf("%s-%s-%s", weights.hex, at_cpu_kernels_name(at_cpu_selected()),
                           job->model.is_double ? "double" : "float");
    return rc;
}

/* What is ordinary for this model: from the cache, or computed now and put there. */
static int find_baseline(struct metrics_call *call, struct job *job)
{
    size_t L = job->shape.n_layers, H = job->shape.n_heads;
    char *dir = cache_dir("baselines"), *key = NULL;
    struct at_error err;
    int rc = baseline_key(&key, job, &err);

    if (!rc && dir && at_baseline_load(&call->baseline, dir, key, L, H, &err) == 0) {
        call->has_baseline = true;
        free(key);
        free(dir);
        return EXIT_DONE;
    }
    if (!rc) {
        report_note("computing the model's baseline on %d neutral sentences",
                    AT_N_BASELINE_SENTENCES);
        rc = at_baseline_compute(&call->baseline, &job->model, job->tokenizer, job->pool, &err);
        call->has_baseline = !rc;
    }
    if (!rc && dir && at_baseline_save(&call->baseline, dir, key, &err))
        report_warning("%s; the baseline will be computed again", err.text);
    free(key);
    free(dir);
    return rc ? report_fault(&err) : EXIT_DONE;
}

static int explain(const char *key)
{
    const struct at_metric_text *m = at_metric_text_find(key);
    const char *names[AT_N_METRIC_TEXTS], *near;

    if (!m) {
        for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++)
            names[i] = at_metric_key(i);
        near = opt_nearest(key, names, AT_N_METRIC_TEXTS);
        if (near)
            return report_usage("no metric '%s'; did you mean '%s'?", key, near);
        return report_usage("no metric '%s'; 'atlas metrics --explain all' tells them all", key);
    }
    metrics_explain(stdout, m);
    return EXIT_DONE;
}

static int explain_call(const char *key)
{
    if (strcmp(key, "all") != 0)
        return explain(key);
    for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++) {
        if (i)
            putchar('\n');
        metrics_explain(stdout, &at_metric_texts[i]);
    }
    return EXIT_DONE;
}

int cmd_metrics(int argc, char **argv)
{
    struct metrics_call call = { 0 };
    struct job job;
    const char *metric = NULL;
    int status;

    for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++)
        call.keys[i] = at_metric_key(i);
    job_init(&job, "metrics", argc, argv);
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(job.input_options),
        OPT_GROUP("Metrics"),
        OPT_TEXT(0, "explain", &metric, "METRIC|all", "tell formula, range, reading and source of a metric, and stop"),
        OPT_FLAG(0, "no-baseline", &call.no_baseline, "leave out what is ordinary for the model"),
        OPT_FLAG(0, "full-scale", &call.full_scale, "gauges run from 0 to 1 instead of the usual range"),
        OPT_INCLUDE(job.select_options),
        OPT_INCLUDE(job.output_options),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    switch (opt_parse(&argc, argv, table, "atlas metrics [options] [text ...]",
                      "Measure how every head distributes its attention: confidence, focus, "
                      "sparsity, distribution, uniformity, balance, and the change from the first "
                      "layer to the last; with bands, ranks within the layer and the model's own "
                      "baseline.")) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    if (metric)
        return job_finish(&job, explain_call(metric));
    status = job_start(&job, table, argc, argv);
    if (!status && !job.from && !call.no_baseline && job.matrix == AT_RAW && !job.by_words)
        status = find_baseline(&call, &job);
    if (!status)
        status = job_each_text(&job, &handler, &call);
    if (call.corpus.cells && (status == EXIT_DONE || status == EXIT_SKIPPED))
        status = metrics_corpus(&call, &job, status);
    corpus_release(&call.corpus);
    at_baseline_release(&call.baseline);
    return job_finish(&job, status);
}
