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
    long *by_dot; /* how many orders have that sum of a b, over 4; NULL: not counted */
};

static void count_order(struct orders *o, long dot)
{
    o->n_all++;
    o->n_extreme += labs((long)o->n * dot - o->sum_product) >= o->observed;
    if (o->by_dot)
        o->by_dot[dot / 4]++;
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

/* Twice the ranks of both sides; answers their sum of products. */
static long set_orders(struct orders *o, const double *rank_x, const double *rank_y, size_t n)
{
    long sum_a = 0, sum_b = 0, dot = 0;

    o->n = n;
    for (size_t i = 0; i < n; i++) {
        o->a[i] = lround(2.0 * rank_x[i]);
        o->b[i] = lround(2.0 * rank_y[i]);
        sum_a += o->a[i];
        sum_b += o->b[i];
        dot += o->a[i] * o->b[i];
    }
    o->sum_product = sum_a * sum_b;
    o->observed = labs((long)n * dot - o->sum_product);
    return dot;
}

static double exact_p(const double *rank_x, const double *rank_y, size_t n)
{
    struct orders o = { 0 };
    long dot = set_orders(&o, rank_x, rank_y, n);

    count_orders(&o, dot);
    return (double)o.n_extreme / (double)o.n_all;
}

/* Sums of products of the ranks 1..n in every order: which there are, and how often. */
enum { MAX_DOT = MAX_EXACT * (MAX_EXACT + 1) * (2 * MAX_EXACT + 1) / 6 };
struct untied {
    long by_dot[MAX_DOT + 1], n_all; /* n_all 0: not counted yet */
};

static double untied_p(struct untied *u, const double *rank_x, const double *rank_y, size_t n)
{
    struct orders o = { 0 };
    long dot = set_orders(&o, rank_x, rank_y, n), n_extreme = 0;

    if (!u->n_all) {
        o.by_dot = u->by_dot;
        count_orders(&o, dot);
        u->n_all = o.n_all;
    }
    for (long d = 0; d <= MAX_DOT; d++)
        if (labs((long)n * 4 * d - o.sum_product) >= o.observed)
            n_extreme += u->by_dot[d];
    return (double)n_extreme / (double)u->n_all;
}

void at_spearman_many(struct at_correlation *out, const double *x, size_t n_rows, const double *y,
                      size_t n)
{
    double *rank_x = at_malloc(2 * n + 1, sizeof *rank_x), *rank_y = rank_x + n;
    double df = (double)n - 2.0, ties_y = at_average_ranks(rank_y, y, n);
    struct untied untied = { .n_all = 0 };

    for (size_t r = 0; r < n_rows; r++) {
        struct at_correlation *c = &out[r];
        double ties_x = at_average_ranks(rank_x, x + r * n, n);
        *c = (struct at_correlation){ at_pearson(rank_x, rank_y, n), NAN, n, false };
        if (isnan(c->rho) || n < 3)
            continue;
        c->is_exact = n <= MAX_EXACT;
        if (!c->is_exact)
            c->p = at_student_two_sided(c->rho * sqrt(df / (1.0 - c->rho * c->rho)), df);
        else if (ties_x > 0.0 || ties_y > 0.0)
            c->p = exact_p(rank_x, rank_y, n);
        else
            c->p = untied_p(&untied, rank_x, rank_y, n);
    }
    free(rank_x);
}

struct at_correlation at_spearman(const double *x, const double *y, size_t n)
{
    struct at_correlation c;

    at_spearman_many(&c, x, 1, y, n);
    return c;
}
