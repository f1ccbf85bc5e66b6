/*
 * cluster_report.c - what `atlas cluster` tells.
 */
#include "cmd/cluster_call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "draw/draw_scatter.h"

#define CLUSTER_COLUMNS "layer,head,x,y,cluster,name,silhouette,pca_x,pca_y"

static struct at_json *head_json(const struct cluster_call *call, size_t i)
{
    const struct at_clusters *c = &call->clusters;
    struct at_json *o = at_json_object(), *z = at_json_object();
    size_t H = call->corpus.H;

    at_json_set_int(o, "layer", (long long)(i / H));
    at_json_set_int(o, "head", (long long)(i % H));
    at_json_set_real(o, "x", c->tsne[2 * i]);
    at_json_set_real(o, "y", c->tsne[2 * i + 1]);
    at_json_set_real(o, "pca_x", c->pca[2 * i]);
    at_json_set_real(o, "pca_y", c->pca[2 * i + 1]);
    at_json_set_int(o, "cluster", c->label[i]);
    at_json_set_string(o, "name", c->name[c->label[i]].text);
    at_json_set_real(o, "silhouette", c->point[i]);
    for (size_t s = 0; s < AT_N_HEAD_SCORES; s++)
        at_json_set_real(z, call->keys[s], c->z[i * AT_N_HEAD_SCORES + s]);
    at_json_set(o, "z", z);
    return o;
}

static struct at_json *groups_json(const struct cluster_call *call)
{
    const struct at_clusters *c = &call->clusters;
    struct at_json *list = at_json_array();

    for (size_t k = 0; k < c->k; k++) {
        struct at_json *o = at_json_object(), *centroid = at_json_object();
        for (size_t s = 0; s < AT_N_HEAD_SCORES; s++)
            at_json_set_real(centroid, call->keys[s], c->centroid[k * AT_N_HEAD_SCORES + s]);
        at_json_set_int(o, "cluster", (long long)k);
        at_json_set_string(o, "name", c->name[k].text);
        at_json_set_int(o, "size", (long long)c->size[k]);
        at_json_set(o, "centroid", centroid);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *cluster_document(const struct cluster_call *call, const struct job *job)
{
    const struct at_clusters *c = &call->clusters;
    struct at_json *doc = at_json_object(), *meta = job_meta(job, NULL);
    struct at_json *tsne = at_json_object(), *by_k = at_json_object(), *heads = at_json_array();

    at_json_set_int(meta, "n_texts", (long long)call->n_texts);
    at_json_set_string(meta, "features", call->features == FEATURES_JS ? "js" : "scores");
    at_json_set_int(meta, "seed", job->seed);
    at_json_set_string(meta, call->tagger.file ? "tags" : "tagger", tagger_name(&call->tagger));
    at_json_set(doc, "meta", meta);
    at_json_set_int(doc, "k", (long long)c->k);
    at_json_set_real(doc, "silhouette", c->silhouette);
    for (size_t k = AT_LEAST_K; k <= AT_MOST_K; k++) {
        char key[8];
        snprintf(key, sizeof key, "%zu", k);
        if (!isnan(c->by_k[k]))
            at_json_set_real(by_k, key, c->by_k[k]);
    }
    at_json_set(doc, "silhouette_by_k", by_k);
    at_json_set_real(doc, "inertia", c->inertia);
    at_json_set_real(tsne, "perplexity", c->perplexity);
    at_json_set_real(tsne, "kl", c->kl);
    at_json_set(doc, "tsne", tsne);
    at_json_set(doc, "pca_ratio", at_json_reals(c->pca_ratio, 2));
    at_json_set(doc, "clusters", groups_json(call));
    for (size_t i = 0; i < c->n; i++)
        at_json_append(heads, head_json(call, i));
    at_json_set(doc, "heads", heads);
    return doc;
}

static int write_csv(const struct cluster_call *call, struct job *job, struct at_error *err)
{
    const struct at_clusters *c = &call->clusters;
    struct at_csv csv;
    int rc = manifest_csv_open(&csv, job->manifest, "clusters.csv", CLUSTER_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < c->n; i++) {
        at_csv_int(&csv, (long long)(i / call->corpus.H));
        at_csv_int(&csv, (long long)(i % call->corpus.H));
        at_csv_real(&csv, c->tsne[2 * i]);
        at_csv_real(&csv, c->tsne[2 * i + 1]);
        at_csv_int(&csv, c->label[i]);
        at_csv_text(&csv, c->name[c->label[i]].text);
        at_csv_real(&csv, c->point[i]);
        at_csv_real(&csv, c->pca[2 * i]);
        at_csv_real(&csv, c->pca[2 * i + 1]);
        at_csv_end(&csv);
    }
    return manifest_csv_commit(&csv, job->manifest, "clusters.csv", CLUSTER_COLUMNS, err);
}

/* The largest z of a head decides how large its point is: heads with a clear trait stand out. */
static double trait(const struct at_clusters *c, size_t i)
{
    double max = 0.0;

    for (size_t s = 0; s < AT_N_HEAD_SCORES; s++)
        max = fmax(max, c->z[i * AT_N_HEAD_SCORES + s]);
    return fmin(max / 3.0, 1.0);
}

static int draw_map(struct cluster_call *call, struct job *job, struct at_error *err)
{
    const struct at_clusters *c = &call->clusters;
    bool is_pca = call->map == MAP_PCA;
    const double *xy = is_pca ? c->pca : c->tsne;
    struct at_arena arena = { 0 };
    struct at_scatter_point *points = at_arena_calloc(&arena, c->n, sizeof *points);
    const char **names = at_arena_alloc(&arena, c->k, sizeof *names);
    struct at_scatter s = { .points = points,
                            .n = c->n,
                            .category_names = names,
                            .n_categories = c->k,
                            .has_ticks = is_pca,
                            .has_silhouettes = c->k > 1,
                            .x_reference = NAN,
                            .y_reference = NAN,
                            .width_mm = job->width_mm };
    int rc;

    for (size_t k = 0; k < c->k; k++)
        names[k] = at_arena_printf(&arena, "%s (%zu)", c->name[k].text, c->size[k]);
    for (size_t i = 0; i < c->n; i++)
        points[i] = (struct at_scatter_point){
            .x = xy[2 * i],
            .y = xy[2 * i + 1],
            .weight = trait(c, i),
            .category = (size_t)c->label[i],
            .name = at_arena_printf(&arena, "%zu-%zu", i / call->corpus.H, i % call->corpus.H),
            .silhouette = c->point[i],
        };
    s.title = at_arena_printf(&arena, "Groups of heads, %s", job->shown_model);
    s.subtitle = at_arena_printf(
        &arena, "%zu text%s, %s, k = %zu, mean silhouette %s", call->n_texts,
        at_plural(call->n_texts),
        call->features == FEATURES_JS ? "Jensen-Shannon distance of maps"
                                      : "seven specialisation scores",
        c->k, isnan(c->silhouette) ? "n/a" : at_arena_printf(&arena, "%.2f", c->silhouette));
    if (is_pca) {
        s.x_name = component_name(&arena, 1, c->pca_ratio[0], 0);
        s.y_name = component_name(&arena, 2, c->pca_ratio[1], 0);
    } else {
        s.x_name = "t-SNE 1";
        s.y_name = "t-SNE 2";
    }
    s.note = is_pca ? "size: the head's greatest z-score"
                    : "t-SNE keeps neighbours together; distances between groups mean nothing; "
                      "size: the head's greatest z-score";
    rc = job_picture(job, NULL, "clusters", at_draw_scatter(&s), err);
    at_arena_release(&arena);
    return rc;
}

static void print_summary(const struct cluster_call *call, const struct job *job)
{
    const struct at_clusters *c = &call->clusters;

    printf("%s, %zu head%s, %zu text%s: %zu group%s, mean silhouette ", job->shown_model, c->n,
           at_plural(c->n), call->n_texts, at_plural(call->n_texts), c->k, at_plural(c->k));
    if (isnan(c->silhouette))
        printf("n/a\n");
    else
        printf("%.3f\n", c->silhouette);
    for (size_t k = 0; k < c->k; k++) {
        printf("\n%s, %zu head%s\n ", c->name[k].text, c->size[k], at_plural(c->size[k]));
        for (size_t i = 0; i < c->n; i++)
            if ((size_t)c->label[i] == k)
                printf(" %zu-%zu", i / call->corpus.H, i % call->corpus.H);
        printf("\n");
    }
}

int cluster_report(struct cluster_call *call, struct job *job, struct at_error *err)
{
    int rc = 0;

    if (job->manifest && (job->formats & FORMAT_CSV)) {
        rc = write_csv(call, job, err);
        if (!rc)
            rc = corpus_write(&call->corpus, job->manifest, "corpus.csv", err);
    }
    if (!rc && job_draws(job))
        rc = draw_map(call, job, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, NULL, "clusters.json", cluster_document(call, job), err);
    if (!rc && !job->is_json && !job->manifest)
        print_summary(call, job);
    return rc;
}
