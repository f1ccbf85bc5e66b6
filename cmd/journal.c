/*
 * journal.c - see journal.h.
 */
#include "cmd/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/mapfile.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/utf8.h"

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

/* What the journal was started with against what is wanted now. */
static int check_note(const struct at_json *old, const char *dir, const struct at_json *note,
                      struct at_error *err)
{
    const struct at_json *value;
    int rc = 0;

    for (const char *key = at_json_next(note, NULL, &value); key && !rc;
         key = at_json_next(note, key, &value)) {
        const char *was = at_json_text(at_json_get(old, key), ""), *now = at_json_text(value, "");
        if (strcmp(was, now) != 0)
            rc = at_fail(err, AT_EFORMAT, "cannot resume '%s': %s was '%.*s', now it is '%.*s'",
                         dir, key, at_shown(was, 80), was, at_shown(now, 80), now);
    }
    return rc;
}

/*
 * The table as far as it is one: up to a row that was cut off, in the middle of a character or not,
 * or lost to a crash of the system, which leaves NULs at the end of a file.
 */
static int read_rows(struct journal *j, struct at_error *err)
{
    struct ends ends = { 0 };
    struct at_mapfile m;
    int rc = at_mapfile_open(&m, j->path, err);
    const char *bytes;
    size_t n, header = strlen(j->columns);

    if (rc)
        return rc;
    bytes = m.bytes ? (const char *)m.bytes : "";
    n = at_utf8_check(bytes, m.n);
    n = strnlen(bytes, n);
    find_rows(&ends, bytes, n);
    if (memcmp(bytes, j->columns, AT_MIN(n, header)) != 0 ||
        (ends.n > 0 && ends.items[0] != header + 1))
        rc = at_fail(err, AT_EFORMAT, "%s: not the table of such a run", j->path);
    else if (ends.n > 0)
        rc = at_table_take(&j->done, at_strndup(bytes, ends.items[ends.n - 1]), ',', err);
    if (!rc && ends.n > 0 && j->done.n_rows + 1 != ends.n)
        rc = at_fail(err, AT_EFORMAT, "%s: blank lines in a journal", j->path);
    j->row_end = ends.items;
    at_mapfile_close(&m);
    return rc;
}

/* A file of ours, to go on with; something else in its place is nobody's to change. */
static int check_file(bool *is_there, const char *path, struct at_error *err)
{
    struct stat st;

    *is_there = lstat(path, &st) == 0;
    if (*is_there && !S_ISREG(st.st_mode))
        return at_fail(err, AT_EIO, "cannot resume with '%s': not a regular file", path);
    return 0;
}

/* The note of the run to go on with, or NULL: what a full disk or a crash made of a note says
   nothing of the rows. */
static int find_old(struct at_json **out, const struct journal *j, struct at_error *err)
{
    bool has_note, has_rows;
    int rc = check_file(&has_note, j->note_path, err);

    if (!rc)
        rc = check_file(&has_rows, j->path, err);
    if (!rc && has_note && has_rows && at_json_read(out, j->note_path, NULL) != 0)
        *out = NULL;
    return rc;
}

int journal_open(struct journal *out, const char *dir, const char *name, const char *columns,
                 const struct at_json *note, bool resume, struct at_error *err)
{
    struct journal j = { .columns = columns };
    struct at_strbuf text = { 0 };
    struct at_json *old = NULL;
    int rc = 0;

    j.path = at_path_join(dir, name);
    j.note_path = at_path_join(dir, "journal.json");
    if (resume)
        rc = find_old(&old, &j, err);
    j.has_old = old != NULL;
    if (!rc && j.has_old)
        rc = check_note(old, dir, note, err);
    if (!rc && j.has_old)
        rc = read_rows(&j, err);
    at_json_free(old);
    at_json_dump(&text, note, 1, 0);
    at_strbuf_addc(&text, '\n');
    j.note = at_strbuf_take(&text);
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

static int cut_file(const char *path, size_t size, struct at_error *err)
{
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC), why = 0;

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        why = errno;
    if (fd >= 0)
        close(fd);
    return why ? at_fail(err, AT_EIO, "cannot write '%s': %s", path, strerror(why)) : 0;
}

static int start_new(const struct journal *j, struct at_error *err)
{
    if (unlink(j->path) < 0 && errno != ENOENT)
        return at_fail(err, AT_EIO, "cannot replace '%s': %s", j->path, strerror(errno));
    return at_write_file(j->note_path, j->note, strlen(j->note), err);
}

int journal_begin(struct journal *j, size_t n, struct at_error *err)
{
    int rc;

    AT_BUG_IF(n > j->done.n_rows);
    rc = j->has_old ? cut_file(j->path, j->row_end ? j->row_end[n] : 0, err) : start_new(j, err);
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
    free(j->note);
    *j = (struct journal){ 0 };
}
