/*
 * fuzz_csv.c - any bytes as a comma separated and as a tab separated table; every cell is read.
 */
#include "fuzz.h"

#include <string.h>

#include "io/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("table.csv", data, size);
    volatile size_t length = 0;

    for (const char *separator = ",\t"; *separator; separator++) {
        struct at_table table;
        struct at_error err;
        if (at_table_read(&table, path, *separator, &err))
            continue;
        for (size_t row = 0; row < table.n_rows; row++)
            for (size_t column = 0; column < table.n_columns; column++)
                length += strlen(at_table_cell(&table, row, column));
        at_table_release(&table);
    }
    return 0;
}
