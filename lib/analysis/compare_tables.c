/*
 * compare_tables.c - see compare_tables.h.
 */
#include "analysis/compare_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "stats/rand_index.h"

/* Columns that name a row. */
static const char *const key_names[] = {
    "layer",    "head",    "index",     "text_id",  "metric",    "method",  "method_a", "method_b",
    "query",    "key",     "role",      "relation", "component", "mode",    "k",        "rank",
    "category", "target",  "direction", "sentence", "node",      "feature", "position", "layer_a",
    "head_a",   "index_a", "column",    "table",    "row",       NULL,
};

/* Columns whose numbers only name or place something. */
static const char *const label_names[] = { "id",      "start",   "end",     "segment", "word",
                                           "cluster", "parent",  "depth",   "text",    "label",
                                           "name",    "layer_b", "head_b",  "index_b", "top_layer",
                                           "model",   "token",   "model_b", NULL };

static bool is_among(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && !strcmp(s + n - m, end);
}

/* "id" names a row where it comes first, else it is a token's; layer and head of the best head for
   a syntactic relation are what is found, not what names the row. */
static bool is_key(const struct at_table *t, size_t column)
{
    const char *name = t->cells[column];

    if (at_table_column(t, "relation") >= 0 && at_table_column(t, "baseline_offset") >= 0)
        return !strcmp(name, "relation") || !strcmp(name, "direction");
    return is_among(key_names, name) || (column == 0 && !strcmp(name, "id"));
}

static double number(const char *cell)
{
    char *end;
    double v = strtod(cell, &end);

    return *cell && !*end ? v : NAN;
}

static bool has_numbers(const struct at_table *t, size_t column)
{
    bool has_any = false;

    if (!strcmp(t->cells[column], "run_id")) /* may look like one */
        return false;
    for (size_t i = 0; i < t->n_rows; i++) {
        const char *cell = at_table_cell(t, i, column);
        if (*cell && isnan(number(cell)))
            return false;
        has_any |= *cell != '\0';
    }
    return has_any;
}

/* --- rows that belong together --- */

struct keyed {
    const char *key;
    size_t row;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : x->row < y->row ? -1 : x->row > y->row;
}

/* "layer 3 head 5", or the line's number. */
static const char *key_of(const struct at_table *t, size_t row, struct at_arena *arena)
{
    struct at_strbuf b = { 0 };
    const char *key;

    for (size_t c = 0; c < t->n_columns; c++)
        if (is_key(t, c))
            at_strbuf_addf(&b, "%s%s %s", b.n ? " " : "", t->cells[c], at_table_cell(t, row, c));
    if (!b.n)
        at_strbuf_addf(&b, "line %zu", row + 1);
    key = at_arena_strdup(arena, b.s);
    at_strbuf_release(&b);
    return key;
}

struct work {
    struct at_compared_tables *out;
    const char *name;
    const struct at_table *a, *b;
    struct keyed *rows_a, *rows_b; /* in order of rows */
    size_t *partner_a, *partner_b; /* rows of the other; AT_NONE */
};

static struct keyed *key_rows(const struct at_table *t, struct at_arena *arena)
{
    struct keyed *rows = at_arena_alloc(arena, t->n_rows, sizeof *rows);

    for (size_t i = 0; i < t->n_rows; i++)
        rows[i] = (struct keyed){ key_of(t, i, arena), i };
    return rows;
}

static struct keyed *sorted(const struct keyed *rows, size_t n)
{
    struct keyed *copy = at_malloc(n, sizeof *copy);

    if (n) {
        memcpy(copy, rows, n * sizeof *copy);
        qsort(copy, n, sizeof *copy, by_key);
    }
    return copy;
}

static void join(struct work *w)
{
    size_t n_a = w->a->n_rows, n_b = w->b->n_rows, i = 0, k = 0;
    struct keyed *a = sorted(w->rows_a, n_a), *b = sorted(w->rows_b, n_b);

    for (size_t r = 0; r < n_a; r++)
        w->partner_a[r] = AT_NONE;
    for (size_t r = 0; r < n_b; r++)
        w->partner_b[r] = AT_NONE;
    while (i < n_a && k < n_b) {
        int order = strcmp(a[i].key, b[k].key);
        if (order == 0) {
            w->partner_a[a[i].row] = b[k].row;
            w->partner_b[b[k].row] = a[i].row;
        }
        i += order <= 0;
        k += order >= 0;
    }
    free(a);
    free(b);
}

/* --- numbers of a column --- */

/* The number of the layer or head of a row; AT_NONE for words like "mean". */
static size_t place_of(const struct at_table *t, size_t row, const char *column)
{
    long c = at_table_column(t, column);
    const char *cell = c < 0 ? "" : at_table_cell(t, row, (size_t)c);
    char *end;
    unsigned long v = strtoul(cell, &end, 10);

    return *cell >= '0' && *cell <= '9' && !*end ? v : AT_NONE;
}

/* What a number of a head is called: the other columns that name the row, then its own. */
static const char *metric_of(const struct at_table *t, size_t row, const char *column,
                             struct at_arena *arena)
{
    struct at_strbuf b = { 0 };
    const char *metric;

    for (size_t c = 0; c < t->n_columns; c++)
        if (is_key(t, c) && strcmp(t->cells[c], "layer") != 0 && strcmp(t->cells[c], "head") != 0)
            at_strbuf_addf(&b, "%s.", at_table_cell(t, row, c));
    if (b.n && !strcmp(column, "mean") && at_table_column(t, "metric") >= 0)
        b.s[--b.n] = '\0';
    else
        at_strbuf_adds(&b, column);
    metric = at_arena_strdup(arena, b.s);
    at_strbuf_release(&b);
    return metric;
}

static void add_head(struct work *w, const struct at_table *t, size_t row,
                     const struct at_table_difference *d)
{
    size_t layer = place_of(t, row, "layer"), head = place_of(t, row, "head");

    if (layer == AT_NONE || head == AT_NONE)
        return;
    *at_array_push(&w->out->heads) = (struct at_compare_row){
        .layer = layer,
        .head = head,
        .metric = metric_of(t, row, d->column, &w->out->arena),
        .a = d->a,
        .b = d->b,
        .difference = d->difference,
        .low = NAN,
        .high = NAN,
        .p = NAN,
        .q = NAN,
        .n = !isnan(d->difference),
        .effect = NAN,
        .effect_interval = { NAN, NAN },
        .layer_a = layer,
        .layer_b = layer,
    };
}

/* A difference into the numbers of its column; false when neither side has any. */
static bool count(struct at_compared_tables *out, struct at_table_column *sum,
                  struct at_table_difference *d)
{
    double size;

    if (isnan(d->a) && isnan(d->b))
        return false;
    d->difference = d->a - d->b;
    size = fabs(d->difference);
    *at_array_push(&out->differences) = *d;
    sum->n_alone += isnan(size);
    sum->n_different += size > 0.0;
    if (!isnan(size))
        sum->mean =
            sum->n++ ? sum->mean + (d->difference - sum->mean) / (double)sum->n : d->difference;
    if (size > sum->greatest || (size >= 0.0 && !sum->row)) {
        sum->greatest = size;
        sum->row = d->row;
    }
    return true;
}

/* One number on both sides; of a row that one side lacks the other is AT_NONE. */
static void add_number(struct work *w, struct at_table_column *sum, size_t column_a,
                       size_t column_b, size_t row_a, size_t row_b, bool is_of_heads)
{
    bool is_a = row_a != AT_NONE;
    struct at_table_difference d = {
        .table = w->name,
        .row = is_a ? w->rows_a[row_a].key : w->rows_b[row_b].key,
        .column = sum->column,
        .a = is_a ? number(at_table_cell(w->a, row_a, column_a)) : NAN,
        .b = row_b != AT_NONE ? number(at_table_cell(w->b, row_b, column_b)) : NAN,
    };

    if (count(w->out, sum, &d) && is_of_heads)
        add_head(w, is_a ? w->a : w->b, is_a ? row_a : row_b, &d);
}

static void compare_column(struct work *w, size_t column_a, size_t column_b, bool is_of_heads)
{
    struct at_table_column sum = {
        .table = w->name,
        .column = at_arena_strdup(&w->out->arena, w->a->cells[column_a]),
        .mean = NAN,
        .greatest = NAN,
    };

    for (size_t i = 0; i < w->a->n_rows; i++)
        add_number(w, &sum, column_a, column_b, i, w->partner_a[i], is_of_heads);
    for (size_t k = 0; k < w->b->n_rows; k++)
        if (w->partner_b[k] == AT_NONE)
            add_number(w, &sum, column_a, column_b, AT_NONE, k, is_of_heads);
    *at_array_push(&w->out->columns) = sum;
}

static void collect_clusters(struct work *w)
{
    long a = at_table_column(w->a, "cluster"), b = at_table_column(w->b, "cluster");

    if (a < 0 || b < 0 || at_table_column(w->a, "layer") < 0 || at_table_column(w->a, "head") < 0)
        return;
    for (size_t i = 0; i < w->a->n_rows; i++)
        if (w->partner_a[i] != AT_NONE)
            *at_array_push(&w->out->clusters) = (struct at_label_of_head){
                (int)number(at_table_cell(w->a, i, (size_t)a)),
                (int)number(at_table_cell(w->b, w->partner_a[i], (size_t)b)),
            };
}

void at_compare_tables(struct at_compared_tables *out, const char *name, const struct at_table *a,
                       const struct at_table *b, bool is_of_heads)
{
    struct at_arena *arena = &out->arena;
    struct work w = { .out = out, .name = at_arena_strdup(arena, name), .a = a, .b = b };

    w.rows_a = key_rows(a, arena);
    w.rows_b = key_rows(b, arena);
    w.partner_a = at_arena_alloc(arena, a->n_rows, sizeof *w.partner_a);
    w.partner_b = at_arena_alloc(arena, b->n_rows, sizeof *w.partner_b);
    join(&w);
    is_of_heads = is_of_heads && at_table_column(a, "layer") >= 0 &&
                  at_table_column(a, "head") >= 0 && at_table_column(a, "query") < 0;
    for (size_t c = 0; c < a->n_columns; c++) {
        const char *column = a->cells[c];
        long other = at_table_column(b, column);
        if (other >= 0 && !is_key(a, c) && !is_among(label_names, column) &&
            !ends_with(column, "_token") && has_numbers(a, c) && has_numbers(b, (size_t)other))
            compare_column(&w, c, (size_t)other, is_of_heads);
    }
    collect_clusters(&w);
}

void at_compared_add(struct at_compared_tables *out, const char *table, const char *column,
                     const char *row, double a, double b)
{
    struct at_table_column *sum = NULL;
    struct at_table_difference d = {
        .table = table, .row = at_arena_strdup(&out->arena, row), .a = a, .b = b
    };

    if (isnan(a) && isnan(b))
        return;
    for (size_t i = 0; i < out->columns.n; i++)
        if (!strcmp(out->columns.items[i].table, table) &&
            !strcmp(out->columns.items[i].column, column))
            sum = &out->columns.items[i];
    if (!sum) {
        sum = at_array_push(&out->columns);
        *sum = (struct at_table_column){ .table = table,
                                         .column = at_arena_strdup(&out->arena, column),
                                         .mean = NAN,
                                         .greatest = NAN };
    }
    d.column = sum->column;
    count(out, sum, &d);
}

void at_compared_tables_release(struct at_compared_tables *t)
{
    at_array_release(&t->differences);
    at_array_release(&t->columns);
    at_array_release(&t->heads);
    at_array_release(&t->clusters);
    at_arena_release(&t->arena);
    *t = (struct at_compared_tables){ 0 };
}

void at_compared_tables_tell(struct at_compare_result *r, const struct at_compared_tables *t)
{
    size_t n = t->clusters.n;
    int *a = at_malloc(n, sizeof *a), *b = at_malloc(n, sizeof *b);

    r->tables = t->differences.items;
    r->n_tables = t->differences.n;
    r->columns = t->columns.items;
    r->n_columns = t->columns.n;
    if (!r->n_heads) {
        r->heads = t->heads.items;
        r->n_heads = t->heads.n;
    }
    for (size_t i = 0; i < n; i++) {
        a[i] = t->clusters.items[i].a;
        b[i] = t->clusters.items[i].b;
    }
    if (n)
        r->adjusted_rand = at_adjusted_rand(a, b, n);
    free(a);
    free(b);
}
