/*
 * bias_detect.c - `atlas bias detect`: flagged tokens, words and spans of texts, and their level.
 * Documents, tables, pictures and the coloured text are in bias_detect_report.c.
 */
#include "cmd/bias_detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/bias_shared.h"

static void detect_release(void *state)
{
    struct detect_state *s = state;

    free(s->verdicts);
    at_array_release(&s->words);
    at_array_release(&s->spans);
    free(s);
}

static void *detect_begin(struct job *job, void *arg, const struct doc *doc, struct at_error *err)
{
    struct detect_call *call = arg;
    struct detect_state *s;

    if (detector_check_text(&call->detector, &doc->tokens, doc->in.text, err))
        return NULL;
    s = at_calloc(1, sizeof *s);
    *s = (struct detect_state){ .job = job, .call = call, .doc = doc };
    s->verdicts = at_calloc(doc->tokens.n, sizeof *s->verdicts);
    return s;
}

/* A row for the table over all texts. */
static void remember(struct detect_state *s)
{
    struct detect_row *row = at_array_push(&s->call->rows);

    row->id = at_arena_strdup(&s->job->arena, s->doc->in.id);
    row->summary = s->summary;
    row->level = s->level;
}

static int detect_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct detect_state *s = state;
    int rc = detector_judge(s->verdicts, &s->call->detector, &s->doc->tokens, final_hidden,
                            s->job->pool, err);

    if (rc)
        return rc;
    at_bias_words(&s->words, s->verdicts, &s->doc->tokens, s->doc->in.text);
    at_bias_spans(&s->spans, &s->words, -1);
    at_bias_summary(&s->summary, &s->words);
    at_bias_level(&s->level, &s->summary, &s->call->weights);
    if (*s->doc->in.id)
        remember(s);
    return detect_report(s, err);
}

static const struct text_handler handler = {
    .what = "reading",
    .needs_states = true,
    .begin = detect_begin,
    .finish = detect_finish,
    .release = detect_release,
};

/* "0.3,0.2,0.25,0.25": density, generalisation, unfairness, stereotype. */
static int take_weights(struct at_bias_weights *w, const char *text)
{
    double v[1 + AT_N_BIAS], sum = 0.0;
    const char *s = text;
    char *end;

    for (size_t i = 0; i < AT_COUNTOF(v); i++) {
        v[i] = strtod(s, &end);
        if (end == s || !(v[i] >= 0.0) || *end != (i + 1 < AT_COUNTOF(v) ? ',' : '\0'))
            return report_usage("--weights takes four numbers, density,GEN,UNFAIR,STEREO, not '%s'",
                                text);
        sum += v[i];
        s = end + 1;
    }
    if (!(sum > 0.0))
        return report_usage("--weights: one of the four must be above 0");
    w->density = v[0];
    memcpy(w->category, v + 1, sizeof w->category);
    return EXIT_DONE;
}

static int run(struct detect_call *c, struct job *job, const struct opt *table, int argc,
               char **argv)
{
    struct at_error err;
    int status = c->weights_text ? take_weights(&c->weights, c->weights_text) : EXIT_DONE;

    if (job->pair || job->split_pair)
        return report_usage("bias detect reads plain texts, without --pair");
    if (job->from)
        return report_usage("bias detect needs the classifier itself: give the text, not --from");
    if (!status)
        status = detector_check(&c->options);
    if (!status)
        status = job_start(job, table, argc, argv);
    if (status)
        return status;
    if (detector_use(&c->detector, &job->model, job->tokenizer, job->model_name, &c->options,
                     &err) ||
        (job->manifest && detector_note(&c->detector, job->manifest, &err)))
        return report_fault(&err);
    status = job_each_text(job, &handler, c);
    if ((status == EXIT_DONE || status == EXIT_SKIPPED) && detect_texts_table(c, job, &err))
        status = report_fault(&err);
    return status;
}

int bias_detect(int argc, char **argv)
{
    struct detect_call c = { .min_score = 0.35, .weights = AT_BIAS_WEIGHTS_INIT };
    struct job job;
    int status;

    job_init(&job, "bias detect", argc, argv);
    job.model_name = "atlas-bias";
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(job.input_options),
        OPT_GROUP("Detection"),
        DETECTOR_OPTIONS(&c.options),
        OPT_REAL(0, "min-score", &c.min_score, "P", 0, 1, "spans below this mean score are not coloured"),
        OPT_TEXT(0, "weights", &c.weights_text, "D,G,U,S", "of the composite level: density, GEN, UNFAIR, STEREO"),
        OPT_INCLUDE(job.output_options),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    argc--;
    switch (opt_parse(&argc, argv + 1, table, "atlas bias detect [options] [text ...]",
                      "Flag explicit generalisations, unfairness and stereotypes about groups, "
                      "token by token, with a classifier of seven labels (O, and B-/I- of GEN, "
                      "UNFAIR, STEREO). What is only implied is outside its definition: nothing "
                      "flagged does not mean unbiased.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = run(&c, &job, table, argc, argv + 1);
    at_array_release(&c.rows);
    detector_close(&c.detector);
    return job_finish(&job, status);
}
