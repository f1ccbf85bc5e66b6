/*
 * silhouette.c - see silhouette.h.
 */
#include "stats/silhouette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"

/* s of one point; sum (k) is scratch. */
static double silhouette_of(size_t i, const double *distance, const int *label, size_t N,
                            const size_t *size, size_t k, double *sum)
{
    size_t own = (size_t)label[i];
    double a, b = INFINITY;

    if (size[own] == 1)
        return 0.0;
    memset(sum, 0, k * sizeof *sum);
    for (size_t j = 0; j < N; j++)
        sum[label[j]] += distance[i * N + j];
    a = sum[own] / (double)(size[own] - 1);
    for (size_t c = 0; c < k; c++)
        if (c != own && size[c])
            b = fmin(b, sum[c] / (double)size[c]);
    return a == b ? 0.0 : (b - a) / fmax(a, b); /* a = b = 0: points that coincide */
}

double at_silhouette(double *out, const double *distance, const int *label, size_t N, size_t k)
{
    size_t *size = at_calloc(k + 1, sizeof *size), n_used = 0;
    double *sum = at_malloc(k + 1, sizeof *sum), total = 0.0;

    for (size_t i = 0; i < N; i++)
        n_used += size[label[i]]++ == 0;
    for (size_t i = 0; i < N; i++) {
        double s = n_used < 2 ? NAN : silhouette_of(i, distance, label, N, size, k, sum);
        total += s;
        if (out)
            out[i] = s;
    }
    free(size);
    free(sum);
    return N ? total / (double)N : NAN;
}
