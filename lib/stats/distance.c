/*
 * distance.c - see distance.h.
 */
#include "stats/distance.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "stats/summary.h"

static double sum_clipped(const float *x, size_t n, float floor)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += AT_MAX(floor, x[i]); /* in this order a NaN stays one */
    return sum;
}

double at_js_distance(const float *p, const float *q, size_t n, float floor)
{
    double sum_p = sum_clipped(p, n, floor), sum_q = sum_clipped(q, n, floor), total = 0.0;

    if (!(sum_p > 0.0 && sum_q > 0.0))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double a = AT_MAX(p[i], floor) / sum_p, b = AT_MAX(q[i], floor) / sum_q;
        double m = 0.5 * (a + b);
        if (a > 0.0)
            total += a * log(a / m);
        if (b > 0.0)
            total += b * log(b / m);
    }
    return sqrt(AT_MAX(0.5 * total, 0.0));
}

enum { LANES = 8 };
typedef float vfloat __attribute__((vector_size(LANES * sizeof(float))));
typedef double vdouble __attribute__((vector_size(LANES * sizeof(double))));

AT_CLONES static double dot(const float *x, const float *y, size_t n)
{
    vdouble acc = { 0 };
    vfloat a, b;
    double sum = 0.0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        memcpy(&a, x + i, sizeof a);
        memcpy(&b, y + i, sizeof b);
        acc += __builtin_convertvector(a, vdouble) * __builtin_convertvector(b, vdouble);
    }
    for (; i < n; i++)
        sum += (double)x[i] * y[i];
    for (size_t k = 0; k < LANES; k++)
        sum += acc[k];
    return sum;
}

double at_dot(const float *x, const float *y, size_t n)
{
    return dot(x, y, n);
}

double at_norm(const float *x, size_t n)
{
    return sqrt(at_dot(x, x, n));
}

double at_pearson(const double *x, const double *y, size_t n)
{
    double mean_x = at_mean(x, n), mean_y = at_mean(y, n), xx = 0.0, yy = 0.0, xy = 0.0;

    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - mean_x, dy = y[i] - mean_y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    return xx > 0.0 && yy > 0.0 ? AT_MIN(AT_MAX(xy / sqrt(xx * yy), -1.0), 1.0) : NAN;
}

void at_pairwise(double *out, const double *x, size_t N, size_t d)
{
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < i; j++) {
            double sum = 0.0;
            for (size_t k = 0; k < d; k++)
                sum += (x[i * d + k] - x[j * d + k]) * (x[i * d + k] - x[j * d + k]);
            out[i * N + j] = out[j * N + i] = sqrt(sum);
        }
        out[i * N + i] = 0.0;
    }
}
