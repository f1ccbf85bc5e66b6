/*
 * attn_metrics.h - confidence, focus, sparsity, distribution, uniformity, balance, flow change.
 *
 * Source    Attention Atlas, metrics.py, made causal-aware throughout: a causal model's support is
 *           the lower triangle, its entropy ceiling ln(T!), its row 0 says nothing of confidence.
 */
#ifndef ANALYSIS_ATTN_METRICS_H
#define ANALYSIS_ATTN_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/config.h"

enum { AT_N_METRICS = 10 };

/* Field order is the order of columns in metrics.csv. */
struct at_attn_metrics {
    double confidence_max, confidence_avg; /* fraction; row 0 left out when causal and T > 1 */
    double focus_entropy;                  /* nats, summed over rows */
    double focus_normalized;               /* / (T ln T), causal / ln(T!) */
    double sparsity;                       /* share of visible cells strictly below 1/T */
    double distribution_q25, distribution_median, distribution_q75; /* numpy's linear rule */
    double uniformity; /* population standard deviation of the visible cells */
    double balance;    /* share of column 0; NaN without a summary token */
};

/* Name and place of each metric, in order; one table for columns, keys, help and pictures. */
struct at_metric_info {
    const char *key;
    size_t offset; /* in struct at_attn_metrics */
};
extern const struct at_metric_info at_metric_table[AT_N_METRICS];
double at_metric_get(const struct at_attn_metrics *m, size_t i);
void at_metric_set(struct at_attn_metrics *m, size_t i, double value);

/*
 * Visible cells are all T*T of a bidirectional map and the lower triangle with the diagonal,
 * T(T+1)/2, of a causal one. The quartiles are of the visible cells too: with the
 * masked half counted as zeros a causal median would always be about 0.
 */

/*
 * at_attn_metrics - all metrics of one map (T,T), in one pass over the cells and one selection.
 *
 * Shapes    map (T,T), row i sums to 1; scratch (T*T).
 * Edge      T = 1: confidence 1, entropy 0, normalised 0, balance 0. 1/T and the cells are compared
 *           as floats, so that a uniform row has none below. With a visible cell that is NaN (of a
 *           word whose attention was all on special tokens) every metric is NaN.
 * Memory    writes out and scratch only, so heads may be spread over threads.
 */
void at_attn_metrics(struct at_attn_metrics *out, const float *map, size_t T,
                     struct at_map_kind kind, float *scratch);

/* at_flow_change - Jensen-Shannon distance (natural log, root) between two maps flattened; clipped
   at 1e-10 and renormalised. At most sqrt(ln 2). A model of one layer has 0. NaN when a cell is. */
double at_flow_change(const float *first, const float *last, size_t T);

#endif
