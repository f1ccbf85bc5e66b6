/*
 * field.c - see field.h.
 */
#include "io/field.h"

#include <stdint.h>
#include <string.h>

static const void *member(const void *row, size_t offset)
{
    return (const char *)row + offset;
}

/* What a pointer among the members points to, whatever its type. */
static const void *pointee(const void *row, size_t offset)
{
    const void *p;

    memcpy(&p, member(row, offset), sizeof p);
    return p;
}

static size_t count_of(const void *row, size_t offset)
{
    return *(const size_t *)member(row, offset);
}

const void *at_field_inner(const struct at_field *f, const void *row)
{
    if (!row)
        return NULL;
    return f->kind == AT_KIND_LINK ? pointee(row, f->offset) : member(row, f->offset);
}

bool at_field_integer(long long *out, const struct at_field *f, const void *row)
{
    const void *p = member(row, f->offset);

    switch (f->kind) {
    case AT_KIND_INT:
        *out = *(const int *)p;
        break;
    case AT_KIND_LONG:
        *out = *(const long *)p;
        break;
    default:
        AT_BUG_IF(f->kind != AT_KIND_SIZE);
        *out = (long long)*(const size_t *)p;
        return *(const size_t *)p != AT_NONE;
    }
    return *out >= 0 || !(f->flags & (AT_NONNEGATIVE | AT_AS_MEAN | AT_TRUTH));
}

double at_field_real(const struct at_field *f, const void *row)
{
    const void *p = member(row, f->offset);

    return f->kind == AT_KIND_FLOAT ? (double)*(const float *)p : *(const double *)p;
}

bool at_field_bool(const struct at_field *f, const void *row)
{
    return *(const bool *)member(row, f->offset);
}

const char *at_field_text(const struct at_field *f, const void *row)
{
    return pointee(row, f->offset);
}

const double *at_field_interval(const struct at_field *f, const void *row)
{
    return member(row, f->offset);
}

struct at_json *at_field_lent(const struct at_field *f, const void *row)
{
    struct at_json *v;

    memcpy(&v, member(row, f->offset), sizeof v);
    return v;
}

bool at_field_list(const void **items_out, size_t *n_out, const struct at_field *f, const void *row)
{
    *items_out = pointee(row, f->offset);
    *n_out = count_of(row, f->count);
    return *items_out || !*n_out;
}

size_t at_field_n_columns(const struct at_field *f, const void *row)
{
    return count_of(row, f->count2);
}

bool at_field_words(struct at_word_list *out, const struct at_field *f, const void *row)
{
    if (f->kind == AT_KIND_TEXTS) {
        *out = (struct at_word_list){ pointee(row, f->offset), count_of(row, f->count), NULL };
        return out->items || !out->n;
    }
    *out = (struct at_word_list){ f->names, 0, member(row, f->offset) };
    while (f->names[out->n])
        out->n++;
    AT_BUG_IF(out->n < 32 && *out->bits >> out->n);
    return true;
}

const char *at_word(const struct at_word_list *w, size_t i)
{
    return !w->bits || *w->bits >> i & 1 ? w->items[i] : NULL;
}

void at_word_list_join(struct at_strbuf *out, const struct at_word_list *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++)
        if (at_word(w, i))
            at_strbuf_addf(out, "%s%s", n++ ? "+" : "", at_word(w, i));
}

bool at_field_is_key(const struct at_field *f)
{
    return !(f->flags & (AT_CSV_ONLY | AT_TERM_ONLY));
}

const char *at_field_key(const struct at_field *f)
{
    return f->json ? f->json : f->key;
}

bool at_field_is_in_place(const struct at_field *f)
{
    return at_field_is_struct(f) && !at_field_key(f);
}

const struct at_field *at_field_keyed_value(const struct at_record *r)
{
    const struct at_field *second = &r->fields[1];

    return second->kind && !at_field_key(second) && !at_field_is_struct(second) ? second : NULL;
}
