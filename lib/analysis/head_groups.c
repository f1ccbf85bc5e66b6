/*
 * head_groups.c - see head_groups.h.
 */
#include "analysis/head_groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const struct at_field head_fields[] = {
    AT_FIELD(struct at_grouped_head, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_grouped_head, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_grouped_head, x, "x", NULL, "place on the t-SNE map"),
    AT_FIELD(struct at_grouped_head, y, "y", NULL, "place on the t-SNE map"),
    AT_FIELD(struct at_grouped_head, cluster, "cluster", NULL, "its group, from 0"),
    AT_FIELD(struct at_grouped_head, name, "name", NULL, "of its group"),
    AT_FIELD(struct at_grouped_head, silhouette, "silhouette", NULL,
             "how much nearer its own group is than the next, -1 to 1"),
    AT_FIELD(struct at_grouped_head, pca_x, "pca_x", NULL, "along the first principal component"),
    AT_FIELD(struct at_grouped_head, pca_y, "pca_y", NULL, "along the second"),
    AT_FIELD_RECORD(struct at_grouped_head, z, "z", &at_head_score_record,
                    "scores in standard deviations from the mean of all heads",
                    .flags = AT_JSON_ONLY),
    AT_FIELD_END,
};
const struct at_record at_grouped_head_record = AT_RECORD(struct at_grouped_head, head_fields);

static const struct at_field group_fields[] = {
    AT_FIELD(struct at_head_group, cluster, "cluster", NULL, "number of the group, from 0"),
    AT_FIELD(struct at_head_group, name, "name", NULL, "after what sets it apart"),
    AT_FIELD(struct at_head_group, size, "size", NULL, "heads in it"),
    AT_FIELD_RECORD(struct at_head_group, centroid, "centroid", &at_head_score_record,
                    "mean z of each score"),
    AT_FIELD_END,
};
static const struct at_record group_record = AT_RECORD(struct at_head_group, group_fields);

static const struct at_field tried_fields[] = {
    AT_FIELD(struct at_tried_k, k, "k", NULL, "number of groups"),
    AT_FIELD(struct at_tried_k, silhouette, NULL, NULL, "mean silhouette of all heads"),
    AT_FIELD_END,
};
static const struct at_record tried_record = AT_RECORD(struct at_tried_k, tried_fields);

static const struct at_field tsne_fields[] = {
    AT_FIELD(struct at_groups_tsne, perplexity, "perplexity", NULL, "of the map"),
    AT_FIELD(struct at_groups_tsne, kl, "kl", "nats", "divergence that is left"),
    AT_FIELD_END,
};
static const struct at_record tsne_record = AT_RECORD(struct at_groups_tsne, tsne_fields);

static const struct at_field fields[] = {
    AT_FIELD(struct at_head_groups, k, "k", NULL, "number of groups"),
    AT_FIELD(struct at_head_groups, silhouette, "silhouette", NULL,
             "mean of all heads; undefined for one group"),
    AT_FIELD_LIST(struct at_head_groups, tried, n_tried, "silhouette_by_k", &tried_record,
                  "the same for every k that was tried", .flags = AT_KEYED),
    AT_FIELD(struct at_head_groups, null_silhouette, "null_silhouette", NULL,
             "mean silhouette of heads that scatter alike but have no groups"),
    AT_FIELD(struct at_head_groups, null_high, "null_high", NULL, "what 95 % of those stay below"),
    AT_FIELD(struct at_head_groups, p, "p", NULL, "how often those reach the heads' silhouette"),
    AT_FIELD(struct at_head_groups, has_groups, "has_groups", NULL, "p is at most .05"),
    AT_FIELD(struct at_head_groups, inertia, "inertia", NULL,
             "sum of squared distances to the centres of the groups"),
    AT_FIELD_RECORD(struct at_head_groups, tsne, "tsne", &tsne_record, "the t-SNE map"),
    AT_FIELD_REALS(struct at_head_groups, pca_ratio, n_pca, "pca_ratio", "fraction",
                   "variance that the two principal components explain"),
    AT_FIELD_LIST(struct at_head_groups, groups, n_groups, "clusters", &group_record, "the groups"),
    AT_FIELD_LIST(struct at_head_groups, heads, n_heads, "heads", &at_grouped_head_record,
                  "every head"),
    AT_FIELD_END,
};
const struct at_record at_head_groups_record = AT_RECORD(struct at_head_groups, fields);

/* Distances between the heads on this text join the sum over texts. */
static void add_distances(struct at_head_grouping *g, const float *maps, size_t n, size_t T,
                          struct at_pool *pool)
{
    const float **map = at_malloc(n, sizeof *map);

    if (!g->distance)
        g->distance = at_calloc(n * n, sizeof *g->distance);
    for (size_t k = 0; k < n; k++)
        map[k] = maps + k * T * T;
    at_head_distances_add(g->distance, map, n, T, pool);
    free(map);
}

void at_head_groups_add_text(struct at_head_grouping *g, const struct at_head_features *f,
                             const float *maps, struct at_pool *pool)
{
    double *ratio;

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        g->keys[i] = at_head_score_table[i].key;
    if (!g->scores.cells) {
        at_corpus_init(&g->scores, f->L, f->H, g->keys, AT_N_HEAD_SCORES, false);
        at_chance_init(&g->chance, f->L * f->H, AT_N_HEAD_NUMBERS);
    }
    ratio = at_malloc(f->L * f->H * AT_N_HEAD_NUMBERS, sizeof *ratio);
    at_head_features_ratios(ratio, f);
    at_chance_add(&g->chance, ratio);
    free(ratio);
    at_corpus_add_heads(&g->scores, 0, f->score, AT_N_HEAD_SCORES, false);
    if (maps)
        add_distances(g, maps, f->L * f->H, f->doc->n, pool);
    g->n_texts++;
}

/* The greatest z of a head: how clear a trait it has. */
static double trait(const double *z)
{
    double max = 0.0;

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        max = fmax(max, z[i]);
    return fmin(max / 3.0, 1.0);
}

static void fill_heads(struct at_head_groups *r, struct at_head_grouping *g)
{
    const struct at_clusters *c = &g->clusters;

    r->heads = at_arena_calloc(&g->arena, c->n, sizeof *r->heads);
    r->n_heads = c->n;
    for (size_t i = 0; i < c->n; i++) {
        const double *z = c->z + i * AT_N_HEAD_SCORES;
        r->heads[i] = (struct at_grouped_head){
            .layer = i / r->H,
            .head = i % r->H,
            .x = c->tsne[2 * i],
            .y = c->tsne[2 * i + 1],
            .pca_x = c->pca[2 * i],
            .pca_y = c->pca[2 * i + 1],
            .cluster = c->label[i],
            .name = c->name[c->label[i]].text,
            .silhouette = c->point[i],
            .trait = trait(z),
        };
        memcpy(r->heads[i].z.v, z, sizeof r->heads[i].z.v);
    }
}

static void fill_groups(struct at_head_groups *r, struct at_head_grouping *g)
{
    const struct at_clusters *c = &g->clusters;

    r->groups = at_arena_calloc(&g->arena, c->k, sizeof *r->groups);
    r->n_groups = c->k;
    for (size_t k = 0; k < c->k; k++) {
        r->groups[k] = (struct at_head_group){ k, c->name[k].text, c->size[k], { { 0 } } };
        memcpy(r->groups[k].centroid.v, c->centroid + k * AT_N_HEAD_SCORES,
               sizeof r->groups[k].centroid.v);
    }
    r->tried = at_arena_calloc(&g->arena, AT_MOST_K + 1, sizeof *r->tried);
    for (size_t k = AT_LEAST_K; k <= AT_MOST_K; k++)
        if (!isnan(c->by_k[k]))
            r->tried[r->n_tried++] =
                (struct at_tried_k){ at_arena_printf(&g->arena, "%zu", k), c->by_k[k] };
}

/* Heads that have more of a score than chance gives; (n, AT_N_HEAD_SCORES), the caller's. */
static bool *find_beyond(const struct at_chance_table *t)
{
    size_t n = t->n_heads;
    bool *beyond = at_malloc(n * AT_N_HEAD_SCORES, sizeof *beyond);
    struct at_chance *c = at_malloc(n * AT_N_HEAD_NUMBERS, sizeof *c);

    at_chance_finish(c, t, 0.95);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++) {
            const struct at_chance *x = &c[k * AT_N_HEAD_NUMBERS + i];
            beyond[k * AT_N_HEAD_SCORES + i] = x->is_beyond && x->ratio > 1.0;
        }
    free(c);
    return beyond;
}

int at_head_groups_finish(struct at_head_groups *out, struct at_head_grouping *g,
                          const struct at_cluster_options *options, struct at_pool *pool,
                          struct at_error *err)
{
    const struct at_corpus *t = &g->scores;
    size_t n = t->L * t->H;
    double *scores = at_malloc(n * AT_N_HEAD_SCORES, sizeof *scores);
    struct at_head_groups r = { .L = t->L, .H = t->H, .n_texts = g->n_texts };
    struct at_cluster_options with_chance = *options;
    bool *beyond = find_beyond(&g->chance);
    int rc;

    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            scores[k * AT_N_HEAD_SCORES + i] =
                at_sums_mean(at_corpus_cell(t, k / t->H, k % t->H, i));
    if (g->distance)
        at_head_distances_finish(g->distance, g->distance, n, g->n_texts);
    with_chance.is_beyond = beyond;
    rc = at_cluster_heads(&g->clusters, scores, g->distance, n, &with_chance, pool, err);
    free(scores);
    free(beyond);
    if (rc)
        return rc;
    r.k = g->clusters.k;
    r.silhouette = g->clusters.silhouette;
    r.inertia = g->clusters.inertia;
    r.null_silhouette = g->clusters.null_silhouette;
    r.null_high = g->clusters.null_high;
    r.p = g->clusters.p;
    r.has_groups = g->clusters.has_groups;
    r.tsne = (struct at_groups_tsne){ g->clusters.perplexity, g->clusters.kl };
    r.pca_ratio = g->clusters.pca_ratio;
    r.n_pca = AT_COUNTOF(g->clusters.pca_ratio);
    fill_groups(&r, g);
    fill_heads(&r, g);
    *out = r;
    return 0;
}

void at_head_grouping_release(struct at_head_grouping *g)
{
    at_corpus_release(&g->scores);
    at_chance_release(&g->chance);
    at_clusters_release(&g->clusters);
    at_arena_release(&g->arena);
    free(g->distance);
    *g = (struct at_head_grouping){ 0 };
}
