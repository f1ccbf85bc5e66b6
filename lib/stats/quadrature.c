/*
 * quadrature.c - see quadrature.h.
 */
#include "stats/quadrature.h"

#include <math.h>

#include "base/attr.h"

/* P_n and its derivative at x. */
static void legendre(double *value, double *slope, double x, size_t n)
{
    double p = 1.0, before = 0.0;

    for (size_t k = 1; k <= n; k++) {
        double next = ((2.0 * (double)k - 1.0) * x * p - ((double)k - 1.0) * before) / (double)k;
        before = p;
        p = next;
    }
    *value = p;
    *slope = (double)n * (x * p - before) / (x * x - 1.0);
}

void at_gauss_legendre(double *x, double *w, size_t n)
{
    for (size_t i = 0; i < (n + 1) / 2; i++) {
        double root = cos(AT_PI * ((double)i + 0.75) / ((double)n + 0.5)), p, slope;
        for (int k = 0; k < 100; k++) {
            legendre(&p, &slope, root, n);
            root -= p / slope;
            if (fabs(p / slope) < 1e-15)
                break;
        }
        if (2 * i + 1 == n)
            root = 0.0;
        legendre(&p, &slope, root, n);
        x[i] = 0.5 * (1.0 - root);
        x[n - 1 - i] = 0.5 * (1.0 + root);
        w[i] = w[n - 1 - i] = 1.0 / ((1.0 - root * root) * slope * slope);
    }
}
