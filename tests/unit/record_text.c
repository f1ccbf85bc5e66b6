/*
 * record_text.c - see record_text.h.
 */
#include "record_text.h"

#include <stdlib.h>

#include "close.h"
#include "sandbox.h"

static void assert_file(const char *path, const char *want)
{
    char *got = sandbox_read(path);

    assert_string_equal(got, want);
    free(got);
}

void assert_table(const struct at_record *r, const void *rows, size_t n, const char *want)
{
    const char *path = sandbox_path("out.csv");
    struct at_strbuf columns = { 0 };
    struct at_csv csv;

    at_record_columns(&columns, r);
    assert_int_equal(at_csv_open(&csv, path, at_strbuf_str(&columns), NULL), 0);
    for (size_t i = 0; i < n; i++) {
        at_record_cells(&csv, r, rows ? (const char *)rows + i * r->size : NULL);
        at_csv_end(&csv);
    }
    assert_int_equal(at_csv_commit(&csv, NULL), 0);
    assert_file(path, want);
    at_strbuf_release(&columns);
}

void assert_document(const struct at_record *r, const void *row, const char *want)
{
    struct at_json *o = at_record_json(r, row);
    struct at_strbuf got = { 0 };

    at_json_dump(&got, o, 0, 0);
    assert_string_equal(at_strbuf_str(&got), want);
    at_strbuf_release(&got);
    at_json_free(o);
}

void assert_terminal(const struct at_record *r, const void *row, const char *want)
{
    const char *path = sandbox_path("terminal");
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    at_record_heading(f, r);
    at_record_line(f, r, row);
    fclose(f);
    assert_file(path, want);
}
