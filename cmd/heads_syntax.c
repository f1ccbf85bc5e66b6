/*
 * heads_syntax.c - `atlas heads --conllu`: sentences with trees through the model, hits counted.
 */
#include "cmd/heads_call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/syntax.h"
#include "base/alloc.h"
#include "base/strbuf.h"

#define SYNTAX_COLUMNS                                                                             \
    "relation,direction,n,layer,head,accuracy,low,high,baseline_offset,baseline_accuracy"

static const char *const directions[] = { "dependent_to_head", "head_to_dependent" };

/* The file on its way through the model, a sentence at a time: counts belong to one at hand. */
struct reading {
    struct job *job;
    struct at_syntax *syntax;
    struct at_conllu_sentence sentence;
    struct at_syntax_words words; /* of the sentence */
    size_t n_done;
};

static int count_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct reading *r = arg;

    (void)err;
    at_syntax_add_layer(r->syntax, view->layer, view->attention, &r->words, r->job->pool);
    return 0;
}

static int run_tokens(struct reading *r, const struct at_tokens *tokens, struct at_error *err)
{
    struct at_forward_options options = { .want_attention = true,
                                          .on_layer = count_layer,
                                          .arg = r };
    size_t T = tokens->n, start[2] = { 0, T };
    int *ids = at_tokens_ids(tokens), rc;
    struct at_batch batch = { 1, start, ids, NULL };

    at_syntax_words_init(&r->words, &r->sentence, tokens);
    at_syntax_add_sentence(r->syntax, &r->sentence, &r->words);
    rc = at_forward(NULL, &r->job->model, &batch, &options, r->job->pool, err);
    at_syntax_words_release(&r->words);
    free(ids);
    r->n_done += !rc;
    return rc;
}

/* Sentences that do not fit the model are left out, reported and counted. */
static int count_sentence(struct reading *r, struct at_error *err)
{
    struct job *job = r->job;
    const struct at_conllu_sentence *s = &r->sentence;
    struct at_tokens tokens = { 0 };
    int rc = at_tokenize(&tokens, job->tokenizer, at_strbuf_str(&s->text), NULL, true, err);

    if (!rc && (tokens.n > job->shape.max_positions || tokens.n == 0)) {
        report_warning("line %zu: sentence has %zu tokens, the model takes 1 to %zu; left out",
                       s->line, tokens.n, job->shape.max_positions);
        if (job->manifest)
            manifest_skipped(job->manifest, at_conllu_str(s, s->id), "too long");
        job->n_skipped++;
    } else if (!rc) {
        rc = run_tokens(r, &tokens, err);
    }
    at_tokens_release(&tokens);
    return rc;
}

static int count_file(struct reading *r, const char *path, struct at_error *err)
{
    struct at_conllu file;
    struct progress progress;
    int rc = at_conllu_open(&file, path, err), got = 0;

    if (rc)
        return rc;
    progress_start(&progress,
                   (enum progress_mode)(r->job->is_quiet ? PROGRESS_NEVER : r->job->progress),
                   "reading trees", "sentences", 0);
    while (!rc && (got = at_conllu_next(&r->sentence, &file, err)) == 1) {
        rc = count_sentence(r, err);
        progress_show(&progress, r->n_done);
    }
    if (!rc && got < 0)
        rc = got; /* err has the file */
    progress_end(&progress);
    at_conllu_sentence_release(&r->sentence);
    at_conllu_close(&file);
    return rc;
}

static struct at_json *results_json(const struct at_syntax_results *r)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < r->n; i++) {
        const struct at_syntax_result *x = &r->items[i];
        struct at_json *o = at_json_object(), *ci = at_json_array();
        at_json_set_string(o, "relation", x->relation);
        at_json_set_string(o, "direction", directions[x->direction]);
        at_json_set_int(o, "n", (long long)x->n);
        at_json_set_int(o, "layer", (long long)x->layer);
        at_json_set_int(o, "head", (long long)x->head);
        at_json_set_real(o, "accuracy", x->accuracy);
        at_json_append(ci, at_json_real(x->low));
        at_json_append(ci, at_json_real(x->high));
        at_json_set(o, "ci", ci);
        at_json_set_int(o, "baseline_offset", x->offset);
        at_json_set_real(o, "baseline_accuracy", x->baseline);
        at_json_append(list, o);
    }
    return list;
}

static int write_csv(const struct at_syntax_results *r, struct job *job, struct at_error *err)
{
    struct at_csv csv;
    int rc = manifest_csv_open(&csv, job->manifest, "syntax.csv", SYNTAX_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < r->n; i++) {
        const struct at_syntax_result *x = &r->items[i];
        at_csv_text(&csv, x->relation);
        at_csv_text(&csv, directions[x->direction]);
        at_csv_int(&csv, (long long)x->n);
        at_csv_int(&csv, (long long)x->layer);
        at_csv_int(&csv, (long long)x->head);
        at_csv_real(&csv, x->accuracy);
        at_csv_real(&csv, x->low);
        at_csv_real(&csv, x->high);
        at_csv_int(&csv, x->offset);
        at_csv_real(&csv, x->baseline);
        at_csv_end(&csv);
    }
    return manifest_csv_commit(&csv, job->manifest, "syntax.csv", SYNTAX_COLUMNS, err);
}

static void print_results(const struct at_syntax_results *r, const struct reading *reading)
{
    printf("%s, %zu sentence%s; best head per relation, 95 %% interval, best fixed offset\n",
           reading->job->shown_model, reading->n_done, at_plural(reading->n_done));
    printf("  %-14s %-18s %6s  %-6s %-24s %s\n", "relation", "direction", "n", "head", "accuracy",
           "offset");
    for (size_t i = 0; i < r->n; i++) {
        const struct at_syntax_result *x = &r->items[i];
        char head[32];
        snprintf(head, sizeof head, "%zu-%zu", x->layer, x->head);
        printf("  %-14s %-18s %6zu  %-6s %5.1f %% (%5.1f to %5.1f)  %+4ld %5.1f %%\n", x->relation,
               directions[x->direction], x->n, head, 100.0 * x->accuracy, 100.0 * x->low,
               100.0 * x->high, x->offset, 100.0 * x->baseline);
    }
}

static int report(struct reading *reading, struct heads_call *call, struct at_error *err)
{
    struct job *job = reading->job;
    struct at_syntax_results r = { 0 };
    int rc = 0;

    at_syntax_best(&r, reading->syntax, (size_t)call->min_words);
    if (job->manifest && (job->formats & FORMAT_CSV))
        rc = write_csv(&r, job, err);
    if (!rc && (job->is_json || job->manifest)) {
        struct at_json *doc = at_json_object();
        at_json_set(doc, "meta", job_meta(job, NULL));
        at_json_set_int(doc, "n_sentences", (long long)reading->n_done);
        at_json_set(doc, "relations", results_json(&r));
        rc = job_document(job, NULL, "syntax.json", doc, err);
    }
    if (!rc && !job->is_json && !job->manifest)
        print_results(&r, reading);
    at_array_release(&r);
    return rc;
}

int heads_syntax(struct heads_call *call, struct job *job)
{
    struct reading r = { .job = job };
    struct at_error err;
    int rc = 0;

    r.syntax = at_syntax_new(job->shape.n_layers, job->shape.n_heads, call->subtypes);
    if (job->manifest)
        rc = manifest_input_file(job->manifest, "conllu", call->conllu, &err);
    if (!rc)
        rc = count_file(&r, call->conllu, &err);
    if (!rc && r.n_done == 0)
        rc = at_fail(&err, AT_EFORMAT, "'%s': no sentence", call->conllu);
    if (!rc)
        rc = report(&r, call, &err);
    at_syntax_free(r.syntax);
    return rc ? report_fault(&err) : job->n_skipped ? EXIT_SKIPPED : EXIT_DONE;
}
