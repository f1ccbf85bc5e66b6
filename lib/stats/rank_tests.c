/*
 * rank_tests.c - see rank_tests.h.
 */
#include "stats/rank_tests.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/tails.h"

enum { WILCOXON_EXACT = 50 }; /* differences */

struct entry {
    double x;
    size_t index;
};

static int by_x(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;

    return (p->x > q->x) - (p->x < q->x);
}

double at_average_ranks(double *ranks, const double *x, size_t n)
{
    struct entry *sorted = at_malloc(n, sizeof *sorted);
    double ties = 0.0;

    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct entry){ x[i], i };
    qsort(sorted, n, sizeof *sorted, by_x);
    for (size_t i = 0, end; i < n; i = end) {
        double t;
        for (end = i + 1; end < n && sorted[end].x == sorted[i].x; end++)
            ;
        t = (double)(end - i);
        ties += t * t * t - t;
        for (size_t j = i; j < end; j++)
            ranks[sorted[j].index] = 0.5 * (double)(i + 1 + end);
    }
    free(sorted);
    return ties;
}

/*
 * Two-sided p of the smaller rank sum over all signs. Average ranks are multiples of a half, so
 * doubled ranks are whole numbers and ways[s] counts the signings whose positive sum is s.
 */
static double signed_rank_exact(const double *ranks, size_t n, double smaller)
{
    size_t total = n * (n + 1), limit = (size_t)lround(2.0 * smaller);
    double *ways = at_calloc(total + 1, sizeof *ways), sum = 0.0;

    ways[0] = 1.0;
    for (size_t i = 0; i < n; i++) {
        size_t r = (size_t)lround(2.0 * ranks[i]);
        for (size_t s = total; s >= r; s--)
            ways[s] += ways[s - r];
    }
    for (size_t s = 0; s <= limit; s++)
        sum += ways[s];
    free(ways);
    return fmin(1.0, ldexp(sum, 1 - (int)n));
}

struct at_rank_test at_wilcoxon(const double *differences, size_t n)
{
    double *size = at_malloc(n, sizeof *size), *ranks = at_malloc(n, sizeof *ranks);
    double *sign = at_malloc(n, sizeof *sign), plus = 0.0, minus = 0.0, ties, mean, variance;
    struct at_rank_test r = { NAN, NAN, 0, false };

    for (size_t i = 0; i < n; i++)
        if (differences[i] != 0.0) {
            size[r.n] = fabs(differences[i]);
            sign[r.n++] = differences[i];
        }
    ties = at_average_ranks(ranks, size, r.n);
    for (size_t i = 0; i < r.n; i++)
        *(sign[i] > 0.0 ? &plus : &minus) += ranks[i];
    if (r.n > 0) {
        double m = (double)r.n;
        r.statistic = fmin(plus, minus);
        r.is_exact = r.n <= WILCOXON_EXACT;
        mean = m * (m + 1.0) / 4.0;
        variance = m * (m + 1.0) * (2.0 * m + 1.0) / 24.0 - ties / 48.0;
        r.p = r.is_exact ? signed_rank_exact(ranks, r.n, r.statistic)
                         : at_normal_two_sided((r.statistic - mean) / sqrt(variance));
    }
    free(size);
    free(ranks);
    free(sign);
    return r;
}
