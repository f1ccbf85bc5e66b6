/*
 * head_clusters.c - see head_clusters.h.
 */
#include "analysis/head_clusters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "stats/distance.h"
#include "stats/entropy.h"
#include "stats/kmeans.h"
#include "stats/pca.h"
#include "stats/silhouette.h"
#include "stats/summary.h"
#include "stats/tsne.h"

/* Distances alone are grouped by this many coordinates: enough to keep the structure, few enough
   that k-means is not led by noise. */
enum { MAX_COORDINATES = 10 };

/* What heads are grouped by. */
struct features {
    size_t n, d;
    double *x;              /* (n,d) */
    const double *distance; /* (n,n) */
    size_t n_different;
};

static void add_coordinates(struct features *f, struct at_clusters *c, const double *distance)
{
    double total = 0.0;

    f->d = AT_MIN(f->n, (size_t)MAX_COORDINATES);
    f->distance = distance;
    f->x = at_malloc(f->n * f->d, sizeof *f->x);
    at_principal_coordinates(f->x, distance, f->n, f->d);
    for (size_t i = 0; i < f->n * f->n; i++)
        total += distance[i] * distance[i] / (2.0 * (double)f->n);
    for (size_t k = 0; k < 2; k++) {
        double sum = 0.0;
        for (size_t i = 0; i < f->n; i++) {
            c->pca[2 * i + k] = k < f->d ? f->x[i * f->d + k] : 0.0;
            sum += c->pca[2 * i + k] * c->pca[2 * i + k];
        }
        c->pca_ratio[k] = total > 0.0 ? sum / total : NAN;
    }
}

static size_t count_different(const double *x, size_t n, size_t d)
{
    size_t different = 0;

    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        while (j < i && memcmp(x + i * d, x + j * d, d * sizeof *x) != 0)
            j++;
        different += j == i;
    }
    return different;
}

/* Standardised scores into c->z, and what to group by. own_distance_out is the caller's to free. */
static struct features make_features(struct at_clusters *c, const double *scores,
                                     const double *distance, double **own_distance_out)
{
    struct features f = { .n = c->n, .d = AT_N_HEAD_SCORES };

    at_standardize(c->z, scores, c->n, AT_N_HEAD_SCORES);
    for (size_t i = 0; i < c->n * AT_N_HEAD_SCORES; i++)
        c->z[i] = isnan(c->z[i]) ? 0.0 : c->z[i] + 0.0; /* + 0.0: no -0, rows are compared */
    *own_distance_out = NULL;
    if (distance) {
        add_coordinates(&f, c, distance);
    } else {
        f.x = at_malloc(c->n * f.d, sizeof *f.x);
        memcpy(f.x, c->z, c->n * f.d * sizeof *f.x);
        *own_distance_out = at_malloc(c->n * c->n, sizeof **own_distance_out);
        at_pairwise(*own_distance_out, f.x, c->n, f.d);
        f.distance = *own_distance_out;
        at_pca(c->pca, NULL, c->pca_ratio, f.x, c->n, f.d, 2);
    }
    f.n_different = count_different(f.x, f.n, f.d);
    return f;
}

/* Group into k; keep the labels when they are the best so far. */
static void try_k(struct at_clusters *c, const struct features *f, size_t k, int *label,
                  const struct at_kmeans_options *options, struct at_pool *pool)
{
    double inertia = at_kmeans(label, NULL, f->x, f->n, f->d, k, options, pool);
    double silhouette = at_silhouette(NULL, f->distance, label, f->n, k);

    if (k <= AT_MOST_K)
        c->by_k[k] = silhouette;
    if (c->k == 0 || silhouette > c->silhouette) {
        memcpy(c->label, label, f->n * sizeof *label);
        c->k = k;
        c->silhouette = silhouette;
        c->inertia = inertia;
    }
}

static void group(struct at_clusters *c, const struct features *f,
                  const struct at_cluster_options *o, struct at_pool *pool)
{
    struct at_kmeans_options options = AT_KMEANS_OPTIONS_INIT;
    /* As many clusters as heads would each be alone: no silhouette. */
    size_t most = AT_MIN(AT_MIN(f->n_different, f->n - 1), (size_t)AT_MOST_K);
    int *label = at_malloc(f->n, sizeof *label);

    options.n_restarts = o->n_restarts;
    options.seed = o->seed;
    for (size_t k = 0; k <= AT_MOST_K; k++)
        c->by_k[k] = NAN;
    for (size_t k = AT_LEAST_K; o->k == 0 && k <= most; k++)
        try_k(c, f, k, label, &options, pool);
    if (c->k == 0)
        try_k(c, f, o->k ? AT_MIN(o->k, f->n_different) : 1, label, &options, pool);
    free(label);
}

/* Sizes, mean z, silhouettes and names of the groups. */
static void describe(struct at_clusters *c, const struct features *f, bool has_summary_token)
{
    c->size = at_calloc(c->k, sizeof *c->size);
    c->centroid = at_calloc(c->k * AT_N_HEAD_SCORES, sizeof *c->centroid);
    c->name = at_calloc(c->k, sizeof *c->name);
    for (size_t i = 0; i < c->n; i++) {
        c->size[c->label[i]]++;
        for (size_t s = 0; s < AT_N_HEAD_SCORES; s++)
            c->centroid[(size_t)c->label[i] * AT_N_HEAD_SCORES + s] +=
                c->z[i * AT_N_HEAD_SCORES + s];
    }
    for (size_t s = 0; s < c->k * AT_N_HEAD_SCORES; s++)
        c->centroid[s] /= (double)c->size[s / AT_N_HEAD_SCORES];
    at_silhouette(c->point, f->distance, c->label, c->n, c->k);
    at_cluster_names(c->name, c->centroid, c->k, has_summary_token);
}

static bool has_score(const double *scores, size_t head)
{
    for (size_t s = 0; s < AT_N_HEAD_SCORES; s++)
        if (!isnan(scores[head * AT_N_HEAD_SCORES + s]))
            return true;
    return false;
}

int at_cluster_heads(struct at_clusters *out, const double *scores, const double *distance,
                     size_t n, const struct at_cluster_options *options, struct at_pool *pool,
                     struct at_error *err)
{
    struct at_tsne_options tsne = AT_TSNE_OPTIONS_INIT;
    struct at_clusters c = { .n = n };
    struct at_tsne_fit fit;
    struct features f;
    double *own_distance;

    if (n == 0)
        return at_fail(err, AT_ERANGE, "no heads to group");
    if (options->k > AT_MIN(n, (size_t)AT_MAX_CLUSTERS))
        return at_fail(err, AT_ERANGE, "cannot make %zu groups of %zu heads, want 1 to %zu",
                       options->k, n, AT_MIN(n, (size_t)AT_MAX_CLUSTERS));
    for (size_t i = 0; i < n; i++)
        if (!has_score(scores, i))
            return at_fail(err, AT_ERANGE, "head %zu of %zu has no score that is defined", i, n);
    c.tsne = at_malloc(2 * n, sizeof *c.tsne);
    c.pca = at_malloc(2 * n, sizeof *c.pca);
    c.z = at_malloc(n * AT_N_HEAD_SCORES, sizeof *c.z);
    c.label = at_malloc(n, sizeof *c.label);
    c.point = at_malloc(n, sizeof *c.point);
    f = make_features(&c, scores, distance, &own_distance);
    group(&c, &f, options, pool);
    describe(&c, &f, options->has_summary_token);
    tsne.perplexity = options->perplexity;
    fit = at_tsne(c.tsne, f.distance, c.pca, n, &tsne, pool);
    c.perplexity = fit.perplexity;
    c.kl = fit.kl;
    free(f.x);
    free(own_distance);
    *out = c;
    return 0;
}

void at_clusters_release(struct at_clusters *c)
{
    free(c->tsne);
    free(c->pca);
    free(c->z);
    free(c->label);
    free(c->point);
    free(c->size);
    free(c->centroid);
    free(c->name);
    *c = (struct at_clusters){ 0 };
}

/* The two highest scores of a centroid. */
static void top_two(const double *z, size_t *first_out, size_t *second_out)
{
    size_t first = 0, second = 1;

    for (size_t s = 1; s < AT_N_HEAD_SCORES; s++)
        if (z[s] > z[first])
            first = s;
    second = first == 0 ? 1 : 0;
    for (size_t s = 0; s < AT_N_HEAD_SCORES; s++)
        if (s != first && z[s] > z[second])
            second = s;
    *first_out = first;
    *second_out = second;
}

static bool is_taken(const struct at_cluster_name *names, size_t n, const char *text)
{
    for (size_t c = 0; c < n; c++)
        if (strcmp(names[c].text, text) == 0)
            return true;
    return false;
}

static const char *trait(size_t score, bool has_summary_token)
{
    const struct at_head_score_info *info = &at_head_score_table[score];

    return has_summary_token ? info->specialist : info->specialist_no_cls;
}

void at_cluster_names(struct at_cluster_name *out, const double *centroid, size_t k,
                      bool has_summary_token)
{
    enum { SIZE = sizeof out->text };
    const double cut = 0.3, near = 0.6;

    for (size_t c = 0; c < k; c++) {
        const double *z = centroid + c * AT_N_HEAD_SCORES;
        char *text = out[c].text;
        size_t first, second, n;
        top_two(z, &first, &second);
        const char *a = trait(first, has_summary_token), *b = trait(second, has_summary_token);
        bool is_diffuse = z[first] < cut;

        if (is_diffuse)
            snprintf(text, SIZE, "Diffuse/Noise");
        else
            snprintf(text, SIZE, "%s Specialists", a);
        if (is_taken(out, c, text)) {
            if (is_diffuse)
                snprintf(text, SIZE, "Diffuse (%s)", a);
            else if (z[second] > 0.0 && z[second] > near * z[first])
                snprintf(text, SIZE, "%s & %s", a, b);
            else
                snprintf(text, SIZE, "%s (%s)", a, b);
        }
        n = strlen(text);
        if (is_taken(out, c, text))
            snprintf(text + n, SIZE - n, " %zu", c);
    }
}

struct distance_job {
    double *sum;
    const float *const *maps;
    size_t n, T;
    const double *plogp; /* (n) sum of p ln p of each map */
};

/* JS = sum of p ln p / 2 + sum of q ln q / 2 - sum of m ln m, m their mean, over all rows. */
static void distance_task(void *arg, size_t i, size_t slot)
{
    const struct distance_job *job = arg;

    (void)slot;
    for (size_t j = 0; j < i; j++) {
        double mean = at_sum_mean_plogp(job->maps[i], job->maps[j], job->T * job->T);
        double js = (0.5 * (job->plogp[i] + job->plogp[j]) - mean) / (double)job->T;
        js = AT_MAX(js, 0.0); /* equal maps may differ from 0 by the logarithm's 1e-12 */
        job->sum[i * job->n + j] += js;
        job->sum[j * job->n + i] += js;
    }
}

void at_head_distances_add(double *sum, const float *const *maps, size_t n, size_t T,
                           struct at_pool *pool)
{
    double *plogp = at_malloc(n + 1, sizeof *plogp);
    struct distance_job job = { sum, maps, n, T, plogp };

    for (size_t i = 0; i < n; i++)
        plogp[i] = at_sum_plogp(maps[i], T * T);
    at_pool_run(pool, n, distance_task, &job);
    free(plogp);
}

void at_head_distances_finish(double *distance, const double *sum, size_t n, size_t n_texts)
{
    for (size_t i = 0; i < n * n; i++)
        distance[i] = sqrt(sum[i] / (double)AT_MAX(n_texts, (size_t)1));
}
