/*
 * js_distance.c - see js_distance.h.
 *
 * For many pairs the sum of m ln m is taken in float, p = 2^e (1 + s) with s from sqrt(1/2) - 1 to
 * sqrt(2) - 1 and ln(1 + s) / s by a polynomial (Chebyshev nodes, degree 6, greatest error of the
 * logarithm 4e-7). Sixteen lanes whatever the processor, added up in double every 64 steps.
 */
#include "stats/js_distance.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"

/* Below it the series d^2/2 + d^4/12 + d^6/30 + ... is exact to the last bits. */
static const double small = 0.125;

static double f_of(double d)
{
    double z = d * d;

    d = fabs(d);
    if (d < small)
        return z * (1.0 / 2 +
                    z * (1.0 / 12 + z * (1.0 / 30 + z * (1.0 / 56 + z * (1.0 / 90 + z / 132)))));
    return d < 1.0 ? 0.5 * ((1.0 + d) * log(1.0 + d) + (1.0 - d) * log(1.0 - d))
                   : 0.69314718055994530942;
}

double at_js_map_distance(const float *p, const float *q, size_t R, size_t C)
{
    double sum = 0.0;

    for (size_t i = 0; i < R * C; i++) {
        double both = (double)p[i] + (double)q[i];
        if (both > 0.0 || isnan(both))
            sum += 0.5 * both * f_of(((double)p[i] - (double)q[i]) / both);
    }
    return R ? sqrt(sum / (double)R) : NAN;
}

enum { LANES = 16, STEPS = 64 };
typedef float vfloat __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t vint __attribute__((vector_size(LANES * sizeof(int32_t))));

#define LN2      0.69314718f
#define FLOOR    1e-10f
#define SQRT_2_2 0x3f3504f3 /* bits of sqrt(1/2) */
#define ONE_BITS 0x3f800000

/* acc += x ln x, lane by lane. A macro, since passing vectors by value depends on the target. */
#define ADD_PLOGP(acc, x)                                                                          \
    do {                                                                                           \
        vint keep_ = (x) > FLOOR;                                                                  \
        vint bits_ = ((vint)(x)&keep_) | (ONE_BITS & ~keep_);                                      \
        vint e_ = (bits_ - SQRT_2_2) >> 23;                                                        \
        vfloat s_ = (vfloat)(bits_ - (e_ << 23)) - 1.0f;                                           \
        vfloat y_ = -0.18680751427191647f + s_ * 0.11931054435951263f;                             \
        y_ = 0.20491759649975705f + s_ * y_;                                                       \
        y_ = -0.24908289184714333f + s_ * y_;                                                      \
        y_ = 0.33314673808550943f + s_ * y_;                                                       \
        y_ = -0.5000114503774604f + s_ * y_;                                                       \
        y_ = (1.0000009643975842f + s_ * y_) * s_;                                                 \
        y_ += __builtin_convertvector(e_, vfloat) * LN2;                                           \
        (acc) += (vfloat)bits_ * y_;                                                               \
    } while (0)

/* Sum of m ln m over m = (p + q) / 2. */
AT_CLONES static double rough_plogp(const float *p, const float *q, size_t n)
{
    double sum = 0.0;
    size_t i = 0;

    while (i < n) {
        vfloat acc = { 0 };
        for (size_t step = 0; step < STEPS && i < n; step++, i += LANES) {
            vfloat x = { 0 }, y = { 0 };
            if (i + LANES <= n) {
                memcpy(&x, p + i, sizeof x);
                memcpy(&y, q + i, sizeof y);
            } else {
                memcpy(&x, p + i, (n - i) * sizeof *p);
                memcpy(&y, q + i, (n - i) * sizeof *q);
            }
            x = (x + y) * 0.5f;
            ADD_PLOGP(acc, x);
        }
        for (int k = 0; k < LANES; k++)
            sum += (double)acc[k];
    }
    return sum;
}

struct job {
    double *out;
    const float *p, *q;
    size_t n_p, n_q, R, cells;
    double *p_own, *q_own; /* sum of x ln x of each map */
};

/* Tasks are the maps of p, then those of q. */
static void sum_one(void *arg, size_t task, size_t slot)
{
    struct job *j = arg;
    bool is_p = task < j->n_p;
    size_t i = is_p ? task : task - j->n_p;
    const float *map = (is_p ? j->p : j->q) + i * j->cells;

    (void)slot;
    (is_p ? j->p_own : j->q_own)[i] = rough_plogp(map, map, j->cells);
}

static void compare_one(void *arg, size_t i, size_t slot)
{
    struct job *j = arg;

    (void)slot;
    for (size_t k = 0; k < j->n_q; k++) {
        double both = rough_plogp(j->p + i * j->cells, j->q + k * j->cells, j->cells);
        double mean = (0.5 * (j->p_own[i] + j->q_own[k]) - both) / (double)j->R;
        j->out[i * j->n_q + k] = fmax(mean, 0.0);
    }
}

void at_js_divergences(double *out, const float *p, size_t n_p, const float *q, size_t n_q,
                       size_t R, size_t C, struct at_pool *pool)
{
    struct job j = { out, p, q, n_p, n_q, R, R * C, NULL, NULL };

    j.p_own = at_malloc(n_p, sizeof *j.p_own);
    j.q_own = at_malloc(n_q, sizeof *j.q_own);
    at_pool_run(pool, n_p + n_q, sum_one, &j);
    at_pool_run(pool, n_p, compare_one, &j);
    free(j.p_own);
    free(j.q_own);
}
