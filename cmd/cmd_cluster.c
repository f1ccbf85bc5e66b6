/*
 * cmd_cluster.c - `atlas cluster`: heads that do alike, on a map, grouped and named.
 *
 * Every text scores the heads as `atlas heads` does; the means over the texts are grouped. With
 * --features js heads are compared by their maps instead of their scores.
 */
#include "cmd/legacy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/cluster_call.h"

static void cluster_text_release(void *state)
{
    struct cluster_text *s = state;

    head_features_release(&s->features);
    free(s->maps);
    free(s);
}

static void *cluster_text_begin(struct job *job, void *arg, const struct doc *doc,
                                struct at_error *err)
{
    struct cluster_text *s = at_calloc(1, sizeof *s);
    size_t heads = job->shape.n_layers * job->shape.n_heads;
    int rc;

    *s = (struct cluster_text){ .job = job, .call = arg, .doc = doc };
    rc = head_features_init(&s->features, job, &s->call->tagger, doc, err);
    if (!rc && s->call->features == FEATURES_JS) {
        void *maps;
        rc = at_try_alloc(&maps, heads * doc->n * doc->n, sizeof(float), "the maps of all heads",
                          err);
        s->maps = rc ? NULL : maps;
    }
    if (rc) {
        cluster_text_release(s);
        return NULL;
    }
    return s;
}

static int cluster_text_layer(void *state, const struct doc_layer *l, struct at_error *err)
{
    struct cluster_text *s = state;
    size_t cells = l->n * l->n;

    (void)err;
    head_features_layer(&s->features, s->job, l);
    if (s->maps)
        memcpy(s->maps + l->layer * l->H * cells,
               s->features.in_mode ? s->features.in_mode : l->maps, l->H * cells * sizeof *s->maps);
    return 0;
}

/* Distances between the heads on this text join the sum over texts. */
static void add_distances(struct cluster_text *s)
{
    struct cluster_call *call = s->call;
    size_t n = s->features.L * s->features.H, cells = s->doc->n * s->doc->n;
    const float **maps = at_malloc(n, sizeof *maps);

    if (!call->distance)
        call->distance = at_calloc(n * n, sizeof *call->distance);
    for (size_t k = 0; k < n; k++)
        maps[k] = s->maps + k * cells;
    at_head_distances_add(call->distance, maps, n, s->doc->n, s->job->pool);
    free(maps);
}

static int cluster_text_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct cluster_text *s = state;
    const struct head_features *f = &s->features;
    struct corpus_table *t = &s->call->corpus;

    (void)final_hidden;
    (void)err;
    if (!t->cells)
        corpus_init(t, f->L, f->H, s->call->keys, AT_N_HEAD_SCORES);
    for (size_t k = 0; k < f->L * f->H; k++)
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            at_moments_add(corpus_cell(t, (long)(k / f->H), (long)(k % f->H), i),
                           f->score[k * AT_N_HEAD_SCORES + i]);
    if (s->maps)
        add_distances(s);
    s->call->n_texts++;
    return 0;
}

static const struct text_handler handler = {
    .what = "scoring heads",
    .begin = cluster_text_begin,
    .layer = cluster_text_layer,
    .finish = cluster_text_finish,
    .release = cluster_text_release,
};

/* Group the means of all texts and tell. */
static int group(struct cluster_call *call, struct job *job, struct at_error *err)
{
    struct at_cluster_options options = AT_CLUSTER_OPTIONS_INIT;
    struct corpus_table *t = &call->corpus;
    size_t n = t->L * t->H;
    double *scores = at_malloc(n * AT_N_HEAD_SCORES, sizeof *scores);
    int rc;

    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            scores[k * AT_N_HEAD_SCORES + i] =
                at_moments_mean(corpus_cell(t, (long)(k / t->H), (long)(k % t->H), i));
    options.k = (size_t)call->k;
    options.perplexity = call->perplexity;
    options.seed = (uint64_t)job->seed;
    options.has_summary_token = job->shape.has_summary_token && !job->by_words;
    if (call->distance)
        at_head_distances_finish(call->distance, call->distance, n, call->n_texts);
    rc = at_cluster_heads(&call->clusters, scores, call->distance, n, &options, job->pool, err);
    if (!rc && call->k && call->clusters.k != (size_t)call->k)
        report_warning("--k %ld: only %zu different head%s", call->k, call->clusters.k,
                       at_plural(call->clusters.k));
    if (!rc)
        rc = cluster_report(call, job, err);
    free(scores);
    return rc;
}

static int cluster_texts(struct cluster_call *call, struct job *job)
{
    struct at_error err;
    int rc = tagger_open(&call->tagger, &err), status;

    if (!rc && job->manifest)
        rc = tagger_note(&call->tagger, job->manifest, &err);
    if (rc)
        return report_fault(&err);
    status = job_each_text(job, &handler, call);
    if (status != EXIT_DONE && status != EXIT_SKIPPED)
        return status;
    return group(call, job, &err) ? report_fault(&err) : status;
}

int cmd_cluster(int argc, char **argv)
{
    static const char *const feature_words[] = { "scores", "js", NULL };
    static const char *const map_words[] = { "tsne", "pca", NULL };
    struct cluster_call call = { 0 };
    struct job job;
    int status;

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        call.keys[i] = at_head_score_table[i].key;
    job_init(&job, "cluster", argc, argv);
    tagger_init(&call.tagger);
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(job.input_options),
        OPT_GROUP("Clustering"),
        OPT_INT('k', "k", &call.k, "N", 0, AT_MAX_CLUSTERS, "number of clusters; 0 takes the best silhouette of 2 to 8"),
        OPT_ENUM(0, "features", &call.features, feature_words, "compare heads by their scores, or by the Jensen-Shannon distance of their maps"),
        OPT_ENUM(0, "map", &call.map, map_words, "places of the heads in the picture"),
        OPT_REAL(0, "perplexity", &call.perplexity, "X", 0, 1000, "of t-SNE; 0 is 30, or less for few heads"),
        OPT_INCLUDE(call.tagger.options),
        OPT_INCLUDE(job.select_options),
        OPT_INCLUDE(job.output_options),
        OPT_INCLUDE(job.common_options),
        OPT_END,
    };
    /* clang-format on */
    switch (opt_parse(&argc, argv, table, "atlas cluster [options] [text ...]",
                      "Group the heads of a model by what they look at: scores are standardised, "
                      "mapped by t-SNE and PCA, grouped by k-means, and the groups named after "
                      "what sets them apart. Several texts are averaged first.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = head_modes_only(&job);
    if (!status && call.perplexity > 0.0 && call.perplexity < 1.0)
        status = report_usage("--perplexity %g: want 1 or more, or 0 for 30", call.perplexity);
    if (!status && (job.layer_text || job.head_text))
        status = report_usage("groups are made of all heads; --layer and --head choose none here");
    if (!status)
        status = tagger_check(&call.tagger, &job, argc);
    if (!status)
        status = job_start(&job, table, argc, argv);
    if (!status)
        status = cluster_texts(&call, &job);
    at_clusters_release(&call.clusters);
    corpus_release(&call.corpus);
    free(call.distance);
    tagger_close(&call.tagger);
    return job_finish(&job, status);
}
