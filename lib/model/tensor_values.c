/*
 * tensor_values.c - see tensor_values.h.
 */
#include "model/tensor_values.h"

#include <stdint.h>
#include <string.h>

#include "base/attr.h"

enum { MAX_SHOWN = 200 }; /* bytes of a name in a message */

/* A number as some dtype has it, lying anywhere. */
static float as_float(const char *at, const char *dtype)
{
    union {
        double f64;
        int64_t i64;
        int32_t i32;
        int16_t i16;
    } u;

    memcpy(&u, at, at_dtype_bytes(dtype));
    if (!strcmp(dtype, "F64"))
        return (float)u.f64;
    return !strcmp(dtype, "I64") ? (float)u.i64 : !strcmp(dtype, "I32") ? (float)u.i32 : u.i16;
}

/* A copy as floats of what is neither they nor halves. Bytes are left out: as weights they would be
   quantised, and mean nothing without their scales. */
static const void *widened(struct at_arena *arena, const struct at_tensor_view *t)
{
    static const char *const types[] = { "F64", "I64", "I32", "I16" };
    size_t type = 0, size, n;
    float *values;

    while (type < AT_COUNTOF(types) && strcmp(types[type], t->dtype) != 0)
        type++;
    if (type == AT_COUNTOF(types))
        return NULL;
    size = at_dtype_bytes(t->dtype);
    n = t->bytes / size;
    values = at_arena_alloc(arena, n, sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = as_float((const char *)t->data + i * size, t->dtype);
    return values;
}

int at_tensor_values(const void **data, enum at_dtype *dtype, const struct at_tensor_view *t,
                     struct at_arena *arena, struct at_error *err)
{
    static const enum at_dtype types[] = { AT_F32, AT_F16, AT_BF16 };
    size_t i = 0;

    while (i < AT_COUNTOF(types) && strcmp(t->dtype, at_dtype_name(types[i])) != 0)
        i++;
    *dtype = i < AT_COUNTOF(types) ? types[i] : AT_F32;
    *data = i < AT_COUNTOF(types) ? t->data : widened(arena, t);
    if (!*data)
        return at_fail(err, AT_EFORMAT,
                       "'%.*s' has type %.20s, want F32, F16, BF16, F64 or an integer of 16 bits "
                       "and more",
                       at_shown(t->name, MAX_SHOWN), t->name, t->dtype);
    if (*data == t->data && (uintptr_t)t->data % at_dtype_size(*dtype)) {
        void *copy = at_arena_alloc(arena, t->bytes, 1);
        *data = memcpy(copy, t->data, t->bytes);
    }
    return 0;
}
