/*
 * head_traits.c - see head_traits.h.
 */
#include "analysis/head_traits.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"

enum { N_METRICS_USED = AT_N_METRICS - 1, FIRST_PART = N_METRICS_USED + AT_N_HEAD_SCORES };

static const char *const part_keys[AT_N_PART_TRAITS] = {
    "context_to_context",
    "context_to_completion",
    "completion_to_context",
    "completion_to_completion",
};

/* Every metric but balance, which a causal model does not have. */
static size_t metric_of(size_t trait)
{
    return trait < AT_METRIC_balance ? trait : trait + 1;
}

const char *at_trait_key(size_t trait)
{
    AT_BUG_IF(trait >= AT_N_TRAITS);
    if (trait < N_METRICS_USED)
        return at_metric_fields[metric_of(trait)].key;
    if (trait < FIRST_PART)
        return at_head_score_table[trait - N_METRICS_USED].key;
    return part_keys[trait - FIRST_PART];
}

struct traits_job {
    float *out;        /* (H, AT_N_TRAITS) */
    const float *maps; /* (H,T,T) */
    const double *scores;
    const signed char *part;
    size_t T;
    struct at_map_kind kind;
    float *scratch; /* (slots, T*T) */
};

/* Attention from part to part of one map; out (2,2), row by row. */
static void between_parts(float *out, const float *map, const signed char *part, size_t T)
{
    double mass[4] = { 0.0 };
    size_t n[2] = { 0 };

    for (size_t i = 0; i < T; i++) {
        if (part[i] < 0)
            continue;
        n[part[i]]++;
        for (size_t j = 0; j < T; j++)
            if (part[j] >= 0)
                mass[2 * part[i] + part[j]] += (double)map[i * T + j];
    }
    for (size_t k = 0; k < 4; k++)
        out[k] = n[0] && n[1] ? (float)(mass[k] / (double)n[k / 2]) : NAN;
}

static void traits_task(void *arg, size_t h, size_t slot)
{
    const struct traits_job *job = arg;
    size_t cells = job->T * job->T;
    const float *map = job->maps + h * cells;
    float *out = job->out + h * AT_N_TRAITS;
    struct at_attn_metrics m;

    at_attn_metrics(&m, map, job->T, job->kind, job->scratch + slot * cells);
    for (size_t i = 0; i < N_METRICS_USED; i++)
        out[i] = (float)at_metric_get(&m, metric_of(i));
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        out[N_METRICS_USED + i] = (float)job->scores[h * AT_N_HEAD_SCORES + i];
    between_parts(out + FIRST_PART, map, job->part, job->T);
}

void at_head_traits(float *out, const float *maps, size_t H, size_t T, struct at_map_kind kind,
                    const unsigned char *marks, const signed char *part, float *scratch,
                    struct at_pool *pool)
{
    double *scores = at_malloc(H * AT_N_HEAD_SCORES, sizeof *scores);
    struct traits_job job = { out, maps, scores, part, T, kind, scratch };

    at_head_scores(scores, maps, H, T, kind, marks, pool);
    at_pool_run(pool, H, traits_task, &job);
    free(scores);
}
