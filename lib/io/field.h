/*
 * field.h - private to record*.c: the value of one field of a struct, and where the field appears.
 *
 * row is never NULL here, but in at_field_inner().
 */
#ifndef IO_FIELD_H
#define IO_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "io/record.h"

/* at_field_integer - an int, long or size_t; false when it is undefined. */
bool at_field_integer(long long *out, const struct at_field *f, const void *row);
double at_field_real(const struct at_field *f, const void *row); /* float or double */
bool at_field_bool(const struct at_field *f, const void *row);
const char *at_field_text(const struct at_field *f, const void *row);
/* at_field_interval - low and high. */
const double *at_field_interval(const struct at_field *f, const void *row);
struct at_json *at_field_lent(const struct at_field *f, const void *row);

/* at_field_inner - the struct that a record or link leads to; NULL when it leads nowhere. */
const void *at_field_inner(const struct at_field *f, const void *row);

/* at_field_list - the elements of a list of any kind and their count, of a matrix that of its rows;
   false when it is undefined. */
bool at_field_list(const void **items_out, size_t *n_out, const struct at_field *f,
                   const void *row);
/* at_field_n_columns - of a matrix. */
size_t at_field_n_columns(const struct at_field *f, const void *row);

/* What flags and texts have in common: words. NULL among them, a flag that is not set, is none. */
struct at_word_list {
    const char *const *items;
    size_t n;
    const unsigned *bits; /* which of them are there; NULL: all */
};
/* at_field_words - false when they are undefined. */
bool at_field_words(struct at_word_list *out, const struct at_field *f, const void *row);
const char *at_word(const struct at_word_list *w, size_t i);
/* at_word_list_join - append "a+b". */
void at_word_list_join(struct at_strbuf *out, const struct at_word_list *w);

/* at_field_is_struct - a record or a link. Inline, as the next one: asked for every cell. */
static inline bool at_field_is_struct(const struct at_field *f)
{
    return f->kind == AT_KIND_RECORD || f->kind == AT_KIND_LINK;
}

/* at_field_is_column - of CSV, or a struct that has columns. */
static inline bool at_field_is_column(const struct at_field *f)
{
    if (f->flags & (AT_JSON_ONLY | AT_TERM_ONLY))
        return false;
    switch (f->kind) {
    case AT_KIND_JSON:
    case AT_KIND_LIST:
    case AT_KIND_REALS:
    case AT_KIND_SIZES:
    case AT_KIND_MATRIX:
        return false;
    default:
        return true;
    }
}

bool at_field_is_key(const struct at_field *f); /* of JSON, or a struct in place */
bool at_field_is_in_place(const struct at_field *f);
const char *at_field_key(const struct at_field *f); /* in JSON; NULL for none */
/* at_field_keyed_value - of a keyed list of r: the second field when it is the value, or NULL. */
const struct at_field *at_field_keyed_value(const struct at_record *r);

#endif
