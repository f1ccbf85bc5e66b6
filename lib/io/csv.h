/*
 * csv.h - RFC 4180 tables: header line, comma, CRLF-free ("\n"), quotes where needed.
 *
 * Numbers have 9 significant digits ("%.9g"); an undefined number is an empty cell.
 */
#ifndef IO_CSV_H
#define IO_CSV_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/path.h"
#include "base/strbuf.h"

/* Writing: cells left to right, at_csv_end() after each row. Errors surface at commit. */
struct at_csv {
    struct at_outfile file;
    size_t n_columns;      /* of the header */
    size_t column;         /* next cell of the current row */
    size_t n_rows;         /* rows ended, without the header */
    struct at_strbuf rows; /* not yet handed to the file */
    int why;               /* errno of the first write that failed */
};

/* at_csv_open - create path and write the header: columns is "layer,head,weight". AT_EIO. */
AT_MUST_USE int at_csv_open(struct at_csv *out, const char *path, const char *columns,
                            struct at_error *err);
void at_csv_text(struct at_csv *c, const char *s); /* NULL is an empty cell */
void at_csv_int(struct at_csv *c, long long v);
void at_csv_real(struct at_csv *c, double v);
void at_csv_empty(struct at_csv *c);
void at_csv_end(struct at_csv *c); /* a row with another number of cells than the header is a bug */
AT_MUST_USE int at_csv_commit(struct at_csv *c, struct at_error *err);

/*
 * A journal: a table that grows in place, so that a run that is killed has lost nothing that was
 * flushed. at_csv_append opens path at its end (the header is written when it is empty; a link in
 * its place is refused), at_csv_flush hands the rows so far to the system, at_csv_close flushes and
 * closes. AT_EIO.
 */
AT_MUST_USE int at_csv_append(struct at_csv *out, const char *path, const char *columns,
                              struct at_error *err);
AT_MUST_USE int at_csv_flush(struct at_csv *c, struct at_error *err);
AT_MUST_USE int at_csv_close(struct at_csv *c, struct at_error *err);
void at_csv_abort(struct at_csv *c); /* accepts a zeroed or committed struct */

/*
 * Reading a whole table into memory: quoted cells, doubled quotes, CRLF or LF, a BOM and blank
 * lines are skipped. With a tab as separator there is no quoting: a quote is a character. Where the
 * header has none of the separator, it is the tab, semicolon or comma that the header has.
 * Errors    AT_EFORMAT with the line: unclosed quote, a row with another number of cells; those of
 *           at_text_read(). path "-" is standard input.
 */
struct at_table {
    char **cells;  /* (n_rows + 1, n_columns), row 0 is the header */
    size_t n_rows; /* without the header */
    size_t n_columns;
    char *bytes; /* what the cells point into */
};

AT_MUST_USE int at_table_read(struct at_table *out, const char *path, char separator,
                              struct at_error *err);
/* at_table_take - the same of a text that is there, which becomes the table's, or is freed. */
AT_MUST_USE int at_table_take(struct at_table *out, char *text, char separator,
                              struct at_error *err);
/* at_table_column - number of the column with that name, or -1. */
long at_table_column(const struct at_table *t, const char *name);
/* at_table_cell - row 0 is the first after the header. */
const char *at_table_cell(const struct at_table *t, size_t row, size_t column);
void at_table_release(struct at_table *t);

#endif
