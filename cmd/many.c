/*
 * many.c - see many.h: the journal of texts and the state of the sums. What is shown of them is in
 * many_show.c.
 */
#include "cmd/many.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/build_info.h"
#include "cmd/run_note.h"
#include "cmd/signals.h"

static const char TEXTS[] = "texts.csv", SUMS[] = "sums.csv", NOTE[] = "journal.json";
static const double SAVE_SECONDS = 2.0;

void many_keys(struct many *m, const struct corpus_way *way)
{
    AT_BUG_IF(way->n_values > CORPUS_MAX_VALUES);
    m->way = way;
    for (size_t i = 0; i < way->n_values; i++)
        m->keys[i] = way->key(i);
}

/* --- going on --- */

/* The sums of an interrupted run, or none: then its rows are done anew. */
static int take_sums(struct many *m, struct at_error *err)
{
    char *path = at_path_join(m->x->call->out, SUMS);
    struct at_table t = { 0 };
    int rc = at_path_is_file(path) ? at_table_read(&t, path, ',', err) : 0;

    if (!rc && t.n_rows)
        rc = at_corpus_merge(&m->corpus, &t, m->keys, m->way->n_values, m->way->has_ratios, err);
    if (!rc && m->corpus.lengths.n > m->journal.done.n_rows)
        rc = at_fail(err, AT_EFORMAT, "sums of %zu texts, %s has %zu", m->corpus.lengths.n, TEXTS,
                     m->journal.done.n_rows);
    if (rc)
        at_error_in(err, "%s", path);
    m->n_before = m->corpus.lengths.n;
    at_table_release(&t);
    free(path);
    return rc;
}

/* A text that an interrupted run has done; its row is the next of those there are. */
static bool is_done(void *arg, const struct at_text *text)
{
    struct many *m = arg;
    bool is_it = m->n_passed < m->n_before &&
                 !strcmp(journal_cell(&m->journal.done, m->n_passed, "text_id"), text->id);

    m->n_passed += is_it;
    return is_it;
}

static int make_note(struct at_json **out, const struct context *x, struct at_error *err)
{
    const struct call *c = x->call;
    int rc = run_note(out, c, x->session, err);

    if (!rc)
        at_json_set_string(*out, "version", version_number());
    if (!rc)
        at_json_set_string(*out, "shard", c->shard_text ? c->shard_text : "1/1");
    return rc;
}

static int remove_sums(const struct many *m, struct at_error *err)
{
    char *path = at_path_join(m->x->call->out, SUMS);
    int rc = unlink(path) < 0 && at_path_is_file(path)
                 ? at_fail(err, AT_EIO, "cannot replace '%s'", path)
                 : 0;

    free(path);
    return rc;
}

/* texts.csv, new or behind the texts that are done. */
static int open_texts(struct many *m, struct at_error *err)
{
    static const char *const files[] = { TEXTS, SUMS, NOTE };
    const struct call *c = m->x->call;
    struct at_strbuf columns = { 0 };
    struct at_json *note = NULL;
    int rc = make_note(&note, m->x, err);

    at_record_columns(&columns, m->way->texts);
    m->columns = at_strbuf_take(&columns);
    if (!rc)
        rc = journal_open(&m->journal, c->out, TEXTS, m->columns, note, c->is_resumed, err);
    at_json_free(note);
    if (!rc && m->journal.has_old)
        rc = take_sums(m, err);
    if (!rc && m->journal.has_old)
        manifest_keep(m->x->sink->manifest);
    for (size_t i = 0; i < AT_COUNTOF(files) && !rc; i++)
        rc = manifest_expect(m->x->sink->manifest, files[i], err);
    if (!rc && !m->n_before)
        rc = remove_sums(m, err);
    if (!rc)
        rc = journal_begin(&m->journal, m->n_before, err);
    if (!rc && m->n_before) {
        m->model_name = at_strdup(journal_cell(&m->journal.done, 0, "model"));
        report_note("%zu texts were done before", m->n_before);
    }
    return rc;
}

int many_begin(struct many *m, const struct corpus_way *way, const struct context *x,
               struct at_error *err)
{
    struct call *c = x->call;
    int rc = 0;

    *m = (struct many){ .x = x, .saved = report_seconds() };
    many_keys(m, way);
    if (c->from || !at_texts_is_many(&c->texts))
        return 0;
    if (sink_writes(x->sink, FORMAT_CSV))
        rc = open_texts(m, err);
    if (!rc && m->n_before) {
        c->texts.passes = is_done;
        c->texts.arg = m;
        c->n_done_before = m->n_before;
    }
    if (!rc && m->columns)
        signals_hint("interrupted; the same call with --resume goes on where it stopped");
    return rc;
}

/* --- text by text --- */

struct at_corpus *many_corpus(struct many *m, const struct at_doc *doc)
{
    bool has_heads = m->way->has_heads;

    if (!*doc->in.id)
        return NULL;
    if (!m->corpus.cells)
        at_corpus_init(&m->corpus, has_heads ? doc->shape->n_layers : 0,
                       has_heads ? doc->shape->n_heads : 0, m->keys, m->way->n_values,
                       m->way->has_ratios);
    if (!m->model_name)
        m->model_name = at_strdup(doc->model_name);
    return &m->corpus;
}

/* sums.csv as it is now; at the end also into the manifest. */
static int save(const struct many *m, bool is_last, struct at_error *err)
{
    struct manifest *manifest = m->x->sink->manifest;
    struct at_arena arena = { 0 };
    struct at_strbuf columns = { 0 };
    struct at_csv csv;
    size_t n;
    const struct at_sums_row *rows = at_corpus_save(&n, &m->corpus, &arena);
    int rc;

    at_record_columns(&columns, &at_sums_row_record);
    rc = manifest_csv_open(&csv, manifest, SUMS, at_strbuf_str(&columns), err);
    for (size_t i = 0; i < n && !rc; i++) {
        at_record_cells(&csv, &at_sums_row_record, &rows[i]);
        at_csv_end(&csv);
    }
    if (!rc)
        rc = is_last ? manifest_csv_commit(&csv, manifest, SUMS, at_strbuf_str(&columns), err)
                     : at_csv_commit(&csv, err);
    at_strbuf_release(&columns);
    at_arena_release(&arena);
    return rc;
}

int many_save(const struct many *m, struct at_error *err)
{
    return save(m, true, err);
}

int many_add(struct many *m, const struct at_doc *doc, void *row, struct at_error *err)
{
    struct at_text_head *head = row; /* the first member of every row of texts.csv */
    struct at_arena arena = { 0 };
    int rc = 0;

    at_sums_add(&m->corpus.lengths, (double)doc->tokens.n);
    if (!m->columns && sink_writes(m->x->sink, FORMAT_CSV))
        rc = open_texts(m, err); /* captures: it was not known that there are many */
    if (rc || !m->columns)
        return rc;
    *head = sink_text_head(m->x->sink, doc, &arena);
    at_record_cells(&m->journal.csv, m->way->texts, row);
    at_csv_end(&m->journal.csv);
    at_arena_release(&arena);
    if (report_seconds() < m->saved + SAVE_SECONDS)
        return 0;
    rc = at_csv_flush(&m->journal.csv, err);
    if (!rc)
        rc = save(m, false, err);
    m->saved = report_seconds();
    return rc;
}

/* --- the end --- */

static int close_texts(struct many *m, struct at_error *err)
{
    struct manifest *manifest = m->x->sink->manifest;
    int rc = journal_end(&m->journal, err);

    if (!rc)
        rc = many_save(m, err);
    if (!rc)
        rc = manifest_table(manifest, TEXTS, m->columns, m->corpus.lengths.n, err);
    return rc ? rc : manifest_output(manifest, NOTE, err);
}

int many_end(struct many *m, int status)
{
    struct at_error err;
    int rc = 0;

    signals_hint(NULL);
    if (status != EXIT_DONE && status != EXIT_SKIPPED)
        return status;
    if (m->n_passed < m->n_before)
        return report_error("cannot resume '%s': text '%s' of %s is not where it was",
                            m->x->call->out, journal_cell(&m->journal.done, m->n_passed, "text_id"),
                            m->x->call->file);
    if (m->columns)
        rc = close_texts(m, &err);
    if (!rc && m->corpus.cells)
        rc = many_show(m, &err);
    return rc ? report_fault(&err) : status;
}

void many_release(struct many *m)
{
    if (m->columns)
        journal_release(&m->journal);
    free(m->columns);
    free(m->model_name);
    at_corpus_release(&m->corpus);
}
