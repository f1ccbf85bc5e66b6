/*
 * intervals.c - see intervals.h.
 */
#include "stats/intervals.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/permutation.h"
#include "stats/quantiles.h"

struct at_interval at_wilson(double k, double n, double z)
{
    double p = k / n, z2n = z * z / n;
    double centre = (p + 0.5 * z2n) / (1.0 + z2n);
    double half = z / (1.0 + z2n) * sqrt(p * (1.0 - p) / n + 0.25 * z2n / n);

    if (!(n > 0.0))
        return (struct at_interval){ NAN, NAN };
    /* At k = 0 and k = n one end is exactly 0 or 1; rounding must not put it beyond. */
    return (struct at_interval){ fmin(p, fmax(0.0, centre - half)),
                                 fmax(p, fmin(1.0, centre + half)) };
}

/* Correlation of two shares of the same trials, its numerator drawn half a trial towards 0. */
static double corrected_phi(double both, double first, double second, double neither)
{
    double n = both + first + second + neither, numerator = both * neither - first * second;
    double product = (both + first) * (second + neither) * (both + second) * (first + neither);

    if (numerator > 0.0)
        numerator = fmax(numerator - 0.5 * n, 0.0);
    return product > 0.0 ? numerator / sqrt(product) : 0.0;
}

struct at_interval at_newcombe_paired(double both, double first, double second, double neither,
                                      double z)
{
    double n = both + first + second + neither, p1 = (both + first) / n, p2 = (both + second) / n;
    double phi = corrected_phi(both, first, second, neither), down, up;
    struct at_interval a = at_wilson(both + first, n, z), b = at_wilson(both + second, n, z);

    down = (p1 - a.low) * (p1 - a.low) - 2.0 * phi * (p1 - a.low) * (b.high - p2) +
           (b.high - p2) * (b.high - p2);
    up = (a.high - p1) * (a.high - p1) - 2.0 * phi * (a.high - p1) * (p2 - b.low) +
         (p2 - b.low) * (p2 - b.low);
    return (struct at_interval){ p1 - p2 - sqrt(fmax(down, 0.0)), p1 - p2 + sqrt(fmax(up, 0.0)) };
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct at_interval percentile_interval(double *column, size_t n, double level)
{
    size_t m = 0;

    for (size_t r = 0; r < n; r++)
        if (!isnan(column[r]))
            column[m++] = column[r];
    if (m == 0)
        return (struct at_interval){ NAN, NAN };
    qsort(column, m, sizeof *column, by_value);
    return (struct at_interval){ at_quantile_sorted(column, m, 0.5 * (1.0 - level)),
                                 at_quantile_sorted(column, m, 0.5 * (1.0 + level)) };
}

void at_bootstrap_clusters(struct at_interval *out, size_t n_values, at_statistics_fn fn,
                           const void *data, size_t n_clusters,
                           const struct at_bootstrap_options *options)
{
    size_t n = options->n_resamples;
    double *columns, *values; /* (n_values, n) and (n_values) */
    size_t *drawn;

    for (size_t v = 0; v < n_values; v++)
        out[v] = (struct at_interval){ NAN, NAN };
    if (n_clusters < 2 || n == 0)
        return;
    columns = at_malloc(n_values * n, sizeof *columns);
    values = at_malloc(n_values, sizeof *values);
    drawn = at_malloc(n_clusters, sizeof *drawn);
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < n_clusters; i++)
            drawn[i] = at_draw_below(options->seed, r * n_clusters + i, n_clusters);
        fn(values, data, drawn, n_clusters);
        for (size_t v = 0; v < n_values; v++)
            columns[v * n + r] = values[v];
    }
    for (size_t v = 0; v < n_values; v++)
        out[v] = percentile_interval(columns + v * n, n, options->level);
    free(columns);
    free(values);
    free(drawn);
}
