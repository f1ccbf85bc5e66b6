/*
 * csv.c - see csv.h. Rows gather in a buffer of our own: no stdio call per cell.
 */
#include "io/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/decimal.h"
#include "io/textfile.h"

enum { FLUSH_AT = 1 << 16, MAX_TABLE = 1 << 30 };

static void flush(struct at_csv *c)
{
    size_t n = c->rows.n;

    if (n && !c->why && fwrite(c->rows.s, 1, n, c->file.f) != n)
        c->why = errno ? errno : EIO;
    at_strbuf_clear(&c->rows);
}

/* Start a cell: the comma before it, and one column more. */
static void next_cell(struct at_csv *c)
{
    AT_BUG_IF(c->column >= c->n_columns);
    if (c->column++ > 0)
        at_strbuf_addc(&c->rows, ',');
}

static size_t count_columns(const char *columns)
{
    size_t n = 1;

    for (; *columns; columns++)
        n += *columns == ',';
    return n;
}

static void add_header(struct at_csv *c, const char *columns)
{
    at_strbuf_adds(&c->rows, columns);
    at_strbuf_addc(&c->rows, '\n');
}

int at_csv_open(struct at_csv *out, const char *path, const char *columns, struct at_error *err)
{
    struct at_csv c = { .n_columns = count_columns(columns) };
    int rc = at_outfile_open(&c.file, path, err);

    if (rc)
        return rc;
    add_header(&c, columns);
    *out = c;
    return 0;
}

int at_csv_append(struct at_csv *out, const char *path, const char *columns, struct at_error *err)
{
    struct at_csv c = { .n_columns = count_columns(columns) };
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);

    c.file.f = fd >= 0 ? fdopen(fd, "a") : NULL;
    if (!c.file.f || fseek(c.file.f, 0, SEEK_END) != 0) {
        int why = errno;
        if (fd >= 0 && !c.file.f)
            close(fd);
        at_csv_abort(&c);
        return at_fail(err, AT_EIO, "cannot write '%s': %s", path, strerror(why));
    }
    c.file.path = at_strdup(path);
    if (ftell(c.file.f) == 0)
        add_header(&c, columns);
    *out = c;
    return at_csv_flush(out, err);
}

int at_csv_flush(struct at_csv *c, struct at_error *err)
{
    AT_BUG_IF(c->column != 0);
    flush(c);
    if (!c->why && fflush(c->file.f) != 0)
        c->why = errno ? errno : EIO;
    if (c->why)
        return at_fail(err, AT_EIO, "cannot write '%s': %s", c->file.path, strerror(c->why));
    return 0;
}

int at_csv_close(struct at_csv *c, struct at_error *err)
{
    int rc = at_csv_flush(c, err);

    if (fclose(c->file.f) != 0 && !rc)
        rc = at_fail(err, AT_EIO, "cannot write '%s': %s", c->file.path, strerror(errno));
    c->file.f = NULL;
    at_csv_abort(c);
    return rc;
}

void at_csv_text(struct at_csv *c, const char *s)
{
    next_cell(c);
    if (!s)
        return;
    if (!s[strcspn(s, ",\"\r\n")]) {
        at_strbuf_adds(&c->rows, s);
        return;
    }
    at_strbuf_addc(&c->rows, '"');
    for (; *s; s++) {
        if (*s == '"')
            at_strbuf_addc(&c->rows, '"');
        at_strbuf_addc(&c->rows, *s);
    }
    at_strbuf_addc(&c->rows, '"');
}

void at_csv_int(struct at_csv *c, long long v)
{
    char cell[AT_DECIMAL_MAX];

    next_cell(c);
    at_strbuf_add(&c->rows, cell, at_decimal_int(cell, v));
}

void at_csv_real(struct at_csv *c, double v)
{
    char cell[AT_DECIMAL_MAX];

    next_cell(c);
    if (isfinite(v))
        at_strbuf_add(&c->rows, cell, at_decimal_real(cell, v));
}

void at_csv_empty(struct at_csv *c)
{
    next_cell(c);
}

void at_csv_end(struct at_csv *c)
{
    AT_BUG_IF(c->column != c->n_columns);
    /* A row of one empty cell would be a blank line, which readers skip. */
    if (c->n_columns == 1 && (c->rows.n == 0 || c->rows.s[c->rows.n - 1] == '\n'))
        at_strbuf_adds(&c->rows, "\"\"");
    at_strbuf_addc(&c->rows, '\n');
    c->column = 0;
    c->n_rows++;
    if (c->rows.n >= FLUSH_AT)
        flush(c);
}

int at_csv_commit(struct at_csv *c, struct at_error *err)
{
    int rc;

    AT_BUG_IF(c->column != 0);
    flush(c);
    if (!c->why)
        rc = at_outfile_commit(&c->file, err);
    else
        rc = at_fail(err, AT_EIO, "cannot write '%s': %s", c->file.path, strerror(c->why));
    at_csv_abort(c);
    return rc;
}

void at_csv_abort(struct at_csv *c)
{
    at_outfile_abort(&c->file);
    at_strbuf_release(&c->rows);
}

struct cells AT_ARRAY(char *);

/* Where the parser stands. Cells are unquoted in place: out never overtakes in. */
struct reader {
    char *in;
    char separator;
    bool has_quotes; /* tab-separated text has no quoting: a quote is a character */
    size_t line;
};

static bool at_row_end(const char *p)
{
    return *p == '\n' || *p == '\0' || (p[0] == '\r' && p[1] == '\n');
}

/* The rest of a quoted cell, r->in after the opening quote; *end_out is where its text ends. */
static int read_quoted(struct reader *r, char **end_out, struct at_error *err)
{
    size_t first_line = r->line;
    char *out = r->in;

    for (;; r->in++) {
        if (*r->in == '\0')
            return at_fail(err, AT_EFORMAT, "line %zu: a quote is never closed", first_line);
        if (*r->in == '"' && *++r->in != '"')
            break;
        r->line += *r->in == '\n';
        *out++ = *r->in;
    }
    if (*r->in != r->separator && !at_row_end(r->in))
        return at_fail(err, AT_EFORMAT, "line %zu: text after a closing quote", r->line);
    *end_out = out;
    return 0;
}

/* Length of the unquoted cell at r->in. */
static size_t cell_length(const struct reader *r)
{
    const char *p = r->in;

    while (*p != r->separator && !at_row_end(p))
        p++;
    return (size_t)(p - r->in);
}

/* One cell; *last_out tells whether it ends its row. r->in moves behind what ended it. */
static int read_cell(struct reader *r, char **cell_out, bool *last_out, struct at_error *err)
{
    bool is_quoted = *r->in == '"' && r->has_quotes, last;
    char *cell = r->in + is_quoted, *end = cell;
    int rc = 0;

    r->in = cell;
    if (is_quoted) {
        rc = read_quoted(r, &end, err);
    } else {
        r->in += cell_length(r);
        end = r->in;
    }
    if (rc)
        return rc;
    last = *r->in != r->separator;
    if (*r->in == '\r')
        r->in++;
    if (last)
        r->line++;
    r->in += *r->in != '\0';
    *end = '\0';
    *cell_out = cell;
    *last_out = last;
    return 0;
}

static int read_row(struct cells *cells, struct reader *r, struct at_error *err)
{
    bool last = false;

    while (!last) {
        char *cell;
        int rc = read_cell(r, &cell, &last, err);
        if (rc)
            return rc;
        *at_array_push(cells) = cell;
    }
    return 0;
}

static void skip_blank_lines(struct reader *r)
{
    while (*r->in && at_row_end(r->in)) {
        r->in += *r->in == '\r' ? 2 : 1;
        r->line++;
    }
}

static int parse_table(struct at_table *t, struct cells *cells, char separator, bool has_quotes,
                       struct at_error *err)
{
    struct reader r = { t->bytes, separator, has_quotes, 1 };

    cells->n = 0;
    for (skip_blank_lines(&r); *r.in; skip_blank_lines(&r)) {
        size_t before = cells->n, line = r.line;
        int rc = read_row(cells, &r, err);
        if (rc)
            return rc;
        if (before == 0)
            t->n_columns = cells->n;
        else if (cells->n - before != t->n_columns)
            return at_fail(err, AT_EFORMAT, "line %zu: %zu cells, the header has %zu", line,
                           cells->n - before, t->n_columns);
    }
    if (cells->n == 0)
        return at_fail(err, AT_EFORMAT, "no header line");
    t->n_rows = cells->n / t->n_columns - 1;
    return 0;
}

/* What parts the cells of the header: the separator that was expected or, where the header has none
   of it, the tab, semicolon or comma that it has. */
static char find_separator(const char *bytes, char expected)
{
    const char *others = "\t;,", *p = bytes + strspn(bytes, "\r\n");
    size_t n = strcspn(p, "\r\n");

    if (memchr(p, expected, n))
        return expected;
    for (; *others; others++)
        if (memchr(p, *others, n))
            return *others;
    return expected;
}

/*
 * Tabs under another name than .tsv: cells may be quoted as in other tables, or a quote may be a
 * character as in a table of tabs. Quoted unless that fails.
 */
static int parse_tabs(struct at_table *t, struct cells *cells, struct at_error *err)
{
    char *copy = at_strdup(t->bytes);
    int rc = parse_table(t, cells, '\t', true, NULL);

    if (rc) {
        free(t->bytes);
        t->bytes = copy;
        return parse_table(t, cells, '\t', false, err);
    }
    free(copy);
    return 0;
}

int at_table_take(struct at_table *out, char *text, char separator, struct at_error *err)
{
    struct at_table t = { .bytes = text };
    struct cells cells = { 0 };
    char found = find_separator(text, separator);
    int rc = found == '\t' && separator != '\t'
                 ? parse_tabs(&t, &cells, err)
                 : parse_table(&t, &cells, found, found != '\t', err);

    t.cells = cells.items;
    if (rc)
        at_table_release(&t);
    else
        *out = t;
    return rc;
}

int at_table_read(struct at_table *out, const char *path, char separator, struct at_error *err)
{
    char *text;
    int rc = at_text_read(&text, NULL, path, MAX_TABLE, err);

    if (rc)
        return rc;
    rc = at_table_take(out, text, separator, err);
    if (rc)
        at_error_in(err, "%s", path);
    return rc;
}

long at_table_column(const struct at_table *t, const char *name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (strcmp(t->cells[i], name) == 0)
            return (long)i;
    return -1;
}

const char *at_table_cell(const struct at_table *t, size_t row, size_t column)
{
    AT_BUG_IF(row >= t->n_rows || column >= t->n_columns);
    return t->cells[(row + 1) * t->n_columns + column];
}

void at_table_release(struct at_table *t)
{
    free(t->cells);
    free(t->bytes);
    *t = (struct at_table){ 0 };
}
