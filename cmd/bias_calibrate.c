/*
 * bias_calibrate.c - `atlas bias calibrate`: from which ratio on is a head's attention to flagged
 * tokens more than chance? Quantiles of the null over many texts, for the model at hand.
 *
 * The null is that of `bias attention`: sets of as many tokens as are flagged, drawn from those
 * that are not special. Texts without a flagged token say nothing.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/bar.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "base/strbuf.h"
#include "cmd/bias_shared.h"
#include "cmd/detector.h"
#include "cmd/file_digest.h"

#define CALIBRATION_COLUMNS "category,layer,head,q90,q95,q99"

enum { N_SETS = 1 + AT_N_BIAS };

static const double levels[] = { 0.90, 0.95, 0.99 };
static const char *const level_keys[] = { "q90", "q95", "q99" };

struct call {
    struct job job;
    struct detector_options options;
    const char *detector_name;
    long n_draws;
    struct detector detector;
    struct at_bar_calibration null[N_SETS];
};

/* One text. */
struct state {
    struct call *call;
    const struct doc *doc;
    bool *special;
    bool *flagged[N_SETS];
    struct at_bar_ratios ratios[N_SETS];
};

static void state_release(void *arg)
{
    struct state *s = arg;

    for (size_t k = 0; k < N_SETS; k++) {
        free(s->flagged[k]);
        at_bar_release(&s->ratios[k]);
    }
    free(s->special);
    free(s);
}

static void *state_begin(struct job *job, void *arg, const struct doc *doc, struct at_error *err)
{
    struct state *s = at_calloc(1, sizeof *s);
    size_t T = doc->tokens.n;
    int rc;

    s->call = arg;
    s->doc = doc;
    s->special = at_malloc(T, sizeof *s->special);
    for (size_t i = 0; i < T; i++)
        s->special[i] = doc->tokens.items[i].is_special;
    for (size_t k = 0; k < N_SETS; k++)
        s->flagged[k] = at_calloc(T, sizeof *s->flagged[k]);
    rc = detector_flag(s->flagged, &s->call->detector, &doc->tokens, doc->in.text, job->pool, err);
    for (size_t k = 0; k < N_SETS && !rc; k++)
        rc = at_bar_init(&s->ratios[k], job->shape.n_layers, job->shape.n_heads, T,
                         job->shape.is_causal, s->flagged[k], AT_BAR_THRESHOLD, err);
    if (rc) {
        state_release(s);
        return NULL;
    }
    return s;
}

static int state_layer(void *arg, const struct doc_layer *l, struct at_error *err)
{
    struct state *s = arg;

    (void)err;
    for (size_t k = 0; k < N_SETS; k++)
        at_bar_add(&s->ratios[k], l->layer, l->maps);
    return 0;
}

static int state_finish(void *arg, const float *final_hidden, struct at_error *err)
{
    struct state *s = arg;
    struct call *c = s->call;

    (void)final_hidden;
    (void)err;
    for (size_t k = 0; k < N_SETS; k++)
        at_bar_calibrate(&c->null[k], &s->ratios[k], s->special, (size_t)c->n_draws,
                         at_rng_at((uint64_t)c->job.seed, s->doc->number * N_SETS + k));
    return 0;
}

static const struct text_handler handler = {
    .what = "calibrating",
    .begin = state_begin,
    .layer = state_layer,
    .finish = state_finish,
    .release = state_release,
};

static const char *set_name(size_t k)
{
    return k == 0 ? "any" : at_bias_key((enum at_bias_category)(k - 1));
}

static struct at_json *null_json(const struct at_bar_calibration *n)
{
    struct at_json *o = at_json_object();

    for (size_t i = 0; i < AT_COUNTOF(levels); i++)
        at_json_set_real(o, level_keys[i], at_bar_quantile(n, -1, levels[i]));
    at_json_set_int(o, "n_texts", (long long)n->n_texts);
    at_json_set_int(o, "n_ratios", (long long)n->n_ratios);
    return o;
}

static struct at_json *document(const struct call *c, const struct at_digest *model)
{
    struct at_json *doc = at_json_object(), *by_category = at_json_object();

    at_json_set(doc, "meta", job_meta(&c->job, NULL));
    at_json_set_string(doc, "model_sha256", model->hex);
    at_json_set(doc, "rule", detector_rule(&c->detector));
    at_json_set_int(doc, "n_texts", (long long)c->job.n_done);
    at_json_set_int(doc, "draws_per_text", (long long)c->n_draws);
    at_json_set_int(doc, "seed", (long long)c->job.seed);
    at_json_set(doc, "bar", null_json(&c->null[0]));
    for (size_t k = 1; k < N_SETS; k++)
        at_json_set(by_category, set_name(k), null_json(&c->null[k]));
    at_json_set(doc, "by_category", by_category);
    return doc;
}

static int write_table(struct call *c, struct at_error *err)
{
    size_t H = c->job.shape.n_heads, n = c->job.shape.n_layers * H;
    struct at_csv csv;
    int rc = job_csv_open(&csv, &c->job, NULL, "calibration.csv", CALIBRATION_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t k = 0; k < N_SETS; k++)
        for (size_t h = 0; h < n; h++) {
            at_csv_text(&csv, set_name(k));
            at_csv_int(&csv, (long long)(h / H));
            at_csv_int(&csv, (long long)(h % H));
            for (size_t i = 0; i < AT_COUNTOF(levels); i++)
                at_csv_real(&csv, at_bar_quantile(&c->null[k], (long)h, levels[i]));
            at_csv_end(&csv);
        }
    return job_csv_commit(&csv, &c->job, NULL, "calibration.csv", CALIBRATION_COLUMNS, err);
}

static void print_summary(const struct call *c)
{
    printf("attention to flagged tokens by chance, %s: %zu of %zu text%s with flagged tokens\n",
           c->job.shown_model, c->null[0].n_texts, c->job.n_done, at_plural(c->job.n_done));
    printf("  %-10s%8s%10s%10s%10s\n", "category", "texts", "90 %", "95 %", "99 %");
    for (size_t k = 0; k < N_SETS; k++) {
        printf("  %-10s%8zu", set_name(k), c->null[k].n_texts);
        for (size_t i = 0; i < AT_COUNTOF(levels); i++) {
            double v = at_bar_quantile(&c->null[k], -1, levels[i]);
            if (isnan(v))
                printf("%10s", "n/a");
            else
                printf("%10.3f", v);
        }
        printf("\n");
    }
    printf("  pooled over heads; single heads differ, see calibration.csv with -o\n");
}

static int report(struct call *c, int status)
{
    struct at_digest model;
    struct at_error err;
    int rc = weights_digest(&model, c->job.model.files, &err);

    if (!rc && c->job.manifest && (c->job.formats & FORMAT_CSV))
        rc = write_table(c, &err);
    if (!rc && (c->job.is_json || c->job.manifest))
        rc = job_document(&c->job, NULL, "calibration.json", document(c, &model), &err);
    if (rc)
        return report_fault(&err);
    if (!c->job.is_json && !c->job.manifest)
        print_summary(c);
    if (c->null[0].n_texts == 0)
        report_warning("no text has a flagged token: there is nothing to calibrate with");
    return status;
}

static int open_detector(struct call *c, struct at_error *err)
{
    struct job *job = &c->job;
    struct at_bias_labels labels;

    if (!c->detector_name && at_bias_find_labels(&labels, &job->model.config, NULL) == 0)
        return detector_use(&c->detector, &job->model, job->tokenizer, job->model_name, &c->options,
                            err);
    return detector_open(&c->detector, c->detector_name ? c->detector_name : "atlas-bias",
                         &c->options, err);
}

static int run(struct call *c, const struct opt *table, int argc, char **argv)
{
    struct job *job = &c->job;
    struct at_error err;
    int status = detector_check(&c->options), rc;

    if (status)
        return status;
    if (job->from || job->pair || job->split_pair)
        return report_usage("bias calibrate reads plain texts, without --from and --pair");
    status = job_start(job, table, argc, argv);
    if (status)
        return status;
    rc = open_detector(c, &err);
    if (!rc && job->manifest)
        rc = detector_note(&c->detector, job->manifest, &err);
    for (size_t k = 0; k < N_SETS && !rc; k++)
        rc = at_bar_calibration_init(&c->null[k], job->shape.n_layers * job->shape.n_heads, &err);
    if (rc)
        return report_fault(&err);
    status = job_each_text(job, &handler, c);
    return status == EXIT_DONE || status == EXIT_SKIPPED ? report(c, status) : status;
}

int bias_calibrate(int argc, char **argv)
{
    struct call c = { .n_draws = 200 };
    int status;

    job_init(&c.job, "bias calibrate", argc, argv);
    c.job.model_name = "atlas-bias";
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(c.job.input_options),
        OPT_GROUP("Flagged tokens"),
        OPT_TEXT(0, "detector", &c.detector_name, "NAME|DIR", "classifier that flags; default: the model itself when it is one, else atlas-bias"),
        DETECTOR_OPTIONS(&c.options),
        OPT_GROUP("Null"),
        OPT_INT(0, "draws", &c.n_draws, "N", 1, 1000000, "random sets of tokens per text"),
        OPT_INCLUDE(c.job.output_options),
        OPT_INCLUDE(c.job.common_options),
        OPT_END,
    };
    /* clang-format on */
    argc--;
    switch (opt_parse(&argc, argv + 1, table, "atlas bias calibrate [options] [text ...]",
                      "Find, from texts, which ratios of attention to flagged tokens chance alone "
                      "gives with this model: the thresholds for 'bias attention'. Use --lines "
                      "with a file of many sentences; calibration.json carries the model's hash.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&c.job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&c.job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = run(&c, table, argc, argv + 1);
    for (size_t k = 0; k < N_SETS; k++)
        at_bar_calibration_release(&c.null[k]);
    detector_close(&c.detector);
    return job_finish(&c.job, status);
}
