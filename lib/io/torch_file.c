/*
 * torch_file.c - what torch.save() writes since PyTorch 1.6: a zip archive of a pickle (data.pkl),
 * which describes the tensors, and of their storages (data/0, data/1, ...), which are read where
 * they lie. A tensor is an offset, sizes and strides into a storage; one that is not row-major is
 * copied. Reference: torch/serialization.py and torch/_utils.py.
 */
#include <stdlib.h>
#include <string.h>

#include "io/pickle.h"
#include "io/tensor_file.h"
#include "io/zip.h"

/* Bytes of a pickle, of a storage's key, of a name in a message. */
enum { MAX_PICKLE = 16 << 20, MAX_KEY = 64, MAX_SHOWN = 200 };

/* Storage classes and, for tensors that name their type apart, types; NULL: raw bytes. */
static const struct element {
    const char *name, *dtype;
} elements[] = {
    { "torch.FloatStorage", "F32" },
    { "torch.HalfStorage", "F16" },
    { "torch.BFloat16Storage", "BF16" },
    { "torch.DoubleStorage", "F64" },
    { "torch.LongStorage", "I64" },
    { "torch.IntStorage", "I32" },
    { "torch.ShortStorage", "I16" },
    { "torch.CharStorage", "I8" },
    { "torch.ByteStorage", "U8" },
    { "torch.BoolStorage", "BOOL" },
    { "torch.ComplexFloatStorage", "C64" },
    { "torch.storage.UntypedStorage", NULL },
    { "torch.storage._UntypedStorage", NULL },
    { "torch.float32", "F32" },
    { "torch.float16", "F16" },
    { "torch.bfloat16", "BF16" },
    { "torch.float64", "F64" },
    { "torch.int64", "I64" },
    { "torch.int32", "I32" },
    { "torch.int16", "I16" },
    { "torch.int8", "I8" },
    { "torch.uint8", "U8" },
    { "torch.uint16", "U16" },
    { "torch.uint32", "U32" },
    { "torch.uint64", "U64" },
    { "torch.bool", "BOOL" },
    { "torch.float8_e4m3fn", "F8_E4M3" },
    { "torch.float8_e5m2", "F8_E5M2" },
};

/* How tensors are called into being. In all of them the first four arguments are storage, offset,
   sizes and strides; in the last the seventh is the type. */
#define REBUILD_OLD                  "torch._utils._rebuild_tensor"
#define REBUILD                      "torch._utils._rebuild_tensor_v2"
#define REBUILD_TYPED                "torch._utils._rebuild_tensor_v3"
#define REBUILD_PARAMETER            "torch._utils._rebuild_parameter"
#define REBUILD_PARAMETER_WITH_STATE "torch._utils._rebuild_parameter_with_state"

static const char *const calls[] = { REBUILD_OLD, REBUILD, REBUILD_TYPED, REBUILD_PARAMETER,
                                     REBUILD_PARAMETER_WITH_STATE };

/* Where programs that train keep the weights beside other things. */
static const char *const wrappers[] = { "state_dict", "model_state_dict", "model", "module" };

struct reader {
    struct at_tensor_file *f;
    struct at_zip zip;
    const char *root; /* what all members' names begin with: "archive/" */
    size_t root_bytes;
    struct at_pickle pickle;
    size_t copied; /* bytes of tensors that were not row-major */
    struct at_error *err;
};

/* ---- the archive ---- */

static const struct at_zip_member *find_member(const struct reader *r, const char *name)
{
    char whole[MAX_SHOWN + MAX_KEY];
    size_t n = r->root_bytes, length = strlen(name);

    if (n > MAX_SHOWN || length >= sizeof whole - n)
        return NULL;
    memcpy(whole, r->root, n);
    memcpy(whole + n, name, length);
    return at_zip_find(&r->zip, whole, n + length);
}

/* The pickle is in the archive's only folder. */
static int find_pickle(struct reader *r, const struct at_zip_member **out)
{
    static const char name[] = "data.pkl";
    size_t n = sizeof name - 1;

    *out = NULL;
    for (size_t i = 0; i < r->zip.members.n; i++) {
        const struct at_zip_member *m = &r->zip.members.items[i];
        const char *slash = memchr(m->name, '/', m->name_bytes);
        size_t root_bytes = slash ? (size_t)(slash + 1 - m->name) : 0;
        if (!slash || m->name_bytes - root_bytes != n || memcmp(slash + 1, name, n) != 0)
            continue;
        if (*out)
            return at_fail(r->err, AT_EFORMAT, "two pickles in the archive, want one");
        *out = m;
        r->root = m->name;
        r->root_bytes = root_bytes;
    }
    if (!*out)
        return at_fail(r->err, AT_EFORMAT, "a zip archive without data.pkl: not of torch.save()");
    return 0;
}

static int check_byte_order(const struct reader *r)
{
    const struct at_zip_member *m = find_member(r, "byteorder");
    const unsigned char *order = NULL;
    int rc = m ? at_zip_data(&order, &r->zip, m, r->err) : 0;

    if (m && !rc && (m->bytes != 6 || memcmp(order, "little", 6) != 0))
        rc = at_fail(r->err, AT_EFORMAT, "the numbers are big-endian, want little-endian");
    return rc;
}

static int read_pickle(struct reader *r)
{
    const char *names[AT_COUNTOF(elements) + AT_COUNTOF(calls) + 2];
    const struct at_zip_member *m = NULL;
    const unsigned char *bytes = NULL;
    size_t n = 0;
    int rc = find_pickle(r, &m);

    if (rc || (rc = check_byte_order(r)) || (rc = at_zip_data(&bytes, &r->zip, m, r->err)))
        return rc;
    if (m->bytes > MAX_PICKLE)
        return at_fail(r->err, AT_ERANGE, "data.pkl has %zu bytes, at most %d are read", m->bytes,
                       MAX_PICKLE);
    if (!at_zip_is_intact(m, bytes))
        return at_fail(r->err, AT_EFORMAT, "data.pkl is damaged: its checksum does not fit");
    for (size_t i = 0; i < AT_COUNTOF(elements); i++)
        names[n++] = elements[i].name;
    for (size_t i = 0; i < AT_COUNTOF(calls); i++)
        names[n++] = calls[i];
    names[n++] = "collections.OrderedDict";
    names[n] = NULL;
    return at_pickle_read(&r->pickle, bytes, m->bytes, names, r->err);
}

/* ---- tensors ---- */

/* A tensor as the pickle describes it; counts are of elements. */
struct strided {
    struct at_tensor_view view;
    size_t item, offset, stride[AT_MAX_RANK], n;
    const unsigned char *storage;
    size_t storage_n;
};

static const char *element_of(const struct at_pickle_value *v)
{
    for (size_t i = 0; v && i < AT_COUNTOF(elements); i++)
        if (strcmp(elements[i].name, v->text) == 0)
            return elements[i].dtype;
    return NULL;
}

static int bad_tensor(const struct reader *r, const char *name, const char *why)
{
    return at_fail(r->err, AT_EFORMAT, "tensor '%.*s': %s", at_shown(name, MAX_SHOWN), name, why);
}

static bool take_size(size_t *out, const struct at_pickle_value *v)
{
    if (!at_pickle_is(v, AT_PICKLE_INT) || v->number < 0)
        return false;
    *out = (size_t)v->number;
    return true;
}

/* ("storage", class, key, device, number of elements) */
static int read_storage(struct strided *t, const struct reader *r, const struct at_pickle_value *v,
                        const struct at_pickle_value *dtype)
{
    const struct at_pickle_value *id = at_pickle_item(v, 0), *key = at_pickle_item(id, 2);
    const struct at_pickle_value *class = at_pickle_item(id, 1), *word = at_pickle_item(id, 0);
    const struct at_zip_member *m = NULL;
    char path[MAX_KEY + 8];
    size_t bytes;
    int rc;

    if (!at_pickle_is(v, AT_PICKLE_PERSISTENT) || !at_pickle_is(id, AT_PICKLE_TUPLE) ||
        !at_pickle_is(word, AT_PICKLE_TEXT) || strcmp(word->text, "storage") != 0 ||
        !at_pickle_is(class, AT_PICKLE_NAME) || !at_pickle_is(key, AT_PICKLE_TEXT) ||
        !take_size(&t->storage_n, at_pickle_item(id, 4)))
        return bad_tensor(r, t->view.name, "its storage is not described as one");
    t->view.dtype = element_of(at_pickle_is(dtype, AT_PICKLE_NAME) ? dtype : class);
    if (!t->view.dtype)
        return bad_tensor(r, t->view.name, "it has no type");
    t->item = at_dtype_bytes(t->view.dtype);
    if (strlen(key->text) <= MAX_KEY) {
        strncpy(path, "data/", sizeof path);
        memcpy(path + 5, key->text, strlen(key->text) + 1);
        m = find_member(r, path);
    }
    if (!m)
        return at_fail(r->err, AT_EFORMAT, "tensor '%.*s': no member data/%.*s in the archive",
                       at_shown(t->view.name, MAX_SHOWN), t->view.name,
                       at_shown(key->text, MAX_KEY), key->text);
    if (element_of(class) == NULL) /* raw bytes: so many of them */
        t->storage_n /= t->item;
    if (!at_mul_size(t->storage_n, t->item, &bytes) || bytes > m->bytes)
        return at_fail(r->err, AT_EFORMAT,
                       "tensor '%.*s': its storage has %zu bytes, want %zu elements of %zu",
                       at_shown(t->view.name, MAX_SHOWN), t->view.name, m->bytes, t->storage_n,
                       t->item);
    rc = at_zip_data(&t->storage, &r->zip, m, r->err);
    return rc;
}

/* Sizes and strides; every element has to lie inside the storage. */
static int read_shape(struct strided *t, const struct reader *r,
                      const struct at_pickle_value *shape, const struct at_pickle_value *strides)
{
    size_t last = t->offset, n = 1, step;
    bool fits = true;

    if (!at_pickle_is(shape, AT_PICKLE_TUPLE) || !at_pickle_is(strides, AT_PICKLE_TUPLE) ||
        shape->items.n != strides->items.n)
        return bad_tensor(r, t->view.name, "its sizes and strides do not go together");
    t->view.rank = shape->items.n;
    if (t->view.rank > AT_MAX_RANK)
        return at_fail(r->err, AT_ERANGE, "tensor '%.*s' has %zu dimensions, at most %d are read",
                       at_shown(t->view.name, MAX_SHOWN), t->view.name, t->view.rank, AT_MAX_RANK);
    for (size_t i = 0; i < t->view.rank; i++) {
        if (!take_size(&t->view.shape[i], shape->items.items[i]) ||
            !take_size(&t->stride[i], strides->items.items[i]))
            return bad_tensor(r, t->view.name, "its sizes or strides are no sizes");
        fits &= at_mul_size(n, t->view.shape[i], &n);
    }
    for (size_t i = 0; i < t->view.rank && n > 0; i++)
        fits &= at_mul_size(t->view.shape[i] - 1, t->stride[i], &step) &&
                at_add_size(last, step, &last);
    if (!fits || !at_mul_size(n, t->item, &t->view.bytes) ||
        (n > 0 ? last >= t->storage_n : t->offset > t->storage_n))
        return at_fail(r->err, AT_EFORMAT, "tensor '%.*s' leaves its storage of %zu elements",
                       at_shown(t->view.name, MAX_SHOWN), t->view.name, t->storage_n);
    t->n = n;
    return 0;
}

static bool is_row_major(const struct strided *t)
{
    size_t want = 1;

    for (size_t i = t->view.rank; i-- > 0;) {
        if (t->view.shape[i] != 1 && t->stride[i] != want)
            return false;
        want *= t->view.shape[i];
    }
    return true;
}

/* The elements in row-major order. */
static void gather(char *out, const struct strided *t)
{
    size_t at[AT_MAX_RANK] = { 0 };
    const unsigned char *from = t->storage + t->offset * t->item;

    for (size_t n = 0; n < t->n; n++, out += t->item) {
        memcpy(out, from, t->item);
        for (size_t i = t->view.rank; i-- > 0;) {
            from += t->stride[i] * t->item;
            if (++at[i] < t->view.shape[i])
                break;
            from -= at[i] * t->stride[i] * t->item;
            at[i] = 0;
        }
    }
}

/* Where the tensor's values are, a copy of them if they do not lie row by row. */
static int place(struct strided *t, struct reader *r)
{
    void *copy = NULL;
    int rc;

    if (t->n == 0 || is_row_major(t)) {
        t->view.data = t->storage + t->offset * t->item;
        return 0;
    }
    /* No more than the file could hold, whatever strides of 0 make of one element. */
    if (t->n > t->storage_n || t->view.bytes > r->f->map.n - r->copied)
        return bad_tensor(r, t->view.name, "its strides repeat elements of the storage");
    r->copied += t->view.bytes;
    rc = at_try_alloc(&copy, t->n, t->item, "a tensor that is not row-major", r->err);
    if (rc)
        return rc;
    gather(copy, t);
    *at_array_push(&r->f->copies) = copy;
    t->view.data = copy;
    return 0;
}

/* The call that makes a tensor, behind those that make a parameter of it; NULL: no tensor. */
static const struct at_pickle_value *tensor_call(const struct at_pickle_value *v)
{
    while (at_pickle_is_call(v, REBUILD_PARAMETER) ||
           at_pickle_is_call(v, REBUILD_PARAMETER_WITH_STATE))
        v = at_pickle_item(at_pickle_item(v, 1), 0);
    return at_pickle_is(v, AT_PICKLE_CALL) ? v : NULL;
}

static int read_tensor(struct reader *r, const char *name, const struct at_pickle_value *call)
{
    const struct at_pickle_value *args = at_pickle_item(call, 1);
    bool is_typed = at_pickle_is_call(call, REBUILD_TYPED);
    struct strided t = { .view = { .name = name } };
    int rc;

    if (!is_typed && !at_pickle_is_call(call, REBUILD) && !at_pickle_is_call(call, REBUILD_OLD))
        return bad_tensor(r, name, "it is made by a call that makes no tensor");
    if (!take_size(&t.offset, at_pickle_item(args, 1)))
        return bad_tensor(r, name, "its offset is no size");
    rc = read_storage(&t, r, at_pickle_item(args, 0), is_typed ? at_pickle_item(args, 6) : NULL);
    if (!rc)
        rc = read_shape(&t, r, at_pickle_item(args, 2), at_pickle_item(args, 3));
    if (!rc)
        rc = place(&t, r);
    if (!rc)
        *at_array_push(&r->f->views) = t.view;
    return rc;
}

/* ---- the dictionary of tensors ---- */

static bool has_tensors(const struct at_pickle_value *dict)
{
    for (size_t i = 1; at_pickle_is(dict, AT_PICKLE_DICT) && i < dict->items.n; i += 2)
        if (tensor_call(dict->items.items[i]))
            return true;
    return false;
}

/* The pickle's own dictionary, or the one in it that holds the weights. */
static const struct at_pickle_value *find_tensors(const struct at_pickle_value *top)
{
    if (has_tensors(top) || !at_pickle_is(top, AT_PICKLE_DICT))
        return top;
    for (size_t w = 0; w < AT_COUNTOF(wrappers); w++)
        for (size_t i = 0; i + 1 < top->items.n; i += 2) {
            const struct at_pickle_value *key = top->items.items[i];
            if (at_pickle_is(key, AT_PICKLE_TEXT) && !strcmp(key->text, wrappers[w]) &&
                has_tensors(top->items.items[i + 1]))
                return top->items.items[i + 1];
        }
    return top;
}

static int by_name(const void *a, const void *b)
{
    const struct at_tensor_view *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* Every tensor of the dictionary; what else is in it is nobody's weight. */
static int read_tensors(struct reader *r)
{
    const struct at_pickle_value *dict = find_tensors(r->pickle.top);
    struct at_tensor_file *f = r->f;

    if (!at_pickle_is(dict, AT_PICKLE_DICT))
        return at_fail(r->err, AT_EFORMAT, "the pickle is no dictionary of tensors");
    for (size_t i = 0; i + 1 < dict->items.n; i += 2) {
        const struct at_pickle_value *key = dict->items.items[i];
        const struct at_pickle_value *call = tensor_call(dict->items.items[i + 1]);
        int rc;
        if (!call)
            continue;
        if (!at_pickle_is(key, AT_PICKLE_TEXT))
            return at_fail(r->err, AT_EFORMAT, "a tensor whose name is no string");
        rc = read_tensor(r, at_arena_strdup(&f->arena, key->text), call);
        if (rc)
            return rc;
    }
    if (f->views.n)
        qsort(f->views.items, f->views.n, sizeof *f->views.items, by_name);
    for (size_t i = 1; i < f->views.n; i++)
        if (by_name(&f->views.items[i - 1], &f->views.items[i]) == 0)
            return bad_tensor(r, f->views.items[i].name, "it is there twice");
    return 0;
}

/* ---- the file ---- */

static bool begins_with(const struct at_mapfile *m, size_t offset, const void *bytes, size_t n)
{
    const void *found = at_mapfile_slice(m, offset, n);

    return found && !memcmp(found, bytes, n);
}

/* What is no zip archive: files of older versions are told apart, so that they can be converted. */
static int refuse(const struct at_tensor_file *f, struct at_error *err)
{
    static const unsigned char magic[] = { 0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c,
                                           0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };

    if (begins_with(&f->map, 0, magic, sizeof magic) || begins_with(&f->map, 257, "ustar", 5))
        return at_fail(
            err, AT_EFORMAT,
            "the format of PyTorch before 1.6; to convert it: python3 -c \"import torch; "
            "f = '%.*s'; torch.save(torch.load(f, 'cpu', weights_only=True), f)\"",
            at_shown(f->path, MAX_SHOWN), f->path);
    if (begins_with(&f->map, 0, "\x80", 1))
        return at_fail(err, AT_EFORMAT, "a bare pickle, not what torch.save() writes");
    return at_fail(err, AT_EFORMAT, "no zip archive, as torch.save() writes one");
}

int at_torch_parse(struct at_tensor_file *f, struct at_error *err)
{
    struct reader r = { .f = f, .err = err };
    int rc;

    if (!begins_with(&f->map, 0, "PK", 2))
        return refuse(f, err);
    rc = at_zip_open(&r.zip, f->map.bytes, f->map.n, err);
    if (!rc)
        rc = read_pickle(&r);
    if (!rc)
        rc = read_tensors(&r);
    at_pickle_release(&r.pickle);
    at_zip_close(&r.zip);
    return rc;
}
