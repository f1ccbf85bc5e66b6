/*
 * flow.h - the links of a map above a threshold.
 */
#ifndef ANALYSIS_FLOW_H
#define ANALYSIS_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"

struct at_link {
    size_t query, key;
    float weight;
};

struct at_links AT_ARRAY(struct at_link);

struct at_flow {
    struct at_links links; /* weight > threshold, strict; by query, then key */
    size_t n_total;        /* visible cells; those that are NaN are not defined and not counted */
    double mass_kept, mass_total;
};

/*
 * at_flow_threshold - a threshold for a map of T tokens: 1/T, which is even attention, or so much
 * that at most n links lie above it.
 */
double at_flow_threshold(const float *map, size_t T, bool is_causal, size_t n);

/* at_flow_links - map (T,T); masked causal cells do not count. Memory at_flow_release(). */
void at_flow_links(struct at_flow *out, const float *map, size_t T, bool is_causal,
                   double threshold);
void at_flow_release(struct at_flow *f);

/* at_strongest_links - the n largest visible cells, largest first; ties: lower query, lower key.
   Cells that are NaN are passed over. */
void at_strongest_links(struct at_links *out, const float *map, size_t T, bool is_causal, size_t n);

#endif
