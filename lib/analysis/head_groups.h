/*
 * head_groups.h - what `atlas cluster` finds: the heads of a model, scored over texts, on a map, in
 * groups with names (analysis/head_clusters.h).
 *
 *   at_head_groups_add_text() for each text -> at_head_groups_finish() -> a result
 */
#ifndef ANALYSIS_HEAD_GROUPS_H
#define ANALYSIS_HEAD_GROUPS_H

#include "analysis/chance.h"
#include "analysis/corpus.h"
#include "analysis/head_clusters.h"
#include "analysis/head_features.h"

/* One head: clusters.csv, and heads[] of clusters.json. */
struct at_grouped_head {
    size_t layer, head;
    double x, y, pca_x, pca_y; /* on the t-SNE and on the principal components' map */
    int cluster;
    const char *name; /* of its group */
    double silhouette;
    struct at_head_score_values z;
    double trait; /* its greatest z as a share of 3, within 0..1 */
};
extern const struct at_record at_grouped_head_record;

struct at_head_group {
    size_t cluster;
    const char *name;
    size_t size;
    struct at_head_score_values centroid; /* mean z */
};

/* The silhouette of one number of groups that was tried. */
struct at_tried_k {
    const char *k;
    double silhouette;
};

struct at_groups_tsne {
    double perplexity, kl;
};

struct at_head_groups {
    size_t L, H, n_texts;
    size_t k;
    double silhouette, inertia;
    /* What heads without groups reach, see at_cluster_heads(). */
    double null_silhouette, null_high, p;
    bool has_groups;
    struct at_groups_tsne tsne;
    double *pca_ratio; /* (n_pca) */
    size_t n_pca;
    struct at_tried_k *tried; /* (n_tried) */
    size_t n_tried;
    struct at_head_group *groups; /* (n_groups) */
    size_t n_groups;
    struct at_grouped_head *heads; /* (n_heads) */
    size_t n_heads;
};
extern const struct at_record at_head_groups_record; /* clusters.json without its meta */

/* Texts so far. Zeroed is empty. */
struct at_head_grouping {
    const char *keys[AT_N_HEAD_SCORES];
    struct at_corpus scores;       /* raw scores over the texts */
    struct at_chance_table chance; /* ratios of scores and patterns to even attention */
    double *distance;              /* (L*H,L*H) a sum, when heads are compared by their maps */
    size_t n_texts;
    struct at_clusters clusters;
    struct at_arena arena;
};

/* at_head_groups_add_text - f of a text that is through; maps (L,H,n,n) or NULL: compare heads by
   their maps instead of their scores, for every text alike. */
void at_head_groups_add_text(struct at_head_grouping *g, const struct at_head_features *f,
                             const float *maps, struct at_pool *pool);

/*
 * at_head_groups_finish - group the means of all texts. *out points into g.
 *
 * Errors    those of at_cluster_heads().      Memory  at_head_grouping_release().
 */
AT_MUST_USE int at_head_groups_finish(struct at_head_groups *out, struct at_head_grouping *g,
                                      const struct at_cluster_options *options,
                                      struct at_pool *pool, struct at_error *err);
void at_head_grouping_release(struct at_head_grouping *g);

#endif
