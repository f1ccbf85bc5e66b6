/*
 * tukey_box.c - see tukey_box.h.
 */
#include "stats/tukey_box.h"

#include <math.h>
#include <stdlib.h>

#include "stats/quantiles.h"

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void at_tukey_box(struct at_tukey_box *out, double *x, size_t n)
{
    size_t lo = 0, hi = n;
    double reach;

    qsort(x, n, sizeof *x, ascending);
    *out = (struct at_tukey_box){
        .n = n,
        .q1 = at_quantile_sorted(x, n, 0.25),
        .median = at_quantile_sorted(x, n, 0.5),
        .q3 = at_quantile_sorted(x, n, 0.75),
    };
    reach = 1.5 * (out->q3 - out->q1);
    while (lo < n && x[lo] < out->q1 - reach)
        lo++;
    while (hi > lo && x[hi - 1] > out->q3 + reach)
        hi--;
    /* quartiles between two values may lie beyond the last value in reach: no whisker there */
    out->whisker_lo = lo < hi ? fmin(x[lo], out->q1) : NAN;
    out->whisker_hi = lo < hi ? fmax(x[hi - 1], out->q3) : NAN;
    for (size_t i = hi; i < n; i++) /* those above go behind those below */
        x[lo + i - hi] = x[i];
    out->outliers = x;
    out->n_outliers = lo + n - hi;
}
