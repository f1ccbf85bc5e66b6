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
    const float *x;   /* (n_features, n) */
    const int *group; /* (n) */
    const int *unit;  /* (n), or NULL */
    int *group_of;    /* (n_units) */
    size_t n_features, n, k, n_filled, n_units, n_draws;
    uint64_t seed;
    unsigned char *labels; /* (1 + n_draws, n): the true grouping, then the random ones */
    double *tiles;         /* (slots, n, LANES) */
    double *sums;          /* (slots, k, LANES) */
    double *counts;        /* (1 + n_draws, k) members of each group */
    size_t *order;         /* (slots, n_units) */
};

static void draw_task(void *arg, size_t task, size_t slot)
{
    const struct effect_job *job = arg;
    unsigned char *labels = job->labels + task * job->n;
    size_t *order = job->order + slot * job->n_units;
    double *counts = job->counts + task * job->k;

    if (task > 0)
        at_draw_permutation(order, job->n_units, job->seed, task - 1);
    for (size_t i = 0; i < job->n; i++) {
        size_t u = job->unit ? (size_t)job->unit[i] : i;
        labels[i] = (unsigned char)job->group_of[task > 0 ? order[u] : u];
        counts[labels[i]]++;
    }
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

/* out (LANES): sum of squares between the groups that labelling number d makes. */
static void between_squares(double *out, double *sums, const double *tile,
                            const struct effect_job *job, size_t d)
{
    const unsigned char *labels = job->labels + d * job->n;
    const double *counts = job->counts + d * job->k;

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
        for (size_t w = 0; counts[g] > 0.0 && w < LANES; w++)
            out[w] += sums[g * LANES + w] * sums[g * LANES + w] / counts[g];
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
    between_squares(observed, sums, tile, job, 0);
    for (size_t d = 1; d <= job->n_draws; d++) {
        between_squares(drawn, sums, tile, job, d);
        for (size_t w = 0; w < LANES; w++)
            hits[w] += drawn[w] >= observed[w] - 1e-9 * total[w];
    }
    for (size_t w = 0; w < LANES && first + w < job->n_features; w++)
        job->out[first + w] = judge(job, observed[w], total[w], hits[w]);
}

/* The group of every unit, and how many groups there are. */
static void take_groups(struct effect_job *job)
{
    unsigned char *is_filled = at_calloc(job->k, 1);

    for (size_t u = 0; u < job->n_units; u++)
        job->group_of[u] = -1;
    for (size_t i = 0; i < job->n; i++) {
        size_t u = job->unit ? (size_t)job->unit[i] : i;
        int g = job->group[i];
        AT_BUG_IF(g < 0 || (size_t)g >= job->k || u >= job->n_units);
        AT_BUG_IF(job->group_of[u] >= 0 && job->group_of[u] != g);
        job->group_of[u] = g;
        job->n_filled += !is_filled[g];
        is_filled[g] = 1;
    }
    for (size_t u = 0; u < job->n_units; u++)
        AT_BUG_IF(job->group_of[u] < 0);
    free(is_filled);
}

void at_group_effects(struct at_effect *out, const float *x, const int *group, size_t n_features,
                      size_t n, size_t k, const int *unit, size_t n_units, size_t n_draws,
                      uint64_t seed, struct at_pool *pool)
{
    size_t slots = at_pool_size(pool);
    struct effect_job job = { .out = out,
                              .x = x,
                              .group = group,
                              .unit = unit,
                              .n_features = n_features,
                              .n = n,
                              .k = k,
                              .n_units = unit ? n_units : n,
                              .n_draws = n_draws,
                              .seed = seed };

    AT_BUG_IF(k > MAX_GROUPS);
    job.group_of = at_malloc(job.n_units, sizeof *job.group_of);
    take_groups(&job);
    job.labels = at_malloc((1 + n_draws) * n, 1);
    job.counts = at_calloc((1 + n_draws) * k, sizeof *job.counts);
    job.tiles = at_malloc(slots * n * LANES, sizeof *job.tiles);
    job.sums = at_malloc(slots * k * LANES, sizeof *job.sums);
    job.order = at_malloc(slots * job.n_units, sizeof *job.order);
    at_pool_run(pool, 1 + n_draws, draw_task, &job);
    at_pool_run(pool, (n_features + LANES - 1) / LANES, effect_task, &job);
    free(job.group_of);
    free(job.labels);
    free(job.counts);
    free(job.tiles);
    free(job.sums);
    free(job.order);
}
