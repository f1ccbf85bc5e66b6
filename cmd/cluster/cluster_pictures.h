/*
 * cluster_pictures.h - the groups of heads as a map.
 */
#ifndef CLUSTER_CLUSTER_PICTURES_H
#define CLUSTER_CLUSTER_PICTURES_H

#include "analysis/head_groups.h"
#include "cmd/sink.h"

enum cluster_map { MAP_TSNE, MAP_PCA };

/* cluster_picture - clusters.*: of a model; by_maps: heads were compared by their maps. */
AT_MUST_USE int cluster_picture(struct sink *sink, const char *model_name,
                                const struct at_head_groups *r, enum cluster_map map, bool by_maps,
                                struct at_error *err);

#endif
