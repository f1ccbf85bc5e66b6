/*
 * attn_metrics.h - confidence, focus, sparsity, distribution, uniformity, balance, distance, flow
 * change.
 *
 * Source    Attention Atlas, metrics.py, made causal-aware throughout: a causal model's support is
 *           the lower triangle, its entropy ceiling ln(T!), its row 0 says nothing of confidence.
 *           Entropy per row: Clark et al. 2019, section 3.3; distance: Vig and Belinkov 2019,
 *           section 4.3.
 */
#ifndef ANALYSIS_ATTN_METRICS_H
#define ANALYSIS_ATTN_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/record.h"
#include "model/config.h"

/*
 * Every metric, in the order of columns: name, unit, meaning. A line here and a line in
 * at_attn_metrics() make a metric; columns, keys, tables, help and pictures follow.
 */
/* clang-format off */
#define AT_METRICS(X) \
    X(confidence_max, "fraction", "the greatest weight; row 0 left out when causal") \
    X(confidence_avg, "fraction", "mean over rows of their greatest weight") \
    X(focus_entropy, "nats", "entropy of the whole map, summed over rows") \
    X(focus_normalized, "fraction", "entropy as a share of that of even attention") \
    X(sparsity, "fraction", "share of visible cells below 1/T") \
    X(distribution_q25, "weight", "lower quartile of the visible cells") \
    X(distribution_median, "weight", "median of the visible cells") \
    X(distribution_q75, "weight", "upper quartile of the visible cells") \
    X(uniformity, "weight", "standard deviation of the visible cells") \
    X(balance, "fraction", "share of the first column; undefined without a summary token") \
    X(mean_distance, "tokens", "mean distance of query and key, weighted by attention") \
    X(row_entropy, "nats", "entropy of a row, mean over rows; row 0 left out when causal")
/* clang-format on */

#define AT_METRIC_MEMBER(name, unit, help) double name;
struct at_attn_metrics {
    AT_METRICS(AT_METRIC_MEMBER)
};
#undef AT_METRIC_MEMBER

#define AT_METRIC_NUMBER(name, unit, help) AT_METRIC_##name,
enum at_metric { AT_METRICS(AT_METRIC_NUMBER) AT_N_METRICS };
#undef AT_METRIC_NUMBER

/* The fields of a struct at_attn_metrics; [i].key is the name of metric i. */
extern const struct at_field at_metric_fields[AT_N_METRICS + 1];
extern const struct at_record at_attn_metrics_record;

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
 * Shapes    map (T,T), row i sums to 1 (other maps cost two passes more); scratch (T*T).
 * Edge      T = 1: confidence 1, entropy 0, normalised 0, balance 0, distance 0. 1/T and the cells
 *           are compared as floats, so that a uniform row has none below. focus_normalized is cut
 *           at 1. With a visible cell that is NaN (of a word whose attention was all on special
 *           tokens) every metric is NaN.
 * Memory    writes out and scratch only, so heads may be spread over threads.
 */
void at_attn_metrics(struct at_attn_metrics *out, const float *map, size_t T,
                     struct at_map_kind kind, float *scratch);

/* at_flow_change - Jensen-Shannon distance (natural log, root) between two maps flattened; clipped
   at 1e-10 and renormalised. At most sqrt(ln 2). A model of one layer has 0. NaN when a cell is. */
double at_flow_change(const float *first, const float *last, size_t T);

#endif
