/*
 * safetensors_write.c - writing; see safetensors.h.
 *
 * Pieces go straight to their place with pwrite(): a capture interleaves tensors, and a seeking
 * stdio stream would throw its buffer away each time.
 */
#include "io/safetensors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "io/json.h"
#include "io/tensors.h"

enum { LENGTH_BYTES = 8, HEADER_ALIGN = 64 };

struct declared {
    char *name;
    char dtype[8];
    size_t rank, shape[AT_MAX_RANK];
    size_t bytes, written;
    size_t begin; /* offset in the data, known from at_safetensors_begin() on */
};

struct at_safetensors_writer {
    struct at_outfile file;
    struct AT_ARRAY(struct declared) tensors;
    struct at_json *meta; /* NULL until something is set */
    size_t data;          /* offset of the data in the file; 0 before at_safetensors_begin() */
};

int at_safetensors_create(struct at_safetensors_writer **out, const char *path,
                          struct at_error *err)
{
    struct at_safetensors_writer *w = at_calloc(1, sizeof *w);
    int rc = at_outfile_open(&w->file, path, err);

    if (rc)
        free(w);
    else
        *out = w;
    return rc;
}

void at_safetensors_set_meta(struct at_safetensors_writer *w, const char *key, const char *value)
{
    AT_BUG_IF(w->data);
    if (!w->meta)
        w->meta = at_json_object();
    at_json_set_string(w->meta, key, value);
}

size_t at_safetensors_declare(struct at_safetensors_writer *w, const char *name, const char *dtype,
                              size_t rank, const size_t *shape)
{
    size_t bytes = at_dtype_bytes(dtype);
    struct declared *t;

    AT_BUG_IF(w->data || bytes == 0 || rank > AT_MAX_RANK);
    t = at_array_push(&w->tensors);
    *t = (struct declared){ .name = at_strdup(name), .rank = rank };
    snprintf(t->dtype, sizeof t->dtype, "%s", dtype);
    for (size_t i = 0; i < rank; i++) {
        AT_BUG_IF(!at_mul_size(bytes, shape[i], &bytes));
        t->shape[i] = shape[i];
    }
    t->bytes = bytes;
    return w->tensors.n - 1;
}

/* Give every tensor its place: wide dtypes first, so that each is aligned, then as declared. */
static void place(struct at_safetensors_writer *w)
{
    size_t end = 0;

    for (size_t width = sizeof(double); width > 0; width /= 2)
        for (size_t i = 0; i < w->tensors.n; i++) {
            struct declared *t = &w->tensors.items[i];
            if (at_dtype_bytes(t->dtype) != width)
                continue;
            t->begin = end;
            AT_BUG_IF(!at_add_size(end, t->bytes, &end));
        }
}

static struct at_json *describe(const struct declared *t)
{
    struct at_json *entry = at_json_object(), *shape = at_json_array(), *span = at_json_array();

    for (size_t i = 0; i < t->rank; i++)
        at_json_append(shape, at_json_int((long long)t->shape[i]));
    at_json_append(span, at_json_int((long long)t->begin));
    at_json_append(span, at_json_int((long long)(t->begin + t->bytes)));
    at_json_set_string(entry, "dtype", t->dtype);
    at_json_set(entry, "shape", shape);
    at_json_set(entry, "data_offsets", span);
    return entry;
}

static int write_at(struct at_safetensors_writer *w, const void *data, size_t n, size_t offset,
                    struct at_error *err)
{
    const char *p = data;
    int fd = fileno(w->file.f);

    while (n > 0) {
        ssize_t k = pwrite(fd, p, n, (off_t)offset);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return at_fail(err, AT_EIO, "cannot write '%s': %s", w->file.path,
                           k < 0 ? strerror(errno) : "nothing was written");
        p += k;
        n -= (size_t)k;
        offset += (size_t)k;
    }
    return 0;
}

int at_safetensors_begin(struct at_safetensors_writer *w, struct at_error *err)
{
    struct at_json *header = at_json_object();
    struct at_strbuf text = { 0 };
    size_t length;
    int rc;

    AT_BUG_IF(w->data);
    place(w);
    if (w->meta)
        at_json_set(header, "__metadata__", w->meta);
    w->meta = NULL;
    for (size_t i = 0; i < w->tensors.n; i++) {
        AT_BUG_IF(at_json_get(header, w->tensors.items[i].name));
        at_json_set(header, w->tensors.items[i].name, describe(&w->tensors.items[i]));
    }
    at_strbuf_add(&text, "\0\0\0\0\0\0\0", LENGTH_BYTES);
    at_json_dump(&text, header, 0, 0);
    at_json_free(header);
    while (text.n % HEADER_ALIGN)
        at_strbuf_addc(&text, ' ');
    length = text.n - LENGTH_BYTES;
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        text.s[i] = (char)(length >> 8 * i & 0xFF);
    w->data = text.n;
    rc = write_at(w, text.s, text.n, 0, err);
    at_strbuf_release(&text);
    return rc;
}

int at_safetensors_append(struct at_safetensors_writer *w, size_t tensor, const void *data,
                          size_t bytes, struct at_error *err)
{
    struct declared *t;
    int rc;

    AT_BUG_IF(!w->data || tensor >= w->tensors.n);
    t = &w->tensors.items[tensor];
    AT_BUG_IF(bytes > t->bytes - t->written);
    rc = write_at(w, data, bytes, w->data + t->begin + t->written, err);
    if (!rc)
        t->written += bytes;
    return rc;
}

static void writer_free(struct at_safetensors_writer *w)
{
    for (size_t i = 0; i < w->tensors.n; i++)
        free(w->tensors.items[i].name);
    at_array_release(&w->tensors);
    at_json_free(w->meta);
    free(w);
}

int at_safetensors_commit(struct at_safetensors_writer *w, struct at_error *err)
{
    int rc;

    AT_BUG_IF(!w->data);
    for (size_t i = 0; i < w->tensors.n; i++)
        AT_BUG_IF(w->tensors.items[i].written != w->tensors.items[i].bytes);
    rc = at_outfile_commit(&w->file, err);
    writer_free(w);
    return rc;
}

void at_safetensors_abort(struct at_safetensors_writer *w)
{
    if (!w)
        return;
    at_outfile_abort(&w->file);
    writer_free(w);
}
