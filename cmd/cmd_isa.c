/*
 * cmd_isa.c - `atlas isa`: how much of one sentence's attention lands on another. Sentences are
 * found in job_isa_sentences.c, results told in isa_report.c.
 */
#include "cmd/legacy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/isa_call.h"

const char *const isa_methods[] = { "mean", "max", "last_layer", NULL };

static void isa_release(void *state)
{
    struct isa_state *s = state;

    for (size_t i = 0; i < s->S; i++)
        free(s->sentences[i].text);
    free(s->sentences);
    free(s->sent_of);
    at_isa_release(&s->isa);
    at_map_series_release(&s->series);
    free(s->matrix);
    free(s->outside);
    free(s->summary);
    free(s);
}

/* Pairs outside a text are an error when it is the only one, else they are left out of it. */
static int check_pairs(const struct isa_state *s, struct at_error *err)
{
    for (size_t i = 0; i < s->call->n_pairs && !*s->doc->in.id; i++) {
        const struct isa_pair *p = &s->call->pairs[i];
        if (p->query >= s->S || p->key >= s->S)
            return at_fail(err, AT_ERANGE, "--sentences %zu,%zu is outside the text's %zu (from 0)",
                           p->query, p->key, s->S);
    }
    return 0;
}

static void *isa_begin(struct job *job, void *arg, const struct doc *doc, struct at_error *err)
{
    struct isa_state *s = at_calloc(1, sizeof *s);
    int rc;

    *s = (struct isa_state){ .job = job, .call = arg, .doc = doc };
    rc = isa_find_sentences(s, err);
    if (!rc)
        rc = check_pairs(s, err);
    if (!rc && job->matrix == AT_ROLLOUT)
        rc = at_map_series_init(&s->series, doc->n, AT_ROLLOUT, err);
    if (rc) {
        isa_release(s);
        return NULL;
    }
    at_isa_init(&s->isa, (enum at_isa_method)s->call->method, s->sent_of, doc->n, s->S);
    return s;
}

static int isa_layer(void *state, const struct doc_layer *l, struct at_error *err)
{
    struct isa_state *s = state;
    const struct selection *chosen = &s->job->selection;

    (void)err;
    if (s->job->matrix == AT_ROLLOUT) { /* up to the layer that was chosen */
        if (chosen->layers != SELECT_ONE || l->layer <= chosen->layer)
            at_map_series_add(&s->series, l->maps, l->H);
        return 0;
    }
    if (chosen->layers == SELECT_ONE && l->layer != chosen->layer)
        return 0;
    if (chosen->heads == SELECT_ONE)
        at_isa_add(&s->isa, l->maps + chosen->head * l->n * l->n, 1);
    else
        at_isa_add(&s->isa, l->maps, l->H);
    return 0;
}

/* What of a row is on no sentence. A maximum is no mass, and [[1]] is a definition. */
static void find_outside(struct isa_state *s)
{
    for (size_t a = 0; a < s->S; a++) {
        double sum = 0.0;
        for (size_t b = 0; b < s->S; b++)
            sum += s->matrix[a * s->S + b];
        s->outside[a] = s->call->method == AT_ISA_MAX || s->S == 1 ? NAN : fmax(0.0, 1.0 - sum);
    }
}

static int isa_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct isa_state *s = state;

    (void)final_hidden;
    if (s->job->matrix == AT_ROLLOUT)
        at_isa_add(&s->isa, at_map_series_global(&s->series), 1);
    s->matrix = at_malloc(s->S * s->S + 1, sizeof *s->matrix);
    s->outside = at_malloc(s->S + 1, sizeof *s->outside);
    s->summary = at_malloc(s->S + 1, sizeof *s->summary);
    at_isa_matrix(s->matrix, &s->isa);
    at_isa_summarize(s->summary, s->matrix, s->S, s->job->shape.is_causal);
    find_outside(s);
    if (!*s->doc->in.id && s->S < 2)
        report_warning(s->S ? "the text is one sentence; its matrix is 1 by definition"
                            : "the text has no sentence; its matrix is empty");
    return isa_report(s, err);
}

double isa_pair_weight(const struct isa_state *s, const double *map, size_t n_query, size_t n_key)
{
    double weight = 0.0;

    for (size_t i = 0; i < n_query * n_key; i++)
        weight = s->call->method == AT_ISA_MAX ? fmax(weight, map[i]) : weight + map[i];
    return s->call->method == AT_ISA_MAX ? weight : weight / (double)n_query;
}

static const struct text_handler handler = {
    .what = "comparing sentences",
    .begin = isa_begin,
    .layer = isa_layer,
    .finish = isa_finish,
    .release = isa_release,
};

/* Was this pair given before? Its files would be written twice. */
static bool is_known(const struct isa_call *call, const struct isa_pair *p)
{
    for (size_t i = 0; i < call->n_pairs; i++)
        if (call->pairs[i].query == p->query && call->pairs[i].key == p->key)
            return true;
    return false;
}

static int parse_pairs(struct isa_call *call, const struct opt_list *list)
{
    call->pairs = at_calloc(list->n + 1, sizeof *call->pairs);
    for (size_t i = 0; i < list->n; i++) {
        struct isa_pair *p = &call->pairs[call->n_pairs];
        const char *s = list->items[i];
        char *end = NULL, *last = NULL;
        p->query = strtoul(s, &end, 10);
        if (*s >= '0' && *s <= '9' && *end == ',' && end[1] >= '0' && end[1] <= '9')
            p->key = strtoul(end + 1, &last, 10);
        if (!last || *last)
            return report_usage("--sentences takes two numbers like 0,1, not '%s'", s);
        call->n_pairs += !is_known(call, p);
    }
    return EXIT_DONE;
}

static int check_isa_options(const struct isa_call *call, const struct job *job)
{
    if (job->matrix == AT_COL)
        return report_usage("--matrix col says who looks at a token; what a sentence gives away is "
                            "in its rows: raw or rollout");
    if (job->matrix == AT_ROLLOUT && call->method != AT_ISA_MEAN)
        return report_usage("a rollout is one map: there is no --isa %s of it",
                            isa_methods[call->method]);
    if (job->matrix == AT_ROLLOUT && job->head_text && strcmp(job->head_text, "mean") != 0)
        return report_usage("a rollout has no heads; leave out --head");
    if (call->method == AT_ISA_LAST_LAYER && job->layer_text)
        return report_usage("--isa last_layer chooses the layer; leave out --layer");
    if (call->sentences_path && (job->is_lines || job->is_jsonl))
        return report_usage("--sentences-file is for one text");
    return EXIT_DONE;
}

/* What says where sentences are: the file, or the rules. */
static int open_sentences(struct isa_call *call, struct job *job)
{
    const char *path = call->sentences_path;
    struct at_error err;
    int rc = path ? isa_read_sentences(call, &err) : isa_open_rules(call, &err);

    if (!rc && path && job->manifest && strcmp(path, "-") != 0)
        rc = manifest_input_file(job->manifest, "sentences", path, &err);
    return rc ? report_fault(&err) : EXIT_DONE;
}

int cmd_isa(int argc, char **argv)
{
    struct isa_call call = { 0 };
    struct opt_list pairs = { 0 };
    struct job job;
    int status;

    job_init(&job, "isa", argc, argv);
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(job.input_options),
        OPT_GROUP("Sentences"),
        OPT_ENUM(0, "isa", &call.method, isa_methods, "mean mass over layers and heads, the greatest weight, or the mass in the last layer"),
        OPT_TEXT(0, "sentences-file", &call.sentences_path, "FILE", "the text's sentences, one a line, instead of finding them"),
        OPT_LIST(0, "sentences", &pairs, "A,B", "show the tokens behind a cell: sentence A looks at B; may be repeated"),
        OPT_INCLUDE(job.select_options),
        OPT_INCLUDE(job.output_options),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    switch (opt_parse(&argc, argv, table, "atlas isa [options] [text ...]",
                      "Measure how much of each sentence's attention lands on each other "
                      "sentence, what a sentence depends on and what it influences, and how far "
                      "attention reaches.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = check_isa_options(&call, &job);
    if (!status)
        status = parse_pairs(&call, &pairs);
    if (!status)
        status = job_start(&job, table, argc, argv);
    if (!status)
        status = open_sentences(&call, &job);
    if (!status)
        status = job_each_text(&job, &handler, &call);
    status = isa_close_tables(&call, &job, status);
    at_abbreviations_close(call.abbreviations);
    at_array_release(&call.given);
    free(call.sentences_bytes);
    free(call.pairs);
    return job_finish(&job, status);
}
