/*
 * map_pictures.h - the pictures that show attention maps: heatmap, flow, influence tree, the grid
 * of all heads.
 */
#ifndef RUN_MAP_PICTURES_H
#define RUN_MAP_PICTURES_H

#include "analysis/flow.h"
#include "analysis/run_result.h"
#include "cmd/caption.h"
#include "cmd/sink.h"

/* picture_heatmap - map (n,n) of the doc. */
AT_MUST_USE int picture_heatmap(struct sink *sink, const struct at_doc *doc, const float *map,
                                struct map_name name, struct at_error *err);
/* picture_flow - links above a threshold; focus (n_focus) rows drawn in front. */
AT_MUST_USE int picture_flow(struct sink *sink, const struct at_doc *doc,
                             const struct at_flow *flow, struct map_name name, double threshold,
                             const size_t *focus, size_t n_focus, struct at_error *err);
AT_MUST_USE int picture_tree(struct sink *sink, const struct at_doc *doc,
                             const struct at_run_tree *tree, struct map_name name,
                             struct at_error *err);

/* Thumbnails (L,H,side,side) of all heads. */
struct picture_grid {
    const float *values;
    size_t side;
};
AT_MUST_USE int picture_head_grid(struct sink *sink, const struct at_doc *doc,
                                  const struct picture_grid *grid, struct at_error *err);

#endif
