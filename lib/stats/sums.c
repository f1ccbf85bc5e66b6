/*
 * sums.c - see sums.h.
 */
#include "stats/sums.h"

#include <math.h>

#include "base/attr.h"
#include "stats/tails.h"

static const double worth[AT_SUM_PARTS] = { 0x1p30, 1.0, 0x1p-30, 0x1p-60 };

static void add_parts(int64_t *parts, double x)
{
    for (int i = 0; i < AT_SUM_PARTS; i++) {
        double digit = trunc(x / worth[i]);
        parts[i] += (int64_t)digit;
        x -= digit * worth[i];
    }
}

static long double total(const int64_t *parts)
{
    long double sum = 0.0L;

    for (int i = AT_SUM_PARTS - 1; i >= 0; i--)
        sum += (long double)parts[i] * (long double)worth[i];
    return sum;
}

void at_sums_add(struct at_sums *s, double x)
{
    if (!isfinite(x))
        return;
    AT_BUG_IF(fabs(x) >= 0x1p30);
    s->min = s->n ? fmin(s->min, x) : x;
    s->max = s->n ? fmax(s->max, x) : x;
    s->n++;
    add_parts(s->sum, x);
    add_parts(s->squares, x * x);
}

void at_sums_merge(struct at_sums *s, const struct at_sums *other)
{
    if (!other->n)
        return;
    s->min = s->n ? fmin(s->min, other->min) : other->min;
    s->max = s->n ? fmax(s->max, other->max) : other->max;
    s->n += other->n;
    for (int i = 0; i < AT_SUM_PARTS; i++) {
        s->sum[i] += other->sum[i];
        s->squares[i] += other->squares[i];
    }
}

double at_sums_mean(const struct at_sums *s)
{
    return s->n ? (double)(total(s->sum) / (long double)s->n) : NAN;
}

struct at_moments at_sums_moments(const struct at_sums *s)
{
    struct at_moments m = { .n = s->n };
    long double sum = total(s->sum);

    if (!s->n)
        return m;
    m.mean = at_sums_mean(s);
    m.min = s->min;
    m.max = s->max;
    if (s->max > s->min)
        m.m2 = (double)fmaxl(total(s->squares) - sum / (long double)s->n * sum, 0.0L);
    return m;
}

double at_sums_interval(double ci[2], const struct at_sums *s, double level)
{
    struct at_moments m = at_sums_moments(s);
    double n = (double)m.n, half;

    ci[0] = ci[1] = NAN;
    if (m.n >= 2) {
        half = sqrt(m.m2 / (n - 1.0) / n) * at_student_quantile(0.5 * (1.0 + level), n - 1.0);
        ci[0] = m.mean - half;
        ci[1] = m.mean + half;
    }
    return at_moments_mean(&m);
}
