/*
 * swap_terms.c - the list of terms of swap.h.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/swap.h"
#include "io/csv.h"

static const char *const gate_names[] = { "", "person", "possessive", "object" };

static int by_length(const void *a, const void *b)
{
    const struct at_swap_term *x = a, *y = b;
    int by_name;

    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    by_name = strcmp(x->term, y->term);
    return by_name ? by_name : (x->order > y->order) - (x->order < y->order);
}

static size_t category_number(struct at_swap_terms *t, const char *name)
{
    size_t c = 0;

    while (c < t->n_categories && strcmp(t->categories[c], name) != 0)
        c++;
    if (c == t->n_categories)
        t->categories[t->n_categories++] = at_arena_strdup(&t->arena, name);
    return c;
}

static int find_gate(enum at_swap_gate *out, const char *name)
{
    for (size_t g = 0; g < AT_COUNTOF(gate_names); g++)
        if (strcmp(gate_names[g], name) == 0) {
            *out = (enum at_swap_gate)g;
            return 0;
        }
    return AT_ENOTFOUND;
}

/* ASCII only: capital letters of a list are the list's own. */
static char *lower_copy(struct at_arena *arena, const char *s)
{
    char *copy = at_arena_strdup(arena, s);

    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return copy;
}

static int take_row(struct at_swap_terms *t, const struct at_table *table, size_t row,
                    const long *column, struct at_error *err)
{
    const char *cell[4];
    enum at_swap_gate gate;
    char *a, *b;
    size_t category;

    for (size_t c = 0; c < 4; c++)
        cell[c] = column[c] < 0 ? "" : at_table_cell(table, row, (size_t)column[c]);
    if (!*cell[0] || !*cell[1])
        return at_fail(err, AT_EFORMAT, "row %zu: empty term", row + 1);
    if (find_gate(&gate, cell[3]) != 0)
        return at_fail(err, AT_EFORMAT,
                       "row %zu: gate '%s', want 'person', 'possessive', 'object' or none", row + 1,
                       cell[3]);
    a = lower_copy(&t->arena, cell[0]);
    b = lower_copy(&t->arena, cell[1]);
    category = category_number(t, cell[2]);
    t->items[t->n++] = (struct at_swap_term){ a, b, strlen(a), category, row, gate };
    t->items[t->n++] = (struct at_swap_term){ b, a, strlen(b), category, row, gate };
    return 0;
}

static int check_twice(const struct at_swap_terms *t, struct at_error *err)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = i + 1; j < t->n && strcmp(t->items[i].term, t->items[j].term) == 0; j++)
            if (strcmp(t->items[i].target, t->items[j].target) == 0)
                return at_fail(err, AT_EFORMAT, "row %zu: the pair '%s', '%s' was in row %zu",
                               t->items[j].order + 1, t->items[j].term, t->items[j].target,
                               t->items[i].order + 1);
    return 0;
}

static int from_table(struct at_swap_terms *t, const struct at_table *table, struct at_error *err)
{
    static const char *const names[4] = { "term", "counterpart", "category", "gate" };
    long column[4];
    int rc = 0;

    for (size_t c = 0; c < 4; c++) {
        column[c] = at_table_column(table, names[c]);
        if (column[c] < 0 && c < 3)
            return at_fail(err, AT_EFORMAT, "no column '%s'", names[c]);
    }
    if (table->n_rows == 0)
        return at_fail(err, AT_EFORMAT, "no terms");
    t->items = at_arena_alloc(&t->arena, 2 * table->n_rows, sizeof *t->items);
    t->categories = at_arena_alloc(&t->arena, table->n_rows, sizeof *t->categories);
    for (size_t row = 0; row < table->n_rows && !rc; row++)
        rc = take_row(t, table, row, column, err);
    if (!rc) {
        qsort(t->items, t->n, sizeof *t->items, by_length);
        rc = check_twice(t, err);
    }
    return rc;
}

int at_swap_terms_read(struct at_swap_terms *out, const char *path, struct at_error *err)
{
    struct at_swap_terms t = { 0 };
    struct at_table table = { 0 };
    int rc = at_table_read(&table, path, '\t', err);

    if (rc)
        return rc;
    rc = from_table(&t, &table, err);
    at_table_release(&table);
    if (rc) {
        at_swap_terms_release(&t);
        return at_error_in(err, "%s", path);
    }
    *out = t;
    return 0;
}

void at_swap_terms_release(struct at_swap_terms *t)
{
    at_arena_release(&t->arena);
    *t = (struct at_swap_terms){ 0 };
}
