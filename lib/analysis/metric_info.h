/*
 * metric_info.h - what to say about a metric: bands, gauge, rank, formula, reading, paper.
 *
 * One table for `metrics --explain`, the gauges and the manual.
 */
#ifndef ANALYSIS_METRIC_INFO_H
#define ANALYSIS_METRIC_INFO_H

#include <stddef.h>

#include "analysis/attn_metrics.h"

enum at_band { AT_BAND_LOW, AT_BAND_MIDDLE, AT_BAND_HIGH, AT_BAND_NONE };

struct at_metric_text {
    const char *title;                    /* "Confidence (max)" */
    const char *unit;                     /* in more words than the field's own */
    const char *formula, *formula_causal; /* the second is NULL when it is the same */
    const char *range;
    const char *high, *low; /* how to read such values */
    const char *source;
    double low_limit, high_limit; /* value <= low is low, >= high is high; NaN: no bands */
    double gauge_max;             /* right end of the gauge, which starts at 0 */
    const char *band_label[3];    /* "Low", "Medium", "High" */
};

/* The metrics in their order, then flow_change. */
enum { AT_FLOW_CHANGE = AT_N_METRICS, AT_N_METRIC_TEXTS };
extern const struct at_metric_text at_metric_texts[AT_N_METRIC_TEXTS];

/* at_metric_key - "sparsity", and "flow_change" behind the metrics. */
const char *at_metric_key(size_t i);

/* at_metric_text_find - by key, "-" for "_" allowed; NULL when there is none. */
const struct at_metric_text *at_metric_text_find(const char *key);

/* at_metric_band - bands hold for raw attention only; AT_BAND_NONE for NaN or a metric without. */
enum at_band at_metric_band(const struct at_metric_text *m, double value);

/* at_metric_gauge - 0..1, where the value stands on its gauge; full: the gauge ends at 1. */
double at_metric_gauge(const struct at_metric_text *m, double value, int full);

/* at_rank_percent - 100 * share of the n values that are strictly smaller; NaN values and a NaN
   value have no rank. */
double at_rank_percent(double value, const double *values, size_t n);

#endif
