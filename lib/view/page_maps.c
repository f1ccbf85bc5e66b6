/*
 * page_maps.c - see page_maps.h.
 */
#include "view/page_maps.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/base64.h"
#include "io/deflate.h"

enum { STEPS = 255, WEIGHTS_PER_MAP = 256 };

size_t at_page_top_k(size_t n)
{
    size_t k = AT_MAX((size_t)2, WEIGHTS_PER_MAP / AT_MAX(n, (size_t)1));

    return AT_MIN(k, n);
}

double at_page_map_error(double w, bool is_exact)
{
    double step = 0.5 / STEPS;

    /* Half floats have 11 bits; below 2^-14 they are 2^-24 apart. */
    return is_exact ? fmax(ldexp(w, -11), ldexp(1.0, -25)) : 2.0 * sqrt(w) * step + step * step;
}

/* IEEE binary16, to nearest, ties to even; what is too large is infinite. */
static uint16_t half(float v)
{
    uint32_t bits, sign, mantissa, shift, rest;
    int exponent;

    memcpy(&bits, &v, sizeof bits);
    sign = bits >> 16 & 0x8000;
    exponent = (int)(bits >> 23 & 255) - 127 + 15;
    mantissa = (bits & 0x7fffff) | 0x800000;
    if (exponent >= 31)
        return (uint16_t)(sign | 0x7c00);
    if (exponent < -10)
        return (uint16_t)sign;
    shift = exponent > 0 ? 13 : (uint32_t)(14 - exponent);
    rest = mantissa & ((1u << shift) - 1);
    mantissa >>= shift;
    mantissa += rest > 1u << (shift - 1) || (rest == 1u << (shift - 1) && (mantissa & 1));
    /* A mantissa of a normal number has its leading 1, which the exponent below makes up for. */
    return (uint16_t)(sign | (((uint32_t)(exponent > 0 ? exponent - 1 : 0) << 10) + mantissa));
}

static char *finish(unsigned char *bytes, size_t n)
{
    struct at_strbuf text = { 0 };
    unsigned char *small;
    size_t n_small;

    at_deflate(&small, &n_small, bytes, n);
    free(bytes);
    at_base64_add(&text, small, n_small);
    free(small);
    return at_strbuf_take(&text);
}

char *at_page_pack_halves(const float *v, size_t n)
{
    unsigned char *bytes = at_malloc(AT_MAX(n, (size_t)1), 2);

    for (size_t i = 0; i < n; i++) {
        uint16_t h = half(v[i]);
        bytes[i] = (unsigned char)h;
        bytes[n + i] = (unsigned char)(h >> 8);
    }
    return finish(bytes, 2 * n);
}

static unsigned char code(float w)
{
    return (unsigned char)lrintf((float)STEPS * sqrtf(fminf(fmaxf(w, 0.0f), 1.0f)));
}

static void add_codes(unsigned char *out, const float *map, size_t n)
{
    for (size_t i = 0; i < n * n; i++)
        out[i] = code(map[i]);
}

/* The k greatest of a row, greatest first, of equals the first. */
static void add_strongest(unsigned char *keys, unsigned char *weights, const float *row, size_t n,
                          size_t k)
{
    size_t best[WEIGHTS_PER_MAP] = { 0 }, found = 0;

    for (size_t j = 0; j < n; j++) {
        size_t at = found < k ? found : k;
        while (at > 0 && row[j] > row[best[at - 1]])
            at--;
        if (at == k)
            continue;
        found = AT_MIN(found + 1, k);
        memmove(best + at + 1, best + at, (found - at - 1) * sizeof *best);
        best[at] = j;
    }
    for (size_t r = 0; r < k; r++) {
        uint32_t bits;
        memcpy(&bits, &row[best[r]], sizeof bits);
        for (int b = 0; b < 2; b++)
            keys[2 * r + (size_t)b] = (unsigned char)(best[r] >> 8 * b);
        for (int b = 0; b < 4; b++)
            weights[4 * r + (size_t)b] = (unsigned char)(bits >> 8 * b);
    }
}

char *at_page_pack_maps(const float *maps, size_t H, size_t n, bool is_exact)
{
    size_t cells = H * n * n, k = at_page_top_k(n), rows = H * n;
    unsigned char *bytes, *keys, *weights;

    if (is_exact)
        return at_page_pack_halves(maps, cells);
    bytes = at_malloc(cells + rows * k * 6 + 1, 1);
    keys = bytes + cells;
    weights = keys + rows * k * 2;
    for (size_t h = 0; h < H; h++)
        add_codes(bytes + h * n * n, maps + h * n * n, n);
    for (size_t r = 0; r < rows; r++)
        add_strongest(keys + r * k * 2, weights + r * k * 4, maps + r * n, n, k);
    return finish(bytes, cells + rows * k * 6);
}
