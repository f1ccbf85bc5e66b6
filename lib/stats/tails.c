/*
 * tails.c - see tails.h.
 */
#define _DEFAULT_SOURCE /* lgamma_r */
#include "stats/tails.h"

#include <math.h>

#include "base/attr.h"

enum { MAX_TERMS = 10000 };

/* Of x > 0. lgamma would write the global signgam, from every thread. */
static double log_gamma(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

double at_normal_two_sided(double z)
{
    return erfc(fabs(z) / sqrt(2.0));
}

/* Bisection on erfc: 60 halvings reach the last bit, and nobody calls this in a loop. */
double at_normal_quantile(double p)
{
    double low = -40.0, high = 40.0;

    AT_BUG_IF(!(p > 0.0 && p < 1.0));
    for (int i = 0; i < 64; i++) {
        double mid = 0.5 * (low + high);
        if (0.5 * erfc(-mid / sqrt(2.0)) < p)
            low = mid;
        else
            high = mid;
    }
    return 0.5 * (low + high);
}

/* P(a, x) by its power series; converges fast for x < a + 1. */
static double gamma_lower_series(double a, double x)
{
    double term = 1.0 / a, sum = term;

    for (int n = 1; n < MAX_TERMS && fabs(term) > 1e-17 * sum; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return sum * exp(a * log(x) - x - log_gamma(a));
}

/* Q(a, x) by its continued fraction; converges fast for x > a + 1. */
static double gamma_upper_fraction(double a, double x)
{
    const double tiny = 1e-300;
    double b = x + 1.0 - a, c = 1.0 / tiny, d = 1.0 / b, f = d;

    for (int n = 1; n < MAX_TERMS; n++) {
        double an = -n * (n - a), step;
        b += 2.0;
        d = an * d + b;
        c = b + an / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        step = d * c;
        f *= step;
        if (fabs(step - 1.0) < 1e-16)
            break;
    }
    return f * exp(a * log(x) - x - log_gamma(a));
}

double at_chi2_tail(double x, double df)
{
    double a = 0.5 * df, half = 0.5 * x;

    if (isnan(x) || !(df > 0.0))
        return NAN;
    if (half <= 0.0)
        return 1.0;
    return half < a + 1.0 ? 1.0 - gamma_lower_series(a, half) : gamma_upper_fraction(a, half);
}

/* The continued fraction of I_x(a, b); converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), f;

    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    f = d;
    for (int m = 1; m < MAX_TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
        double step = 1.0;
        for (int half = 0; half < 2; half++) {
            double term = half ? odd : even;
            d = 1.0 + term * d;
            c = 1.0 + term / c;
            d = 1.0 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            step = d * c;
            f *= step;
        }
        if (fabs(step - 1.0) < 1e-16)
            break;
    }
    return f;
}

double at_student_two_sided(double t, double df)
{
    double x = df / (df + t * t), a = 0.5 * df, b = 0.5, front;

    if (isnan(t) || !(df > 0.0))
        return NAN;
    if (t == 0.0)
        return 1.0;
    if (isinf(t))
        return 0.0;
    front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1.0) / (a + b + 2.0))
        return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

/* Bisection as for the normal; the bounds double until they hold the quantile: one degree of
   freedom has no end to its tails. */
double at_student_quantile(double p, double df)
{
    double tail = 2.0 * fmin(p, 1.0 - p), low = 0.0, high = 1.0;

    AT_BUG_IF(!(p > 0.0 && p < 1.0 && df > 0.0));
    while (at_student_two_sided(high, df) > tail)
        high *= 2.0;
    for (int i = 0; i < 64; i++) {
        double mid = 0.5 * (low + high);
        if (at_student_two_sided(mid, df) > tail)
            low = mid;
        else
            high = mid;
    }
    return p < 0.5 ? -high : high;
}

double at_sign_test(size_t k, size_t n)
{
    double log_half_n = -(double)n * log(2.0), p = 0.0;

    AT_BUG_IF(k > n);
    for (size_t i = 0; i <= AT_MIN(k, n - k); i++)
        p += exp(log_gamma((double)n + 1.0) - log_gamma((double)i + 1.0) -
                 log_gamma((double)(n - i) + 1.0) + log_half_n);
    return fmin(1.0, 2.0 * p);
}
