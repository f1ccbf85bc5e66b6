/*
 * journal.c - see journal.h.
 */
#include "cmd/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "io/textfile.h"

enum { MAX_JOURNAL = 1 << 30 };

struct ends AT_ARRAY(size_t);

/* Ends of the rows of a table that are whole: a line end outside quotes. */
static void find_rows(struct ends *out, const char *bytes, size_t n)
{
    bool is_quoted = false;

    for (size_t i = 0; i < n; i++) {
        is_quoted ^= bytes[i] == '"';
        if (bytes[i] == '\n' && !is_quoted)
            *at_array_push(out) = i + 1;
    }
}

static int cut_file(const char *path, size_t size, struct at_error *err)
{
    if (truncate(path, (off_t)size) != 0)
        return at_fail(err, AT_EIO, "cannot write '%s': %s", path, strerror(errno));
    return 0;
}

/* What the journal was started with against what is wanted now. */
static int check_note(const struct journal *j, const char *dir, const struct at_json *note,
                      struct at_error *err)
{
    struct at_json *old = NULL;
    const struct at_json *value;
    int rc = at_json_read(&old, j->note_path, err);

    for (const char *key = at_json_next(note, NULL, &value); key && !rc;
         key = at_json_next(note, key, &value)) {
        const char *was = at_json_text(at_json_get(old, key), ""), *now = at_json_text(value, "");
        if (strcmp(was, now) != 0)
            rc = at_fail(err, AT_EFORMAT, "cannot resume '%s': %s was '%.*s', now it is '%.*s'",
                         dir, key, at_shown(was, 80), was, at_shown(now, 80), now);
    }
    at_json_free(old);
    return rc;
}

/* Rows of the interrupted run; what was cut off in the middle of a row goes. */
static int read_rows(struct journal *j, struct at_error *err)
{
    struct ends ends = { 0 };
    char *bytes = NULL;
    size_t n = 0;
    int rc = at_text_read(&bytes, &n, j->path, MAX_JOURNAL, err);

    if (rc)
        return rc;
    find_rows(&ends, bytes, n);
    free(bytes);
    j->row_end = ends.items;
    rc = cut_file(j->path, ends.n ? ends.items[ends.n - 1] : 0, err);
    if (rc || ends.n == 0)
        return rc;
    rc = at_table_read(&j->done, j->path, ',', err);
    if (!rc && j->done.n_rows + 1 != ends.n)
        rc = at_fail(err, AT_EFORMAT, "%s: blank lines in a journal", j->path);
    for (const char *c = j->columns; !rc; c += strcspn(c, ",") + 1) {
        char *name = at_strndup(c, strcspn(c, ","));
        if (at_table_column(&j->done, name) < 0)
            rc = at_fail(err, AT_EFORMAT, "%s: no column '%s'", j->path, name);
        free(name);
        if (!c[strcspn(c, ",")])
            break;
    }
    return rc;
}

static int start_new(struct journal *j, const struct at_json *note, struct at_error *err)
{
    struct at_strbuf text = { 0 };
    int rc;

    if (unlink(j->path) < 0 && errno != ENOENT)
        return at_fail(err, AT_EIO, "cannot replace '%s': %s", j->path, strerror(errno));
    at_json_dump(&text, note, 1, 0);
    at_strbuf_addc(&text, '\n');
    rc = at_write_file(j->note_path, text.s, text.n, err);
    at_strbuf_release(&text);
    return rc;
}

int journal_open(struct journal *out, const char *dir, const char *name, const char *columns,
                 const struct at_json *note, bool resume, struct at_error *err)
{
    struct journal j = { .columns = columns };
    int rc = 0;

    j.path = at_path_join(dir, name);
    j.note_path = at_path_join(dir, "journal.json");
    if (resume && at_path_is_file(j.note_path) && at_path_is_file(j.path)) {
        rc = check_note(&j, dir, note, err);
        if (!rc)
            rc = read_rows(&j, err);
    } else {
        rc = start_new(&j, note, err);
    }
    if (rc)
        journal_release(&j);
    else
        *out = j;
    return rc;
}

const char *journal_cell(const struct at_table *done, size_t row, const char *column)
{
    long number = at_table_column(done, column);

    AT_BUG_IF(number < 0); /* journal_open() has seen that they are there */
    return at_table_cell(done, row, (size_t)number);
}

int journal_begin(struct journal *j, size_t n, struct at_error *err)
{
    int rc = 0;

    AT_BUG_IF(n > j->done.n_rows);
    if (n < j->done.n_rows)
        rc = cut_file(j->path, j->row_end[n], err);
    if (!rc)
        rc = at_csv_append(&j->csv, j->path, j->columns, err);
    if (!rc)
        j->csv.n_rows = n;
    return rc;
}

int journal_end(struct journal *j, struct at_error *err)
{
    return at_csv_close(&j->csv, err);
}

void journal_release(struct journal *j)
{
    at_csv_abort(&j->csv);
    at_table_release(&j->done);
    free(j->row_end);
    free(j->path);
    free(j->note_path);
    *j = (struct journal){ 0 };
}

bool shard_parse(struct shard *out, const char *text)
{
    char *end;
    unsigned long k, n;

    *out = (struct shard){ 1, 1 };
    if (!text)
        return true;
    k = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '/' || end[1] < '0' || end[1] > '9')
        return false;
    n = strtoul(end + 1, &end, 10);
    if (*end || k < 1 || k > n)
        return false;
    *out = (struct shard){ k, n };
    return true;
}

bool shard_has(struct shard s, size_t item)
{
    return item % s.n + 1 == s.k;
}
