/*
 * record.c - see record.h: the columns of a record and their cells, its names and types.
 *
 * A row that is NULL, behind a link that leads nowhere, has the same columns as any other.
 */
#include "io/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/field.h"

/* The two columns of an interval; any other field has the first name alone. */
static const char *const ends[] = { "_low", "_high" };

static void integer_cell(struct at_csv *csv, const struct at_field *f, const void *row)
{
    long long v;

    if (at_field_integer(&v, f, row))
        at_csv_int(csv, v);
    else
        at_csv_text(csv, f->flags & AT_AS_MEAN ? "mean" : NULL);
}

/* A number as a cell with AT_EXACT has it. */
struct exact {
    char text[32];
};

static struct exact exact_text(double v)
{
    struct exact e;

    snprintf(e.text, sizeof e.text, "%.15g", v);
    return e;
}

double at_exact(double v)
{
    return isfinite(v) ? strtod(exact_text(v).text, NULL) : NAN;
}

static void real_cell(struct at_csv *csv, const struct at_field *f, const void *row)
{
    double v = at_field_real(f, row);

    if (f->flags & AT_EXACT && isfinite(v))
        at_csv_text(csv, exact_text(v).text);
    else
        at_csv_real(csv, v);
}

static void words_cell(struct at_csv *csv, const struct at_field *f, const void *row)
{
    struct at_strbuf text = { 0 };
    struct at_word_list w;

    if (at_field_words(&w, f, row))
        at_word_list_join(&text, &w);
    at_csv_text(csv, text.s);
    at_strbuf_release(&text);
}

static void cells(struct at_csv *csv, const struct at_field *f, const void *row)
{
    switch (f->kind) {
    case AT_KIND_INT:
    case AT_KIND_LONG:
    case AT_KIND_SIZE:
        integer_cell(csv, f, row);
        break;
    case AT_KIND_FLOAT:
    case AT_KIND_REAL:
        real_cell(csv, f, row);
        break;
    case AT_KIND_BOOL:
        at_csv_int(csv, at_field_bool(f, row));
        break;
    case AT_KIND_TEXT:
        at_csv_text(csv, at_field_text(f, row));
        break;
    case AT_KIND_INTERVAL:
        at_csv_real(csv, at_field_interval(f, row)[0]);
        at_csv_real(csv, at_field_interval(f, row)[1]);
        break;
    default:
        words_cell(csv, f, row);
    }
}

void at_record_cells(struct at_csv *csv, const struct at_record *r, const void *row)
{
    for (const struct at_field *f = r->fields; f->kind; f++) {
        if (!at_field_is_column(f))
            continue;
        if (at_field_is_struct(f)) {
            at_record_cells(csv, f->record, at_field_inner(f, row));
        } else if (row) {
            cells(csv, f, row);
        } else {
            at_csv_empty(csv);
            if (f->kind == AT_KIND_INTERVAL)
                at_csv_empty(csv);
        }
    }
}

/* --- names --- */

/* Suffixes that the name of a column gets, the inner record's first. */
struct suffix {
    const struct at_field *of;
    const struct suffix *outer;
};

static void walk_column(const struct at_field *f, const char *end, const struct suffix *outer,
                        at_field_fn fn, void *arg)
{
    struct at_strbuf name = { 0 };

    at_strbuf_addf(&name, "%s%s", f->key, end);
    for (const struct suffix *s = outer; s; s = s->outer)
        at_strbuf_adds(&name, s->of->suffix);
    fn(arg, name.s, f, outer ? outer->of : NULL);
    at_strbuf_release(&name);
}

static void walk_columns(const struct at_record *r, const struct suffix *outer, at_field_fn fn,
                         void *arg)
{
    for (const struct at_field *f = r->fields; f->kind; f++) {
        if (!at_field_is_column(f))
            continue;
        if (at_field_is_struct(f)) {
            struct suffix own = { f, outer };
            walk_columns(f->record, f->suffix ? &own : outer, fn, arg);
        } else if (f->kind == AT_KIND_INTERVAL) {
            walk_column(f, ends[0], outer, fn, arg);
            walk_column(f, ends[1], outer, fn, arg);
        } else {
            walk_column(f, "", outer, fn, arg);
        }
    }
}

void at_record_walk_columns(const struct at_record *r, at_field_fn fn, void *arg)
{
    walk_columns(r, NULL, fn, arg);
}

static void add_column(void *arg, const char *name, const struct at_field *f,
                       const struct at_field *of)
{
    struct at_strbuf *columns = arg;

    (void)f;
    (void)of;
    at_strbuf_addf(columns, "%s%s", columns->n ? "," : "", name);
}

void at_record_columns(struct at_strbuf *out, const struct at_record *r)
{
    at_record_walk_columns(r, add_column, out);
}

/* What follows a key in the path of what is behind it. */
static const char *brackets(const struct at_field *f)
{
    switch (f->kind) {
    case AT_KIND_FLAGS:
    case AT_KIND_LIST:
    case AT_KIND_REALS:
    case AT_KIND_TEXTS:
    case AT_KIND_SIZES:
        return "[]";
    case AT_KIND_MATRIX:
        return "[][]";
    case AT_KIND_INTERVAL:
        return "[2]";
    default:
        return "";
    }
}

static void walk_keys(const struct at_record *r, const char *prefix, at_field_fn fn, void *arg);

/* A keyed list: its rows, or the values its keys have. */
static void walk_keyed(const struct at_field *f, const char *prefix, at_field_fn fn, void *arg)
{
    const struct at_record others = { f->record->size, f->record->fields + 1 };
    const struct at_field *value = at_field_keyed_value(f->record);
    char *path = at_asprintf("%s%s.<%s>%s", prefix, at_field_key(f), f->record->fields[0].key,
                             value ? brackets(value) : "");
    char *inner = at_asprintf("%s.", path);

    fn(arg, path, value ? value : f, NULL);
    if (!value)
        walk_keys(&others, inner, fn, arg);
    else if (value->record)
        walk_keys(value->record, inner, fn, arg);
    free(inner);
    free(path);
}

static void walk_key(const struct at_field *f, const char *prefix, at_field_fn fn, void *arg)
{
    char *path = at_asprintf("%s%s%s", prefix, at_field_key(f), brackets(f));
    char *inner = at_asprintf("%s.", path);

    fn(arg, path, f, NULL);
    if (f->record)
        walk_keys(f->record, inner, fn, arg);
    free(inner);
    free(path);
}

static void walk_keys(const struct at_record *r, const char *prefix, at_field_fn fn, void *arg)
{
    for (const struct at_field *f = r->fields; f->kind; f++) {
        if (!at_field_is_key(f))
            continue;
        if (at_field_is_in_place(f))
            walk_keys(f->record, prefix, fn, arg);
        else if (f->flags & AT_KEYED)
            walk_keyed(f, prefix, fn, arg);
        else
            walk_key(f, prefix, fn, arg);
    }
}

void at_record_walk_keys(const struct at_record *r, at_field_fn fn, void *arg)
{
    walk_keys(r, "", fn, arg);
}

const char *at_field_type(const struct at_field *f)
{
    switch (f->kind) {
    case AT_KIND_INT:
    case AT_KIND_LONG:
    case AT_KIND_SIZE:
    case AT_KIND_SIZES:
        return f->flags & AT_TRUTH     ? "true/false"
               : f->flags & AT_AS_MEAN ? "integer or mean"
                                       : "integer";
    case AT_KIND_FLOAT:
    case AT_KIND_REAL:
    case AT_KIND_INTERVAL:
    case AT_KIND_REALS:
    case AT_KIND_MATRIX:
        return "number";
    case AT_KIND_BOOL:
        return "true/false";
    case AT_KIND_TEXT:
    case AT_KIND_FLAGS:
    case AT_KIND_TEXTS:
        return "text";
    case AT_KIND_RECORD:
    case AT_KIND_LINK:
    case AT_KIND_LIST:
        return "object";
    default:
        return "any";
    }
}

/* --- one column by name --- */

/* Where a column was found; end is which end of an interval. */
struct found {
    const struct at_field *field;
    const void *row;
    int end;
};

/* The first n bytes of column are the field's name with that end. */
static bool is_name(const struct at_field *f, const char *end, const char *column, size_t n)
{
    size_t key = strlen(f->key);

    return n == key + strlen(end) && !memcmp(column, f->key, key) &&
           !memcmp(column + key, end, n - key);
}

static bool find_field(struct found *out, const struct at_field *f, const void *row,
                       const char *column, size_t n)
{
    bool is_interval = f->kind == AT_KIND_INTERVAL;

    *out = (struct found){ f, row, 0 };
    if (is_name(f, is_interval ? ends[0] : "", column, n))
        return true;
    out->end = 1;
    return is_interval && is_name(f, ends[1], column, n);
}

static bool find(struct found *out, const struct at_record *r, const void *row, const char *column,
                 size_t n)
{
    for (const struct at_field *f = r->fields; f->kind; f++) {
        const char *suffix = f->suffix ? f->suffix : "";
        size_t s = strlen(suffix);
        if (!at_field_is_column(f))
            continue;
        if (!at_field_is_struct(f)) {
            if (find_field(out, f, row, column, n))
                return true;
        } else if (n > s && !memcmp(column + n - s, suffix, s) &&
                   find(out, f->record, at_field_inner(f, row), column, n - s)) {
            return true;
        }
    }
    return false;
}

const struct at_field *at_record_find(const struct at_record *r, const char *column)
{
    struct found at;

    return find(&at, r, NULL, column, strlen(column)) ? at.field : NULL;
}

double at_record_real(const struct at_record *r, const char *column, const void *row)
{
    struct found at;
    long long v;

    AT_BUG_IF(!find(&at, r, row, column, strlen(column)));
    if (!at.row)
        return NAN;
    switch (at.field->kind) {
    case AT_KIND_INT:
    case AT_KIND_LONG:
    case AT_KIND_SIZE:
        return at_field_integer(&v, at.field, at.row) ? (double)v : NAN;
    case AT_KIND_FLOAT:
    case AT_KIND_REAL:
        return at_field_real(at.field, at.row);
    case AT_KIND_BOOL:
        return at_field_bool(at.field, at.row);
    case AT_KIND_INTERVAL:
        return at_field_interval(at.field, at.row)[at.end];
    default:
        return NAN;
    }
}
