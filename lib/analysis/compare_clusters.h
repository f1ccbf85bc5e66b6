/*
 * compare_clusters.h - the groups of heads of two models, and which belong together.
 */
#ifndef ANALYSIS_COMPARE_CLUSTERS_H
#define ANALYSIS_COMPARE_CLUSTERS_H

#include "analysis/compare_heads.h"

/*
 * at_compare_clusters - group the heads of each side by their mean scores (analysis/
 * head_clusters.h), and tell in r whether the two groupings agree: the adjusted Rand index, and the
 * groups that share most heads, each with at most one partner.
 *
 * Edge      models of different shape, and sums without roles, have none: r stays as it is.
 * Errors    those of at_cluster_heads().      Memory  the arena's.
 */
AT_MUST_USE int at_compare_clusters(struct at_compare_result *r, const struct at_compare *c,
                                    uint64_t seed, struct at_pool *pool, struct at_arena *arena,
                                    struct at_error *err);

#endif
