/*
 * tensors.c - see tensors.h.
 */
#include "io/tensors.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "io/json.h"
#include "io/tensor_file.h"

/* A name that the index gives a shard; several may lead to one file. */
struct shard_name {
    char *name;
    size_t file;
};

struct at_tensors {
    struct AT_ARRAY(struct at_tensor_file) files;
    struct AT_ARRAY(struct shard_name) shards;
    struct AT_ARRAY(struct at_tensor_view) views; /* in order of name */
    struct AT_ARRAY(struct at_absent_tensor) absent;
    struct at_arena arena; /* names of absent tensors */
};

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

const char *at_dtype_word(const char *dtype)
{
    const struct dtype *d = dtype_find(dtype);

    return d ? d->name : NULL;
}

/* What a clone without its large files has in their place. */
static bool is_lfs_pointer(const struct at_mapfile *m)
{
    static const char start[] = "version https://git-lfs";
    const void *bytes = at_mapfile_slice(m, 0, sizeof start - 1);

    return bytes && !memcmp(bytes, start, sizeof start - 1);
}

static bool is_of_torch(const char *path)
{
    const char *dot = strrchr(at_path_base(path), '.');

    return dot && !strcmp(dot, ".bin");
}

/* Takes path. */
static int add_file(struct at_tensors *ts, char *path, struct at_error *err)
{
    struct at_tensor_file *f = at_array_push(&ts->files);
    int rc;

    *f = (struct at_tensor_file){ .path = path };
    rc = at_mapfile_open(&f->map, path, err);
    if (rc)
        return rc;
    if (is_lfs_pointer(&f->map))
        rc = at_fail(err, AT_EFORMAT, "a git-lfs pointer, not the weights it stands for");
    else
        rc = is_of_torch(path) ? at_torch_parse(f, err) : at_safetensors_parse(f, err);
    for (size_t i = 0; !rc && i < f->views.n; i++)
        *at_array_push(&ts->views) = f->views.items[i];
    return rc ? at_error_in(err, "%s", path) : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct at_tensor_view *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void sort_views(struct at_tensors *ts)
{
    if (ts->views.n)
        qsort(ts->views.items, ts->views.n, sizeof *ts->views.items, by_name);
}

static const struct shard_name *find_shard(const struct at_tensors *ts, const char *name)
{
    for (size_t i = 0; i < ts->shards.n; i++)
        if (strcmp(ts->shards.items[i].name, name) == 0)
            return &ts->shards.items[i];
    return NULL;
}

/* Open the shard unless it is one that is open already, under whatever name. */
static int add_shard(struct at_tensors *ts, const char *dir, const char *name, struct at_error *err)
{
    char *path = at_path_join(dir, name);
    size_t file = 0;

    while (file < ts->files.n && !at_path_is_same(ts->files.items[file].path, path))
        file++;
    *at_array_push(&ts->shards) = (struct shard_name){ at_strdup(name), file };
    if (file == ts->files.n)
        return add_file(ts, path, err);
    free(path);
    return 0;
}

static int add_shards(struct at_tensors *ts, const char *dir, const char *path,
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
        if (!find_shard(ts, file))
            rc = add_shard(ts, dir, file, err);
    }
    return rc;
}

static bool has_view(const struct at_tensor_file *f, const char *name)
{
    for (size_t i = 0; i < f->views.n; i++)
        if (strcmp(f->views.items[i].name, name) == 0)
            return true;
    return false;
}

/* Every tensor has one place, and it is the one the index gives. */
static int check_index(struct at_tensors *ts, const char *path, const struct at_json *map,
                       struct at_error *err)
{
    const struct at_json *value;

    for (size_t i = 1; i < ts->views.n; i++)
        if (by_name(&ts->views.items[i - 1], &ts->views.items[i]) == 0)
            return at_fail(err, AT_EFORMAT, "%s: tensor '%s' is in two shards", path,
                           ts->views.items[i].name);
    for (const char *name = NULL; (name = at_json_next(map, name, &value));) {
        const struct shard_name *s = find_shard(ts, at_json_text(value, ""));
        if (!at_tensors_find(ts, name))
            *at_array_push(&ts->absent) =
                (struct at_absent_tensor){ at_arena_strdup(&ts->arena, name), s->name };
        else if (!has_view(&ts->files.items[s->file], name))
            return at_fail(err, AT_EFORMAT, "%s: tensor '%s' is not in '%s'", path, name, s->name);
    }
    return 0;
}

static int open_index(struct at_tensors *ts, const char *dir, const char *path,
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
        rc = add_shards(ts, dir, path, map, err);
    if (!rc) {
        sort_views(ts);
        rc = check_index(ts, path, map, err);
    }
    at_json_free(index);
    return rc;
}

/* Weights of another kind, to be named where there are none that are read. */
static const char *other_weights(const char *dir)
{
    static const char *const names[] = { "adapter_model.safetensors", "adapter_model.bin",
                                         "tf_model.h5", "flax_model.msgpack" };
    const char *found = NULL;

    for (size_t i = 0; !found && i < AT_COUNTOF(names); i++) {
        char *path = at_path_join(dir, names[i]);
        if (at_path_is_file(path))
            found = names[i];
        free(path);
    }
    return found;
}

static int open_directory(struct at_tensors *ts, const char *dir, struct at_error *err)
{
    static const struct {
        const char *name;
        bool is_index;
    } places[] = { { "model.safetensors", false },
                   { "model.safetensors.index.json", true },
                   { "pytorch_model.bin", false },
                   { "pytorch_model.bin.index.json", true } };
    const char *other;

    for (size_t i = 0; i < AT_COUNTOF(places); i++) {
        char *path = at_path_join(dir, places[i].name);
        int rc;
        if (!at_path_is_file(path)) {
            free(path);
            continue;
        }
        if (!places[i].is_index)
            return add_file(ts, path, err);
        rc = open_index(ts, dir, path, err);
        free(path);
        return rc;
    }
    other = other_weights(dir);
    return at_fail(err, AT_ENOTFOUND,
                   "neither model.safetensors nor pytorch_model.bin nor an index of either in '%s'"
                   "%s%s%s",
                   dir, other ? ", only " : "", other ? other : "",
                   other ? ", which is not read" : "");
}

int at_tensors_open(struct at_tensors **out, const char *path, struct at_error *err)
{
    struct at_tensors *ts = at_calloc(1, sizeof *ts);
    int rc =
        at_path_is_dir(path) ? open_directory(ts, path, err) : add_file(ts, at_strdup(path), err);

    if (rc) {
        at_tensors_close(ts);
        return rc;
    }
    sort_views(ts);
    *out = ts;
    return 0;
}

void at_tensors_close(struct at_tensors *ts)
{
    if (!ts)
        return;
    for (size_t i = 0; i < ts->files.n; i++) {
        struct at_tensor_file *f = &ts->files.items[i];
        for (size_t j = 0; j < f->copies.n; j++)
            free(f->copies.items[j]);
        at_array_release(&f->copies);
        at_array_release(&f->views);
        at_arena_release(&f->arena);
        at_json_free(f->header);
        at_mapfile_close(&f->map);
        free(f->path);
    }
    for (size_t i = 0; i < ts->shards.n; i++)
        free(ts->shards.items[i].name);
    at_array_release(&ts->files);
    at_array_release(&ts->shards);
    at_array_release(&ts->views);
    at_array_release(&ts->absent);
    at_arena_release(&ts->arena);
    free(ts);
}

size_t at_tensors_count(const struct at_tensors *ts)
{
    return ts->views.n;
}

const struct at_tensor_view *at_tensors_at(const struct at_tensors *ts, size_t i)
{
    AT_BUG_IF(i >= ts->views.n);
    return &ts->views.items[i];
}

const struct at_tensor_view *at_tensors_find(const struct at_tensors *ts, const char *name)
{
    struct at_tensor_view key = { .name = name };

    if (!ts->views.n)
        return NULL;
    return bsearch(&key, ts->views.items, ts->views.n, sizeof key, by_name);
}

const char *at_tensors_meta(const struct at_tensors *ts, const char *key)
{
    const char *value = NULL;

    for (size_t i = 0; !value && i < ts->files.n; i++) {
        const struct at_json *meta = at_json_get(ts->files.items[i].header, "__metadata__");
        value = at_json_text(at_json_get(meta, key), NULL);
    }
    return value;
}

const char *at_tensors_path(const struct at_tensors *ts, size_t i)
{
    return i < ts->files.n ? ts->files.items[i].path : NULL;
}

const struct at_absent_tensor *at_tensors_absent(const struct at_tensors *ts, size_t i)
{
    return i < ts->absent.n ? &ts->absent.items[i] : NULL;
}
