/*
 * map_series.c - see map_series.h.
 */
#include "analysis/map_series.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/attn_metrics.h"
#include "base/alloc.h"

/* One block holds all the float maps: layer_mean, first_mean, view, then rollout and previous. */
int at_map_series_init(struct at_map_series *s, size_t T, enum at_matrix_mode mode,
                       struct at_error *err)
{
    size_t cells = T * T, n_maps = mode == AT_ROLLOUT ? 5 : 3;
    void *maps, *sum;
    int rc = at_try_alloc(&maps, n_maps * cells, sizeof(float), "mean attention maps", err);

    if (rc)
        return rc;
    rc = at_try_alloc(&sum, cells, sizeof(double), "the global mean map", err);
    if (rc) {
        free(maps);
        return rc;
    }
    *s = (struct at_map_series){ .mode = mode, .T = T, .layer_mean = maps, .sum = sum };
    s->first_mean = s->layer_mean + cells;
    s->view = s->first_mean + cells;
    if (mode == AT_ROLLOUT) {
        s->rollout = s->view + cells;
        s->previous = s->rollout + cells;
    }
    memset(s->sum, 0, cells * sizeof *s->sum);
    return 0;
}

void at_map_series_release(struct at_map_series *s)
{
    free(s->layer_mean);
    free(s->sum);
    *s = (struct at_map_series){ 0 };
}

void at_map_series_add(struct at_map_series *s, const float *maps, size_t H)
{
    size_t cells = s->T * s->T;

    at_map_mean(s->layer_mean, maps, H, s->T);
    if (s->n_layers == 0)
        memcpy(s->first_mean, s->layer_mean, cells * sizeof *s->first_mean);
    for (size_t i = 0; i < cells; i++)
        s->sum[i] += (double)s->layer_mean[i];
    if (s->rollout) {
        float *swap = s->previous;
        s->previous = s->rollout;
        s->rollout = swap;
        at_rollout_step(s->rollout, s->layer_mean, s->n_layers ? s->previous : NULL, s->T);
    }
    s->n_layers++;
}

/* The map itself, or its columns normalised. */
static const float *in_mode(struct at_map_series *s, const float *map)
{
    if (s->mode == AT_RAW)
        return map;
    at_column_normalize(s->view, map, s->T);
    return s->view;
}

const float *at_map_series_head(struct at_map_series *s, const float *map)
{
    return s->mode == AT_ROLLOUT ? NULL : in_mode(s, map);
}

const float *at_map_series_layer(struct at_map_series *s)
{
    AT_BUG_IF(s->n_layers == 0);
    return s->mode == AT_ROLLOUT ? s->rollout : in_mode(s, s->layer_mean);
}

const float *at_map_series_global(struct at_map_series *s)
{
    AT_BUG_IF(s->n_layers == 0);
    if (s->mode == AT_ROLLOUT)
        return s->rollout;
    for (size_t i = 0; i < s->T * s->T; i++)
        s->view[i] = (float)(s->sum[i] / (double)s->n_layers);
    if (s->mode == AT_COL)
        at_column_normalize(s->view, s->view, s->T);
    return s->view;
}

double at_map_series_flow_change(const struct at_map_series *s)
{
    return s->n_layers < 2 ? 0.0 : at_flow_change(s->first_mean, s->layer_mean, s->T);
}
