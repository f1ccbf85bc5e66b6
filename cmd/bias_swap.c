/*
 * bias_swap.c - `atlas bias swap`: the counterfactual of a text, terms for a group of people
 * replaced by their counterparts, and how far a model's attention stays the same.
 */
#include "cmd/bias_swap.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/bias_shared.h"
#include "cmd/job_doc.h"
#include "session/find.h"

static void release_state(void *state)
{
    struct swap_state *s = state;

    at_swaps_release(&s->swaps);
    at_consistency_release(&s->consistency);
    doc_release(&s->other);
    free(s->received);
    free(s->other_received);
    free(s->heads);
    free(s);
}

/* The swapped text as a doc of its own; a warning when the model cannot take it. */
static int prepare_other(struct swap_state *s, struct at_error *err)
{
    struct text in = { at_strdup(s->doc->in.id), at_strdup(s->swaps.text), NULL };
    int rc = doc_prepare(&s->other, s->job, &in, err);

    if (!rc) {
        s->heads = at_calloc(s->L * s->H, sizeof *s->heads);
        s->received = at_calloc(s->L * s->H * s->doc->tokens.n, sizeof *s->received);
        s->other_received = at_calloc(s->L * s->H * s->other.tokens.n, sizeof *s->received);
        return 0;
    }
    if (rc != AT_ERANGE)
        return rc;
    report_warning("attention is not compared: the swapped %s", err->text);
    doc_release(&s->other);
    return 0;
}

static void *begin(struct job *job, void *arg, const struct doc *doc, struct at_error *err)
{
    struct swap_state *s = at_calloc(1, sizeof *s);
    struct at_tag_spans tags = { 0 };
    int rc;

    *s = (struct swap_state){ .job = job, .call = arg, .doc = doc };
    s->L = job->shape.n_layers;
    s->H = job->shape.n_heads;
    rc = tagger_spans(&tags, &s->call->tagger, doc->in.text, job->pool, err);
    if (!rc) {
        at_swap_text(&s->swaps, &s->call->terms, doc->in.text, &tags, s->call->category);
        if (s->swaps.n_replaced)
            rc = prepare_other(s, err);
    }
    at_array_release(&tags);
    if (!rc)
        return s;
    release_state(s);
    return NULL;
}

/* Received attention of the heads of one layer into received (L*H,T). */
static void receive(double *received, const struct swap_state *s, size_t layer, const float *maps,
                    size_t T)
{
    for (size_t h = 0; h < s->H; h++)
        at_received(received + (layer * s->H + h) * T, maps + h * T * T, T,
                    s->job->shape.is_causal);
}

static int on_layer(void *state, const struct doc_layer *layer, struct at_error *err)
{
    struct swap_state *s = state;

    (void)err;
    if (s->received)
        receive(s->received, s, layer->layer, layer->maps, layer->n);
    return 0;
}

static int on_other_layer(void *state, const struct at_layer_view *view, struct at_error *err)
{
    struct swap_state *s = state;

    (void)err;
    receive(s->other_received, s, view->layer, view->attention, view->T);
    return 0;
}

/* The swapped text through the model, then the two compared. */
static int compare(struct swap_state *s, struct at_error *err)
{
    size_t T = s->other.tokens.n, start[2] = { 0, T };
    int *ids = at_tokens_ids(&s->doc->tokens), *other_ids = at_tokens_ids(&s->other.tokens), rc;
    struct at_batch batch = { 1, start, other_ids, NULL };
    struct at_forward_options options = {
        .want_attention = true,
        .on_layer = on_other_layer,
        .arg = s,
    };

    rc = at_forward(NULL, &s->job->model, &batch, &options, s->job->pool, err);
    if (!rc)
        at_consistency(&s->consistency, s->heads, s->L * s->H, s->received, ids, s->doc->tokens.n,
                       s->other_received, other_ids, T);
    free(other_ids);
    free(ids);
    return rc;
}

static int finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct swap_state *s = state;
    int rc = s->heads ? compare(s, err) : 0;

    (void)final_hidden;
    return rc ? rc : swap_report(s, err);
}

static const struct text_handler handler = {
    .what = "swapping",
    .begin = begin,
    .layer = on_layer,
    .finish = finish,
    .release = release_state,
};

/* The list of terms, and the one category of it that was asked for. */
static int open_terms(struct swap_call *call, struct job *job, struct at_error *err)
{
    char *built_in = NULL;
    const char *path = call->terms_file;
    int rc = path ? 0 : at_data_path(&built_in, "data/swap-terms.tsv", err);

    if (!path)
        path = built_in;
    if (!rc)
        rc = at_swap_terms_read(&call->terms, path, err);
    if (!rc && job->manifest)
        rc = manifest_input_file(job->manifest, "terms", path, err);
    free(built_in);
    return rc;
}

static int choose_category(struct swap_call *call)
{
    const char *near;

    call->category = -1;
    if (!call->category_name)
        return EXIT_DONE;
    for (size_t i = 0; i < call->terms.n_categories; i++)
        if (!strcmp(call->terms.categories[i], call->category_name))
            call->category = (long)i;
    if (call->category >= 0)
        return EXIT_DONE;
    near = opt_nearest(call->category_name, call->terms.categories, call->terms.n_categories);
    if (near)
        return report_usage("--category: the list has no '%s'; did you mean '%s'?",
                            call->category_name, near);
    return report_usage("--category: the list has no '%s'", call->category_name);
}

static int run(struct swap_call *call, struct job *job, const struct opt *table, int argc,
               char **argv)
{
    struct at_error err;
    int status = tagger_check(&call->tagger, job, argc);

    if (!status)
        status = job_start(job, table, argc, argv);
    if (status)
        return status;
    if (open_terms(call, job, &err) || tagger_open(&call->tagger, &err) ||
        (job->manifest && tagger_note(&call->tagger, job->manifest, &err)))
        return report_fault(&err);
    status = choose_category(call);
    if (status)
        return status;
    status = job_each_text(job, &handler, call);
    if ((status == EXIT_DONE || status == EXIT_SKIPPED) && swap_table_close(call, job, &err))
        return report_fault(&err);
    return status;
}

int bias_swap(int argc, char **argv)
{
    struct swap_call call = { 0 };
    struct job job;
    int status;

    job_init(&job, "bias swap", argc, argv);
    tagger_init(&call.tagger);
    /* clang-format off */
    const struct opt table[] = {
        OPT_GROUP("Model and text"),
        OPT_TEXT('m', "model", &job.model_name, "NAME|DIR", "model whose attention to the two texts is compared"),
        OPT_TEXT('f', "file", &job.file, "FILE", "read the text from FILE; - is standard input"),
        OPT_FLAG(0, "lines", &job.is_lines, "one text per line"),
        OPT_FLAG(0, "jsonl", &job.is_jsonl, "one JSON object per line, key text (and id)"),
        OPT_FLAG(0, "truncate", &job.is_truncated, "cut texts that are longer than the model allows, with a warning"),
        OPT_GROUP("Terms"),
        OPT_TEXT(0, "terms", &call.terms_file, "FILE", "another list of pairs: TSV with term, counterpart, category, gate"),
        OPT_TEXT(0, "category", &call.category_name, "NAME", "swap terms of one category only"),
        OPT_INCLUDE(call.tagger.options),
        OPT_INCLUDE(job.output_options),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    argc--;
    switch (opt_parse(&argc, argv + 1, table, "atlas bias swap [options] [text ...]",
                      "Replace terms for a group of people by their counterparts, and tell how far "
                      "each head's attention to the rest of the text stays the same. Ambiguous "
                      "terms are swapped only where the tags say that they are about a person.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = run(&call, &job, table, argc, argv + 1);
    at_csv_abort(&call.table);
    tagger_close(&call.tagger);
    at_swap_terms_release(&call.terms);
    return job_finish(&job, status);
}
