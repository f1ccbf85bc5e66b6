/*
 * compare_tables.h - two tables of one command, number by number.
 */
#ifndef ANALYSIS_COMPARE_TABLES_H
#define ANALYSIS_COMPARE_TABLES_H

#include <stddef.h>

#include "analysis/compare_result.h"
#include "base/array.h"
#include "io/csv.h"

struct at_table_differences AT_ARRAY(struct at_table_difference);
struct at_table_columns AT_ARRAY(struct at_table_column);
struct at_compare_rows AT_ARRAY(struct at_compare_row);
struct at_labels_of_heads AT_ARRAY(struct at_label_of_head);

/* The cluster of a head on both sides. */
struct at_label_of_head {
    int a, b;
};

struct at_compared_tables {
    struct at_table_differences differences;
    struct at_table_columns columns;
    struct at_compare_rows heads; /* of tables that have a layer and a head in each row */
    struct at_labels_of_heads clusters;
    struct at_arena arena;
};

/*
 * at_compare_tables - add what differs between two tables of the same file.
 *
 * Rows belong together when they are equal in the columns that name a row (layer, head, index,
 * metric, method and their like), the n-th of equal ones to the n-th; a table without such columns
 * goes by its lines. Compared are the columns whose cells are numbers on both sides, but for those
 * that only name or place something (ids, offsets, clusters). A row that one side lacks has
 * no number there.
 *
 * name: of the file. is_of_heads: rows of heads are listed as such, too.
 * Memory    at_compared_tables_release(), which accepts a zeroed struct; strings are its own.
 */
void at_compare_tables(struct at_compared_tables *out, const char *name, const struct at_table *a,
                       const struct at_table *b, bool is_of_heads);
/* at_compared_add - one number of both sides, NaN where it is not there: into the column of that
   name, of which there is one for each table. Strings are copied but for the table's name. */
void at_compared_add(struct at_compared_tables *out, const char *table, const char *column,
                     const char *row, double a, double b);
void at_compared_tables_release(struct at_compared_tables *t);

/* at_compared_tables_tell - into a result, which borrows it: differences, columns, heads, and the
   adjusted Rand index of the clusters. */
void at_compared_tables_tell(struct at_compare_result *r, const struct at_compared_tables *t);

#endif
