/*
 * attn_metrics.c - see attn_metrics.h.
 *
 * A map is walked row by row while a row is in the first cache: once for its greatest value, sums
 * and count, once for its entropy. Then the visible cells are counted by their bits for the
 * quartiles.
 */
#include "analysis/attn_metrics.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "stats/distance.h"
#include "stats/entropy.h"
#include "stats/quantiles.h"

#define FIELD(name, unit, help) AT_FIELD(struct at_attn_metrics, name, #name, unit, help),
const struct at_field at_metric_fields[AT_N_METRICS + 1] = { AT_METRICS(FIELD) AT_FIELD_END };
#undef FIELD

const struct at_record at_attn_metrics_record = AT_RECORD(struct at_attn_metrics, at_metric_fields);

double at_metric_get(const struct at_attn_metrics *m, size_t i)
{
    double value;

    AT_BUG_IF(i >= AT_N_METRICS);
    memcpy(&value, (const char *)m + at_metric_fields[i].offset, sizeof value);
    return value;
}

void at_metric_set(struct at_attn_metrics *m, size_t i, double value)
{
    AT_BUG_IF(i >= AT_N_METRICS);
    memcpy((char *)m + at_metric_fields[i].offset, &value, sizeof value);
}

enum { LANES = 8 };
typedef float vfloat __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t vint __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef int64_t vlong __attribute__((vector_size(LANES * sizeof(int64_t))));
typedef double vdouble __attribute__((vector_size(LANES * sizeof(double))));

/* Sums over the visible cells, in lanes. Squares are taken about a value near the mean, so that a
   map of equal weights has no spread left over from cancellation. */
struct sums {
    double about;    /* that value */
    float limit;     /* 1/T in the precision of the map */
    vdouble sum, sq; /* of a - about and its square */
    vint below;      /* cells < limit; at most T*T/8 per lane, T <= 131,072 */
};

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* Adds the n visible cells of a row; answers the greatest. */
AT_CLONES static float add_row(struct sums *s, const float *row, size_t n)
{
    vdouble sum = s->sum, sq = s->sq;
    vint below = s->below;
    vfloat max = { 0 }, x;
    float rest = 0.0f;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        memcpy(&x, row + i, sizeof x);
        vint more = x > max;
        vdouble d = __builtin_convertvector(x, vdouble) - s->about;
        max = (vfloat)(((vint)x & more) | ((vint)max & ~more));
        below -= x < s->limit;
        sum += d;
        sq += d * d;
    }
    for (size_t k = 0; i < n; i++, k++) {
        double d = row[i] - s->about;
        rest = larger(rest, row[i]);
        below[k] += row[i] < s->limit;
        sum[k] += d;
        sq[k] += d * d;
    }
    s->sum = sum;
    s->sq = sq;
    s->below = below;
    return larger(larger(larger(larger(max[0], max[1]), larger(max[2], max[3])),
                         larger(larger(max[4], max[5]), larger(max[6], max[7]))),
                  rest);
}

/* Sum over the n visible cells of row i of weight times distance to the query. */
AT_CLONES static double row_distance(const float *row, size_t n, size_t i)
{
    vdouble sum = { 0 }, at = { 0, 1, 2, 3, 4, 5, 6, 7 };
    vfloat x;
    double rest = 0.0;
    size_t j = 0;

    at -= (double)i;
    for (; j + LANES <= n; j += LANES) {
        memcpy(&x, row + j, sizeof x);
        vdouble away = (vdouble)((vlong)at & INT64_MAX); /* |at| */
        sum += __builtin_convertvector(x, vdouble) * away;
        at += (double)LANES;
    }
    for (; j < n; j++)
        rest += (double)row[j] * (double)(j > i ? j - i : i - j);
    for (size_t k = 0; k < LANES; k++)
        rest += sum[k];
    return rest;
}

static double entropy_ceiling(size_t T, bool is_causal)
{
    double sum = 0.0;

    if (T <= 1)
        return 1.0;
    if (!is_causal)
        return (double)T * log((double)T);
    for (size_t i = 2; i <= T; i++) /* lgamma would write the global signgam */
        sum += log((double)i);
    return sum;
}

/* The quartiles of the visible cells; a causal map's are packed into scratch first. */
static void distribution(struct at_attn_metrics *out, const float *map, size_t T, bool is_causal,
                         float *scratch)
{
    static const double q[] = { 0.25, 0.5, 0.75 };
    double value[AT_COUNTOF(q)];
    size_t n = 0;

    if (is_causal) {
        for (size_t i = 0; i < T; n += ++i)
            memcpy(scratch + n, map + i * T, (i + 1) * sizeof *map);
        at_quantiles(value, q, AT_COUNTOF(q), scratch, n, scratch);
    } else {
        at_quantiles(value, q, AT_COUNTOF(q), map, T * T, scratch);
    }
    out->distribution_q25 = value[0];
    out->distribution_median = value[1];
    out->distribution_q75 = value[2];
}

/* What one walk over the visible cells adds up. */
struct walk {
    size_t n, below;                  /* visible cells, those under 1/T */
    double mean, variance;            /* of the visible cells */
    double max, sum_max;              /* of the rows that say something of confidence */
    double column, entropy, distance; /* sums over all rows */
};

/* about: the mean of the cells as far as it is known. */
static struct walk walk_map(const float *map, size_t T, bool is_causal, double about)
{
    size_t first = is_causal && T > 1 ? 1 : 0; /* row 0 of a causal map is always 1 */
    struct walk w = { .n = is_causal ? T * (T + 1) / 2 : T * T };
    struct sums s = { .about = about, .limit = (float)(1.0 / (double)T) };
    double sum = 0.0, sq = 0.0;

    for (size_t i = 0; i < T; i++) {
        const float *row = map + i * T;
        size_t visible = is_causal ? i + 1 : T;
        double row_max = add_row(&s, row, visible);
        w.entropy -= at_sum_plogp(row, visible);
        w.distance += row_distance(row, visible, i);
        w.column += row[0];
        if (i >= first) {
            w.sum_max += row_max;
            w.max = AT_MAX(w.max, row_max);
        }
    }
    for (size_t k = 0; k < LANES; k++) {
        sum += s.sum[k] / (double)w.n;
        sq += s.sq[k] / (double)w.n;
        w.below += (size_t)s.below[k];
    }
    w.mean = about + sum;
    w.variance = AT_MAX(sq - sum * sum, 0.0);
    return w;
}

void at_attn_metrics(struct at_attn_metrics *out, const float *map, size_t T,
                     struct at_map_kind kind, float *scratch)
{
    size_t first = kind.is_causal && T > 1 ? 1 : 0;
    double even = kind.is_causal ? 2.0 / (double)(T + 1) : 1.0 / (double)T;
    struct walk w = walk_map(map, T, kind.is_causal, even);

    AT_BUG_IF(T == 0);
    if (isnan(w.mean)) {
        for (size_t i = 0; i < AT_N_METRICS; i++)
            at_metric_set(out, i, NAN);
        return;
    }
    /* Rows that do not sum to 1: the mean is none of those digits that even attention shares. */
    if (fabs(w.mean - even) > 1e-3 * even)
        w = walk_map(map, T, kind.is_causal, walk_map(map, T, kind.is_causal, 0.0).mean);
    double sum = w.mean * (double)w.n;
    out->confidence_max = w.max;
    out->confidence_avg = w.sum_max / (double)(T - first);
    out->focus_entropy = w.entropy;
    out->focus_normalized = fmin(w.entropy / entropy_ceiling(T, kind.is_causal), 1.0);
    out->sparsity = (double)w.below / (double)w.n;
    out->uniformity = sqrt(w.variance);
    out->balance = NAN;
    if (kind.has_summary_token && sum > 0.0)
        out->balance = T < 2 ? 0.0 : w.column / sum;
    out->mean_distance = sum > 0.0 ? w.distance / sum : NAN;
    out->row_entropy = w.entropy / (double)(T - first);
    distribution(out, map, T, kind.is_causal, scratch);
}

double at_flow_change(const float *first, const float *last, size_t T)
{
    return at_js_distance(first, last, T * T, AT_ENTROPY_FLOOR);
}
