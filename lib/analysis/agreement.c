/*
 * agreement.c - see agreement.h.
 */
#include "analysis/agreement.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/multiple.h"
#include "stats/spearman.h"

static const double PERSISTENCE = 0.9;

static const struct at_field fields[] = {
    AT_FIELD(struct at_agreement, rho, "rho", NULL, "Spearman correlation of the sizes"),
    AT_FIELD(struct at_agreement, p, "p", NULL, "of rho; exact for at most 9 tokens"),
    AT_FIELD(struct at_agreement, q, "q", NULL,
             "the same over all tests of a method, Benjamini and Hochberg"),
    AT_FIELD(struct at_agreement, jaccard, "jaccard", "fraction",
             "of the five largest, those that both have of those that any has"),
    AT_FIELD(struct at_agreement, rbo, "rbo", NULL,
             "rank-biased overlap of the five largest, not normalised: at most 0.40951"),
    AT_FIELD_END,
};
const struct at_record at_agreement_record = AT_RECORD(struct at_agreement, fields);

/* The k largest of x, the largest first, of equals the first. */
static void find_top(size_t *top, size_t k, const double *x, size_t n)
{
    for (size_t d = 0; d < k; d++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++) {
            size_t e = 0;
            while (e < d && top[e] != i)
                e++;
            if (e == d && (best == n || x[i] > x[best]))
                best = i;
        }
        top[d] = best;
    }
}

/* How many of the first d of both are the same. */
static size_t count_shared(const size_t *a, const size_t *b, size_t d)
{
    size_t n = 0;

    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            n += a[i] == b[j];
    return n;
}

static void compare_tops(struct at_agreement *out, const size_t *a, const size_t *b, size_t k)
{
    double weight = 1.0 - PERSISTENCE;
    size_t shared = count_shared(a, b, k);

    out->jaccard = (double)shared / (double)(2 * k - shared);
    out->rbo = 0.0;
    for (size_t d = 1; d <= k; d++, weight *= PERSISTENCE)
        out->rbo += weight * (double)count_shared(a, b, d) / (double)d;
}

/* |x|; false when there is no ranking of it. */
static bool take_sizes(double *out, const double *x, size_t n)
{
    bool differs = false;

    for (size_t i = 0; i < n; i++) {
        out[i] = fabs(x[i]);
        if (isnan(out[i]))
            return false;
        differs = differs || out[i] != out[0];
    }
    return differs;
}

void at_agree(struct at_agreement *out, const double *x, size_t n_rows, const double *y, size_t n)
{
    size_t k = AT_MIN(n, (size_t)AT_AGREEMENT_TOP), a[AT_AGREEMENT_TOP], b[AT_AGREEMENT_TOP];
    double *sizes = at_malloc((n_rows + 1) * n, sizeof *sizes), *of_y = sizes + n_rows * n;
    struct at_correlation *c = at_malloc(n_rows, sizeof *c);
    size_t *row_of = at_malloc(n_rows, sizeof *row_of), n_good = 0;
    bool is_good = take_sizes(of_y, y, n);

    for (size_t r = 0; r < n_rows; r++) {
        out[r] = (struct at_agreement){ NAN, NAN, NAN, NAN, NAN };
        if (is_good && take_sizes(sizes + n_good * n, x + r * n, n))
            row_of[n_good++] = r;
    }
    if (n_good) {
        at_spearman_many(c, sizes, n_good, of_y, n);
        find_top(b, k, of_y, n);
    }
    for (size_t i = 0; i < n_good; i++) {
        struct at_agreement *o = &out[row_of[i]];
        o->rho = c[i].rho;
        o->p = c[i].p;
        find_top(a, k, sizes + i * n, n);
        compare_tops(o, a, b, k);
    }
    free(row_of);
    free(c);
    free(sizes);
}

void at_agreement_q(struct at_agreement *first, size_t n, size_t stride)
{
    double *p = at_malloc(n + 1, sizeof *p);
    char *at = (char *)first;

    for (size_t i = 0; i < n; i++)
        p[i] = ((const struct at_agreement *)(const void *)(at + i * stride))->p;
    at_bh_q(p, p, n);
    for (size_t i = 0; i < n; i++)
        ((struct at_agreement *)(void *)(at + i * stride))->q = p[i];
    free(p);
}
