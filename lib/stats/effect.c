/*
 * effect.c - see effect.h.
 */
#include "stats/effect.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/permutation.h"

/* Features are worked on LANES at a time, interleaved, one pool task per tile of them. */
enum { LANES = 16, MAX_GROUPS = 256 };

struct effect_job {
    struct at_effect *out;
    const float *x;      /* (n_features, n) */
    const int *group;    /* (n) */
    const double *count; /* (k) members of each group */
    size_t n_features, n, k, n_filled, n_draws;
    uint64_t seed;
    unsigned char *labels; /* (1 + n_draws, n): the true grouping, then the random ones */
    double *tiles;         /* (slots, n, LANES) */
    double *sums;          /* (slots, k, LANES) */
    size_t *order;         /* (slots, n) */
};

static void draw_task(void *arg, size_t task, size_t slot)
{
    const struct effect_job *job = arg;
    unsigned char *labels = job->labels + task * job->n;
    size_t *order = job->order + slot * job->n;

    if (task > 0)
        at_draw_permutation(order, job->n, job->seed, task - 1);
    for (size_t i = 0; i < job->n; i++)
        labels[i] = (unsigned char)job->group[task > 0 ? order[i] : i];
}

/*
 * Values of a tile minus their mean, so that sums of squares lose no digits; total (LANES) is
 * their sum of squares. Taking off the first value before the mean makes a constant exactly 0.
 */
static void load_tile(double *tile, double *total, const struct effect_job *job, size_t first)
{
    size_t n = job->n;

    for (size_t w = 0; w < LANES; w++) {
        const float *x = job->x + (first + w) * n;
        bool is_there = first + w < job->n_features;
        double mean = 0.0;
        for (size_t i = 0; is_there && i < n; i++)
            mean += ((double)x[i] - (double)x[0]) / (double)n;
        total[w] = 0.0;
        for (size_t i = 0; i < n; i++) {
            double d = is_there ? (double)x[i] - (double)x[0] - mean : 0.0;
            tile[i * LANES + w] = d;
            total[w] += d * d;
        }
    }
}

/* out (LANES): sum of squares between the groups that labels make. */
static void between_squares(double *out, double *sums, const double *tile,
                            const struct effect_job *job, const unsigned char *labels)
{
    for (size_t j = 0; j < job->k * LANES; j++)
        sums[j] = 0.0;
    for (size_t i = 0; i < job->n; i++) {
        const double *row = tile + i * LANES;
        double *sum = sums + (size_t)labels[i] * LANES;
        for (size_t w = 0; w < LANES; w++)
            sum[w] += row[w];
    }
    for (size_t w = 0; w < LANES; w++)
        out[w] = 0.0;
    for (size_t g = 0; g < job->k; g++)
        for (size_t w = 0; job->count[g] > 0.0 && w < LANES; w++)
            out[w] += sums[g * LANES + w] * sums[g * LANES + w] / job->count[g];
}

static struct at_effect judge(const struct effect_job *job, double between, double total,
                              size_t hits)
{
    double k = (double)job->n_filled, n = (double)job->n;
    double within = (total - between) / (n - k), excess = between - (k - 1.0) * within;
    struct at_perm_p p = { NAN, NAN };

    if (!(total > 0.0) || job->n_filled < 2 || job->n <= job->n_filled)
        return (struct at_effect){ NAN, NAN, NAN, NAN, NAN };
    if (job->n_draws > 0)
        p = at_perm_p(hits, job->n_draws, false);
    return (struct at_effect){ between / total, excess / (total + within), excess / total, p.p,
                               p.mc_error };
}

static void effect_task(void *arg, size_t task, size_t slot)
{
    const struct effect_job *job = arg;
    double *tile = job->tiles + slot * job->n * LANES, *sums = job->sums + slot * job->k * LANES;
    double total[LANES], observed[LANES], drawn[LANES];
    size_t first = task * LANES, hits[LANES] = { 0 };

    load_tile(tile, total, job, first);
    between_squares(observed, sums, tile, job, job->labels);
    for (size_t d = 1; d <= job->n_draws; d++) {
        between_squares(drawn, sums, tile, job, job->labels + d * job->n);
        for (size_t w = 0; w < LANES; w++)
            hits[w] += drawn[w] >= observed[w] - 1e-9 * total[w];
    }
    for (size_t w = 0; w < LANES && first + w < job->n_features; w++)
        job->out[first + w] = judge(job, observed[w], total[w], hits[w]);
}

void at_group_effects(struct at_effect *out, const float *x, const int *group, size_t n_features,
                      size_t n, size_t k, size_t n_draws, uint64_t seed, struct at_pool *pool)
{
    size_t slots = at_pool_size(pool);
    double *count = at_calloc(k, sizeof *count);
    struct effect_job job = { out, x,       group, count, n_features, n,    k,
                              0,   n_draws, seed,  NULL,  NULL,       NULL, NULL };

    AT_BUG_IF(k > MAX_GROUPS);
    for (size_t i = 0; i < n; i++) {
        AT_BUG_IF(group[i] < 0 || (size_t)group[i] >= k);
        job.n_filled += count[group[i]]++ == 0.0;
    }
    job.labels = at_malloc((1 + n_draws) * n, 1);
    job.tiles = at_malloc(slots * n * LANES, sizeof *job.tiles);
    job.sums = at_malloc(slots * k * LANES, sizeof *job.sums);
    job.order = at_malloc(slots * n, sizeof *job.order);
    at_pool_run(pool, 1 + n_draws, draw_task, &job);
    at_pool_run(pool, (n_features + LANES - 1) / LANES, effect_task, &job);
    free(count);
    free(job.labels);
    free(job.tiles);
    free(job.sums);
    free(job.order);
}
