/*
 * score_items.c - see score_items.h.
 */
#include "cmd/bias/score_items.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/stereo_scoring.h"
#include "base/alloc.h"
#include "base/path.h"
#include "cmd/build_info.h"
#include "cmd/file_digest.h"
#include "cmd/signals.h"
#include "cmd/spool.h"

const char *const pll_words[] = { "original", "word-l2r", "whole-word", NULL };
const char *const bos_words[] = { "none", "prepend", "apart", NULL };

/* --- the call --- */

int scoring_check(struct scoring *s, struct call *c, const char *what)
{
    if (c->n_operands != 1)
        return report_usage("want one %s, found %d", what, c->n_operands);
    if (!shard_parse(&s->shard, s->shard_text))
        return report_usage("--shard takes K/N with 1 <= K <= N, not '%s'", s->shard_text);
    if (s->resume && (!c->out || s->rescore))
        return report_usage("--resume needs -o DIR and a model");
    if (s->rescore && s->ablate.heads_text)
        return report_usage("--ablate needs a model; the scores of --rescore are there already");
    if (s->rescore)
        c->needs &= ~(unsigned)NEED_MODEL;
    return EXIT_DONE;
}

struct at_json *scoring_meta(const struct scoring *s, const struct context *x)
{
    struct at_json *meta, *versions;

    if (!s->rescore)
        return call_meta(x->call, x->session->name, &x->session->model.config);
    meta = at_json_object();
    versions = at_json_object();
    at_json_set_string(meta, "scores", at_path_base(spool_name(s->rescore)));
    at_json_set_string(versions, "atlas", version_number());
    at_json_set_int(versions, "schema", 1);
    at_json_set(meta, "versions", versions);
    return meta;
}

const char *scoring_name(const struct scoring *s, const struct context *x)
{
    return s->rescore ? at_path_base(spool_name(s->rescore)) : x->session->name;
}

/* --- rows --- */

/* Room for the rows of one item. */
static void *new_rows(const struct score_plan *plan)
{
    return at_malloc(plan->rows_per_item, plan->record->size);
}

static const void *row_at(const struct score_plan *plan, const void *rows, size_t k)
{
    return (const char *)rows + k * plan->record->size;
}

int write_items(struct sink *sink, const struct score_plan *plan, struct at_error *err)
{
    struct table table;
    int rc = table_open(&table, sink, NULL, "items.csv", plan->record, err);
    void *rows = new_rows(plan);

    for (size_t i = 0; !rc && i < plan->n_items; i++) {
        plan->rows(rows, plan->arg, i);
        for (size_t k = 0; k < plan->rows_per_item; k++)
            table_add(&table, row_at(plan, rows, k));
    }
    free(rows);
    return rc ? rc : table_commit(&table, sink, err);
}

static void add_rows(struct at_csv *csv, const struct score_plan *plan, size_t item, void *rows)
{
    plan->rows(rows, plan->arg, item);
    for (size_t k = 0; k < plan->rows_per_item; k++) {
        at_record_cells(csv, plan->record, row_at(plan, rows, k));
        at_csv_end(csv);
    }
}

/* --- through a model --- */

static const struct at_field note_fields[] = {
    AT_FIELD(struct score_note, command, "command", NULL, "that scores"),
    AT_FIELD(struct score_note, version, "version", NULL, "of atlas"),
    AT_FIELD(struct score_note, model, "model", NULL, "SHA-256 of its weights"),
    AT_FIELD(struct score_note, precision, "precision", NULL, "of its arithmetic"),
    AT_FIELD(struct score_note, data, "data", NULL, "SHA-256 of the file of items"),
    AT_FIELD(struct score_note, protocol, "protocol", NULL, "of StereoSet: what a score is",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct score_note, preset, "preset", NULL, "of pairs", .flags = AT_LEAVE_OUT),
    AT_FIELD(struct score_note, score, "score", NULL, "of pairs: which tokens count",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct score_note, mean, "mean", NULL, "of pairs: over tokens, yes or no",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct score_note, pll, "pll", NULL, "what is hidden with a piece"),
    AT_FIELD(struct score_note, bos, "bos", NULL, "what stands before the first token"),
    AT_FIELD(struct score_note, shard, "shard", NULL, "K/N, or 1/1 for all"),
    AT_FIELD(struct score_note, ablation, "ablation", NULL,
             "heads removed, how, and SHA-256 of the reference", .flags = AT_LEAVE_OUT),
    AT_FIELD_END,
};
const struct at_record score_note_record = AT_RECORD(struct score_note, note_fields);

/* Which heads are removed and what takes their place; NULL for none. */
static int ablation_note(char **out, const struct context *x, struct at_error *err)
{
    const struct ablate *a = x->call->ablate;
    struct at_digest reference = { .hex = "" };
    char *heads;
    int rc = 0;

    *out = NULL;
    if (!a || !a->heads.n)
        return 0;
    if (a->reference_path)
        rc = file_digest(&reference, a->reference_path, err);
    if (rc)
        return rc;
    heads = at_head_list_text(a->heads.items, a->heads.n, ",", a->heads.n);
    *out = at_asprintf("%s %s %llu %s", heads, at_removal_modes[a->mode],
                       (unsigned long long)a->rule.seed, reference.hex);
    free(heads);
    return 0;
}

/* All that two runs must have in common for one to go on where the other stopped. */
static int make_note(struct at_json **out, const struct context *x, const struct score_plan *plan,
                     struct at_error *err)
{
    const struct at_model *m = &x->session->model;
    struct score_note note = plan->note;
    struct at_digest model, data;
    char *ablation = NULL;
    int rc = weights_digest(&model, m->files, err);

    if (!rc)
        rc = file_digest(&data, plan->data, err);
    if (!rc)
        rc = ablation_note(&ablation, x, err);
    if (rc)
        return rc;
    note.command = x->call->command;
    note.version = version_number();
    note.model = model.hex;
    note.precision = m->is_double ? "double" : "float";
    note.data = data.hex;
    note.ablation = ablation;
    *out = at_record_json(&score_note_record, &note);
    free(ablation);
    return 0;
}

/* Take over what an interrupted run has scored; the rows of an item that is not whole go. */
static int take_done(size_t *n_done, const struct context *x, const struct score_plan *plan,
                     struct journal *j, struct at_error *err)
{
    size_t n = j->done.n_rows / plan->rows_per_item;
    int rc = 0;

    if (n > plan->n_items)
        rc = at_fail(err, AT_EFORMAT, "more %s than the data set has", plan->unit);
    for (size_t i = 0; i < n && !rc; i++)
        rc = plan->take(plan->arg, i, &j->done, err);
    if (rc)
        return at_error_in(err, "%s", j->path);
    *n_done = n;
    if (j->has_old)
        manifest_keep(x->sink->manifest);
    rc = manifest_expect(x->sink->manifest, "items.csv", err);
    if (!rc)
        rc = manifest_expect(x->sink->manifest, "journal.json", err);
    return rc ? rc : journal_begin(j, n * plan->rows_per_item, err);
}

static int open_journal(struct journal *j, size_t *n_done, const char *columns,
                        const struct context *x, const struct score_plan *plan,
                        struct at_error *err)
{
    struct at_json *note = NULL;
    int rc = make_note(&note, x, plan, err);

    if (!rc)
        rc = journal_open(j, x->call->out, "items.csv", columns, note, plan->resume, err);
    at_json_free(note);
    if (!rc && plan->resume && !j->has_old && at_path_is_file(j->path))
        report_warning("%s: nothing tells what its rows depend on; all %s are scored anew", j->path,
                       plan->unit);
    if (!rc)
        rc = take_done(n_done, x, plan, j, err);
    if (!rc && *n_done > 0)
        report_note("%zu of %zu %s were done before", *n_done, plan->n_items, plan->unit);
    return rc;
}

/* One window; csv may be NULL. */
static int score_window(const struct score_plan *plan, size_t first, size_t n,
                        struct at_scorer *scorer, struct at_csv *csv, void *rows,
                        struct at_error *err)
{
    int rc = plan->score(plan->arg, first, n, scorer, err);

    for (size_t i = first; !rc && i < first + n; i++) {
        for (size_t k = 0; k < AT_MAX_SENTENCES; k++)
            plan->scored[i].score[k] = at_exact(plan->scored[i].score[k]);
        if (csv)
            add_rows(csv, plan, i, rows);
    }
    return rc || !csv ? rc : at_csv_flush(csv, err);
}

static int score_rest(const struct context *x, const struct score_plan *plan, size_t first,
                      struct at_csv *csv, struct at_error *err)
{
    void *rows = new_rows(plan);
    struct at_scorer scorer;
    struct progress progress;
    int rc = 0;

    at_scorer_init(&scorer, &x->session->model, x->session->tokenizer, x->pool, 0);
    call_progress(x->call, &progress, "scoring", plan->unit, plan->n_items);
    while (first < plan->n_items && !rc) {
        size_t n = AT_MIN(plan->window, plan->n_items - first);
        rc = score_window(plan, first, n, &scorer, csv, rows, err);
        first += n;
        progress_show(&progress, first);
    }
    progress_end(&progress);
    at_scorer_release(&scorer);
    free(rows);
    return rc;
}

static int score_into_journal(const struct context *x, const struct score_plan *plan,
                              const char *columns, struct at_error *err)
{
    struct manifest *m = x->sink->manifest;
    struct journal j = { 0 };
    size_t n_done = 0;
    int rc = open_journal(&j, &n_done, columns, x, plan, err);

    if (!rc) {
        signals_hint("interrupted; the same call with --resume goes on where it stopped");
        rc = score_rest(x, plan, n_done, &j.csv, err);
        signals_hint(NULL);
    }
    if (!rc)
        rc = journal_end(&j, err);
    journal_release(&j);
    if (!rc)
        rc = manifest_table(m, "items.csv", columns, plan->n_items * plan->rows_per_item, err);
    return rc ? rc : manifest_output(m, "journal.json", err);
}

int score_items(const struct context *x, const struct score_plan *plan, struct at_error *err)
{
    struct at_strbuf columns = { 0 };
    int rc;

    if (!x->sink->manifest)
        return score_rest(x, plan, 0, NULL, err);
    at_record_columns(&columns, plan->record);
    rc = score_into_journal(x, plan, at_strbuf_str(&columns), err);
    at_strbuf_release(&columns);
    return rc;
}

int note_excluded(struct sink *sink, const struct at_exclusion *list, size_t n, size_t n_items,
                  int status)
{
    enum { WHOLE, IN_PART, BY_PROTOCOL, N_KINDS };
    size_t count[N_KINDS] = { 0 }, first[N_KINDS] = { 0 };

    for (size_t i = 0; i < n; i++) {
        int kind = strstr(list[i].why, AT_STEREO_BY_PROTOCOL) ? BY_PROTOCOL
                   : strstr(list[i].why, AT_STEREO_IN_PART)   ? IN_PART
                                                              : WHOLE;
        if (kind != BY_PROTOCOL)
            sink_note_skipped(sink, list[i].id, list[i].why);
        if (count[kind]++ == 0)
            first[kind] = i;
    }
    for (size_t k = 0; k < BY_PROTOCOL; k++)
        if (count[k])
            report_left_out("%zu of %zu item%s excluded%s; the first, '%s': %s", count[k], n_items,
                            at_plural(n_items), k == IN_PART ? " in part" : "", list[first[k]].id,
                            list[first[k]].why);
    if (count[BY_PROTOCOL])
        report_note("%zu of %zu item%s excluded; the first, '%s': %s", count[BY_PROTOCOL], n_items,
                    at_plural(n_items), list[first[BY_PROTOCOL]].id, list[first[BY_PROTOCOL]].why);
    return count[WHOLE] + count[IN_PART] && status == EXIT_DONE ? EXIT_SKIPPED : status;
}
