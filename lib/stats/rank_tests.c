/*
 * rank_tests.c - see rank_tests.h.
 */
#include "stats/rank_tests.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/tails.h"

enum {
    WILCOXON_EXACT = 50,     /* differences */
    MANN_WHITNEY_SMALL = 8,  /* values in the smaller sample */
    MANN_WHITNEY_LARGE = 100 /* values in the larger */
};

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
    return at_tied_ranks(ranks, x, n, 0.0);
}

static bool is_tied(double x, double next, double resolution)
{
    return x == next || next - x <= resolution;
}

double at_tied_ranks(double *ranks, const double *x, size_t n, double resolution)
{
    struct entry *sorted = at_malloc(n, sizeof *sorted);
    double ties = 0.0;

    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct entry){ x[i], i };
    qsort(sorted, n, sizeof *sorted, by_x);
    for (size_t i = 0, end; i < n; i = end) {
        double t;
        for (end = i + 1; end < n && is_tied(sorted[end - 1].x, sorted[end].x, resolution); end++)
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

struct at_rank_test at_wilcoxon(const double *differences, size_t n, double resolution)
{
    double *size = at_malloc(n, sizeof *size), *ranks = at_malloc(n, sizeof *ranks);
    double *sign = at_malloc(n, sizeof *sign), plus = 0.0, minus = 0.0, ties, mean, variance;
    struct at_rank_test r = { NAN, NAN, 0, false };

    for (size_t i = 0; i < n; i++)
        if (differences[i] != 0.0) {
            size[r.n] = fabs(differences[i]);
            sign[r.n++] = differences[i];
        }
    ties = at_tied_ranks(ranks, size, r.n, resolution);
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

/*
 * Share of the n-subsets of the ranks 1..N whose sum is at least rank_sum; no ties.
 * ways[k * stride + s] counts k-subsets with sum s of the ranks seen so far.
 */
static double rank_sum_tail(size_t n, size_t N, size_t rank_sum)
{
    size_t top = n * (2 * N - n + 1) / 2, stride = top + 1;
    double *ways = at_calloc((n + 1) * stride, sizeof *ways), all = 0.0, tail = 0.0;

    ways[0] = 1.0;
    for (size_t r = 1; r <= N; r++)
        for (size_t k = AT_MIN(n, r); k >= 1; k--)
            for (size_t s = top; s >= r; s--)
                ways[k * stride + s] += ways[(k - 1) * stride + s - r];
    for (size_t s = 0; s <= top; s++) {
        all += ways[n * stride + s];
        tail += s >= rank_sum ? ways[n * stride + s] : 0.0;
    }
    free(ways);
    return tail / all;
}

struct at_rank_test at_mann_whitney(const double *x, size_t n, const double *y, size_t m)
{
    size_t N = n + m, small = AT_MIN(n, m);
    double *both = at_malloc(N, sizeof *both), *ranks = at_malloc(N, sizeof *ranks);
    double rank_sum = 0.0, ties, product = (double)n * (double)m, size = (double)N, larger;
    struct at_rank_test r = { NAN, NAN, N, false };

    for (size_t i = 0; i < N; i++)
        both[i] = i < n ? x[i] : y[i - n];
    ties = at_average_ranks(ranks, both, N);
    for (size_t i = 0; i < n; i++)
        rank_sum += ranks[i];
    free(both);
    free(ranks);
    if (small == 0)
        return r;
    r.statistic = rank_sum - (double)n * ((double)n + 1.0) / 2.0;
    larger = fmax(r.statistic, product - r.statistic);
    r.is_exact = ties == 0.0 && small <= MANN_WHITNEY_SMALL && N - small <= MANN_WHITNEY_LARGE;
    if (r.is_exact) {
        size_t offset = small * (small + 1) / 2; /* of U from the smaller sample's rank sum */
        r.p = fmin(1.0, 2.0 * rank_sum_tail(small, N, (size_t)lround(larger) + offset));
    } else {
        double variance = product / 12.0 * (size + 1.0 - ties / (size * (size - 1.0)));
        if (variance > 0.0)
            r.p = fmin(1.0, erfc((larger - product / 2.0 - 0.5) / sqrt(2.0 * variance)));
    }
    return r;
}

struct at_rank_test at_kruskal_wallis(const double *x, const int *group, size_t n, size_t k)
{
    double *ranks = at_malloc(n, sizeof *ranks), *sum = at_calloc(k, sizeof *sum);
    double *count = at_calloc(k, sizeof *count);
    double ties = at_average_ranks(ranks, x, n), N = (double)n, between = 0.0, correction;
    struct at_rank_test r = { NAN, NAN, n, false };
    size_t filled = 0;

    for (size_t i = 0; i < n; i++) {
        AT_BUG_IF(group[i] < 0 || (size_t)group[i] >= k);
        sum[group[i]] += ranks[i];
        count[group[i]] += 1.0;
    }
    for (size_t g = 0; g < k; g++)
        if (count[g] > 0.0) {
            between += sum[g] * sum[g] / count[g];
            filled++;
        }
    correction = 1.0 - ties / (N * N * N - N);
    if (filled > 1 && correction > 0.0) {
        r.statistic = (12.0 / (N * (N + 1.0)) * between - 3.0 * (N + 1.0)) / correction;
        r.p = at_chi2_tail(r.statistic, (double)filled - 1.0);
    }
    free(ranks);
    free(sum);
    free(count);
    return r;
}
