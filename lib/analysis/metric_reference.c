/*
 * metric_reference.c - see metric_reference.h. The references are measured on maps laid out as they
 * say, so they cannot drift from the metrics.
 */
#include "analysis/metric_reference.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/chance.h"
#include "analysis/metric_info.h"
#include "base/alloc.h"

double at_flow_change_greatest(void)
{
    return sqrt(log(2.0));
}

/* Greatest mean distance: every token looks at the end of the text that is farther from it. */
static double farthest(size_t T, bool is_causal)
{
    double sum = 0.0;

    for (size_t i = 0; i < T; i++)
        sum += (double)(is_causal ? i : AT_MAX(i, T - 1 - i));
    return sum / (double)T;
}

/*
 * The quantile is (1 - f) a + f b of neighbours a <= b among n cells that sum to T. It is greatest
 * with all cells from a on alike, or with a = 0 and all from b on alike.
 */
static double greatest_quantile(double q, size_t n, size_t T)
{
    double at = q * (double)(n - 1), k = floor(at), from_a = (double)n - k, most = 1.0 / from_a;

    if (at > k)
        most = fmax(most, (at - k) / (from_a - 1.0));
    return fmin(1.0, most * (double)T);
}

static void set_greatest(struct at_metric_reference *r, size_t T, struct at_map_kind kind)
{
    size_t n = kind.is_causal ? T * (T + 1) / 2 : T * T;

    r->greatest = r->one_hot;
    r->greatest.focus_entropy = r->even.focus_entropy;
    r->greatest.focus_normalized = r->even.focus_normalized;
    r->greatest.row_entropy = r->even.row_entropy;
    r->greatest.distribution_q25 = greatest_quantile(0.25, n, T);
    r->greatest.distribution_median = greatest_quantile(0.5, n, T);
    r->greatest.distribution_q75 = greatest_quantile(0.75, n, T);
    r->greatest.mean_distance = farthest(T, kind.is_causal);
}

void at_metric_reference(struct at_metric_reference *out, size_t T, struct at_map_kind kind)
{
    float *map = at_calloc(2 * T * T, sizeof *map), *scratch = map + T * T;

    at_even_map(map, T, kind.is_causal);
    at_attn_metrics(&out->even, map, T, kind, scratch);
    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < T; j++)
            map[i * T + j] = j == 0 ? 1.0f : 0.0f;
    at_attn_metrics(&out->one_hot, map, T, kind, scratch);
    out->one_hot.mean_distance = NAN;
    set_greatest(out, T, kind);
    free(map);
}

double at_metric_place(const struct at_metric_reference *r, size_t metric, double value)
{
    double even = at_metric_get(&r->even, metric);
    double way = at_metric_get(&r->one_hot, metric) - even;

    return way != 0.0 ? (value - even) / way : NAN;
}

struct at_metric_limits at_metric_limits(const struct at_metric_reference *r, size_t metric)
{
    double a = at_metric_get(&r->even, metric), b = at_metric_get(&r->one_hot, metric);
    double least = fmin(a, b), third = fabs(b - a) / 3.0;

    if (!at_metric_texts[metric].has_bands || !(third > 0.0))
        return (struct at_metric_limits){ NAN, NAN };
    return (struct at_metric_limits){ least + third, least + 2.0 * third };
}

enum at_band at_metric_band(const struct at_metric_reference *r, size_t metric, double value)
{
    struct at_metric_limits limits = at_metric_limits(r, metric);

    if (isnan(value) || isnan(limits.low))
        return AT_BAND_NONE;
    if (value <= limits.low)
        return AT_BAND_LOW;
    return value >= limits.high ? AT_BAND_HIGH : AT_BAND_MIDDLE;
}
