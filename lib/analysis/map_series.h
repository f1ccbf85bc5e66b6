/*
 * map_series.h - the attention maps of one text, layer by layer, seen through a matrix mode.
 *
 * Layers are added in order, as a forward pass or a capture shows them; nothing but means and the
 * running rollout is kept, so memory does not grow with the number of layers.
 *
 *   mode      one head               layer                   whole model
 *   raw       its map                mean of the heads       mean over layers and heads
 *   col       columns normalised     the mean, normalised    the mean, normalised
 *   rollout   none (heads fuse)      rollout up to it        rollout up to the last layer
 *
 * Source    Attention Atlas, its three matrix modes; rollout: Abnar and Zuidema 2020.
 */
#ifndef ANALYSIS_MAP_SERIES_H
#define ANALYSIS_MAP_SERIES_H

#include <stddef.h>

#include "analysis/rollout.h"
#include "base/error.h"

struct at_map_series {
    enum at_matrix_mode mode;
    size_t T;
    size_t n_layers;   /* added so far */
    float *layer_mean; /* (T,T) raw head mean of the last layer */
    float *first_mean; /* (T,T) of layer 0 */
    float *rollout;    /* (T,T) up to the last layer; NULL in the other modes */
    float *previous;   /* (T,T) the rollout before it */
    float *view;       /* (T,T) scratch for a normalised map */
    double *sum;       /* (T,T) of the layer means */
};

/* at_map_series_init - AT_ENOMEM. Release accepts a zeroed struct. */
AT_MUST_USE int at_map_series_init(struct at_map_series *s, size_t T, enum at_matrix_mode mode,
                                   struct at_error *err);
void at_map_series_release(struct at_map_series *s);

/* at_map_series_add - the next layer: maps (H,T,T). */
void at_map_series_add(struct at_map_series *s, const float *maps, size_t H);

/*
 * at_map_series_head, _layer, _global - a map (T,T) in the mode, valid until the next call.
 *
 * _head takes one head's raw map of the layer added last and answers NULL under rollout, which has
 * no heads. _layer and _global need at least one layer.
 */
const float *at_map_series_head(struct at_map_series *s, const float *map);
const float *at_map_series_layer(struct at_map_series *s);
const float *at_map_series_global(struct at_map_series *s);

/* at_map_series_flow_change - first against last layer's raw mean; 0 for a single layer. */
double at_map_series_flow_change(const struct at_map_series *s);

#endif
