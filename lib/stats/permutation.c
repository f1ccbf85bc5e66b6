/*
 * permutation.c - see permutation.h.
 */
#include "stats/permutation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

size_t at_draw_below(uint64_t seed, uint64_t counter, size_t n)
{
    uint64_t bits = at_rng_at(seed, counter), high = bits >> 32, low = bits & 0xffffffffu;

    AT_BUG_IF(n == 0 || n > 0xffffffffu);
    return (size_t)((high * n + (low * n >> 32)) >> 32); /* upper half of the 64 x 32 product */
}

void at_draw_permutation(size_t *order, size_t n, uint64_t seed, uint64_t draw)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = at_draw_below(seed, draw * n + i, i), tmp = order[j];
        order[j] = order[i - 1];
        order[i - 1] = tmp;
    }
}

size_t at_n_subsets(size_t n, size_t k)
{
    size_t c = 1;

    if (k > n)
        return 0;
    k = AT_MIN(k, n - k);
    for (size_t i = 1; i <= k; i++) { /* after step i, c is (n-k+i over i): division is exact */
        size_t product;
        if (!at_mul_size(c, n - k + i, &product))
            return SIZE_MAX;
        c = product / i;
    }
    return c;
}

struct at_subsets at_subsets_plan(size_t n, size_t k, size_t max_draws, uint64_t seed)
{
    size_t all = at_n_subsets(n, k);
    bool is_exact = all <= max_draws;

    AT_BUG_IF(k > n || n > UINT32_MAX);
    return (struct at_subsets){ n, k, is_exact ? all : max_draws, is_exact, seed };
}

/* Largest member first: the greatest c with (c over k) <= rank, then on with the rest. */
static void unrank(uint32_t *members, size_t n, size_t k, size_t rank)
{
    size_t c = n;

    for (size_t left = k; left > 0; left--) {
        size_t below;
        do
            below = at_n_subsets(--c, left);
        while (below > rank);
        rank -= below;
        members[left - 1] = (uint32_t)c;
    }
}

void at_subsets_get(uint32_t *members, const struct at_subsets *s, size_t draw, unsigned char *used)
{
    if (s->is_exact) {
        unrank(members, s->n, s->k, draw);
        return;
    }
    for (size_t i = 0; i < s->k; i++) {
        size_t last = s->n - s->k + i;
        size_t pick = at_draw_below(s->seed, (uint64_t)draw * s->k + i, last + 1);
        members[i] = (uint32_t)(used[pick] ? last : pick);
        used[members[i]] = 1;
    }
    for (size_t i = 0; i < s->k; i++)
        used[members[i]] = 0;
}

struct at_perm_p at_perm_p(size_t n_exceeding, size_t n_draws, bool is_exact)
{
    double draws = (double)n_draws, p;

    if (is_exact)
        return (struct at_perm_p){ (double)n_exceeding / draws, 0.0 };
    p = (1.0 + (double)n_exceeding) / (1.0 + draws);
    return (struct at_perm_p){ p, sqrt(p * (1.0 - p) / draws) };
}

/*
 * at_subset_null works on LANES series at a time, their values interleaved, so that one member of
 * a subset is LANES contiguous additions. The pool's tasks are blocks of draws.
 */
enum { LANES = 16, DRAWS_PER_TASK = 512 };

struct null_job {
    struct at_subsets subsets; /* of the smaller side */
    size_t n_tiles;
    const double *tiles; /* (n_tiles, n, LANES) */
    const double *limit; /* (n_tiles, LANES) */
    uint32_t *members;   /* (slots, DRAWS_PER_TASK, k) */
    unsigned char *used; /* (slots, n) */
    double *exceeding;   /* (slots, n_tiles, LANES) */
};

static void count_tile(double *exceeding, const double *tile, const double *limit,
                       const uint32_t *members, size_t n_draws, size_t k)
{
    double count[LANES] = { 0 };

    for (size_t d = 0; d < n_draws; d++, members += k) {
        double sum[LANES] = { 0 };
        for (size_t i = 0; i < k; i++) {
            const double *row = tile + (size_t)members[i] * LANES;
            for (size_t w = 0; w < LANES; w++)
                sum[w] += row[w];
        }
        for (size_t w = 0; w < LANES; w++)
            count[w] += sum[w] >= limit[w] ? 1.0 : 0.0;
    }
    for (size_t w = 0; w < LANES; w++)
        exceeding[w] += count[w];
}

static void null_task(void *arg, size_t task, size_t slot)
{
    const struct null_job *job = arg;
    size_t n = job->subsets.n, k = job->subsets.k, first = task * DRAWS_PER_TASK;
    size_t n_draws = AT_MIN((size_t)DRAWS_PER_TASK, job->subsets.n_draws - first);
    uint32_t *members = job->members + slot * DRAWS_PER_TASK * k;
    double *exceeding = job->exceeding + slot * job->n_tiles * LANES;

    for (size_t d = 0; d < n_draws; d++)
        at_subsets_get(members + d * k, &job->subsets, first + d, job->used + slot * n);
    for (size_t t = 0; t < job->n_tiles; t++)
        count_tile(exceeding + t * LANES, job->tiles + t * n * LANES, job->limit + t * LANES,
                   members, n_draws, k);
}

/*
 * When most positions are in the subset, drawing those left out is cheaper. Their sum is the total
 * minus the subset's; both sides are negated so that "at least" stays the question.
 */
static void fill_tiles(double *tiles, double *limit, const double *values, const double *observed,
                       size_t n_series, const struct at_subsets *s, bool is_complement)
{
    for (size_t h = 0; h < n_series; h++) {
        const double *v = values + h * s->n;
        double *out = tiles + h / LANES * s->n * LANES + h % LANES, total = 0.0, largest = 0.0;
        for (size_t j = 0; j < s->n; j++) {
            out[j * LANES] = is_complement ? -v[j] : v[j];
            total += v[j];
            largest = fmax(largest, fabs(v[j]));
        }
        limit[h] = is_complement ? observed[h] - total : observed[h];
        limit[h] -= 1e-6 * largest * (double)s->k;
    }
}

void at_subset_null(size_t *n_exceeding, const double *values, const double *observed,
                    size_t n_series, const struct at_subsets *s, struct at_pool *pool)
{
    size_t n_tiles = (n_series + LANES - 1) / LANES, slots = at_pool_size(pool);
    bool is_complement = s->k > s->n - s->k;
    double *tiles = at_calloc(n_tiles * s->n * LANES, sizeof *tiles);
    double *limit = at_calloc(n_tiles * LANES, sizeof *limit);
    struct null_job job = { *s, n_tiles, tiles, limit, NULL, NULL, NULL };

    if (is_complement)
        job.subsets.k = s->n - s->k;
    job.members = at_malloc(slots * DRAWS_PER_TASK * job.subsets.k, sizeof *job.members);
    job.used = at_calloc(slots * s->n, 1);
    job.exceeding = at_calloc(slots * n_tiles * LANES, sizeof *job.exceeding);
    fill_tiles(tiles, limit, values, observed, n_series, s, is_complement);
    at_pool_run(pool, (s->n_draws + DRAWS_PER_TASK - 1) / DRAWS_PER_TASK, null_task, &job);
    for (size_t h = 0; h < n_series; h++) {
        n_exceeding[h] = 0;
        for (size_t i = 0; i < slots; i++)
            n_exceeding[h] += (size_t)job.exceeding[i * n_tiles * LANES + h];
    }
    free(tiles);
    free(limit);
    free(job.members);
    free(job.used);
    free(job.exceeding);
}
