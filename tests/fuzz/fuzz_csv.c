/*
 * fuzz_csv.c - any bytes as a comma separated and as a tab separated table; what is accepted reads
 * the same once it was written.
 */
#include "fuzz.h"

#include <string.h>

#include "io/csv.h"

static const char *write_again(const struct at_table *t)
{
    const char *path = fuzz_file("again.csv", (const uint8_t *)"", 0);
    struct at_strbuf columns = { 0 };
    struct at_csv c;

    /* at_csv_open() takes the header as it is: names that need quotes are left out. */
    at_strbuf_adds(&columns, "a");
    for (size_t i = 1; i < t->n_columns; i++)
        at_strbuf_adds(&columns, ",a");
    AT_BUG_IF(at_csv_open(&c, path, columns.s, NULL) != 0);
    for (size_t row = 0; row < t->n_rows; row++) {
        for (size_t i = 0; i < t->n_columns; i++)
            at_csv_text(&c, at_table_cell(t, row, i));
        at_csv_end(&c);
    }
    AT_BUG_IF(at_csv_commit(&c, NULL) != 0);
    at_strbuf_release(&columns);
    return path;
}

static void compare(const struct at_table *t, const struct at_table *again)
{
    AT_BUG_IF(again->n_rows != t->n_rows || again->n_columns != t->n_columns);
    for (size_t row = 0; row < t->n_rows; row++)
        for (size_t i = 0; i < t->n_columns; i++)
            AT_BUG_IF(strcmp(at_table_cell(t, row, i), at_table_cell(again, row, i)) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("table.csv", data, size);

    for (const char *separator = ",\t"; *separator; separator++) {
        struct at_table table, again;
        struct at_error err;
        if (at_table_read(&table, path, *separator, &err))
            continue;
        AT_BUG_IF(at_table_read(&again, write_again(&table), ',', &err) != 0);
        compare(&table, &again);
        at_table_release(&again);
        at_table_release(&table);
    }
    return 0;
}
