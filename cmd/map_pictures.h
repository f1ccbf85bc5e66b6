/*
 * map_pictures.h - the pictures that show one attention map: heatmap, flow, influence tree.
 */
#ifndef CMD_MAP_PICTURES_H
#define CMD_MAP_PICTURES_H

#include "analysis/tree.h"
#include "cmd/job.h"

/* Which map it is; -1 for a mean. Names and titles follow from it: "L3_H5", "L3_mean", "mean". */
struct map_name {
    long layer, head;
};
/* map_file_name - "heatmap_L3_H5"; the caller frees. */
char *map_file_name(const char *kind, struct map_name name);

/* picture_heatmap, picture_flow - map (n,n) of the doc. */
AT_MUST_USE int picture_heatmap(struct job *job, const struct doc *doc, const float *map,
                                struct map_name name, struct at_error *err);
AT_MUST_USE int picture_flow(struct job *job, const struct doc *doc, const float *map,
                             struct map_name name, double threshold, const size_t *focus,
                             size_t n_focus, struct at_error *err);
/* picture_tree - nodes grown by at_tree_grow(). */
AT_MUST_USE int picture_tree(struct job *job, const struct doc *doc,
                             const struct at_tree_nodes *nodes, bool is_cut, struct map_name name,
                             struct at_error *err);

#endif
