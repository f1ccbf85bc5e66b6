/*
 * corpus_sums.c - a corpus as a table of exact sums, and back: see corpus.h.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/corpus.h"
#include "base/alloc.h"

static const char LENGTHS[] = "n_tokens", RATIO[] = "_ratio";

#define DIGIT(list, i, key) AT_FIELD(struct at_sums_row, list[i], key #i, NULL, "next digit of it")
static const struct at_field fields[] = {
    AT_FIELD(struct at_sums_row, layer, "layer", NULL, "layer, from 0; empty: of the model"),
    AT_FIELD(struct at_sums_row, head, "head", NULL, "head, from 0; empty: of the layer"),
    AT_FIELD(struct at_sums_row, metric, "metric", NULL, "which number"),
    AT_FIELD(struct at_sums_row, n, "n", NULL, "texts that have it"),
    AT_FIELD(struct at_sums_row, sum[0], "sum0", NULL,
             "sum over texts: digits to the base 2^30, the first worth 2^30"),
    DIGIT(sum, 1, "sum"),
    DIGIT(sum, 2, "sum"),
    DIGIT(sum, 3, "sum"),
    AT_FIELD(struct at_sums_row, squares[0], "squares0", NULL, "sum of squares, likewise"),
    DIGIT(squares, 1, "squares"),
    DIGIT(squares, 2, "squares"),
    DIGIT(squares, 3, "squares"),
    AT_FIELD(struct at_sums_row, min, "min", NULL, "least", .flags = AT_EXACT),
    AT_FIELD(struct at_sums_row, max, "max", NULL, "greatest", .flags = AT_EXACT),
    AT_FIELD_END,
};
#undef DIGIT
const struct at_record at_sums_row_record = AT_RECORD(struct at_sums_row, fields);

static struct at_sums_row save(const struct at_sums *s, const char *metric, size_t layer,
                               size_t head)
{
    struct at_sums_row row = { layer, head, metric, s->n, { 0 }, { 0 }, s->min, s->max };

    for (int i = 0; i < AT_SUM_PARTS; i++) {
        row.sum[i] = (long)s->sum[i];
        row.squares[i] = (long)s->squares[i];
    }
    return row;
}

struct at_sums_row *at_corpus_save(size_t *n, const struct at_corpus *c, struct at_arena *arena)
{
    size_t heads = c->L * c->H, places = heads + c->L + 1;
    struct at_sums_row *rows = at_arena_alloc(arena, 1 + 2 * places * c->n_values, sizeof *rows);

    rows[0] = save(&c->lengths, LENGTHS, AT_NONE, AT_NONE);
    *n = 1;
    for (size_t i = 0; c->cells && i < places; i++)
        for (size_t v = 0; v < c->n_values; v++) {
            size_t layer = i < heads ? i / c->H : i < heads + c->L ? i - heads : AT_NONE;
            rows[(*n)++] = save(&c->cells[i * c->n_values + v], c->keys[v], layer,
                                i < heads ? i % c->H : AT_NONE);
        }
    for (size_t i = 0; c->ratios && i < heads * c->n_values; i++)
        rows[(*n)++] =
            save(&c->ratios[i], at_arena_printf(arena, "%s%s", c->keys[i % c->n_values], RATIO),
                 i / c->n_values / c->H, i / c->n_values % c->H);
    return rows;
}

/* --- and back --- */

static size_t index_cell(const struct at_table *t, size_t row, size_t column)
{
    const char *s = at_table_cell(t, row, column);

    return *s ? strtoul(s, NULL, 10) : AT_NONE;
}

/* The columns are those of the record, in its order. */
static void read_sums(struct at_sums *out, const struct at_table *t, size_t row)
{
    *out = (struct at_sums){ .n = index_cell(t, row, 3) };
    for (size_t i = 0; i < AT_SUM_PARTS; i++) {
        out->sum[i] = strtoll(at_table_cell(t, row, 4 + i), NULL, 10);
        out->squares[i] = strtoll(at_table_cell(t, row, 4 + AT_SUM_PARTS + i), NULL, 10);
    }
    out->min = strtod(at_table_cell(t, row, 4 + 2 * AT_SUM_PARTS), NULL);
    out->max = strtod(at_table_cell(t, row, 5 + 2 * AT_SUM_PARTS), NULL);
}

/* Layers and heads that a table has rows of. */
static void find_shape(size_t *L, size_t *H, const struct at_table *t)
{
    *L = *H = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        size_t layer = index_cell(t, i, 0), head = index_cell(t, i, 1);
        *L = layer == AT_NONE ? *L : AT_MAX(*L, layer + 1);
        *H = head == AT_NONE ? *H : AT_MAX(*H, head + 1);
    }
}

/* The value of a metric, also of its ratio; n_values when there is none. */
static size_t find_value(bool *is_ratio, const struct at_corpus *c, const char *metric)
{
    for (size_t v = 0; v < c->n_values; v++) {
        size_t n = strlen(c->keys[v]);
        *is_ratio = c->ratios && !strncmp(metric, c->keys[v], n) && !strcmp(metric + n, RATIO);
        if (*is_ratio || !strcmp(metric, c->keys[v]))
            return v;
    }
    return c->n_values;
}

static struct at_sums *find_cell(const struct at_corpus *c, const struct at_table *t, size_t row)
{
    size_t layer = index_cell(t, row, 0), head = index_cell(t, row, 1);
    bool is_ratio = false;
    size_t value = find_value(&is_ratio, c, at_table_cell(t, row, 2));

    if (value == c->n_values || (layer != AT_NONE && layer >= c->L) ||
        (head != AT_NONE && head >= c->H) || (is_ratio && head == AT_NONE))
        return NULL;
    return is_ratio ? at_corpus_ratio(c, layer, head, value)
                    : at_corpus_cell(c, layer, head, value);
}

int at_corpus_merge(struct at_corpus *c, const struct at_table *t, const char *const *keys,
                    size_t n_values, bool has_ratios, struct at_error *err)
{
    struct at_sums sums;
    size_t L, H;

    if (t->n_columns != 6 + 2 * AT_SUM_PARTS || at_table_column(t, "squares0") < 0 || !t->n_rows ||
        strcmp(at_table_cell(t, 0, 2), LENGTHS) != 0)
        return at_fail(err, AT_EFORMAT, "not the sums of a corpus");
    read_sums(&sums, t, 0);
    at_sums_merge(&c->lengths, &sums);
    if (t->n_rows == 1)
        return 0; /* a part without texts */
    find_shape(&L, &H, t);
    if (!c->cells) {
        sums = c->lengths;
        at_corpus_init(c, L, H, keys, n_values, has_ratios);
        c->lengths = sums;
    }
    if (c->L != L || c->H != H)
        return at_fail(err, AT_EFORMAT, "of a model with %zu layers of %zu heads, want %zu of %zu",
                       L, H, c->L, c->H);
    for (size_t i = 1; i < t->n_rows; i++) {
        struct at_sums *cell = find_cell(c, t, i);
        if (!cell)
            return at_fail(err, AT_EFORMAT, "row %zu is of no head or number known here", i + 1);
        read_sums(&sums, t, i);
        at_sums_merge(cell, &sums);
    }
    return 0;
}
