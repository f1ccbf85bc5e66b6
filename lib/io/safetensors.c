/*
 * safetensors.c - reading; see safetensors.h. Nothing is copied: a view points into the map, its
 * name into the parsed header. The rules are those of the format's own checker, no looser.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/mapfile.h"
#include "io/json.h"
#include "io/tensor_file.h"

enum { LENGTH_BYTES = 8, MAX_HEADER = 100 * 1000 * 1000 };

/* A tensor of the file being read, with its place in the data. */
struct placed {
    struct at_tensor_view view;
    size_t begin, end;
};

struct placements AT_ARRAY(struct placed);

/* A non-negative integer that fits a size_t; false for everything else. */
static bool read_size(size_t *out, const struct at_json *v)
{
    long long x = at_json_integer(v, -1);

    if (x < 0)
        return false;
    *out = (size_t)x;
    return true;
}

static int read_shape(struct at_tensor_view *t, const struct at_json *shape, size_t item,
                      struct at_error *err)
{
    size_t bytes = item;

    if (!at_json_is_array(shape))
        return at_fail(err, AT_EFORMAT, "tensor '%s' has no shape", t->name);
    t->rank = at_json_count(shape);
    if (t->rank > AT_MAX_RANK)
        return at_fail(err, AT_ERANGE, "tensor '%s' has %zu dimensions, at most %d are read",
                       t->name, t->rank, AT_MAX_RANK);
    for (size_t i = 0; i < t->rank; i++) {
        if (!read_size(&t->shape[i], at_json_at(shape, i)))
            return at_fail(err, AT_EFORMAT, "tensor '%s': dimension %zu of the shape is not a size",
                           t->name, i);
        if (!at_mul_size(bytes, t->shape[i], &bytes))
            return at_fail(err, AT_ERANGE, "tensor '%s': the product of its shape overflows",
                           t->name);
    }
    t->bytes = bytes;
    return 0;
}

/* One entry of the header; data_bytes is what the file has after the header. */
static int read_entry(struct placed *out, const char *name, const struct at_json *entry,
                      size_t data_bytes, struct at_error *err)
{
    const struct at_json *offsets = at_json_get(entry, "data_offsets");
    const char *word = at_json_text(at_json_get(entry, "dtype"), NULL);
    struct placed p = { .view = { .name = name, .dtype = word ? at_dtype_word(word) : NULL } };
    int rc;

    if (!at_json_is_object(entry))
        return at_fail(err, AT_EFORMAT, "header entry '%s' is not an object", name);
    if (!word)
        return at_fail(err, AT_EFORMAT, "tensor '%s' has no dtype", name);
    if (!p.view.dtype)
        return at_fail(err, AT_EFORMAT, "tensor '%s' has the unknown dtype '%s'", name, word);
    rc = read_shape(&p.view, at_json_get(entry, "shape"), at_dtype_bytes(word), err);
    if (rc)
        return rc;
    if (at_json_count(offsets) != 2 || !read_size(&p.begin, at_json_at(offsets, 0)) ||
        !read_size(&p.end, at_json_at(offsets, 1)) || p.begin > p.end)
        return at_fail(err, AT_EFORMAT, "tensor '%s': data_offsets are not a begin and an end",
                       name);
    if (p.end > data_bytes)
        return at_fail(err, AT_EFORMAT,
                       "tensor '%s' ends at byte %zu of the data, but the file has only %zu", name,
                       p.end, data_bytes);
    if (p.end - p.begin != p.view.bytes)
        return at_fail(err, AT_EFORMAT, "tensor '%s' has %zu bytes of data, its shape wants %zu",
                       name, p.end - p.begin, p.view.bytes);
    *out = p;
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* The tensors must fill the data without holes and without overlaps. */
static int check_cover(const struct placements *p, size_t data_bytes, struct at_error *err)
{
    size_t end = 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct placed *t = &p->items[i];
        if (t->begin < end)
            return at_fail(err, AT_EFORMAT, "tensors '%s' and '%s' overlap", t[-1].view.name,
                           t->view.name);
        if (t->begin > end)
            return at_fail(err, AT_EFORMAT,
                           "%zu bytes of data before tensor '%s' belong to no tensor",
                           t->begin - end, t->view.name);
        end = t->end;
    }
    if (end != data_bytes)
        return at_fail(err, AT_EFORMAT, "%zu bytes at the end of the data belong to no tensor",
                       data_bytes - end);
    return 0;
}

static int check_meta(const struct at_json *meta, struct at_error *err)
{
    const struct at_json *value;

    if (!at_json_is_object(meta))
        return at_fail(err, AT_EFORMAT, "__metadata__ is not an object");
    for (const char *key = NULL; (key = at_json_next(meta, key, &value));)
        if (!at_json_is_string(value))
            return at_fail(err, AT_EFORMAT, "__metadata__ '%s' is not a string", key);
    return 0;
}

static const struct at_tensor_view *find_view(const struct at_tensor_file *f, const char *name,
                                              size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(f->views.items[i].name, name) == 0)
            return &f->views.items[i];
    return NULL;
}

/* Of tensors that share their values some savers keep one and write under the names of the others
   what that one is called. */
static void add_aliases(struct at_tensor_file *f)
{
    const struct at_json *meta = at_json_get(f->header, "__metadata__"), *value;
    size_t n = f->views.n;

    for (const char *name = NULL; (name = at_json_next(meta, name, &value));) {
        const struct at_tensor_view *t = find_view(f, at_json_text(value, ""), n);
        if (!t || find_view(f, name, n))
            continue;
        struct at_tensor_view alias = *t;
        alias.name = name;
        *at_array_push(&f->views) = alias;
    }
}

/* The tensors behind the header, which begins at data. */
static int add_tensors(struct at_tensor_file *f, size_t data, struct at_error *err)
{
    struct placements placed = { 0 };
    size_t data_bytes = f->map.n - data;
    const struct at_json *entry;
    int rc = 0;

    for (const char *name = NULL; !rc && (name = at_json_next(f->header, name, &entry));) {
        struct placed p;
        if (strcmp(name, "__metadata__") == 0) {
            rc = check_meta(entry, err);
        } else if ((rc = read_entry(&p, name, entry, data_bytes, err)) == 0) {
            p.view.data = f->map.bytes + data + p.begin;
            *at_array_push(&placed) = p;
        }
    }
    if (placed.n)
        qsort(placed.items, placed.n, sizeof *placed.items, by_offset);
    if (!rc)
        rc = check_cover(&placed, data_bytes, err);
    for (size_t i = 0; !rc && i < placed.n; i++)
        *at_array_push(&f->views) = placed.items[i].view;
    at_array_release(&placed);
    if (!rc)
        add_aliases(f);
    return rc;
}

int at_safetensors_parse(struct at_tensor_file *f, struct at_error *err)
{
    const unsigned char *bytes = at_mapfile_slice(&f->map, 0, LENGTH_BYTES);
    uint64_t length = 0;
    const char *text;
    int rc;

    if (!bytes)
        return at_fail(err, AT_EFORMAT, "%zu bytes are too few for a safetensors file", f->map.n);
    for (size_t i = LENGTH_BYTES; i-- > 0;)
        length = length << 8 | bytes[i];
    if (length > MAX_HEADER)
        return at_fail(err, AT_EFORMAT, "not safetensors: a header of %llu bytes, at most %d",
                       (unsigned long long)length, MAX_HEADER);
    text = at_mapfile_slice(&f->map, LENGTH_BYTES, (size_t)length);
    if (!text)
        return at_fail(err, AT_EFORMAT, "a header of %llu bytes in a file of %zu",
                       (unsigned long long)length, f->map.n);
    rc = at_json_parse_unique(&f->header, text, (size_t)length, err);
    if (rc)
        return at_error_in(err, "header");
    if (!at_json_is_object(f->header))
        return at_fail(err, AT_EFORMAT, "the header is not a JSON object");
    return add_tensors(f, LENGTH_BYTES + (size_t)length, err);
}
