/*
 * summary.c - see summary.h.
 */
#include "stats/summary.h"

#include <math.h>

double at_mean(const double *x, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n ? sum / (double)n : NAN;
}

double at_sd(const double *x, size_t n)
{
    double mean = at_mean(x, n), sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n ? sqrt(sum / (double)n) : NAN;
}

bool at_has_spread(double min, double max)
{
    return max - min > 1e-6 * fmax(fabs(min), fabs(max));
}

void at_standardize(double *z, const double *x, size_t N, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        struct at_moments m = { 0 };
        double mean, sd;
        for (size_t i = 0; i < N; i++)
            at_moments_add(&m, x[i * d + j]);
        mean = at_moments_mean(&m);
        sd = at_has_spread(m.min, m.max) ? at_moments_sd(&m) : 0.0;
        for (size_t i = 0; i < N; i++) {
            double deviation = x[i * d + j] - mean;
            z[i * d + j] = sd > 0.0 ? deviation / sd : deviation - deviation; /* 0 or NaN */
        }
    }
}

void at_moments_add(struct at_moments *m, double x)
{
    double delta = x - m->mean;

    if (isnan(x))
        return;
    m->min = m->n ? fmin(m->min, x) : x;
    m->max = m->n ? fmax(m->max, x) : x;
    m->n++;
    m->mean += delta / (double)m->n;
    m->m2 += delta * (x - m->mean);
}

double at_moments_mean(const struct at_moments *m)
{
    return m->n ? m->mean : NAN;
}

double at_moments_sd(const struct at_moments *m)
{
    return m->n ? sqrt(m->m2 / (double)m->n) : NAN;
}

void at_weighted_add(struct at_weighted *w, double x, double weight)
{
    if (isnan(x))
        return;
    w->sum += x * weight;
    w->weight += weight;
}

double at_weighted_mean(const struct at_weighted *w)
{
    return w->weight > 0.0 ? w->sum / w->weight : NAN;
}
