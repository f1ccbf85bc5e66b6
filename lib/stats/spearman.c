/*
 * spearman.c - see spearman.h.
 */
#include "stats/spearman.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "stats/distance.h"
#include "stats/rank_tests.h"
#include "stats/tails.h"

enum { MAX_EXACT = 9 };

/* Twice a covariance of ranks, times n: whole numbers, so that equal is equal. */
struct orders {
    size_t n;
    long a[MAX_EXACT], b[MAX_EXACT]; /* twice the ranks */
    long sum_product;                /* (sum of a) * (sum of b) */
    long observed;                   /* |n * sum of a b - sum_product| */
    long n_all, n_extreme;
};

static void count_order(struct orders *o, long dot)
{
    o->n_all++;
    o->n_extreme += labs((long)o->n * dot - o->sum_product) >= o->observed;
}

/* All orders of b by Heap's method (1963): each differs from the last by one exchange. */
static void count_orders(struct orders *o, long dot)
{
    size_t turn[MAX_EXACT] = { 0 };

    count_order(o, dot);
    for (size_t i = 1; i < o->n;) {
        if (turn[i] >= i) {
            turn[i++] = 0;
            continue;
        }
        size_t j = i % 2 ? turn[i] : 0;
        long t = o->b[i];
        dot += (o->a[i] - o->a[j]) * (o->b[j] - o->b[i]);
        o->b[i] = o->b[j];
        o->b[j] = t;
        count_order(o, dot);
        turn[i]++;
        i = 1;
    }
}

static double exact_p(const double *rank_x, const double *rank_y, size_t n)
{
    struct orders o = { .n = n };
    long sum_a = 0, sum_b = 0, dot = 0;

    for (size_t i = 0; i < n; i++) {
        o.a[i] = lround(2.0 * rank_x[i]);
        o.b[i] = lround(2.0 * rank_y[i]);
        sum_a += o.a[i];
        sum_b += o.b[i];
        dot += o.a[i] * o.b[i];
    }
    o.sum_product = sum_a * sum_b;
    o.observed = labs((long)n * dot - o.sum_product);
    count_orders(&o, dot);
    return (double)o.n_extreme / (double)o.n_all;
}

struct at_correlation at_spearman(const double *x, const double *y, size_t n)
{
    struct at_correlation c = { NAN, NAN, n, false };
    double *rank_x = at_malloc(2 * n + 1, sizeof *rank_x), *rank_y = rank_x + n, df;

    at_average_ranks(rank_x, x, n);
    at_average_ranks(rank_y, y, n);
    c.rho = at_pearson(rank_x, rank_y, n);
    if (!isnan(c.rho) && n >= 3) {
        df = (double)n - 2.0;
        c.is_exact = n <= MAX_EXACT;
        c.p = c.is_exact ? exact_p(rank_x, rank_y, n)
                         : at_student_two_sided(c.rho * sqrt(df / (1.0 - c.rho * c.rho)), df);
    }
    free(rank_x);
    return c;
}
