/*
 * entropy.c - see entropy.h.
 *
 * p = 2^e m with m in [sqrt(1/2), sqrt(2)), and ln m = 2 atanh(s), s = (m - 1) / (m + 1), by a
 * minimax polynomial in s^2 (Remez, degree 4, greatest error of the logarithm 1.5e-12). All
 * arithmetic after the split is in double, in eight lanes whose number does not depend on the
 * processor: every copy made by AT_CLONES gives the same bits.
 */
#include "stats/entropy.h"

#include <stdint.h>
#include <string.h>

#include "base/attr.h"

enum { LANES = 8 };
typedef float vfloat __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t vint __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef double vdouble __attribute__((vector_size(LANES * sizeof(double))));

#define LN2      0.693147180559945309417
#define SQRT_2_2 0x3f3504f3 /* bits of sqrt(1/2) as a float */
#define ONE_BITS 0x3f800000

/* acc += p ln p, lane by lane. A macro, since passing vectors by value depends on the target. */
#define ADD_PLOGP(acc, p)                                                                          \
    do {                                                                                           \
        vint keep_ = (p) > AT_ENTROPY_FLOOR;                                                       \
        vint bits_ = ((vint)(p)&keep_) | (ONE_BITS & ~keep_);                                      \
        vint e_ = (bits_ - SQRT_2_2) >> 23;                                                        \
        vdouble m_ = __builtin_convertvector((vfloat)(bits_ - (e_ << 23)), vdouble);               \
        vdouble s_ = (m_ - 1.0) / (m_ + 1.0), z_ = s_ * s_;                                        \
        vdouble ln_ = 0.28534943721555794 + z_ * 0.23618182619242606;                              \
        ln_ = 0.40000386645788644 + z_ * ln_;                                                      \
        ln_ = 0.666666652358766 + z_ * ln_;                                                        \
        ln_ = (2.000000000008466 + z_ * ln_) * s_;                                                 \
        ln_ += __builtin_convertvector(e_, vdouble) * LN2;                                         \
        (acc) += __builtin_convertvector((vfloat)bits_, vdouble) * ln_;                            \
    } while (0)

static double sum_of_lanes(const vdouble *v)
{
    double sum = 0.0;

    for (int i = 0; i < LANES; i++)
        sum += (*v)[i];
    return sum;
}

AT_CLONES static double sum_plogp(const float *p, size_t n)
{
    vdouble acc = { 0 };
    vfloat x;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        memcpy(&x, p + i, sizeof x);
        ADD_PLOGP(acc, x);
    }
    if (i < n) {
        x = (vfloat){ 0 };
        memcpy(&x, p + i, (n - i) * sizeof *p);
        ADD_PLOGP(acc, x);
    }
    return sum_of_lanes(&acc);
}

AT_CLONES static double sum_mean_plogp(const float *p, const float *q, size_t n)
{
    vdouble acc = { 0 };
    vfloat x, y;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        memcpy(&x, p + i, sizeof x);
        memcpy(&y, q + i, sizeof y);
        x = (x + y) * 0.5f;
        ADD_PLOGP(acc, x);
    }
    if (i < n) {
        x = y = (vfloat){ 0 };
        memcpy(&x, p + i, (n - i) * sizeof *p);
        memcpy(&y, q + i, (n - i) * sizeof *q);
        x = (x + y) * 0.5f;
        ADD_PLOGP(acc, x);
    }
    return sum_of_lanes(&acc);
}

double at_sum_plogp(const float *p, size_t n)
{
    return sum_plogp(p, n);
}

double at_sum_mean_plogp(const float *p, const float *q, size_t n)
{
    return sum_mean_plogp(p, q, n);
}
