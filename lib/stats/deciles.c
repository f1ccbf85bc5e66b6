/*
 * deciles.c - see deciles.h.
 */
#include "stats/deciles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "stats/quantiles.h"
#include "stats/summary.h"

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Upper ends of the bins, without repeats and without an end that only the least value reaches. */
static size_t upper_ends(double end[AT_MAX_DECILES], const double *x, size_t n)
{
    double *sorted = at_malloc(n, sizeof *sorted), last;
    size_t n_ends = 0;

    memcpy(sorted, x, n * sizeof *x);
    qsort(sorted, n, sizeof *sorted, ascending);
    last = sorted[0];
    for (size_t k = 1; k <= AT_MAX_DECILES; k++) {
        double edge = at_quantile_sorted(sorted, n, (double)k / AT_MAX_DECILES);
        if (edge > last)
            last = end[n_ends++] = edge;
    }
    free(sorted);
    return n_ends;
}

size_t at_deciles(struct at_decile *out, const double *x, const double *y, size_t n)
{
    double end[AT_MAX_DECILES];
    size_t n_ends = n ? upper_ends(end, x, n) : 0, n_bins = 0;
    struct at_moments xs[AT_MAX_DECILES] = { 0 }, ys[AT_MAX_DECILES] = { 0 };

    for (size_t i = 0; n_ends > 0 && i < n; i++) {
        size_t k = 0;
        while (k + 1 < n_ends && x[i] > end[k])
            k++;
        at_moments_add(&xs[k], x[i]);
        at_moments_add(&ys[k], y[i]);
    }
    for (size_t k = 0; k < n_ends; k++)
        if (xs[k].n)
            out[n_bins++] = (struct at_decile){ xs[k].n, at_moments_mean(&xs[k]),
                                                at_moments_mean(&ys[k]), at_moments_sd(&ys[k]) };
    return n_bins;
}

struct at_line_fit at_fit_line(const double *x, const double *y, size_t n)
{
    double mx = at_mean(x, n), my = at_mean(y, n), xx = 0.0, xy = 0.0;

    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
    }
    if (!(xx > 0.0))
        return (struct at_line_fit){ NAN, NAN };
    return (struct at_line_fit){ xy / xx, my - xy / xx * mx };
}
