/*
 * cluster.c - `atlas cluster`: heads that do alike, on a map, grouped and named.
 *
 * Every text scores the heads as `atlas heads` does; the means over the texts are grouped. With
 * --features js heads are compared by their maps instead of their scores.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/cluster/cluster_pictures.h"
#include "cmd/cmd.h"
#include "cmd/tag_source.h"

enum features { FEATURES_SCORES, FEATURES_JS };

struct cluster {
    struct tag_source tags;
    long k;
    int features, map;
    double perplexity;
    const struct context *x;
    struct at_head_grouping grouping;
    /* Of the first text; all are of one model. */
    char *model_name;
    struct at_map_kind kind;
    struct at_json *meta;
};

/* --- one text --- */

struct state {
    struct cluster *c;
    const struct at_doc *doc;
    struct at_head_features features;
    float *maps; /* (L,H,n,n) with --features js, else NULL */
};

static void release_text(void *state)
{
    struct state *s = state;

    at_head_features_release(&s->features);
    free(s->maps);
    free(s);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct cluster *c = arg;
    struct state *s = at_calloc(1, sizeof *s);
    size_t heads = doc->shape->n_layers * doc->shape->n_heads;
    void *maps = NULL;
    int rc;

    *s = (struct state){ .c = c, .doc = doc };
    rc = tag_source_check_doc(&c->tags, doc, err);
    if (!rc)
        rc = at_head_features_init(&s->features, doc, &c->tags.tagger,
                                   (enum at_matrix_mode)c->x->call->matrix, err);
    if (!rc && c->features == FEATURES_JS)
        rc = at_try_alloc(&maps, heads * doc->n * doc->n, sizeof(float), "the maps of all heads",
                          err);
    if (rc) {
        release_text(s);
        return NULL;
    }
    s->maps = maps;
    tag_source_warn(doc, &s->features.tagged);
    return s;
}

static int add_layer(void *state, const struct at_doc_layer *l, struct at_error *err)
{
    struct state *s = state;
    size_t cells = l->n * l->n;

    (void)err;
    at_head_features_add(&s->features, l, s->c->x->pool);
    if (s->maps)
        memcpy(s->maps + l->layer * l->H * cells,
               s->features.in_mode ? s->features.in_mode : l->maps, l->H * cells * sizeof *s->maps);
    return 0;
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct cluster *c = s->c;

    (void)final_hidden;
    (void)err;
    if (!c->model_name) {
        c->model_name = at_strdup(s->doc->model_name);
        c->kind = at_doc_kind(s->doc);
        c->meta = call_meta(c->x->call, c->model_name, s->doc->shape);
    }
    at_head_groups_add_text(&c->grouping, &s->features, s->maps, c->x->pool);
    return 0;
}

static const struct at_visitor visitor = {
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- the groups --- */

static void print_summary(const char *model_name, const struct at_head_groups *r)
{
    printf("%s, %zu head%s, %zu text%s: %zu group%s, mean silhouette ", model_name, r->n_heads,
           at_plural(r->n_heads), r->n_texts, at_plural(r->n_texts), r->k, at_plural(r->k));
    if (isnan(r->silhouette))
        printf("n/a\n");
    else
        printf("%.3f\n", r->silhouette);
    if (!isnan(r->p))
        printf("  %s: heads without groups reach %.3f, and %.3f in one of twenty draws; p = %.3f\n",
               r->has_groups ? "more than chance" : "no groups", r->null_silhouette, r->null_high,
               r->p);
    for (size_t k = 0; k < r->n_groups; k++) {
        printf("\n%s, %zu head%s\n ", r->groups[k].name, r->groups[k].size,
               at_plural(r->groups[k].size));
        for (size_t i = 0; i < r->n_heads; i++)
            if ((size_t)r->heads[i].cluster == k)
                printf(" L%zuH%zu", r->heads[i].layer, r->heads[i].head);
        printf("\n");
    }
}

static struct at_json *take_meta(struct cluster *c)
{
    struct at_json *meta = c->meta;

    c->meta = NULL;
    at_json_set_int(meta, "n_texts", (long long)c->grouping.n_texts);
    at_json_set_string(meta, "features", c->features == FEATURES_JS ? "js" : "scores");
    at_json_set_int(meta, "seed", c->x->call->seed);
    tag_source_meta(&c->tags, meta);
    return meta;
}

static int tell(struct cluster *c, const struct at_head_groups *r, struct at_error *err)
{
    struct sink *sink = c->x->sink;
    int rc =
        sink_table(sink, NULL, "clusters.csv", &at_grouped_head_record, r->heads, r->n_heads, err);

    if (!rc)
        rc = sink_corpus(sink, &c->grouping.scores,
                         (struct at_corpus_source){ c->model_name, sink->run_id }, err);
    if (!rc && sink_draws(sink))
        rc = cluster_picture(sink, c->model_name, r, (enum cluster_map)c->map,
                             c->features == FEATURES_JS, err);
    if (!rc)
        rc = sink_result(sink, NULL, "clusters.json", &at_head_groups_record, r, take_meta(c), err);
    if (!rc && sink_prints(sink))
        print_summary(c->model_name, r);
    return rc;
}

static int group(struct cluster *c, struct at_error *err)
{
    struct at_cluster_options options = AT_CLUSTER_OPTIONS_INIT;
    struct at_head_groups r;
    int rc;

    options.k = (size_t)c->k;
    options.perplexity = c->perplexity;
    options.seed = (uint64_t)c->x->call->seed;
    options.has_summary_token = c->kind.has_summary_token;
    rc = at_head_groups_finish(&r, &c->grouping, &options, c->x->pool, err);
    if (!rc && c->k && r.k != (size_t)c->k)
        report_warning("--k %ld: only %zu different head%s", c->k, r.k, at_plural(r.k));
    return rc ? rc : tell(c, &r, err);
}

static int run(void *own, const struct context *x)
{
    struct cluster *c = own;
    struct at_error err;
    int status;

    c->x = x;
    if (tag_source_open(&c->tags, x, &err))
        return report_fault(&err);
    status = each_text(x, &visitor, c, "scoring heads");
    if (status != EXIT_DONE && status != EXIT_SKIPPED)
        return status;
    return group(c, &err) ? report_fault(&err) : status;
}

static void release(void *own)
{
    struct cluster *c = own;

    at_head_grouping_release(&c->grouping);
    tag_source_close(&c->tags);
    at_json_free(c->meta);
    free(c->model_name);
}

/* --- the call --- */

static int check(void *own, struct call *call)
{
    const struct cluster *c = own;
    int status = call_refuse_rollout(call);

    if (status)
        return status;
    if (c->perplexity > 0.0 && c->perplexity < 1.0)
        return report_usage("--perplexity %g: want 1 or more, or 0 for 30", c->perplexity);
    if (call->layer_text || call->head_text)
        return report_usage("groups are made of all heads; --layer and --head choose none here");
    return tag_source_check(&c->tags, call);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    static const char *const feature_words[] = { "scores", "js", NULL };
    static const char *const map_words[] = { "tsne", "pca", NULL };
    struct cluster *c = own;

    tag_source_init(&c->tags);
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_GROUP("Clustering"),
        OPT_INT('k', "k", &c->k, "N", 0, AT_MAX_CLUSTERS, "number of clusters; 0 takes the best silhouette of 2 to 8"),
        OPT_ENUM(0, "features", &c->features, feature_words, "compare heads by their scores, or by the Jensen-Shannon distance of their maps"),
        OPT_ENUM(0, "map", &c->map, map_words, "places of the heads in the picture"),
        OPT_REAL(0, "perplexity", &c->perplexity, "X", 0, 1000, "of t-SNE; 0 is 30, or a third of the heads if that is less"),
        OPT_INCLUDE(c->tags.options),
        OPT_INCLUDE(call->select_options),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "clusters.json", "the groups and every head", &at_head_groups_record },
    { "clusters.csv", "a row for each head", &at_grouped_head_record },
    { "corpus.csv", "a row for each head and score over several texts", &at_corpus_head_record },
    { 0 },
};

const struct command cluster_command = {
    .name = "cluster",
    .brief = "groups of heads that do alike",
    .synopsis = "[options] [text ...]",
    .about = "Group the heads of a model by what they look at: scores are standardised, mapped by "
             "t-SNE and PCA, grouped by k-means, and the groups named after what sets them apart. "
             "Several texts are averaged first.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct cluster),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
};
