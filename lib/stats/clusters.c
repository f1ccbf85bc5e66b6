/*
 * clusters.c - see clusters.h.
 */
#include "stats/clusters.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/rank_tests.h"
#include "stats/summary.h"
#include "stats/tails.h"

enum { MAX_EXACT = 14 };

/* The share, its variance between clusters and the number of trials it is worth at most. */
struct clustered_share {
    double p, variance, most;
    size_t k;
};

/*
 * Every cluster has the weight w n / sum of w n, with w = 1 / n (macro) or 1. V is the sum of the
 * squared weighted deviations times k / (k - 1): for equal weights s^2 / k.
 */
static struct clustered_share share_of(const double *hits, const double *n, size_t k, bool is_macro)
{
    struct clustered_share s = { 0 };
    double weight = 0.0, inverse = 0.0;

    for (size_t c = 0; c < k; c++) {
        double w = is_macro ? 1.0 : n[c];
        if (!(n[c] > 0.0))
            continue;
        s.k++;
        weight += w;
        s.p += w * hits[c] / n[c];
        inverse += w * w / n[c];
    }
    s.p /= weight;
    s.most = weight * weight / inverse;
    for (size_t c = 0; c < k; c++) {
        double w = is_macro ? 1.0 : n[c],
               d = n[c] > 0.0 ? w * (hits[c] / n[c] - s.p) / weight : 0.0;
        s.variance += d * d;
    }
    s.variance *= (double)s.k / ((double)s.k - 1.0);
    return s;
}

struct at_interval at_clustered_wilson(const double *hits, const double *n, size_t k, bool is_macro,
                                       double level)
{
    struct clustered_share s = share_of(hits, n, k, is_macro);
    double trials, spread = s.p * (1.0 - s.p);

    if (s.k < 2)
        return (struct at_interval){ NAN, NAN };
    trials = s.variance > 1e-12 * spread && spread > 0.0 ? spread / s.variance : s.most;
    return at_wilson(s.p * trials, trials,
                     at_student_quantile(0.5 * (1.0 + level), (double)s.k - 1.0));
}

/* Signings of x[0..k) whose |sum| is at least limit, the sign of x[0] held: half of all. Gray's
   order changes one sign at a time. */
static size_t count_signings(const double *x, size_t k, double limit)
{
    size_t n = (size_t)1 << (k - 1), hits = 0;
    double sum = 0.0, sign[MAX_EXACT];

    for (size_t i = 0; i < k; i++) {
        sign[i] = 1.0;
        sum += x[i];
    }
    for (size_t code = 1;; code++) {
        size_t bit = 1;
        hits += fabs(sum) >= limit;
        if (code == n)
            return hits;
        for (size_t rest = code; rest % 2 == 0; rest /= 2)
            bit++;
        sum -= 2.0 * sign[bit] * x[bit];
        sign[bit] = -sign[bit];
    }
}

struct at_flip_test at_sign_flip(const double *x, size_t k)
{
    struct at_flip_test t = { NAN, NAN, 0, false };
    double some[MAX_EXACT], sum = 0.0, size = 0.0, squares = 0.0, root;

    for (size_t i = 0; i < k; i++) {
        if (x[i] == 0.0)
            continue;
        if (t.n < MAX_EXACT)
            some[t.n] = x[i];
        t.n++;
        sum += x[i];
        size += fabs(x[i]);
        squares += x[i] * x[i];
    }
    if (t.n == 0)
        return t;
    t.is_exact = t.n <= MAX_EXACT;
    root = sqrt(squares);
    if (t.is_exact) {
        double all = ldexp(1.0, (int)t.n - 1);
        t.p = (double)count_signings(some, t.n, fabs(sum) - 1e-9 * size) / all;
        t.least = 1.0 / all;
    } else {
        t.p = at_normal_two_sided(sum / root);
        t.least = at_normal_two_sided(size / root);
    }
    return t;
}

/* Sums of values by cluster, then their test. */
static struct at_flip_test flip_clusters(const double *values, const int *cluster, size_t n,
                                         size_t k)
{
    double *sum = at_calloc(k, sizeof *sum);
    struct at_flip_test t;

    for (size_t i = 0; i < n; i++) {
        AT_BUG_IF(cluster[i] < 0 || (size_t)cluster[i] >= k);
        sum[cluster[i]] += values[i];
    }
    t = at_sign_flip(sum, k);
    free(sum);
    return t;
}

static bool are_single(const int *cluster, size_t n, size_t k)
{
    unsigned char *seen = at_calloc(k, 1);
    bool single = true;

    for (size_t i = 0; i < n; i++)
        single &= !seen[cluster[i]]++;
    free(seen);
    return single;
}

/* Wilcoxon's own test of m differences without zeros, as an at_flip_test. */
static struct at_flip_test flip_singles(const double *signed_rank, size_t m)
{
    struct at_rank_test r = at_wilcoxon(signed_rank, m, 0.0), most;
    double *size = at_malloc(m, sizeof *size);
    struct at_flip_test t = { r.p, NAN, r.n, r.is_exact };

    for (size_t i = 0; i < m; i++)
        size[i] = fabs(signed_rank[i]);
    most = at_wilcoxon(size, m, 0.0);
    t.least = most.p;
    free(size);
    return t;
}

struct at_flip_test at_signed_rank_clustered(const double *differences, const int *cluster,
                                             size_t n, size_t k, double resolution)
{
    double *size = at_malloc(2 * n + 1, sizeof *size), *rank = size + n;
    int *of = at_malloc(n, sizeof *of);
    struct at_flip_test t;
    size_t m = 0;

    for (size_t i = 0; i < n; i++)
        if (differences[i] != 0.0) {
            size[m] = fabs(differences[i]);
            of[m++] = cluster[i];
        }
    at_tied_ranks(rank, size, m, resolution);
    m = 0;
    for (size_t i = 0; i < n; i++)
        if (differences[i] != 0.0) {
            rank[m] = differences[i] > 0.0 ? rank[m] : -rank[m];
            m++;
        }
    t = are_single(of, m, k) ? flip_singles(rank, m) : flip_clusters(rank, of, m, k);
    free(size);
    free(of);
    return t;
}

struct at_flip_test at_spearman_clustered(const double *x, const double *y, const int *cluster,
                                          size_t n, size_t k)
{
    double *a = at_malloc(2 * n + 1, sizeof *a), *b = a + n, mean = 0.5 * ((double)n + 1.0);
    struct at_flip_test t;

    at_average_ranks(a, x, n);
    at_average_ranks(b, y, n);
    for (size_t i = 0; i < n; i++)
        a[i] = (a[i] - mean) * (b[i] - mean);
    t = flip_clusters(a, cluster, n, k);
    free(a);
    return t;
}
