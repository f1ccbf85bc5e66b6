/*
 * metric_reference.h - what a metric can be in a text of T tokens, and where a value stands there.
 *
 * Nearly every metric moves with the length of the text. A value says something beside what even
 * attention and attention to one key alone give at that length, not beside a fixed number.
 */
#ifndef ANALYSIS_METRIC_REFERENCE_H
#define ANALYSIS_METRIC_REFERENCE_H

#include "analysis/attn_metrics.h"

struct at_metric_reference {
    struct at_attn_metrics even;     /* every token looks at all it sees, each alike */
    struct at_attn_metrics one_hot;  /* every token looks at one key alone, for balance at [CLS];
                                        mean_distance is NaN: it depends on the key */
    struct at_attn_metrics greatest; /* no map whose rows sum to 1 has more */
};

/* at_flow_change_greatest - the end of the scale of flow_change, sqrt(ln 2). */
double at_flow_change_greatest(void);

/* at_metric_reference - T at least 1; balance is NaN without a summary token. */
void at_metric_reference(struct at_metric_reference *out, size_t T, struct at_map_kind kind);

/*
 * at_metric_place - (value - even) / (one_hot - even): 0 is even attention, 1 one key per token.
 *
 * Edge      NaN for NaN and where the two are alike (T = 1). A value beyond an end stays beyond.
 */
double at_metric_place(const struct at_metric_reference *r, size_t metric, double value);

enum at_band { AT_BAND_LOW, AT_BAND_MIDDLE, AT_BAND_HIGH, AT_BAND_NONE };

/*
 * at_metric_limits - ends of the bands: a third of the way between the two references, and two
 * thirds. NaN where the metric has no bands (analysis/metric_info.h) or no place.
 */
struct at_metric_limits {
    double low, high;
};
struct at_metric_limits at_metric_limits(const struct at_metric_reference *r, size_t metric);

/* at_metric_band - limits belong to the outer bands. For raw maps; AT_BAND_NONE for NaN or a
   metric without bands. */
enum at_band at_metric_band(const struct at_metric_reference *r, size_t metric, double value);

#endif
