/*
 * sign_flip.c - see sign_flip.h.
 *
 * Exact: the sums of all signs of one half of the differences are sorted; for each sum of the other
 * half a search counts those that bring the total far enough. Random: eight signs are a byte of a
 * random word, and the 256 sums of every eight differences are looked up.
 */
#include "stats/sign_flip.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"

struct job {
    struct at_perm_p *out;
    const double *d;
    size_t n;
    uint64_t seed;
};

/* Every sum of n differences with signs; answers their number. */
static size_t all_sums(double *out, const double *d, size_t n)
{
    size_t count = 1;

    out[0] = 0.0;
    for (size_t i = 0; i < n; i++, count *= 2)
        for (size_t k = 0; k < count; k++) {
            out[count + k] = out[k] + d[i];
            out[k] -= d[i];
        }
    return count;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* How many of the sorted sums are at least limit. */
static size_t at_least(const double *sorted, size_t n, double limit)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (sorted[mid] >= limit)
            hi = mid;
        else
            lo = mid + 1;
    }
    return n - lo;
}

/* The sums of a half lie symmetrically around 0, so both tails are as heavy. */
static struct at_perm_p exact(const double *d, size_t n, double limit)
{
    double left[1 << (AT_SIGN_FLIP_EXACT / 2)], right[1 << (AT_SIGN_FLIP_EXACT / 2)];
    size_t n_left = all_sums(left, d, n / 2), n_right = all_sums(right, d + n / 2, n - n / 2);
    size_t reaching = 0, total = n_left * n_right;

    if (limit <= 0.0)
        return at_perm_p(total, total, true);
    qsort(left, n_left, sizeof *left, by_value);
    for (size_t i = 0; i < n_right; i++)
        reaching += 2 * at_least(left, n_left, limit - right[i]);
    return at_perm_p(reaching, total, true);
}

/* tables (n/8 rounded up, 256): sums of eight differences; those past the end are 0. */
static void fill_tables(double *tables, const double *d, size_t n)
{
    for (size_t g = 0; g * 8 < n; g++) {
        double eight[8] = { 0 };
        for (size_t i = 0; i < 8 && g * 8 + i < n; i++)
            eight[i] = d[g * 8 + i];
        all_sums(tables + g * 256, eight, 8);
    }
}

static struct at_perm_p by_draws(const double *d, size_t n, double limit, uint64_t seed)
{
    size_t groups = (n + 7) / 8, words = (groups + 7) / 8, reaching = 0;
    double *tables = at_malloc(groups * 256, sizeof *tables);

    fill_tables(tables, d, n);
    for (size_t draw = 0; draw < AT_SIGN_FLIP_DRAWS; draw++) {
        double sum = 0.0;
        uint64_t bits = 0;
        for (size_t g = 0; g < groups; g++, bits >>= 8) {
            if (g % 8 == 0)
                bits = at_rng_at(seed, draw * words + g / 8);
            sum += tables[g * 256 + (bits & 255)];
        }
        reaching += fabs(sum) >= limit;
    }
    free(tables);
    return at_perm_p(reaching, AT_SIGN_FLIP_DRAWS, false);
}

static void flip_series(void *arg, size_t series, size_t slot)
{
    const struct job *j = arg;
    const double *d = j->d + series * j->n;
    double *kept = at_malloc(j->n, sizeof *kept), sum = 0.0, mass = 0.0, limit;
    size_t n = 0;

    (void)slot;
    for (size_t i = 0; i < j->n; i++) {
        if (isnan(d[i]))
            continue;
        kept[n++] = d[i];
        sum += d[i];
        mass += fabs(d[i]);
    }
    limit = fabs(sum) - 1e-9 * mass;
    if (n < 2)
        j->out[series] = (struct at_perm_p){ NAN, NAN };
    else if (n <= AT_SIGN_FLIP_EXACT)
        j->out[series] = exact(kept, n, limit);
    else
        j->out[series] = by_draws(kept, n, limit, j->seed);
    free(kept);
}

void at_sign_flips(struct at_perm_p *out, const double *d, size_t n_series, size_t n, uint64_t seed,
                   struct at_pool *pool)
{
    struct job j = { out, d, n, seed };

    at_pool_run(pool, n_series, flip_series, &j);
}
