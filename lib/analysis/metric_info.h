/*
 * metric_info.h - what to say about a metric: formula, range, reading, paper, rank.
 *
 * One table for `metrics --explain`, the pictures and the manual.
 */
#ifndef ANALYSIS_METRIC_INFO_H
#define ANALYSIS_METRIC_INFO_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/attn_metrics.h"

struct at_metric_text {
    const char *title;                    /* "Confidence (max)" */
    const char *unit;                     /* in more words than the field's own */
    const char *formula, *formula_causal; /* the second is NULL when it is the same */
    const char *range;
    const char *high, *low; /* how to read such values */
    const char *source;
    bool has_bands;            /* see analysis/metric_reference.h */
    const char *band_label[3]; /* "Low", "Medium", "High"; NULL without bands */
};

/* The metrics in their order, then flow_change. */
enum { AT_FLOW_CHANGE = AT_N_METRICS, AT_N_METRIC_TEXTS };
extern const struct at_metric_text at_metric_texts[AT_N_METRIC_TEXTS];

/* at_metric_key - "sparsity", and "flow_change" behind the metrics. */
const char *at_metric_key(size_t i);

/* at_metric_text_find - by key, "-" for "_" allowed; NULL when there is none. */
const struct at_metric_text *at_metric_text_find(const char *key);

/* at_rank_percent - 100 * share of the n values that are strictly smaller; NaN values and a NaN
   value have no rank. */
double at_rank_percent(double value, const double *values, size_t n);

#endif
