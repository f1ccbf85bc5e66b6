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
#include "stats/permutation.h"
#include "stats/quantiles.h"
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

/* --- no groups --- */

/*
 * Draws of heads without groups, each grouped by one task; task 0 groups the heads themselves in
 * the same way. One start of k-means is enough: the test holds whatever the grouping is, as long as
 * it is the same for all, and ten would take ten times as long.
 */
struct null_job {
    const struct features *f;
    struct at_cluster_options options;
    size_t n_components;
    const double *component; /* (n, n_components) */
    double *best;            /* (1 + n_null) silhouettes */
};

/* Each column of the scores in an order of its own. */
static void permute_components(double *x, const struct null_job *job, size_t draw, size_t *order)
{
    size_t n = job->f->n, d = job->n_components;

    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t k = 0; k < d; k++) {
        if (draw > 0)
            at_draw_permutation(order, n, job->options.seed, draw * d + k);
        for (size_t i = 0; i < n; i++)
            x[i * d + k] = job->component[order[i] * d + k];
    }
}

static void null_task(void *arg, size_t draw, size_t slot)
{
    const struct null_job *job = arg;
    size_t n = job->f->n, *order = at_malloc(n, sizeof *order);
    struct features f = { .n = n, .d = job->n_components };
    double *distance = at_malloc(n * n, sizeof *distance);
    struct at_clusters c = { .n = n, .label = at_malloc(n, sizeof *c.label) };

    (void)slot;
    f.x = at_malloc(n * f.d, sizeof *f.x);
    permute_components(f.x, job, draw, order);
    at_pairwise(distance, f.x, n, f.d);
    f.distance = distance;
    f.n_different = count_different(f.x, n, f.d);
    group(&c, &f, &job->options, NULL);
    job->best[draw] = c.silhouette;
    free(c.label);
    free(distance);
    free(f.x);
    free(order);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* How often do heads without groups reach the silhouette of these? */
static void test_groups(struct at_clusters *c, const struct features *f,
                        const struct at_cluster_options *o, struct at_pool *pool)
{
    size_t hits = 0, n = 0, d = AT_MIN(f->d, f->n);
    double *component, *best;
    struct null_job job = { f, *o, d, NULL, NULL };

    c->null_silhouette = c->null_high = c->p = NAN;
    if (o->n_null == 0 || c->k < 2 || isnan(c->silhouette))
        return;
    job.component = component = at_malloc(f->n * d, sizeof *component);
    job.best = best = at_malloc(1 + o->n_null, sizeof *best);
    job.options.n_restarts = 1;
    at_pca(component, NULL, NULL, f->x, f->n, f->d, d);
    at_pool_run(pool, 1 + o->n_null, null_task, &job);
    for (size_t i = 1; i <= o->n_null; i++)
        hits += best[i] >= best[0] - 1e-9;
    for (size_t i = 1; i <= o->n_null; i++)
        if (!isnan(best[i]))
            best[n++] = best[i];
    if (n) {
        qsort(best, n, sizeof *best, by_value);
        c->null_silhouette = at_mean(best, n);
        c->null_high = at_quantile_sorted(best, n, 0.95);
        c->p = at_perm_p(hits, o->n_null, false).p;
        c->has_groups = c->p <= 0.05;
    }
    free(component);
    free(best);
}

/* Scores of which at least half the heads of a cluster have more than chance gives; (k,
   AT_N_HEAD_SCORES), the caller's. NULL when nothing is known of chance. */
static bool *find_special(const struct at_clusters *c, const bool *is_beyond)
{
    bool *special;
    size_t *count;

    if (!is_beyond)
        return NULL;
    special = at_calloc(c->k * AT_N_HEAD_SCORES, sizeof *special);
    count = at_calloc(c->k * AT_N_HEAD_SCORES, sizeof *count);
    for (size_t i = 0; i < c->n * AT_N_HEAD_SCORES; i++)
        count[(size_t)c->label[i / AT_N_HEAD_SCORES] * AT_N_HEAD_SCORES + i % AT_N_HEAD_SCORES] +=
            is_beyond[i];
    for (size_t s = 0; s < c->k * AT_N_HEAD_SCORES; s++)
        special[s] = count[s] > 0 && 2 * count[s] >= c->size[s / AT_N_HEAD_SCORES];
    free(count);
    return special;
}

/* --- what is told of groups --- */

/* Sizes, mean z, silhouettes and names of the groups. */
static void describe(struct at_clusters *c, const struct features *f,
                     const struct at_cluster_options *o)
{
    bool *special;

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
    special = find_special(c, o->is_beyond);
    at_cluster_names(c->name, c->centroid, special, c->k, o->has_summary_token);
    free(special);
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
    test_groups(&c, &f, options, pool);
    describe(&c, &f, options);
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

static const char *trait(size_t score, bool is_special, bool has_summary_token)
{
    const struct at_head_score_info *info = &at_head_score_table[score];

    if (is_special)
        return has_summary_token ? info->specialist : info->specialist_no_cls;
    return has_summary_token ? info->phrase : info->phrase_no_cls;
}

void at_cluster_names(struct at_cluster_name *out, const double *centroid, const bool *is_special,
                      size_t k, bool has_summary_token)
{
    enum { SIZE = sizeof out->text };
    const double cut = 0.3, near = 0.6;

    for (size_t c = 0; c < k; c++) {
        const double *z = centroid + c * AT_N_HEAD_SCORES;
        char *text = out[c].text;
        size_t first, second, n;
        top_two(z, &first, &second);
        bool special = is_special && is_special[c * AT_N_HEAD_SCORES + first];
        bool is_near = z[first]<cut, has_second = z[second]> 0.0 && z[second] > near * z[first];
        const char *a = trait(first, special, has_summary_token);
        const char *b = trait(second, special, has_summary_token);

        if (is_near)
            snprintf(text, SIZE, "Near average");
        else
            snprintf(text, SIZE, special ? "%s Specialists" : "Above average on %s", a);
        if (is_taken(out, c, text)) {
            if (is_near)
                snprintf(text, SIZE, "Near average (%s)", a);
            else if (special)
                snprintf(text, SIZE, has_second ? "%s & %s" : "%s (%s)", a, b);
            else
                snprintf(text, SIZE,
                         has_second ? "Above average on %s and %s" : "Above average on %s (%s)", a,
                         b);
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
