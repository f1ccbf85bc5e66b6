/*
 * bias_attention.c - `atlas bias attention`: how much attention flagged tokens draw, head by head,
 * and whether that is more than chance. Told by bias_attention_report.c, drawn by
 * bias_attention_pictures.c.
 */
#include "cmd/bias_attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/bias_shared.h"
#include "cmd/file_digest.h"

static const char *const correction_words[] = { "none", "fdr", "bonferroni", NULL };
static const char *const corpus_keys[] = { "bar", "bsr", "max_weight", "bar_visible" };

static void attention_release(void *state)
{
    struct attention_state *s = state;

    for (size_t k = 0; k < N_SETS; k++) {
        free(s->flagged[k]);
        at_bar_release(&s->ratios[k]);
    }
    at_map_series_release(&s->series);
    free(s->special);
    free(s->layer_mean);
    free(s->marked);
    free(s);
}

static int flag_by_hand(struct attention_state *s, struct at_error *err)
{
    const struct attention_call *c = s->call;

    for (size_t i = 0; i < c->n_tokens; i++) {
        if (c->tokens[i] >= s->T)
            return at_fail(err, AT_ERANGE, "--tokens %zu is outside the text's %zu tokens",
                           c->tokens[i], s->T);
        s->flagged[0][c->tokens[i]] = true;
    }
    return 0;
}

/* Labels with a mark in the colour of the first category that is flagged. */
static struct at_label *mark_labels(const struct attention_state *s)
{
    struct at_label *labels = at_malloc(s->T, sizeof *labels);

    for (size_t i = 0; i < s->T; i++) {
        labels[i] = s->doc->labels[i];
        for (size_t c = AT_N_BIAS; c-- > 0;)
            if (s->flagged[1 + c][i])
                labels[i].mark = 1 + c;
    }
    return labels;
}

static int prepare(struct attention_state *s, struct at_error *err)
{
    int rc;

    s->special = at_malloc(s->T, sizeof *s->special);
    for (size_t i = 0; i < s->T; i++)
        s->special[i] = s->doc->tokens.items[i].is_special;
    for (size_t k = 0; k < N_SETS; k++)
        s->flagged[k] = at_calloc(s->T, sizeof *s->flagged[k]);
    rc = s->call->tokens ? flag_by_hand(s, err)
                         : detector_flag(s->flagged, &s->call->detector, &s->doc->tokens,
                                         s->doc->in.text, s->job->pool, err);
    for (size_t k = 0; k < N_SETS && !rc; k++)
        rc = at_bar_init(&s->ratios[k], s->L, s->H, s->T, s->job->shape.is_causal, s->flagged[k],
                         s->call->threshold, err);
    if (!rc)
        rc = at_map_series_init(&s->series, s->T, AT_RAW, err);
    s->marked = mark_labels(s);
    return rc;
}

static void *attention_begin(struct job *job, void *arg, const struct doc *doc,
                             struct at_error *err)
{
    struct attention_state *s = at_calloc(1, sizeof *s);

    *s = (struct attention_state){
        .job = job,
        .call = arg,
        .doc = doc,
        .L = job->shape.n_layers,
        .H = job->shape.n_heads,
        .T = doc->tokens.n,
    };
    s->layer_mean = at_malloc(s->L, sizeof *s->layer_mean);
    if (prepare(s, err)) {
        attention_release(s);
        return NULL;
    }
    return s;
}

static int attention_layer(void *state, const struct doc_layer *l, struct at_error *err)
{
    struct attention_state *s = state;
    int rc = 0;

    for (size_t k = 0; k < N_SETS; k++)
        at_bar_add(&s->ratios[k], l->layer, l->maps);
    at_map_series_add(&s->series, l->maps, l->H);
    if (!job_draws(s->job))
        return 0;
    for (size_t h = 0; h < l->H && !rc; h++)
        if (job_selects_head(&s->job->selection, l->layer, h))
            rc = attention_map_picture(s, l->maps + h * s->T * s->T, (long)l->layer, (long)h, err);
    if (!rc && job_selects_layer_mean(&s->job->selection, l->layer))
        rc = attention_map_picture(s, at_map_series_layer(&s->series), (long)l->layer, -1, err);
    return rc;
}

/* Add this text to the table over all of them. */
static void add_to_corpus(struct attention_state *s)
{
    struct corpus_table *t = &s->call->corpus;

    if (!t->cells)
        corpus_init(t, s->L, s->H, corpus_keys, AT_COUNTOF(corpus_keys));
    for (size_t h = 0; h < s->L * s->H; h++) {
        const struct at_bar_head *head = &s->ratios[0].heads[h];
        const double values[] = { head->bar, head->bsr, head->max_weight, head->bar_visible };
        for (size_t i = 0; i < AT_COUNTOF(values); i++) {
            at_moments_add(corpus_cell(t, (long)(h / s->H), (long)(h % s->H), i), values[i]);
            at_moments_add(corpus_cell(t, (long)(h / s->H), -1, i), values[i]);
            at_moments_add(corpus_cell(t, -1, -1, i), values[i]);
        }
    }
}

static int attention_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct attention_state *s = state;

    (void)final_hidden;
    at_bar_propagation(&s->propagation, s->layer_mean, &s->ratios[0]);
    at_bar_significance(&s->significance, &s->ratios[0], s->special,
                        (size_t)s->call->n_permutations, s->call->alpha, (uint64_t)s->job->seed,
                        s->job->pool);
    if (*s->doc->in.id)
        add_to_corpus(s);
    if (job_draws(s->job) && job_selects_global(&s->job->selection)) {
        int rc = attention_map_picture(s, at_map_series_global(&s->series), -1, -1, err);
        if (rc)
            return rc;
    }
    return attention_report(s, err);
}

static const struct text_handler handler = {
    .what = "measuring",
    .begin = attention_begin,
    .layer = attention_layer,
    .finish = attention_finish,
    .release = attention_release,
};

bool attention_is_significant(const struct attention_state *s, size_t head)
{
    const struct at_bar_head *h = &s->ratios[0].heads[head];
    const double p[] = { h->p, h->q, h->p_bonferroni };

    return p[s->call->correction] <= s->significance.alpha;
}

struct ranked {
    double bar;
    size_t head;
};

static int by_bar(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->bar != y->bar)
        return x->bar < y->bar ? 1 : -1;
    return (x->head > y->head) - (x->head < y->head);
}

size_t *attention_top(const struct attention_state *s, size_t *n)
{
    size_t n_heads = s->L * s->H, *top;
    struct ranked *all = at_malloc(n_heads, sizeof *all);

    *n = s->ratios[0].n_flagged ? AT_MIN((size_t)s->call->n_top, n_heads) : 0;
    for (size_t h = 0; h < n_heads; h++)
        all[h] = (struct ranked){ s->ratios[0].heads[h].bar, h };
    if (*n)
        qsort(all, n_heads, sizeof *all, by_bar);
    top = at_malloc(*n, sizeof *top);
    for (size_t i = 0; i < *n; i++)
        top[i] = all[i].head;
    free(all);
    return top;
}

/* The detector: named, else the model itself when it is one, else the built-in one. */
static int open_detector(struct attention_call *c, struct job *job, struct at_error *err)
{
    struct at_bias_labels labels;

    if (c->tokens)
        return 0;
    if (!c->detector_name && !job->from &&
        at_bias_find_labels(&labels, &job->model.config, NULL) == 0)
        return detector_use(&c->detector, &job->model, job->tokenizer, job->model_name, &c->options,
                            err);
    return detector_open(&c->detector, c->detector_name ? c->detector_name : "atlas-bias",
                         &c->options, err);
}

/* The threshold that `bias calibrate` found for this very model. */
static int take_calibration(struct attention_call *c, struct job *job, struct at_error *err)
{
    const struct at_json *threshold;
    struct at_json *doc = NULL;
    struct at_digest digest;
    const char *of;
    int rc = weights_digest(&digest, job->model.files, err);

    if (!rc)
        rc = at_json_read(&doc, c->calibration, err);
    if (rc)
        return rc;
    of = at_json_text(at_json_get(doc, "model_sha256"), "");
    threshold = at_json_get(at_json_get(doc, "bar"), "q95");
    if (strcmp(of, digest.hex) != 0)
        rc =
            at_fail(err, AT_EFORMAT, "%s: calibrated for a model with SHA-256 %.12s, this is %.12s",
                    c->calibration, *of ? of : "none", digest.hex);
    else if (!at_json_is_number(threshold))
        rc = at_fail(err, AT_EFORMAT, "%s: no number bar.q95", c->calibration);
    else
        c->threshold = at_json_number(threshold, NAN);
    at_json_free(doc);
    return rc;
}

static int check_call(struct attention_call *c, const struct job *job, const char *tokens)
{
    if (job->pair || job->split_pair)
        return report_usage("bias attention reads plain texts, without --pair");
    if (c->calibration && job->from)
        return report_usage("--calibration needs the model itself, not --from");
    if (c->calibration && c->threshold != AT_BAR_THRESHOLD)
        return report_usage("--calibration and --bar-threshold exclude each other");
    if (tokens &&
        (c->detector_name || c->options.set || c->options.ensemble || c->options.thresholds.n))
        return report_usage("--tokens flags by hand; leave out what is for a classifier");
    if (tokens && !opt_number_list(&c->tokens, &c->n_tokens, tokens, 1000000))
        return report_usage("--tokens takes positions like 2,5-7, not '%s'", tokens);
    return detector_check(&c->options);
}

static int run(struct attention_call *c, struct job *job, const struct opt *table, int argc,
               char **argv)
{
    struct at_error err;
    int status = job_start(job, table, argc, argv);

    if (status)
        return status;
    if (open_detector(c, job, &err) ||
        (job->manifest && detector_note(&c->detector, job->manifest, &err)) ||
        (c->calibration && take_calibration(c, job, &err)) ||
        (c->calibration && job->manifest &&
         manifest_input_file(job->manifest, "calibration", c->calibration, &err)))
        return report_fault(&err);
    status = job_each_text(job, &handler, c);
    if ((status == EXIT_DONE || status == EXIT_SKIPPED) && c->corpus.cells && job->manifest &&
        (job->formats & FORMAT_CSV) && corpus_write(&c->corpus, job->manifest, "corpus.csv", &err))
        status = report_fault(&err);
    return status;
}

int bias_attention(int argc, char **argv)
{
    struct attention_call c = { .threshold = AT_BAR_THRESHOLD,
                                .alpha = 0.05,
                                .n_permutations = 30000,
                                .n_top = 5,
                                .correction = CORRECTION_FDR };
    const char *tokens = NULL;
    struct job job;
    int status;

    job_init(&job, "bias attention", argc, argv);
    job.model_name = "atlas-bias";
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(job.input_options),
        OPT_GROUP("Flagged tokens"),
        OPT_TEXT(0, "detector", &c.detector_name, "NAME|DIR", "classifier that flags; default: the model itself when it is one, else atlas-bias"),
        DETECTOR_OPTIONS(&c.options),
        OPT_TEXT(0, "tokens", &tokens, "LIST", "flag these tokens (2,5-7) instead"),
        OPT_GROUP("Attention to them"),
        OPT_REAL(0, "bar-threshold", &c.threshold, "R", 0, 1000, "heads above are specialised; the default is another model's calibration, see 'bias calibrate'"),
        OPT_TEXT(0, "calibration", &c.calibration, "FILE", "take that threshold (alpha 0.05) from what 'bias calibrate' wrote for this model"),
        OPT_INT(0, "permutations", &c.n_permutations, "N", 99, 100000000, "random sets of tokens; all of them when they are fewer"),
        OPT_REAL(0, "alpha", &c.alpha, "P", 0, 0.5, "level of significance"),
        OPT_ENUM(0, "correction", &c.correction, correction_words, "for testing many heads"),
        OPT_INT(0, "top", &c.n_top, "N", 1, 1000, "heads listed"),
        OPT_GROUP("Maps with the flagged tokens marked"),
        OPT_TEXT(0, "layer", &job.layer_text, "N|all|mean", "layer of the maps, from 0"),
        OPT_TEXT(0, "head", &job.head_text, "N|all|mean", "head of the maps, from 0"),
        OPT_INCLUDE(job.output_options),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    argc--;
    switch (opt_parse(&argc, argv + 1, table, "atlas bias attention [options] [text ...]",
                      "Measure how much attention every head gives to the tokens that a bias "
                      "classifier flags, against even attention (ratio 1) and against random sets "
                      "of tokens (p, false discovery rate q, Bonferroni).",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = check_call(&c, &job, tokens);
    if (!status)
        status = run(&c, &job, table, argc, argv + 1);
    free(c.tokens);
    corpus_release(&c.corpus);
    detector_close(&c.detector);
    return job_finish(&job, status);
}
