/*
 * metric_info.c - see metric_info.h.
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
        .range = "1/T to 1; causal: 1/2 to 1, since row 1 has two keys; even attention: the least",
        .high = "some token looks at one other almost alone",
        .low = "no token singles another out",
        .source = "Voita et al. 2019, section 4 (confidence of a head), without the mean",
        .has_bands = true,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_confidence_avg] = {
        .title = "Confidence (mean)",
        .unit = "fraction",
        .formula = "mean over i of max over j of a_ij",
        .formula_causal = "the same without row 0 (T > 1)",
        .range = "1/T to 1; causal: (1/2 + ... + 1/T) / (T-1) to 1; even attention: the least",
        .high = "tokens commonly look at one other each",
        .low = "attention is spread for most tokens",
        .source = "Voita et al. 2019, section 4 (confidence of a head)",
        .has_bands = true,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_focus_entropy] = {
        .title = "Focus (entropy)",
        .unit = "nats",
        .formula = "- sum over i, j of a_ij ln a_ij, cells of 1e-10 or less left out",
        .range = "0 to T ln T; causal: to ln(T!); even attention: the greatest",
        .high = "attention is spread over many tokens; grows with the length of the text",
        .low = "attention is concentrated",
        .source = "Shannon 1948; of attention: Clark et al. 2019, section 3.3, there per row",
    },
    [AT_METRIC_focus_normalized] = {
        .title = "Focus (normalised)",
        .unit = "fraction of the largest possible entropy",
        .formula = "focus_entropy / (T ln T)",
        .formula_causal = "focus_entropy / ln(T!), the entropy of uniform attention to the past",
        .range = "0 to 1; even attention: 1; T = 1 gives 0",
        .high = "diffuse: near to uniform attention",
        .low = "focused: near to one key per token",
        .source = "Shannon 1948, divided by the entropy of uniform attention",
        .has_bands = true,
        .band_label = FOCUSED_TO_DIFFUSE,
    },
    [AT_METRIC_sparsity] = {
        .title = "Sparsity",
        .unit = "fraction of visible cells",
        .formula = "share of cells with a_ij < 1/T, strictly",
        .formula_causal = "the same over the lower triangle with the diagonal",
        .range = "0 to (T-1)/T; causal: to (T-1)/(T+1); even attention: 0",
        .high = "few cells hold the attention",
        .low = "most cells hold at least their even share",
        .source = "a threshold of 1/T, so that texts of different length compare",
        .has_bands = true,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_distribution_q25] = {
        .title = "Distribution (lower quartile)",
        .unit = "attention weight",
        .formula = "25 % quantile of the cells, linear between order statistics",
        .formula_causal = "of the visible cells",
        .range = "0 to 4/(3T); causal: to 8/(3(T+1)); even attention: 1/T, causal: about 1.2/T",
        .high = "even the weak links carry weight",
        .low = "a quarter of the links carry next to nothing",
        .source = "Hyndman and Fan 1996, type 7",
    },
    [AT_METRIC_distribution_median] = {
        .title = "Distribution (median)",
        .unit = "attention weight",
        .formula = "median of the cells",
        .formula_causal = "of the visible cells",
        .range = "0 to 2/T; causal: to 4/(T+1); even attention: 1/T, causal: about 1.4/T",
        .high = "the typical link matters",
        .low = "the typical link is negligible: attention sits in few cells",
        .source = "Hyndman and Fan 1996, type 7",
    },
    [AT_METRIC_distribution_q75] = {
        .title = "Distribution (upper quartile)",
        .unit = "attention weight",
        .formula = "75 % quantile of the cells",
        .formula_causal = "of the visible cells",
        .range = "0 to 4/T; causal: to 8/(T+1); even attention: 1/T, causal: about 2/T",
        .high = "many links carry weight",
        .low = "three quarters of the links are negligible",
        .source = "Hyndman and Fan 1996, type 7",
    },
    [AT_METRIC_uniformity] = {
        .title = "Uniformity (standard deviation)",
        .unit = "attention weight",
        .formula = "population standard deviation of the cells",
        .formula_causal = "of the visible cells",
        .range = "0 (even attention) to about 1/sqrt(T); causal: even attention is not 0 (0.16 at "
                 "T = 8), since its rows have unlike shares",
        .high = "uneven attention, in spite of the name",
        .low = "even attention",
        .source = "a standard deviation of cells",
        .has_bands = true,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_balance] = {
        .title = "Balance ([CLS] share)",
        .unit = "fraction of all attention",
        .formula = "sum over i of a_i0 / sum of all cells",
        .range = "0 to 1; even attention: 1/T; T = 1 gives 0; none without a summary token",
        .high = "much of the attention rests on [CLS], often a resting place",
        .low = "attention stays between the words",
        .source = "attention to [CLS]: Clark et al. 2019, section 3.2",
        .has_bands = true,
        .band_label = LOW_MEDIUM_HIGH,
    },
    [AT_METRIC_mean_distance] = {
        .title = "Mean distance of attention",
        .unit = "tokens",
        .formula = "sum over i, j of a_ij |i - j| / sum of all cells",
        .formula_causal = "the same; keys are never ahead",
        .range =
            "0 to about 3T/4; causal: to (T-1)/2; even attention: (T*T-1)/(3T), causal: (T-1)/4",
        .high = "attention goes to tokens far away",
        .low = "attention stays near the token itself",
        .source = "Vig and Belinkov 2019, section 4.3",
    },
    [AT_METRIC_row_entropy] = {
        .title = "Entropy per row",
        .unit = "nats",
        .formula = "focus_entropy / T, the mean entropy of a token's attention",
        .formula_causal = "focus_entropy / (T - 1): row 0, which has one key, is left out (T > 1)",
        .range = "0 to ln T; causal: to ln(T!) / (T-1); even attention: the greatest",
        .high = "a token spreads its attention widely: exp of it is the number of keys it is as "
                "good as",
        .low = "a token looks at one key",
        .source = "Clark et al. 2019, section 3.3",
    },
    [AT_FLOW_CHANGE] = {
        .title = "Flow change",
        .unit = "Jensen-Shannon distance, natural logarithm",
        .formula = "distance between the head means of the first and the last layer, flattened",
        .range = "0 to sqrt(ln 2) = 0.8326; of the whole model only",
        .high = "the last layer looks elsewhere than the first",
        .low = "attention stays as the first layer laid it",
        .source = "Lin 1991; Endres and Schindelin 2003 (its root is a metric)",
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

double at_rank_percent(double value, const double *values, size_t n)
{
    size_t smaller = 0, counted = 0;

    for (size_t i = 0; i < n; i++) {
        counted += !isnan(values[i]);
        smaller += values[i] < value;
    }
    return isnan(value) || counted == 0 ? NAN : 100.0 * (double)smaller / (double)counted;
}
