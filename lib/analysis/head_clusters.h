/*
 * head_clusters.h - groups of heads that do alike, a map of them, and names.
 *
 * Features are the raw specialisation scores of all heads, standardised over the model; or the
 * Jensen-Shannon distances between the heads' maps, then brought back to coordinates.
 */
#ifndef ANALYSIS_HEAD_CLUSTERS_H
#define ANALYSIS_HEAD_CLUSTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/head_scores.h"
#include "base/error.h"
#include "base/pool.h"

enum { AT_MAX_CLUSTERS = 64, AT_LEAST_K = 2, AT_MOST_K = 8 };

struct at_cluster_options {
    size_t k;          /* 0: the k of 2..8 with the best silhouette */
    double perplexity; /* 0: min(30, (n - 1) / 3) */
    size_t n_restarts;
    uint64_t seed;
    bool has_summary_token; /* for names: CLS or first token */
    size_t n_null;          /* draws of heads without groups; 0: no test */
    /* (n, AT_N_HEAD_SCORES) heads with more of a score than chance gives, for names; or NULL */
    const bool *is_beyond;
};
#define AT_CLUSTER_OPTIONS_INIT                                                                    \
    {                                                                                              \
        0, 0.0, 10, 42, true, 200, NULL                                                            \
    }

struct at_cluster_name {
    char text[64];
};

struct at_clusters {
    size_t n, k;
    double silhouette;          /* mean; NaN when k = 1 */
    double by_k[AT_MOST_K + 1]; /* by_k[2..8]: mean silhouette, NaN where not tried */
    /* Heads that scatter as these do but have no groups: their mean silhouette, what 95 % of them
       stay below, and how often they reach that of these heads. NaN without a test. */
    double null_silhouette, null_high, p;
    bool has_groups;              /* p at most .05 */
    double inertia;               /* of the features that were grouped */
    double perplexity, kl;        /* of the t-SNE map */
    double pca_ratio[2];          /* explained by the two components */
    double *tsne, *pca;           /* (n,2) */
    double *z;                    /* (n, AT_N_HEAD_SCORES) standardised scores */
    int *label;                   /* (n) */
    double *point;                /* (n) silhouette of each head */
    size_t *size;                 /* (k) */
    double *centroid;             /* (k, AT_N_HEAD_SCORES) mean z */
    struct at_cluster_name *name; /* (k) */
};

/*
 * at_cluster_heads - standardise, map, group, name, and ask whether there are groups at all.
 *
 * K-means finds groups in anything. The null keeps the scatter of the heads along each principal
 * component and takes away what the components have to do with one another: their scores are
 * permuted one by one, and the draw is grouped as the heads were, the choice of k included.
 * Permuting the features themselves would not do: scores are shares, and correlate in noise too.
 *
 * Source    Attention Atlas, head_specialization.py: raw scores, standardised over the model.
 * Shapes    scores (n, AT_N_HEAD_SCORES), means over texts where there are several; distance (n,n)
 *           between heads (at_head_distances()), or NULL to group by scores.
 * Edge      a score that is NaN or constant counts as average (z = 0). When all heads are alike
 *           there is one cluster. A k given is cut to the number of different heads.
 * Errors    AT_ERANGE: no head, k outside 1..min(n, 64), a head whose scores are all NaN: it
 *           would be given the place and name of an average one.
 * Memory    at_clusters_release(). Same seed, same result, whatever the number of threads.
 */
AT_MUST_USE int at_cluster_heads(struct at_clusters *out, const double *scores,
                                 const double *distance, size_t n,
                                 const struct at_cluster_options *options, struct at_pool *pool,
                                 struct at_error *err);
void at_clusters_release(struct at_clusters *c);

/*
 * at_cluster_names - names from the mean z of each cluster: "Above average on syntax" when the
 * highest reaches 0.3, else "Near average"; names that would repeat get their second trait, then a
 * number. A cluster of which at least half the heads have more of its first score than chance gives
 * is "Syntax Specialists" instead.
 *
 * Shapes    out (k); centroid (k, AT_N_HEAD_SCORES); is_special (k, AT_N_HEAD_SCORES) or NULL.
 */
void at_cluster_names(struct at_cluster_name *out, const double *centroid, const bool *is_special,
                      size_t k, bool has_summary_token);

/*
 * at_head_distances_add - add the Jensen-Shannon divergence between every two heads, for one text.
 *
 * Source    Clark et al. 2019, section 6: mean over the tokens of JS(row of one, row of other).
 * Shapes    sum (n,n), cleared by the caller before the first text; maps (n) pointers to (T,T).
 * Units     nats. at_head_distances_finish(): distance = sqrt(sum / number of texts).
 */
void at_head_distances_add(double *sum, const float *const *maps, size_t n, size_t T,
                           struct at_pool *pool);
void at_head_distances_finish(double *distance, const double *sum, size_t n, size_t n_texts);

#endif
