/*
 * pairs.c - see pairs.h.
 */
#include "analysis/pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "io/csv.h"
#include "io/json.h"
#include "io/text_kind.h"
#include "io/textfile.h"

enum { A, B, ID, CATEGORY, DIRECTION, N_FIELDS, MAX_LINE = 1 << 20 };

/* Names of a and b go together: sent_more belongs to sent_less. */
static const char *const field_names[N_FIELDS][6] = {
    [A] = { "sent_more", "sentence_good", "text_a", "good", "a" },
    [B] = { "sent_less", "sentence_bad", "text_b", "bad", "b" },
    [ID] = { "id", "pairID", "pair_id", "index", "" },
    [CATEGORY] = { "bias_type", "category", "UID", "linguistics_term" },
    [DIRECTION] = { "stereo_antistereo", "direction" },
};

/* One row as read, before names are numbered. */
struct row {
    const char *field[N_FIELDS];
};

struct rows AT_ARRAY(struct row);

static void add_row(struct rows *rows, struct at_arena *arena, const char *const *field)
{
    struct row *row = at_array_push(rows);

    for (size_t f = 0; f < N_FIELDS; f++)
        row->field[f] = at_arena_strdup(arena, field[f] ? field[f] : "");
}

static int no_columns(const struct at_table *t, struct at_error *err)
{
    struct at_strbuf found = { 0 };
    int rc;

    for (size_t c = 0; c < t->n_columns && found.n < 200; c++)
        at_strbuf_addf(&found, "%s'%.*s'", c ? ", " : "", at_shown(t->cells[c], 40), t->cells[c]);
    rc = at_fail(err, AT_EFORMAT,
                 "no columns of pairs: found %s; want sent_more and sent_less, sentence_good and "
                 "sentence_bad, text_a and text_b, good and bad, or a and b",
                 at_strbuf_str(&found));
    at_strbuf_release(&found);
    return rc;
}

static void find_columns(long *column, const struct at_table *t)
{
    for (size_t f = 0; f < N_FIELDS; f++) {
        column[f] = -1;
        for (size_t i = 0; field_names[f][i] && column[f] < 0; i++)
            column[f] = at_table_column(t, field_names[f][i]);
    }
    for (size_t i = 0; field_names[A][i]; i++) {
        column[A] = at_table_column(t, field_names[A][i]);
        column[B] = at_table_column(t, field_names[B][i]);
        if (column[A] >= 0 && column[B] >= 0)
            break;
    }
}

static int read_table(struct rows *rows, struct at_arena *arena, const char *path, char separator,
                      struct at_error *err)
{
    struct at_table t = { 0 };
    long column[N_FIELDS];
    int rc = at_table_read(&t, path, separator, err);

    if (rc)
        return rc;
    find_columns(column, &t);
    if (column[A] < 0 || column[B] < 0)
        rc = no_columns(&t, err);
    for (size_t r = 0; r < t.n_rows && !rc; r++) {
        const char *field[N_FIELDS] = { NULL };
        for (size_t f = 0; f < N_FIELDS; f++)
            if (column[f] >= 0)
                field[f] = at_table_cell(&t, r, (size_t)column[f]);
        add_row(rows, arena, field);
    }
    at_table_release(&t);
    return rc ? at_error_in(err, "%s", path) : 0;
}

/* Text of the first of the names that the object has, NULL for none; whole numbers are written out
   in `number`. */
static int json_field(const char **out, const struct at_json *object, const char *const *names,
                      char *number, size_t size, struct at_error *err)
{
    *out = NULL;
    for (size_t i = 0; names[i] && !*out; i++) {
        const struct at_json *v = at_json_get(object, names[i]);
        if (at_json_is_string(v)) {
            *out = at_json_text(v, "");
        } else if (at_json_is_integer(v)) {
            snprintf(number, size, "%lld", at_json_integer(v, 0));
            *out = number;
        } else if (!at_json_is_null(v)) {
            return at_fail(err, AT_EFORMAT, "'%s' is neither a string nor a whole number",
                           names[i]);
        }
    }
    return 0;
}

/* a and b under names of one kind, the first of which the object has both; else they stay NULL. A
   null is a blank, as in a table. */
static int json_sentences(const char **field, const struct at_json *object, char (*number)[24],
                          struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; field_names[A][i] && !rc && !(field[A] && field[B]); i++)
        for (size_t f = A; f <= B && !rc; f++) {
            const char *const names[] = { field_names[f][i], NULL };
            rc = json_field(&field[f], object, names, number[f], sizeof number[f], err);
            if (!rc && !field[f] && at_json_get(object, field_names[f][i]))
                field[f] = "";
        }
    return rc;
}

static int read_json_line(struct rows *rows, struct at_arena *arena, const struct at_lines *l,
                          struct at_error *err)
{
    const char *field[N_FIELDS] = { NULL };
    char number[N_FIELDS][24];
    struct at_json *object = NULL;
    int rc = at_json_parse(&object, l->line, l->n, err);

    if (!rc && !at_json_is_object(object))
        rc = at_fail(err, AT_EFORMAT, "not an object");
    if (!rc)
        rc = json_sentences(field, object, number, err);
    for (size_t f = ID; f < N_FIELDS && !rc; f++)
        rc = json_field(&field[f], object, field_names[f], number[f], sizeof number[f], err);
    if (!rc && (!field[A] || !field[B]))
        rc = at_fail(err, AT_EFORMAT,
                     "want the keys sentence_good and sentence_bad, sent_more and "
                     "sent_less, text_a and text_b, good and bad, or a and b");
    if (!rc)
        add_row(rows, arena, field);
    at_json_free(object);
    return rc ? at_error_in(err, "line %zu", l->number) : 0;
}

static int read_jsonl(struct rows *rows, struct at_arena *arena, const char *path,
                      struct at_error *err)
{
    struct at_lines lines = { 0 };
    int rc = at_lines_open(&lines, path, MAX_LINE, err), more;

    if (rc)
        return rc;
    while (!rc && (more = at_lines_next(&lines, err)) != 0) {
        if (more < 0)
            rc = more;
        else if (lines.n > 0)
            rc = read_json_line(rows, arena, &lines, err);
    }
    at_lines_close(&lines);
    return rc ? at_error_in(err, "%s", path) : 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Distinct values of one field, sorted. */
static const char **distinct(size_t *n_out, const struct rows *rows, size_t field,
                             struct at_arena *arena)
{
    const char **list = at_arena_alloc(arena, rows->n, sizeof *list);
    size_t m = 0;

    for (size_t i = 0; i < rows->n; i++)
        list[i] = rows->items[i].field[field];
    qsort(list, rows->n, sizeof *list, by_name);
    for (size_t i = 0; i < rows->n; i++)
        if (m == 0 || strcmp(list[m - 1], list[i]) != 0)
            list[m++] = list[i];
    *n_out = m;
    return list;
}

static size_t position_of(const char *const *list, size_t n, const char *name)
{
    const char *const *hit = bsearch(&name, list, n, sizeof *list, by_name);

    return (size_t)(hit - list);
}

static void take_rows(struct at_pairs *p, const struct rows *rows)
{
    p->n = rows->n;
    p->items = at_arena_alloc(&p->arena, p->n, sizeof *p->items);
    p->categories = distinct(&p->n_categories, rows, CATEGORY, &p->arena);
    p->directions = distinct(&p->n_directions, rows, DIRECTION, &p->arena);
    for (size_t i = 0; i < p->n; i++) {
        const char *const *f = rows->items[i].field;
        p->items[i] = (struct at_pair){ f[ID], f[A], f[B],
                                        position_of(p->categories, p->n_categories, f[CATEGORY]),
                                        position_of(p->directions, p->n_directions, f[DIRECTION]) };
    }
}

int at_pairs_read(struct at_pairs *out, const char *path, struct at_error *err)
{
    struct at_pairs p = { 0 };
    struct rows rows = { 0 };
    int rc;

    if (at_text_kind(path) == AT_TEXT_JSON)
        rc = read_jsonl(&rows, &p.arena, path, err);
    else
        rc = read_table(&rows, &p.arena, path, at_text_kind(path) == AT_TEXT_TSV ? '\t' : ',', err);
    if (!rc && rows.n == 0)
        rc = at_fail(err, AT_EFORMAT, "%s: no pairs", path);
    if (!rc) {
        take_rows(&p, &rows);
        *out = p;
    } else {
        at_pairs_release(&p);
    }
    at_array_release(&rows);
    return rc;
}

void at_pairs_release(struct at_pairs *p)
{
    at_arena_release(&p->arena);
    *p = (struct at_pairs){ 0 };
}

/* A whole cell as a number; empty is NaN. */
static bool read_number(double *out, const char *cell)
{
    char *end;

    *out = *cell ? strtod(cell, &end) : NAN;
    return *cell == '\0' || *end == '\0';
}

static int take_scores(struct at_scored *out, bool *seen, const struct at_pairs *p,
                       const struct at_table *t, const long *column, struct at_error *err)
{
    for (size_t row = 0; row < t->n_rows; row++) {
        double value[3];
        size_t i;
        for (size_t c = 0; c < 3; c++) {
            const char *cell = at_table_cell(t, row, (size_t)column[c]);
            if (!read_number(&value[c], cell))
                return at_fail(err, AT_EFORMAT, "row %zu: '%s' is not a number", row + 1, cell);
        }
        if (!(value[0] >= 0.0 && value[0] < (double)p->n && value[0] == floor(value[0])))
            return at_fail(err, AT_EFORMAT, "row %zu: index %g, want 0..%zu", row + 1, value[0],
                           p->n - 1);
        i = (size_t)value[0];
        if (seen[i])
            return at_fail(err, AT_EFORMAT, "row %zu: second scores for index %zu", row + 1, i);
        seen[i] = true;
        out[i].score[0] = value[1];
        out[i].score[1] = value[2];
    }
    return 0;
}

int at_pairs_rescore(struct at_scored *out, const struct at_pairs *p, const char *path,
                     struct at_error *err)
{
    struct at_table t = { 0 };
    int rc = at_table_read(&t, path, ',', err);
    long column[3];
    bool *seen;

    if (rc)
        return rc;
    column[0] = at_table_column(&t, "index");
    column[1] = at_table_column(&t, "score_a");
    column[2] = at_table_column(&t, "score_b");
    seen = at_calloc(p->n, sizeof *seen);
    at_scored_clear(out, p->n);
    if (column[0] < 0 || column[1] < 0 || column[2] < 0)
        rc = at_fail(err, AT_EFORMAT, "no columns 'index', 'score_a' and 'score_b'");
    else
        rc = take_scores(out, seen, p, &t, column, err);
    free(seen);
    at_table_release(&t);
    return rc ? at_error_in(err, "%s", path) : 0;
}

double at_round3(double x)
{
    char text[400]; /* a double has at most 309 digits before the point */

    if (!isfinite(x))
        return x;
    snprintf(text, sizeof text, "%.3f", x);
    return strtod(text, NULL);
}
