/*
 * metrics.c - `atlas metrics`: numbers for every head, layer and the whole model, with bands,
 * ranks and what is ordinary for this model.
 */
#include "cmd/metrics/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/file_digest.h"
#include "ops/cpu.h"
#include "session/doc_window.h"

/* --- one text --- */

struct state {
    struct metrics *m;
    const struct at_doc *doc;
    struct at_text_metrics_run run;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_text_metrics_release(&s->run);
    free(s);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct metrics *m = arg;
    struct state *s = at_calloc(1, sizeof *s);

    s->m = m;
    s->doc = doc;
    if (at_text_metrics_begin(&s->run, doc, (enum at_matrix_mode)m->x->call->matrix,
                              m->has_baseline ? &m->baseline : NULL, m->x->pool, err)) {
        release_text(s);
        return NULL;
    }
    return s;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct state *s = state;

    (void)err;
    at_text_metrics_add(&s->run, layer);
    return 0;
}

static int write_tables(const struct metrics *m, const struct at_doc *doc,
                        const struct at_text_metrics *t, struct at_error *err)
{
    struct sink *sink = m->x->sink;
    int rc =
        sink_table(sink, doc, "metrics.csv", &at_head_metrics_record, t->heads, t->n_heads, err);

    if (!rc)
        rc = sink_table(sink, doc, "layers.csv", &at_layer_metrics_record, t->layers, t->L, err);
    return rc ? rc : sink_table(sink, doc, "global.csv", &at_global_metrics_record, t, 1, err);
}

static int tell(struct metrics *m, const struct at_doc *doc, const struct at_text_metrics *t,
                struct at_error *err)
{
    struct sink *sink = m->x->sink;
    int rc = many_add_metrics(&m->many, doc, t, err);

    if (!rc)
        rc = write_tables(m, doc, t, err);
    if (!rc && sink_draws(sink) && sink_keeps(sink, doc))
        rc = metrics_pictures(m, doc, t, err);
    if (!rc)
        rc = sink_result(sink, doc, "metrics.json", &at_text_metrics_record, t,
                         doc_meta(m->x->call, doc), err);
    if (!rc && sink_prints(sink) && sink_keeps(sink, doc))
        metrics_print(m, doc, t);
    return rc;
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct metrics *m = s->m;
    const struct at_doc *doc = s->doc;

    (void)final_hidden;
    at_text_metrics_finish(&s->run);
    if (!doc->window.whole)
        return tell(m, doc, &s->run.result, err);
    at_text_metrics_windows_add(&m->windows, &s->run, doc);
    if (!at_doc_is_last_window(doc))
        return 0;
    at_text_metrics_windows_finish(&m->windows);
    return tell(m, doc->window.whole, &m->windows.result, err);
}

static const struct at_visitor visitor = {
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- what is ordinary for the model --- */

/* The name of a baseline in the cache: the weights, and all else that its last digits depend on. */
static int baseline_key(char **out, const struct at_session *s, struct at_error *err)
{
    struct at_digest weights;
    int rc = weights_digest(&weights, s->model.files, err);

    if (!rc)
        *out = at_asprintf("%s-%s-%s", weights.hex, at_cpu_kernels_name(at_cpu_selected()),
                           s->model.is_double ? "double" : "float");
    return rc;
}

/* From the cache, or computed now and put there. */
static int find_baseline(struct metrics *m, struct at_error *err)
{
    const struct at_session *s = m->x->session;
    size_t L = s->model.config.n_layers, H = s->model.config.n_heads;
    char *dir = cache_dir("baselines"), *key = NULL;
    struct at_error why;
    int rc = baseline_key(&key, s, err);

    if (!rc && (!dir || at_baseline_load(&m->baseline, dir, key, L, H, NULL))) {
        report_note("computing the model's baseline on %d neutral sentences",
                    AT_N_BASELINE_SENTENCES);
        rc = at_baseline_compute(&m->baseline, &s->model, s->tokenizer, m->x->pool, err);
        if (!rc && dir && at_baseline_save(&m->baseline, dir, key, &why))
            report_warning("%s; the baseline will be computed again", why.text);
    }
    m->has_baseline = !rc;
    free(key);
    free(dir);
    return rc;
}

/* --- the command --- */

/* --explain: the page of one metric or of all. */
static int explain(const char *key)
{
    const struct at_metric_text *found = at_metric_text_find(key);
    const char *names[AT_N_METRIC_TEXTS], *near;

    if (found) {
        metrics_explain((size_t)(found - at_metric_texts));
        return EXIT_DONE;
    }
    for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++)
        names[i] = at_metric_key(i);
    if (!strcmp(key, "all")) {
        for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++) {
            if (i)
                putchar('\n');
            metrics_explain(i);
        }
        return EXIT_DONE;
    }
    near = opt_nearest(key, names, AT_N_METRIC_TEXTS);
    if (near)
        return report_usage("no metric '%s'; did you mean '%s'?", key, near);
    return report_usage("no metric '%s'; 'atlas metrics --explain all' tells them all", key);
}

static int check(void *own, struct call *call)
{
    const struct metrics *m = own;

    call->is_answered = m->explain != NULL;
    return m->explain ? explain(m->explain) : EXIT_DONE;
}

static int run(void *own, const struct context *x)
{
    struct metrics *m = own;
    bool wants_baseline =
        x->session && !m->no_baseline && x->call->matrix == AT_RAW && !x->call->doc.by_words;
    struct at_error err;

    m->x = x;
    if (wants_baseline && find_baseline(m, &err))
        return report_fault(&err);
    if (many_begin(&m->many, &metrics_way, x, &err))
        return report_fault(&err);
    return many_end(&m->many, each_text(x, &visitor, m, "measuring"));
}

static void release(void *own)
{
    struct metrics *m = own;

    many_release(&m->many);
    at_text_metrics_windows_release(&m->windows);
    at_baseline_release(&m->baseline);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct metrics *m = own;

    call->makes_corpus = true;
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_INCLUDE(call->window_options),
        OPT_GROUP("Metrics"),
        OPT_TEXT(0, "explain", &m->explain, "METRIC|all", "tell formula, range, reading and source of a metric, and stop"),
        OPT_FLAG(0, "no-baseline", &m->no_baseline, "leave out what is ordinary for the model"),
        OPT_FLAG(0, "full-scale", &m->full_scale, "gauges run from 0 to 1 instead of the range that is possible"),
        OPT_INCLUDE(call->select_options),
        OPT_INCLUDE(call->corpus_options),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "metrics.json", "every head, layer and the model", &at_text_metrics_record },
    { "metrics.csv", "a row for each head", &at_head_metrics_record },
    { "layers.csv", "a row for the mean map of each layer", &at_layer_metrics_record },
    { "global.csv", "a row for the mean map of all layers and heads", &at_global_metrics_record },
    MANY_OUTPUTS(&at_metrics_text_row_record),
    { "corpus.csv", "a row for each head and metric over several texts", &at_corpus_head_record },
    MANY_OUTPUTS_OF_HEADS,
    { 0 },
};

const struct command metrics_command = {
    .name = "metrics",
    .brief = "how every head distributes its attention, in numbers",
    .synopsis = "[options] [text ...]",
    .about = "Measure how every head distributes its attention: confidence, focus, sparsity, "
             "distribution, uniformity, balance, and the change from the first layer to the last; "
             "with bands, ranks within the layer and the model's own baseline.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct metrics),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
    .corpus = &metrics_way,
};
