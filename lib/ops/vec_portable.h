/*
 * vec_portable.h - four floats in plain C, for kernel_body.h on any machine. The loops are written
 * so that compilers turn each function into one instruction where there is one.
 */
#ifndef OPS_VEC_PORTABLE_H
#define OPS_VEC_PORTABLE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ops/tensor.h"

#define KERNEL_HAS_VEC

enum { VL = 4, MR = 4, NV = 2 };

typedef float vec __attribute__((vector_size(16)));

static inline vec v_set(float a)
{
    return (vec){ a, a, a, a };
}

static inline vec v_load(const float *p)
{
    vec a;

    memcpy(&a, p, sizeof a);
    return a;
}

/* The first n < VL lanes from p, the others from fill. */
static inline vec v_load_n(const float *p, size_t n, vec fill)
{
    for (size_t i = 0; i < n; i++)
        fill[i] = p[i];
    return fill;
}

static inline void v_store(float *p, vec a)
{
    memcpy(p, &a, sizeof a);
}

/* To an aligned address, past the caches where there is a way. */
static inline void v_stream(float *p, vec a)
{
    v_store(p, a);
}

/* Other threads see what went there before. */
static inline void v_stream_end(void)
{
}

static inline void v_store_n(float *p, vec a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = a[i];
}

static inline vec v_add(vec a, vec b)
{
    return a + b;
}

static inline vec v_sub(vec a, vec b)
{
    return a - b;
}

static inline vec v_mul(vec a, vec b)
{
    return a * b;
}

static inline vec v_div(vec a, vec b)
{
    return a / b;
}

/* a * b + c, rounded twice. */
static inline vec v_fma(vec a, vec b, vec c)
{
    return a * b + c;
}

/* The larger; b when either is NaN. */
static inline vec v_max(vec a, vec b)
{
    for (int i = 0; i < VL; i++)
        b[i] = a[i] > b[i] ? a[i] : b[i];
    return b;
}

static inline vec v_min(vec a, vec b)
{
    for (int i = 0; i < VL; i++)
        b[i] = a[i] < b[i] ? a[i] : b[i];
    return b;
}

static inline vec v_abs(vec a)
{
    for (int i = 0; i < VL; i++)
        a[i] = fabsf(a[i]);
    return a;
}

/* To the nearest whole number, |a| < 2^22: adding 1.5 * 2^23 leaves no room for a fraction. */
static inline vec v_round(vec a)
{
    const vec big = { 0x1.8p23f, 0x1.8p23f, 0x1.8p23f, 0x1.8p23f };

    return (a + big) - big;
}

/* a * 2^n for whole n <= 127 and a of 0.5 to 2; 0 when 2^n is below the smallest normal float. */
static inline vec v_scale2(vec a, vec n)
{
    for (int i = 0; i < VL; i++) {
        uint32_t bits = n[i] > -127.0f ? (uint32_t)((int)n[i] + 127) << 23 : 0;
        float power;
        memcpy(&power, &bits, sizeof power);
        a[i] *= power;
    }
    return a;
}

static inline float v_max_across(vec a)
{
    float lo = a[0] > a[1] ? a[0] : a[1], hi = a[2] > a[3] ? a[2] : a[3];

    return lo > hi ? lo : hi;
}

/* Lane j of t[i] becomes lane i of t[j]. */
static inline void v_transpose(vec t[VL])
{
    vec a = t[0], b = t[1], c = t[2], d = t[3];

    for (int i = 0; i < VL; i++)
        t[i] = (vec){ a[i], b[i], c[i], d[i] };
}

/* Half as many doubles. */
typedef double dvec __attribute__((vector_size(16)));

static inline dvec d_set(double a)
{
    return (dvec){ a, a };
}

static inline dvec d_load(const double *p)
{
    dvec a;

    memcpy(&a, p, sizeof a);
    return a;
}

static inline void d_store(double *p, dvec a)
{
    memcpy(p, &a, sizeof a);
}

/* a * b + c, rounded twice. */
static inline dvec d_fma(dvec a, dvec b, dvec c)
{
    return a * b + c;
}

/* VL running sums in double. */
struct sums {
    double lane[VL];
};

static inline struct sums sums_zero(void)
{
    return (struct sums){ { 0.0 } };
}

static inline void sums_add(struct sums *s, vec a)
{
    for (int i = 0; i < VL; i++)
        s->lane[i] += (double)a[i];
}

static inline void sums_add_squares(struct sums *s, vec a)
{
    for (int i = 0; i < VL; i++)
        s->lane[i] += (double)a[i] * (double)a[i];
}

static inline double sums_total(const struct sums *s)
{
    return (s->lane[0] + s->lane[2]) + (s->lane[1] + s->lane[3]);
}

static inline vec v_from_f16(const void *p)
{
    vec a;

    at_to_f32((float *)&a, p, AT_F16, VL);
    return a;
}

static inline vec v_from_bf16(const void *p)
{
    vec a;

    at_to_f32((float *)&a, p, AT_BF16, VL);
    return a;
}

typedef uint32_t vec_bits __attribute__((vector_size(16)));

/* The low halves of a's lanes between those of b's, which become the high ones; and the high halves
   of both. */
static inline vec v_low_halves(vec a, vec b)
{
    return (vec)(((vec_bits)a & 0xffff) | (vec_bits)b << 16);
}

static inline vec v_high_halves(vec a, vec b)
{
    return (vec)((vec_bits)a >> 16 | ((vec_bits)b & 0xffff0000));
}

/* A macro, since gcc 12 takes a function that only prefetches for one without effect. */
#define fetch_line(p) __builtin_prefetch(p)
#define fetch_far(p)  __builtin_prefetch(p, 0, 2)

#endif
