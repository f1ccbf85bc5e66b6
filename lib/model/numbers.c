/*
 * numbers.c - see numbers.h.
 */
#include "model/numbers.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 1024, MAX_SHOWN = 200 };

bool at_all_finite(const float *v, size_t n)
{
    const uint32_t exponent = 0x7F800000;
    unsigned is_odd = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        is_odd |= (bits & exponent) == exponent; /* of NaN and infinity only */
    }
    return !is_odd;
}

/* Index of the first value that is not finite; the number of values when all are. */
static size_t first_odd(const struct at_tensor_view *t, enum at_dtype type, float *odd)
{
    size_t size = at_dtype_size(type), n = t->bytes / size;
    float values[CHUNK];

    for (size_t i = 0; i < n; i += CHUNK) {
        size_t m = AT_MIN(n - i, (size_t)CHUNK);
        float raw[CHUNK]; /* data in a file may lie at any address */
        memcpy(raw, (const char *)t->data + i * size, m * size);
        at_to_f32(values, raw, type, m);
        if (at_all_finite(values, m))
            continue;
        for (size_t k = 0; k < m; k++)
            if (!isfinite(values[k])) {
                *odd = values[k];
                return i + k;
            }
    }
    return n;
}

/* Where the tensor has a value that is none, in words; false when it has not. */
static bool find_odd(char *where, size_t size, const struct at_tensor_view *t)
{
    static const enum at_dtype types[] = { AT_F32, AT_F16, AT_BF16 };
    size_t i = 0, at;
    float odd = 0.0f;

    while (i < AT_COUNTOF(types) && strcmp(t->dtype, at_dtype_name(types[i])) != 0)
        i++;
    if (i == AT_COUNTOF(types))
        return false;
    at = first_odd(t, types[i], &odd);
    if (at == t->bytes / at_dtype_size(types[i]))
        return false;
    if (t->rank == 2)
        snprintf(where, size, "%s at row %zu, column %zu", isnan(odd) ? "NaN" : "infinity",
                 at / t->shape[1], at % t->shape[1]);
    else
        snprintf(where, size, "%s at position %zu", isnan(odd) ? "NaN" : "infinity", at);
    return true;
}

int at_no_numbers(const struct at_model *m, const char *otherwise, struct at_error *err)
{
    char where[96];

    for (size_t i = 0; i < m->n_mappings; i++) {
        const struct at_mapping *x = &m->mappings[i];
        const struct at_tensor_view *t = at_tensors_find(m->files, x->tensor);
        if (x->role && t && find_odd(where, sizeof where, t))
            return at_fail(err, AT_EFORMAT, "model '%.*s' gives no numbers: '%.*s' (%s) has %s",
                           at_shown(m->dir, MAX_SHOWN), m->dir, at_shown(t->name, MAX_SHOWN),
                           t->name, x->role, where);
    }
    return at_fail(err, AT_EFORMAT, "model '%.*s' gives no numbers: %s",
                   at_shown(m->dir, MAX_SHOWN), m->dir, otherwise);
}
