/*
 * record_json.c - see record.h: JSON objects of a record.
 */
#include "io/field.h"
#include "io/json.h"
#include "io/record.h"

static struct at_json *integer_json(const struct at_field *f, const void *row)
{
    long long v;

    if (!at_field_integer(&v, f, row))
        return f->flags & AT_AS_MEAN ? at_json_string("mean") : at_json_null();
    return f->flags & AT_TRUTH ? at_json_bool(v > 0) : at_json_int(v);
}

static struct at_json *words_json(const struct at_field *f, const void *row)
{
    struct at_json *list;
    struct at_word_list w;

    if (!at_field_words(&w, f, row))
        return at_json_null();
    list = at_json_array();
    for (size_t i = 0; i < w.n; i++)
        if (at_word(&w, i))
            at_json_append(list, at_json_string(at_word(&w, i)));
    return list;
}

static struct at_json *sizes_json(const size_t *v, size_t n)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < n; i++)
        at_json_append(list, v[i] == AT_NONE ? at_json_null() : at_json_int((long long)v[i]));
    return list;
}

static struct at_json *matrix_json(const double *v, size_t rows, size_t columns)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < rows; i++)
        at_json_append(list, at_json_reals(v + i * columns, columns));
    return list;
}

static struct at_json *value_json(const struct at_field *f, const void *row);

static void set_keyed(struct at_json *object, const struct at_record *r, const void *row)
{
    const struct at_record others = { r->size, r->fields + 1 };
    const struct at_field *value = at_field_keyed_value(r);
    const char *key = at_field_text(r->fields, row);

    AT_BUG_IF(r->fields[0].kind != AT_KIND_TEXT || !key);
    at_json_set(object, key, value ? value_json(value, row) : at_record_json(&others, row));
}

static struct at_json *rows_json(const struct at_field *f, const char *rows, size_t n)
{
    bool is_keyed = f->flags & AT_KEYED;
    struct at_json *list = is_keyed ? at_json_object() : at_json_array();

    for (size_t i = 0; i < n; i++) {
        const char *row = rows + i * f->record->size;
        if (is_keyed)
            set_keyed(list, f->record, row);
        else
            at_json_append(list, at_record_json(f->record, row));
    }
    return list;
}

/* Any list but of words. */
static struct at_json *list_json(const struct at_field *f, const void *row)
{
    const void *items;
    size_t n;

    if (!at_field_list(&items, &n, f, row))
        return at_json_null();
    switch (f->kind) {
    case AT_KIND_LIST:
        return rows_json(f, items, n);
    case AT_KIND_REALS:
        return at_json_reals(items, n);
    case AT_KIND_SIZES:
        return sizes_json(items, n);
    default:
        AT_BUG_IF(f->kind != AT_KIND_MATRIX);
        return matrix_json(items, n, at_field_n_columns(f, row));
    }
}

static struct at_json *struct_json(const struct at_field *f, const void *row)
{
    const void *inner = at_field_inner(f, row);

    return inner ? at_record_json(f->record, inner) : at_json_null();
}

static struct at_json *lent_json(const struct at_field *f, const void *row)
{
    struct at_json *v = at_field_lent(f, row);

    return v ? at_json_share(v) : at_json_null();
}

static struct at_json *value_json(const struct at_field *f, const void *row)
{
    if (!row)
        return at_json_null();
    switch (f->kind) {
    case AT_KIND_INT:
    case AT_KIND_LONG:
    case AT_KIND_SIZE:
        return integer_json(f, row);
    case AT_KIND_FLOAT:
    case AT_KIND_REAL:
        return at_json_real(at_field_real(f, row));
    case AT_KIND_BOOL:
        return at_json_bool(at_field_bool(f, row));
    case AT_KIND_TEXT:
        return at_json_string(at_field_text(f, row));
    case AT_KIND_JSON:
        return lent_json(f, row);
    case AT_KIND_INTERVAL:
        return at_json_reals(at_field_interval(f, row), 2);
    case AT_KIND_FLAGS:
    case AT_KIND_TEXTS:
        return words_json(f, row);
    case AT_KIND_RECORD:
    case AT_KIND_LINK:
        return struct_json(f, row);
    default:
        return list_json(f, row);
    }
}

/* What AT_LEAVE_OUT leaves out. */
static bool is_nothing(const struct at_json *v)
{
    bool is_container = at_json_is_array(v) || at_json_is_object(v);

    return at_json_is_null(v) || (is_container && !at_json_count(v)) || !at_json_truth(v, true);
}

void at_record_set(struct at_json *object, const struct at_record *r, const void *row)
{
    for (const struct at_field *f = r->fields; f->kind; f++) {
        struct at_json *v;
        if (!at_field_is_key(f))
            continue;
        if (at_field_is_in_place(f)) {
            const void *inner = at_field_inner(f, row);
            if (inner || !(f->flags & AT_LEAVE_OUT))
                at_record_set(object, f->record, inner);
            continue;
        }
        v = value_json(f, row);
        if (f->flags & AT_LEAVE_OUT && is_nothing(v))
            at_json_free(v);
        else
            at_json_set(object, at_field_key(f), v);
    }
}

struct at_json *at_record_json(const struct at_record *r, const void *row)
{
    struct at_json *o = at_json_object();

    at_record_set(o, r, row);
    return o;
}
