/*
 * compare_clusters.c - see compare_clusters.h.
 */
#include "analysis/compare_clusters.h"

#include <stdlib.h>

#include "analysis/head_clusters.h"
#include "base/alloc.h"
#include "stats/hungarian.h"
#include "stats/rand_index.h"
#include "stats/summary.h"

/* Mean scores (L,H,AT_N_HEAD_SCORES) of one side, cells (n_texts, n_cells); the caller frees. */
static double *mean_scores(const struct at_compare *c, const double *cells)
{
    size_t n = c->L * c->H;
    double *scores = at_malloc(n * AT_N_HEAD_SCORES, sizeof *scores);

    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++) {
            struct at_moments m = { 0 };
            for (size_t t = 0; t < c->n_texts; t++)
                at_moments_add(&m, cells[t * c->n_cells + k * c->n_numbers + AT_N_COMPARED + i]);
            scores[k * AT_N_HEAD_SCORES + i] = at_moments_mean(&m);
        }
    return scores;
}

static int group(struct at_clusters *out, const struct at_compare *c, const double *cells,
                 uint64_t seed, struct at_pool *pool, struct at_error *err)
{
    struct at_cluster_options options = AT_CLUSTER_OPTIONS_INIT;
    double *scores = mean_scores(c, cells);
    int rc;

    options.seed = seed;
    options.n_null = 0;
    rc = at_cluster_heads(out, scores, NULL, c->L * c->H, &options, pool, err);
    free(scores);
    return rc;
}

/* partner (a->k): the group of b that shares most heads with each of a, SIZE_MAX for none. */
static void match_groups(size_t *partner, const struct at_clusters *a, const struct at_clusters *b)
{
    double *cost = at_calloc(a->k * b->k, sizeof *cost);

    for (size_t i = 0; i < a->n; i++)
        cost[(size_t)a->label[i] * b->k + (size_t)b->label[i]] -= 1.0;
    at_assign(partner, cost, a->k, b->k);
    free(cost);
}

static void tell(struct at_compare_result *r, const struct at_compare *c,
                 const struct at_clusters *a, const struct at_clusters *b, struct at_arena *arena)
{
    struct at_compare_cluster *rows = at_arena_alloc(arena, a->n, sizeof *rows);
    size_t *partner = at_malloc(a->k, sizeof *partner);

    match_groups(partner, a, b);
    for (size_t i = 0; i < a->n; i++)
        rows[i] = (struct at_compare_cluster){
            .layer = i / c->H,
            .head = i % c->H,
            .cluster_a = a->label[i],
            .name_a = at_arena_strdup(arena, a->name[a->label[i]].text),
            .cluster_b = b->label[i],
            .name_b = at_arena_strdup(arena, b->name[b->label[i]].text),
            .is_matched = partner[a->label[i]] == (size_t)b->label[i],
        };
    r->clusters = rows;
    r->n_clusters = a->n;
    r->adjusted_rand = at_adjusted_rand(a->label, b->label, a->n);
    free(partner);
}

int at_compare_clusters(struct at_compare_result *r, const struct at_compare *c, uint64_t seed,
                        struct at_pool *pool, struct at_arena *arena, struct at_error *err)
{
    struct at_clusters a = { 0 }, b = { 0 };
    int rc;

    if (!c->has_roles || !c->n_texts || c->L_a != c->L_b || c->H_a != c->H_b || c->L * c->H < 3)
        return 0;
    rc = group(&a, c, c->a, seed, pool, err);
    if (!rc)
        rc = group(&b, c, c->b, seed, pool, err);
    if (!rc)
        tell(r, c, &a, &b, arena);
    at_clusters_release(&a);
    at_clusters_release(&b);
    return rc;
}
