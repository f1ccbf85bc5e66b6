/*
 * multiple.c - see multiple.h.
 */
#include "stats/multiple.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

struct entry {
    double p;
    size_t index;
};

static int by_p(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return (x->p > y->p) - (x->p < y->p);
}

void at_bh_q(double *q, const double *p, size_t n)
{
    struct entry *sorted = at_malloc(n, sizeof *sorted);
    double least = 1.0;
    size_t m = 0;

    for (size_t i = 0; i < n; i++)
        if (isnan(p[i]))
            q[i] = NAN;
        else
            sorted[m++] = (struct entry){ p[i], i };
    qsort(sorted, m, sizeof *sorted, by_p);
    for (size_t i = m; i-- > 0;) {
        least = fmin(least, sorted[i].p * (double)m / (double)(i + 1));
        q[sorted[i].index] = least;
    }
    free(sorted);
}

void at_bonferroni(double *out, const double *p, size_t n)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++)
        m += !isnan(p[i]);
    for (size_t i = 0; i < n; i++)
        out[i] = isnan(p[i]) ? NAN : fmin(1.0, p[i] * (double)m);
}
