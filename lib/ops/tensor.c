/*
 * tensor.c - see tensor.h.
 */
#include "ops/tensor.h"

#include <stdint.h>
#include <string.h>

#include "base/attr.h"

size_t at_dtype_size(enum at_dtype t)
{
    return t == AT_F32 ? 4 : 2;
}

const char *at_dtype_name(enum at_dtype t)
{
    static const char *const names[] = { "F32", "F16", "BF16" };

    return names[t];
}

static float float_of_bits(uint32_t u)
{
    float f;

    memcpy(&f, &u, sizeof f);
    return f;
}

static float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;

    if (exponent == 31) /* infinity, NaN */
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) { /* zero and the subnormals, which are multiples of 2^-24 */
        float f = (float)fraction * 0x1p-24f;
        return sign ? -f : f;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

void at_to_f32(float *out, const void *in, enum at_dtype t, size_t n)
{
    const uint16_t *u = in;

    switch (t) {
    case AT_F32:
        memcpy(out, in, n * sizeof *out);
        break;
    case AT_F16:
        for (size_t i = 0; i < n; i++)
            out[i] = f16_to_f32(u[i]);
        break;
    case AT_BF16:
        for (size_t i = 0; i < n; i++)
            out[i] = float_of_bits((uint32_t)u[i] << 16);
        break;
    }
}

size_t at_weight_pitch(const struct at_weight *w)
{
    if (w->pitch)
        return w->pitch;
    return w->layout == AT_OUT_MAJOR ? w->n_in : w->n_out;
}

struct at_weight at_weight_first(const struct at_weight *w, size_t n)
{
    struct at_weight first = *w;

    AT_BUG_IF(n > w->n_out);
    first.pitch = at_weight_pitch(w);
    first.n_out = n;
    return first;
}

struct at_weight at_weight_inputs(const struct at_weight *w, size_t first, size_t n)
{
    struct at_weight part = *w;
    size_t step;

    AT_BUG_IF(first + n > w->n_in);
    part.pitch = at_weight_pitch(w);
    step = w->layout == AT_OUT_MAJOR ? 1 : part.pitch;
    part.data = (const char *)w->data + first * step * at_dtype_size(w->dtype);
    part.n_in = n;
    return part;
}

struct at_weight at_weight_transposed(const struct at_weight *w)
{
    struct at_weight back = *w;

    back.pitch = at_weight_pitch(w);
    back.layout = w->layout == AT_OUT_MAJOR ? AT_IN_MAJOR : AT_OUT_MAJOR;
    back.n_out = w->n_in;
    back.n_in = w->n_out;
    return back;
}

void at_weight_row(float *out, const struct at_weight *w, size_t i)
{
    AT_BUG_IF(w->layout != AT_OUT_MAJOR || i >= w->n_out);
    size_t at = i * at_weight_pitch(w) * at_dtype_size(w->dtype);
    at_to_f32(out, (const char *)w->data + at, w->dtype, w->n_in);
}
