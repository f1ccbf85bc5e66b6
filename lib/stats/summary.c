/*
 * summary.c - see summary.h.
 *
 * Quantiles of a large array come from its bits: a float's bits, with the sign folded in, sort
 * like the float. Counting the upper 12 bits says which bin holds a rank; the cells of those bins
 * (a few per cent of attention weights) are collected, and the same counting over the next 12 and
 * the last 8 bits ends at the exact value. No comparison sort, no bad case.
 */
#include "stats/summary.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

double at_mean(const double *x, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n ? sum / (double)n : NAN;
}

static double sum_of_squares(const double *x, size_t n)
{
    double mean = at_mean(x, n), sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

double at_sd(const double *x, size_t n)
{
    return n ? sqrt(sum_of_squares(x, n) / (double)n) : NAN;
}

double at_sd_sample(const double *x, size_t n)
{
    return n > 1 ? sqrt(sum_of_squares(x, n) / (double)(n - 1)) : NAN;
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

/* Where quantile q of n values lies: between order statistics low and high. */
struct place {
    size_t low, high;
    double fraction;
};

static struct place place_of(double q, size_t n)
{
    double at = q * (double)(n - 1);
    size_t low = (size_t)at;

    AT_BUG_IF(!(q >= 0.0 && q <= 1.0));
    return (struct place){ low, AT_MIN(low + 1, n - 1), at - (double)low };
}

static double between(double low, double high, double fraction)
{
    return fraction == 0.0 || low == high ? low : low + fraction * (high - low);
}

double at_quantile_sorted(const double *x, size_t n, double q)
{
    struct place p;

    if (n == 0)
        return NAN;
    p = place_of(q, n);
    return between(x[p.low], x[p.high], p.fraction);
}

enum {
    TOP_BITS = 12, /* sign, exponent, three bits of fraction */
    TOP_SHIFT = 20,
    MID_SHIFT = 8,
    N_TOP = 1 << TOP_BITS,
    N_LOW = 1 << MID_SHIFT,
};

static uint32_t key_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) ? 0xffffffffu : 0x80000000u);
}

static float value_of(uint32_t key)
{
    uint32_t bits = key ^ ((key >> 31) ? 0x80000000u : 0xffffffffu);
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Two tables take turns: neighbours in a map often fall into one bin, and adding to the same
   counter twice in a row waits for the first to be stored. */
static void count_top(uint32_t counts[N_TOP], const float *x, size_t n)
{
    uint32_t odd[N_TOP];
    size_t i = 0;

    memset(odd, 0, sizeof odd);
    memset(counts, 0, N_TOP * sizeof *counts);
    for (; i + 2 <= n; i += 2) {
        counts[key_of(x[i]) >> TOP_SHIFT]++;
        odd[key_of(x[i + 1]) >> TOP_SHIFT]++;
    }
    if (i < n)
        counts[key_of(x[i]) >> TOP_SHIFT]++;
    for (size_t b = 0; b < N_TOP; b++)
        counts[b] += odd[b];
}

/* The bin that holds the value of that rank; *rank becomes the rank inside the bin. */
static size_t bin_of(const uint32_t *counts, size_t *rank)
{
    size_t b = 0;

    while (*rank >= counts[b])
        *rank -= counts[b++];
    return b;
}

/* The value of a rank among those of the n cells whose key starts with top. */
static float select_in(const float *x, size_t n, uint32_t top, size_t rank)
{
    uint32_t counts[N_TOP] = { 0 }, last[N_LOW] = { 0 }, upper;

    for (size_t i = 0; i < n; i++) {
        uint32_t key = key_of(x[i]);
        counts[key >> MID_SHIFT & (N_TOP - 1)] += key >> TOP_SHIFT == top;
    }
    upper = top << TOP_BITS | (uint32_t)bin_of(counts, &rank);
    for (size_t i = 0; i < n; i++) {
        uint32_t key = key_of(x[i]);
        last[key & (N_LOW - 1)] += key >> MID_SHIFT == upper;
    }
    return value_of(upper << MID_SHIFT | (uint32_t)bin_of(last, &rank));
}

static size_t collect(float *out, const float *x, size_t n, const bool wanted[N_TOP])
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        out[m] = x[i];
        m += wanted[key_of(x[i]) >> TOP_SHIFT];
    }
    return m;
}

void at_quantiles(double *out, const double *q, size_t n_q, const float *x, size_t n,
                  float *scratch)
{
    enum { MAX_RANKS = 2 * AT_MAX_QUANTILES };
    uint32_t counts[N_TOP], top[MAX_RANKS];
    size_t rank[MAX_RANKS], m;
    bool wanted[N_TOP] = { 0 };

    AT_BUG_IF(n_q > AT_MAX_QUANTILES || n > UINT32_MAX);
    for (size_t k = 0; k < n_q && n == 0; k++)
        out[k] = NAN;
    if (n == 0)
        return;
    count_top(counts, x, n);
    for (size_t k = 0; k < n_q; k++) {
        struct place p = place_of(q[k], n);
        rank[2 * k] = p.low;
        rank[2 * k + 1] = p.high;
    }
    for (size_t r = 0; r < 2 * n_q; r++) {
        top[r] = (uint32_t)bin_of(counts, &rank[r]);
        wanted[top[r]] = true;
    }
    m = collect(scratch, x, n, wanted);
    for (size_t k = 0; k < n_q; k++) {
        double low = select_in(scratch, m, top[2 * k], rank[2 * k]);
        double high = select_in(scratch, m, top[2 * k + 1], rank[2 * k + 1]);
        out[k] = between(low, high, place_of(q[k], n).fraction);
    }
}
