/*
 * score_items.c - see score_items.h.
 */
#include "cmd/score_items.h"

#include "cmd/build_info.h"
#include "cmd/file_digest.h"
#include "cmd/journal.h"
#include "cmd/signals.h"

/* All that two runs must have in common for one to go on where the other stopped. */
static int make_note(struct at_json **out, const struct job *job, const struct score_plan *plan,
                     struct at_error *err)
{
    struct at_digest model, data;
    struct at_json *o;
    int rc = weights_digest(&model, job->model.files, err);

    if (!rc)
        rc = file_digest(&data, plan->data, err);
    if (rc)
        return rc;
    o = at_json_object();
    at_json_set_string(o, "command", job->command);
    at_json_set_string(o, "version", version_number());
    at_json_set_string(o, "model", model.hex);
    at_json_set_string(o, "precision", job->model.is_double ? "double" : "float");
    at_json_set_string(o, "data", data.hex);
    for (size_t i = 0; i < plan->n_settings; i++)
        at_json_set_string(o, plan->settings[i].key, plan->settings[i].value);
    *out = o;
    return 0;
}

/* Take over what an interrupted run has scored; the rows of an item that is not whole go. */
static int take_done(size_t *n_done, const struct job *job, const struct score_plan *plan,
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
    rc = manifest_begin(job->manifest, err);
    return rc ? rc : journal_begin(j, n * plan->rows_per_item, err);
}

static int open_journal(struct journal *j, size_t *n_done, const struct job *job,
                        const struct score_plan *plan, struct at_error *err)
{
    struct at_json *note = NULL;
    int rc = make_note(&note, job, plan, err);

    if (!rc)
        rc = journal_open(j, job->out, "items.csv", plan->columns, note, plan->resume, err);
    at_json_free(note);
    if (!rc && plan->resume && !j->has_old && at_path_is_file(j->path))
        report_warning("%s: nothing tells what its rows depend on; all %s are scored anew", j->path,
                       plan->unit);
    if (!rc)
        rc = take_done(n_done, job, plan, j, err);
    if (!rc && *n_done > 0)
        report_note("%zu of %zu %s were done before", *n_done, plan->n_items, plan->unit);
    return rc;
}

static int score_rest(struct job *job, const struct score_plan *plan, size_t first,
                      struct at_csv *csv, struct at_error *err)
{
    struct at_scorer scorer;
    struct progress progress;
    int rc = 0;

    at_scorer_init(&scorer, &job->model, job->tokenizer, job->pool, 0);
    progress_start(&progress, (enum progress_mode)(job->is_quiet ? PROGRESS_NEVER : job->progress),
                   "scoring", plan->unit, plan->n_items);
    while (first < plan->n_items && !rc) {
        size_t n = AT_MIN(plan->window, plan->n_items - first);
        rc = plan->score(plan->arg, first, n, &scorer, csv, err);
        if (!rc && csv)
            rc = at_csv_flush(csv, err);
        first += n;
        progress_show(&progress, first);
    }
    progress_end(&progress);
    at_scorer_release(&scorer);
    return rc;
}

int score_items(struct job *job, const struct score_plan *plan, struct at_error *err)
{
    struct journal j = { 0 };
    size_t n_done = 0;
    int rc;

    if (!job->manifest)
        return score_rest(job, plan, 0, NULL, err);
    rc = open_journal(&j, &n_done, job, plan, err);
    if (!rc) {
        signals_hint("interrupted; the same call with --resume goes on where it stopped");
        rc = score_rest(job, plan, n_done, &j.csv, err);
        signals_hint(NULL);
    }
    if (!rc)
        rc = journal_end(&j, err);
    journal_release(&j);
    if (!rc)
        rc = manifest_table(job->manifest, "items.csv", plan->columns,
                            plan->n_items * plan->rows_per_item, err);
    return rc ? rc : manifest_output(job->manifest, "journal.json", err);
}
