/*
 * safetensors.c - reading; see safetensors.h. Nothing is copied: a view points into the map, its
 * name into the parsed header. The rules are those of the format's own checker, no looser.
 */
#include "io/safetensors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/mapfile.h"
#include "base/path.h"
#include "io/json.h"

#define INDEX_NAME "model.safetensors.index.json"

enum { LENGTH_BYTES = 8, MAX_HEADER = 100 * 1000 * 1000 };

struct shard {
    char *path;
    struct at_mapfile map;
    struct at_json *header;
    size_t data; /* offset of the first byte after the header */
};

struct at_safetensors {
    struct AT_ARRAY(struct shard) shards;
    struct AT_ARRAY(struct at_tensor_view) views; /* in order of name */
};

/* A tensor of the file being read, with its place in the data. */
struct placed {
    struct at_tensor_view view;
    size_t begin, end;
};

struct placements AT_ARRAY(struct placed);

static const struct dtype {
    const char *name;
    size_t bytes;
} dtypes[] = {
    { "BOOL", 1 }, { "U8", 1 },  { "I8", 1 },  { "F8_E5M2", 1 }, { "F8_E4M3", 1 }, { "F8_E8M0", 1 },
    { "I16", 2 },  { "U16", 2 }, { "F16", 2 }, { "BF16", 2 },    { "I32", 4 },     { "U32", 4 },
    { "F32", 4 },  { "I64", 8 }, { "U64", 8 }, { "F64", 8 },     { "C64", 8 },
};

static const struct dtype *dtype_find(const char *name)
{
    for (size_t i = 0; i < AT_COUNTOF(dtypes); i++)
        if (strcmp(dtypes[i].name, name) == 0)
            return &dtypes[i];
    return NULL;
}

size_t at_dtype_bytes(const char *dtype)
{
    const struct dtype *d = dtype_find(dtype);

    return d ? d->bytes : 0;
}

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
    const struct dtype *dtype = word ? dtype_find(word) : NULL;
    struct placed p = { .view = { .name = name } };
    int rc;

    if (!at_json_is_object(entry))
        return at_fail(err, AT_EFORMAT, "header entry '%s' is not an object", name);
    if (!word)
        return at_fail(err, AT_EFORMAT, "tensor '%s' has no dtype", name);
    if (!dtype)
        return at_fail(err, AT_EFORMAT, "tensor '%s' has the unknown dtype '%s'", name, word);
    p.view.dtype = dtype->name;
    rc = read_shape(&p.view, at_json_get(entry, "shape"), dtype->bytes, err);
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

/* Append the tensors of s to st->views, unsorted. */
static int add_tensors(struct at_safetensors *st, const struct shard *s, struct at_error *err)
{
    struct placements placed = { 0 };
    size_t data_bytes = s->map.n - s->data;
    const struct at_json *entry;
    int rc = 0;

    for (const char *name = NULL; !rc && (name = at_json_next(s->header, name, &entry));) {
        struct placed p;
        if (strcmp(name, "__metadata__") == 0) {
            rc = check_meta(entry, err);
        } else if ((rc = read_entry(&p, name, entry, data_bytes, err)) == 0) {
            p.view.data = s->map.bytes + s->data + p.begin;
            *at_array_push(&placed) = p;
        }
    }
    if (placed.n)
        qsort(placed.items, placed.n, sizeof *placed.items, by_offset);
    if (!rc)
        rc = check_cover(&placed, data_bytes, err);
    for (size_t i = 0; !rc && i < placed.n; i++)
        *at_array_push(&st->views) = placed.items[i].view;
    at_array_release(&placed);
    return rc;
}

/* What a clone without its large files has in their place. */
static bool is_lfs_pointer(const struct at_mapfile *m)
{
    static const char start[] = "version https://git-lfs";
    const void *bytes = at_mapfile_slice(m, 0, sizeof start - 1);

    return bytes && !memcmp(bytes, start, sizeof start - 1);
}

static int read_header(struct shard *s, struct at_error *err)
{
    const unsigned char *bytes = at_mapfile_slice(&s->map, 0, LENGTH_BYTES);
    uint64_t length = 0;
    const char *text;
    int rc;

    if (!bytes)
        return at_fail(err, AT_EFORMAT, "%zu bytes are too few for a safetensors file", s->map.n);
    if (is_lfs_pointer(&s->map))
        return at_fail(err, AT_EFORMAT, "a git-lfs pointer, not the weights it stands for");
    for (size_t i = LENGTH_BYTES; i-- > 0;)
        length = length << 8 | bytes[i];
    if (length > MAX_HEADER)
        return at_fail(err, AT_EFORMAT, "not safetensors: a header of %llu bytes, at most %d",
                       (unsigned long long)length, MAX_HEADER);
    text = at_mapfile_slice(&s->map, LENGTH_BYTES, (size_t)length);
    if (!text)
        return at_fail(err, AT_EFORMAT, "a header of %llu bytes in a file of %zu",
                       (unsigned long long)length, s->map.n);
    rc = at_json_parse_unique(&s->header, text, (size_t)length, err);
    if (rc)
        return at_error_in(err, "header");
    if (!at_json_is_object(s->header))
        return at_fail(err, AT_EFORMAT, "the header is not a JSON object");
    s->data = LENGTH_BYTES + (size_t)length;
    return 0;
}

/* Takes path. */
static int add_shard(struct at_safetensors *st, char *path, struct at_error *err)
{
    struct shard *s = at_array_push(&st->shards);
    int rc;

    *s = (struct shard){ .path = path };
    rc = at_mapfile_open(&s->map, path, err);
    if (rc)
        return rc;
    rc = read_header(s, err);
    if (!rc)
        rc = add_tensors(st, s, err);
    if (rc)
        at_error_in(err, "%s", path);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct at_tensor_view *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void sort_views(struct at_safetensors *st)
{
    if (st->views.n)
        qsort(st->views.items, st->views.n, sizeof *st->views.items, by_name);
}

static const struct shard *find_shard(const struct at_safetensors *st, const char *file)
{
    for (size_t i = 0; i < st->shards.n; i++)
        if (strcmp(at_path_base(st->shards.items[i].path), file) == 0)
            return &st->shards.items[i];
    return NULL;
}

/* Open every shard the index names, once. */
static int add_shards(struct at_safetensors *st, const char *dir, const char *path,
                      const struct at_json *map, struct at_error *err)
{
    const struct at_json *value;
    int rc = 0;

    for (const char *name = NULL; !rc && (name = at_json_next(map, name, &value));) {
        const char *file = at_json_text(value, NULL);
        if (!file)
            return at_fail(err, AT_EFORMAT, "%s: the shard of '%s' is not a string", path, name);
        if (!*file || *file == '.' || strchr(file, '/'))
            return at_fail(err, AT_EFORMAT, "%s: '%s' is not a file name that a shard may have",
                           path, file);
        if (!find_shard(st, file))
            rc = add_shard(st, at_path_join(dir, file), err);
    }
    return rc;
}

static bool holds(const struct shard *s, const struct at_tensor_view *t)
{
    const unsigned char *p = t->data;

    return p >= s->map.bytes && p <= s->map.bytes + s->map.n;
}

/* Every tensor has one place, and it is the one the index gives. */
static int check_index(const struct at_safetensors *st, const char *path, const struct at_json *map,
                       struct at_error *err)
{
    const struct at_json *value;

    for (size_t i = 1; i < st->views.n; i++)
        if (by_name(&st->views.items[i - 1], &st->views.items[i]) == 0)
            return at_fail(err, AT_EFORMAT, "%s: tensor '%s' is in two shards", path,
                           st->views.items[i].name);
    for (const char *name = NULL; (name = at_json_next(map, name, &value));) {
        const struct shard *s = find_shard(st, at_json_text(value, ""));
        const struct at_tensor_view *t = at_safetensors_find(st, name);
        if (!t || !holds(s, t))
            return at_fail(err, AT_EFORMAT, "%s: tensor '%s' is not in '%s'", path, name,
                           at_json_text(value, ""));
    }
    return 0;
}

static int open_index(struct at_safetensors *st, const char *dir, const char *path,
                      struct at_error *err)
{
    struct at_json *index = NULL;
    const struct at_json *map;
    int rc = at_json_read(&index, path, err);

    if (rc)
        return rc;
    map = at_json_get(index, "weight_map");
    if (at_json_is_array(map))
        rc = at_fail(err, AT_EFORMAT,
                     "%s: weight_map is a list, want an object of tensors and files", path);
    else if (at_json_count(map) == 0)
        rc = at_fail(err, AT_EFORMAT, "%s: no weight_map", path);
    if (!rc)
        rc = add_shards(st, dir, path, map, err);
    if (!rc) {
        sort_views(st);
        rc = check_index(st, path, map, err);
    }
    at_json_free(index);
    return rc;
}

/* Weights of another kind, to be named where there are none that are read. */
static const char *other_weights(const char *dir)
{
    static const char *const names[] = { "pytorch_model.bin", "pytorch_model.bin.index.json" };
    const char *found = NULL;

    for (size_t i = 0; !found && i < AT_COUNTOF(names); i++) {
        char *path = at_path_join(dir, names[i]);
        if (at_path_is_file(path))
            found = names[i];
        free(path);
    }
    return found;
}

static int open_directory(struct at_safetensors *st, const char *dir, struct at_error *err)
{
    char *single = at_path_join(dir, "model.safetensors");
    char *index = at_path_join(dir, INDEX_NAME);
    const char *other = other_weights(dir);
    int rc;

    if (at_path_is_file(single)) {
        rc = add_shard(st, single, err);
        single = NULL;
    } else if (at_path_is_file(index)) {
        rc = open_index(st, dir, index, err);
    } else {
        rc = at_fail(err, AT_ENOTFOUND, "no model.safetensors and no %s in '%s'%s%s%s", INDEX_NAME,
                     dir, other ? ", only " : "", other ? other : "",
                     other ? ", which is not read: weights are read from safetensors alone" : "");
    }
    free(index);
    free(single);
    return rc;
}

int at_safetensors_open(struct at_safetensors **out, const char *path, struct at_error *err)
{
    struct at_safetensors *st = at_calloc(1, sizeof *st);
    int rc =
        at_path_is_dir(path) ? open_directory(st, path, err) : add_shard(st, at_strdup(path), err);

    if (rc) {
        at_safetensors_close(st);
        return rc;
    }
    sort_views(st);
    *out = st;
    return 0;
}

void at_safetensors_close(struct at_safetensors *st)
{
    if (!st)
        return;
    for (size_t i = 0; i < st->shards.n; i++) {
        at_json_free(st->shards.items[i].header);
        at_mapfile_close(&st->shards.items[i].map);
        free(st->shards.items[i].path);
    }
    at_array_release(&st->shards);
    at_array_release(&st->views);
    free(st);
}

size_t at_safetensors_count(const struct at_safetensors *st)
{
    return st->views.n;
}

const struct at_tensor_view *at_safetensors_at(const struct at_safetensors *st, size_t i)
{
    AT_BUG_IF(i >= st->views.n);
    return &st->views.items[i];
}

const struct at_tensor_view *at_safetensors_find(const struct at_safetensors *st, const char *name)
{
    struct at_tensor_view key = { .name = name };

    if (!st->views.n)
        return NULL;
    return bsearch(&key, st->views.items, st->views.n, sizeof key, by_name);
}

const char *at_safetensors_meta(const struct at_safetensors *st, const char *key)
{
    const char *value = NULL;

    for (size_t i = 0; !value && i < st->shards.n; i++) {
        const struct at_json *meta = at_json_get(st->shards.items[i].header, "__metadata__");
        value = at_json_text(at_json_get(meta, key), NULL);
    }
    return value;
}

const char *at_safetensors_path(const struct at_safetensors *st, size_t i)
{
    return i < st->shards.n ? st->shards.items[i].path : NULL;
}
