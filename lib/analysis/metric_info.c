/*
 * metric_info.c - see metric_info.h. Bands and gauges are Attention Atlas's, chosen by eye for raw
 * maps of bert-base, not derived from data: they say "for orientation", no more.
 */
#include "analysis/metric_info.h"

#include <math.h>
#include <string.h>

#define LOW_MEDIUM_HIGH                                                                            \
    {                                                                                              \
        "Low", "Medium", "High"                                                                    \
    }
#define FOCUSED_TO_DIFFUSE                                                                         \
    {                                                                                              \
        "Focused", "Moderate", "Diffuse"                                                           \
    }

const struct at_metric_text at_metric_texts[AT_N_METRIC_TEXTS] = {
    [AT_METRIC_confidence_max] = {
        .title = "Confidence (max)",
        .unit = "fraction",
        .formula = "max over i, j of a_ij",
        .formula_causal = "the same without row 0, which has one key only (T > 1)",
        .range = "1/T to 1",
        .high = "some token looks at one other almost alone",
        .low = "no token singles another out",
        .source = "Voita et al. 2019, section 4 (confidence of a head), without the mean",
        .low_limit = 0.20,
        .high_limit = 0.50,
        .gauge_max = 1.0,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_confidence_avg] = {
        .title = "Confidence (mean)",
        .unit = "fraction",
        .formula = "mean over i of max over j of a_ij",
        .formula_causal = "the same without row 0 (T > 1)",
        .range = "1/T to 1",
        .high = "tokens commonly look at one other each",
        .low = "attention is spread for most tokens",
        .source = "Voita et al. 2019, section 4 (confidence of a head)",
        .low_limit = 0.15,
        .high_limit = 0.40,
        .gauge_max = 0.8,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_focus_entropy] = {
        .title = "Focus (entropy)",
        .unit = "nats",
        .formula = "- sum over i, j of a_ij ln a_ij, cells of 1e-10 or less left out",
        .range = "0 to T ln T; causal: to ln(T!)",
        .high = "attention is spread over many tokens; grows with the length of the text",
        .low = "attention is concentrated",
        .source = "Shannon 1948; of attention: Clark et al. 2019, section 3.3, there per row",
        .low_limit = NAN,
        .high_limit = NAN,
        .gauge_max = NAN,
        .band_label = FOCUSED_TO_DIFFUSE,
    },
    [AT_METRIC_focus_normalized] = {
        .title = "Focus (normalised)",
        .unit = "fraction of the largest possible entropy",
        .formula = "focus_entropy / (T ln T)",
        .formula_causal = "focus_entropy / ln(T!), the entropy of uniform attention to the past",
        .range = "0 to 1; T = 1 gives 0",
        .high = "diffuse: near to uniform attention",
        .low = "focused: near to one key per token",
        .source = "Shannon 1948, divided by the entropy of uniform attention",
        .low_limit = 0.30,
        .high_limit = 0.70,
        .gauge_max = 1.0,
        .band_label = FOCUSED_TO_DIFFUSE,
    },
    [AT_METRIC_sparsity] = {
        .title = "Sparsity",
        .unit = "fraction of visible cells",
        .formula = "share of cells with a_ij < 1/T, strictly",
        .formula_causal = "the same over the lower triangle with the diagonal",
        .range = "0 to (T-1)/T",
        .high = "few cells hold the attention",
        .low = "most cells hold at least their even share",
        .source = "a threshold of 1/T, so that texts of different length compare",
        .low_limit = 0.30,
        .high_limit = 0.60,
        .gauge_max = 1.0,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_distribution_q25] = {
        .title = "Distribution (lower quartile)",
        .unit = "attention weight",
        .formula = "25 % quantile of the cells, linear between order statistics",
        .formula_causal = "of the visible cells",
        .range = "0 to 1",
        .high = "even the weak links carry weight",
        .low = "a quarter of the links carry next to nothing",
        .source = "Hyndman and Fan 1996, type 7",
        .low_limit = NAN,
        .high_limit = NAN,
        .gauge_max = 0.05,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_distribution_median] = {
        .title = "Distribution (median)",
        .unit = "attention weight",
        .formula = "median of the cells",
        .formula_causal = "of the visible cells",
        .range = "0 to 1; uniform attention: 1/T",
        .high = "the typical link matters",
        .low = "the typical link is negligible: attention sits in few cells",
        .source = "Hyndman and Fan 1996, type 7",
        .low_limit = 0.005,
        .high_limit = 0.02,
        .gauge_max = 0.05,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_distribution_q75] = {
        .title = "Distribution (upper quartile)",
        .unit = "attention weight",
        .formula = "75 % quantile of the cells",
        .formula_causal = "of the visible cells",
        .range = "0 to 1",
        .high = "many links carry weight",
        .low = "three quarters of the links are negligible",
        .source = "Hyndman and Fan 1996, type 7",
        .low_limit = NAN,
        .high_limit = NAN,
        .gauge_max = 0.05,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_uniformity] = {
        .title = "Uniformity (standard deviation)",
        .unit = "attention weight",
        .formula = "population standard deviation of the cells",
        .formula_causal = "of the visible cells",
        .range = "0 (uniform) to about 1/sqrt(T)",
        .high = "uneven attention, in spite of the name",
        .low = "even attention",
        .source = "a standard deviation: zero for perfectly even attention",
        .low_limit = 0.03,
        .high_limit = 0.10,
        .gauge_max = 0.2,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_balance] = {
        .title = "Balance ([CLS] share)",
        .unit = "fraction of all attention",
        .formula = "sum over i of a_i0 / sum of all cells",
        .range = "0 to 1; uniform attention: 1/T; none without a summary token",
        .high = "much of the attention rests on [CLS], often a resting place",
        .low = "attention stays between the words",
        .source = "attention to [CLS]: Clark et al. 2019, section 3.2",
        .low_limit = 0.15,
        .high_limit = 0.40,
        .gauge_max = 1.0,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_FLOW_CHANGE] = {
        .title = "Flow change",
        .unit = "Jensen-Shannon distance, natural logarithm",
        .formula = "distance between the head means of the first and the last layer, flattened",
        .range = "0 to sqrt(ln 2) = 0.8326; of the whole model only",
        .high = "the last layer looks elsewhere than the first",
        .low = "attention stays as the first layer laid it",
        .source = "Lin 1991; Endres and Schindelin 2003 (its root is a metric)",
        .low_limit = 0.10,
        .high_limit = 0.25,
        .gauge_max = 0.5,
        .band_label = LOW_MEDIUM_HIGH,
    },
};

static char fold(char c)
{
    return c == '-' ? '_' : c;
}

const char *at_metric_key(size_t i)
{
    return i < AT_N_METRICS ? at_metric_fields[i].key : "flow_change";
}

const struct at_metric_text *at_metric_text_find(const char *key)
{
    for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++) {
        const char *k = at_metric_key(i), *s = key;
        while (*s && fold(*s) == *k)
            s++, k++;
        if (*s == *k)
            return &at_metric_texts[i];
    }
    return NULL;
}

enum at_band at_metric_band(const struct at_metric_text *m, double value)
{
    if (isnan(value) || isnan(m->low_limit))
        return AT_BAND_NONE;
    if (value <= m->low_limit)
        return AT_BAND_LOW;
    return value >= m->high_limit ? AT_BAND_HIGH : AT_BAND_MIDDLE;
}

double at_metric_gauge(const struct at_metric_text *m, double value, int full)
{
    double max = full ? 1.0 : m->gauge_max;

    if (isnan(value) || isnan(max))
        return NAN;
    return fmin(fmax(value / max, 0.0), 1.0);
}

double at_rank_percent(double value, const double *values, size_t n)
{
    size_t smaller = 0, counted = 0;

    for (size_t i = 0; i < n; i++) {
        counted += !isnan(values[i]);
        smaller += values[i] < value;
    }
    return isnan(value) || counted == 0 ? NAN : 100.0 * (double)smaller / (double)counted;
}
