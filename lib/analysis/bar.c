/*
 * bar.c - see bar.h.
 */
#include "analysis/bar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "stats/multiple.h"
#include "stats/permutation.h"

int at_bar_init(struct at_bar_ratios *out, size_t L, size_t H, size_t T, bool is_causal,
                const bool *flagged, double threshold, struct at_error *err)
{
    struct at_bar_ratios b = {
        .L = L, .H = H, .T = T, .is_causal = is_causal, .threshold = threshold
    };
    size_t n_heads;
    void *received = NULL;
    int rc;

    if (!at_mul_size(L * H, T, &n_heads))
        return at_fail(err, AT_ENOMEM, "too many heads and tokens: %zu x %zu x %zu", L, H, T);
    rc = at_try_alloc(&received, n_heads, sizeof *b.received, "received attention", err);
    if (rc)
        return rc;
    b.received = received;
    b.flagged = at_malloc(T, sizeof *b.flagged);
    b.heads = at_malloc(L * H, sizeof *b.heads);
    memcpy(b.flagged, flagged, T * sizeof *flagged);
    for (size_t j = 0; j < T; j++)
        b.n_flagged += flagged[j];
    *out = b;
    return 0;
}

void at_bar_release(struct at_bar_ratios *b)
{
    free(b->flagged);
    free(b->heads);
    free(b->received);
    free(b->sums);
    *b = (struct at_bar_ratios){ 0 };
}

/* Attention that even heads would put on B: over all tokens, and over what each query sees. */
struct expected {
    double drawn, within; /* sums over all rows, over the rows of B */
    double drawn_visible, within_visible;
};

static struct expected expect(const struct at_bar_ratios *b)
{
    struct expected e = { 0 };
    double share = (double)b->n_flagged / (double)b->T;
    size_t seen = 0; /* flagged tokens up to the query */

    for (size_t i = 0; i < b->T; i++) {
        double visible = share;
        seen += b->flagged[i];
        if (b->is_causal)
            visible = (double)seen / (double)(i + 1);
        e.drawn += share;
        e.drawn_visible += visible;
        e.within += b->flagged[i] ? share : 0.0;
        e.within_visible += b->flagged[i] ? visible : 0.0;
    }
    return e;
}

/* Sums of one map (T,T): column sums into received, the rest returned. */
struct map_sums {
    double drawn, within, max_weight;
};

static struct map_sums sum_map(double *received, const float *map, const struct at_bar_ratios *b)
{
    struct map_sums s = { 0 };
    size_t first_row = b->is_causal && b->T > 1;

    for (size_t j = 0; j < b->T; j++)
        received[j] = 0.0;
    for (size_t i = 0; i < b->T; i++) {
        const float *row = map + i * b->T;
        for (size_t j = 0; j < b->T; j++)
            received[j] += (double)row[j];
        for (size_t j = 0; j < b->T; j++) {
            if (!b->flagged[j])
                continue;
            s.within += b->flagged[i] ? (double)row[j] : 0.0;
            if (i >= first_row)
                s.max_weight = fmax(s.max_weight, (double)row[j]);
        }
    }
    for (size_t j = 0; j < b->T; j++)
        s.drawn += b->flagged[j] ? received[j] : 0.0;
    return s;
}

static void set_ratios(struct at_bar_head *head, const struct at_bar_ratios *b,
                       const struct map_sums *s, const struct expected *e)
{
    *head = (struct at_bar_head){ NAN, NAN, NAN, NAN, NAN, false, NAN, NAN, NAN, NAN };
    if (b->n_flagged == 0)
        return;
    head->bar = s->drawn / e->drawn;
    head->bsr = s->within / e->within;
    head->bar_visible = s->drawn / e->drawn_visible;
    head->bsr_visible = s->within / e->within_visible;
    head->max_weight = s->max_weight;
    head->is_specialised = head->bar > b->threshold;
}

void at_bar_add(struct at_bar_ratios *b, size_t layer, const float *attention)
{
    struct expected e = expect(b);

    AT_BUG_IF(layer >= b->L);
    for (size_t h = 0; h < b->H; h++) {
        size_t at = layer * b->H + h;
        struct map_sums s = sum_map(b->received + at * b->T, attention + h * b->T * b->T, b);
        set_ratios(&b->heads[at], b, &s, &e);
    }
}

/* Sums of the rows that a window owns, of one map (n,n). */
static void sum_window(double *sums, double *received, const float *map, size_t n,
                       const size_t *token, const bool *owned, const struct at_bar_ratios *b)
{
    size_t first_row = b->is_causal && b->T > 1;

    for (size_t i = 0; i < n; i++) {
        const float *row = map + i * n;
        if (!owned[i])
            continue;
        for (size_t j = 0; j < n; j++) {
            double w = (double)row[j];
            received[token[j]] += w;
            if (!b->flagged[token[j]])
                continue;
            sums[0] += w;
            sums[1] += b->flagged[token[i]] ? w : 0.0;
            if (token[i] >= first_row)
                sums[2] = fmax(sums[2], w);
        }
    }
}

/* What even attention of the rows that a window owns has; once, with the first layer. */
static void expect_window(struct at_bar_ratios *b, size_t n, const size_t *token, const bool *owned)
{
    size_t seen = 0, flagged = 0;

    for (size_t i = 0; i < n; i++)
        flagged += b->flagged[token[i]];
    for (size_t i = 0; i < n; i++) {
        double share = (double)flagged / (double)n, visible = share;
        seen += b->flagged[token[i]];
        if (b->is_causal)
            visible = (double)seen / (double)(i + 1);
        if (!owned[i])
            continue;
        b->expected[0] += share;
        b->expected[2] += visible;
        if (!b->flagged[token[i]])
            continue;
        b->expected[1] += share;
        b->expected[3] += visible;
    }
}

void at_bar_add_window(struct at_bar_ratios *b, size_t layer, const float *attention, size_t n,
                       const size_t *token, const bool *owned)
{
    size_t n_heads = b->L * b->H;

    AT_BUG_IF(layer >= b->L);
    if (!b->sums) {
        b->sums = at_calloc(n_heads * 3, sizeof *b->sums);
        memset(b->received, 0, n_heads * b->T * sizeof *b->received);
    }
    if (layer == 0)
        expect_window(b, n, token, owned);
    for (size_t h = 0; h < b->H; h++) {
        size_t at = layer * b->H + h;
        sum_window(b->sums + 3 * at, b->received + at * b->T, attention + h * n * n, n, token,
                   owned, b);
    }
}

void at_bar_finish_windows(struct at_bar_ratios *b)
{
    const double *x = b->expected;
    const struct expected e = {
        .drawn = x[0], .within = x[1], .drawn_visible = x[2], .within_visible = x[3]
    };

    for (size_t i = 0; i < b->L * b->H; i++) {
        const double *sums = b->sums + 3 * i;
        const struct map_sums s = { sums[0], sums[1], sums[2] };
        set_ratios(&b->heads[i], b, &s, &e);
    }
}

const char *at_bar_pattern_name(enum at_bar_pattern p)
{
    static const char *const names[] = { "none", "single_layer", "increasing", "decreasing",
                                         "stable" };

    return names[p];
}

static double mean_of(const double *x, size_t first, size_t last)
{
    double sum = 0.0;

    for (size_t i = first; i < last; i++)
        sum += x[i];
    return last > first ? sum / (double)(last - first) : NAN;
}

void at_bar_propagation(struct at_bar_propagation *out, double *layer_mean,
                        const struct at_bar_ratios *b)
{
    double step;

    *out = (struct at_bar_propagation){ AT_BAR_NONE, 0, NAN, { NAN, NAN, NAN } };
    for (size_t l = 0; l < b->L; l++) {
        double sum = 0.0;
        for (size_t h = 0; h < b->H; h++)
            sum += b->heads[l * b->H + h].bar;
        layer_mean[l] = sum / (double)b->H;
        if (layer_mean[l] > layer_mean[out->peak_layer])
            out->peak_layer = l;
    }
    if (b->n_flagged == 0 || b->L == 0)
        return;
    out->mean = mean_of(layer_mean, 0, b->L);
    for (size_t t = 0; t < 3; t++)
        out->third[t] = mean_of(layer_mean, t * b->L / 3, (t + 1) * b->L / 3);
    if (b->L < 2) {
        out->pattern = AT_BAR_SINGLE_LAYER;
        return;
    }
    step = (layer_mean[b->L - 1] - layer_mean[0]) / (double)(b->L - 1); /* mean of differences */
    out->pattern = step > 0.1 ? AT_BAR_INCREASING : step < -0.1 ? AT_BAR_DECREASING : AT_BAR_STABLE;
}

/* Valid tokens of a text: their number, and their positions in *positions_out (T). */
static size_t valid_tokens(size_t *positions_out, const struct at_bar_ratios *b,
                           const bool *is_special)
{
    size_t n = 0;

    for (size_t j = 0; j < b->T; j++)
        if (!is_special[j] || b->flagged[j])
            positions_out[n++] = j;
    return n;
}

static enum at_bar_status status_of(const struct at_bar_ratios *b, size_t n_valid)
{
    if (b->n_flagged == 0)
        return AT_BAR_NO_FLAGGED;
    return b->n_flagged >= n_valid ? AT_BAR_NO_ROOM : AT_BAR_TESTED;
}

/* Column sums of the valid tokens (heads, n_valid), and of the flagged ones together (heads). */
static void gather(double *values, double *observed, const struct at_bar_ratios *b,
                   const size_t *positions, size_t n_valid)
{
    for (size_t h = 0; h < b->L * b->H; h++) {
        const double *received = b->received + h * b->T;
        observed[h] = 0.0;
        for (size_t k = 0; k < n_valid; k++) {
            values[h * n_valid + k] = received[positions[k]];
            observed[h] += b->flagged[positions[k]] ? received[positions[k]] : 0.0;
        }
    }
}

/* p of each head into b->heads, corrected over all of them. */
static void fill_p(struct at_bar_significance *out, struct at_bar_ratios *b, const size_t *hits)
{
    size_t n = b->L * b->H;
    double *p = at_malloc(n, sizeof *p), *q = at_malloc(n, sizeof *q);

    for (size_t h = 0; h < n; h++) {
        struct at_perm_p test = at_perm_p(hits[h], out->n_draws, out->is_exact);
        p[h] = b->heads[h].p = test.p;
        b->heads[h].mc_error = test.mc_error;
        out->n_raw += test.p <= out->alpha;
    }
    at_bh_q(q, p, n);
    at_bonferroni(p, p, n);
    for (size_t h = 0; h < n; h++) {
        b->heads[h].q = q[h];
        b->heads[h].p_bonferroni = p[h];
        out->n_fdr += q[h] <= out->alpha;
        out->n_bonferroni += p[h] <= out->alpha;
    }
    free(p);
    free(q);
}

void at_bar_significance(struct at_bar_significance *out, struct at_bar_ratios *b,
                         const bool *is_special, size_t n_perm, double alpha, uint64_t seed,
                         struct at_pool *pool)
{
    size_t n = b->L * b->H, *positions = at_malloc(b->T, sizeof *positions);
    size_t *hits = at_malloc(n, sizeof *hits);
    double *values, *observed = at_malloc(n, sizeof *observed);

    *out = (struct at_bar_significance){ .seed = seed, .alpha = alpha };
    out->n_valid = valid_tokens(positions, b, is_special);
    out->status = status_of(b, out->n_valid);
    if (out->status == AT_BAR_TESTED) {
        struct at_subsets s = at_subsets_plan(out->n_valid, b->n_flagged, n_perm, seed);
        values = at_malloc(n * out->n_valid, sizeof *values);
        gather(values, observed, b, positions, out->n_valid);
        at_subset_null(hits, values, observed, n, &s, pool);
        out->n_draws = s.n_draws;
        out->is_exact = s.is_exact;
        fill_p(out, b, hits);
        free(values);
    }
    free(positions);
    free(hits);
    free(observed);
}

/* Bins of the calibration: bin 0 is everything below the first edge. */
enum { N_BINS = 18422 };
static const double first_edge = 1e-4, bin_width = 0.001; /* width in units of ln(ratio) */

static size_t bin_of(double ratio)
{
    double at = ceil(log(ratio / first_edge) / bin_width);

    return at > 0.0 ? (size_t)fmin(at, N_BINS - 1) : 0;
}

int at_bar_calibration_init(struct at_bar_calibration *out, size_t n_heads, struct at_error *err)
{
    void *counts = NULL;
    int rc = at_try_alloc(&counts, n_heads * N_BINS, sizeof *out->counts, "null ratios", err);

    if (rc)
        return rc;
    memset(counts, 0, n_heads * N_BINS * sizeof *out->counts);
    *out = (struct at_bar_calibration){ n_heads, 0, 0, counts };
    return 0;
}

void at_bar_calibrate(struct at_bar_calibration *c, const struct at_bar_ratios *b,
                      const bool *is_special, size_t n_draws, uint64_t seed)
{
    size_t *positions = at_malloc(b->T, sizeof *positions);
    size_t n_valid = valid_tokens(positions, b, is_special), k = b->n_flagged;
    uint32_t *members = at_malloc(k, sizeof *members);
    unsigned char *used = at_calloc(n_valid, 1);

    AT_BUG_IF(c->n_heads != b->L * b->H);
    if (status_of(b, n_valid) == AT_BAR_TESTED) {
        struct at_subsets s = { n_valid, k, n_draws, false, seed };
        for (size_t d = 0; d < n_draws; d++) {
            at_subsets_get(members, &s, d, used);
            for (size_t h = 0; h < c->n_heads; h++) {
                double sum = 0.0;
                for (size_t i = 0; i < k; i++)
                    sum += b->received[h * b->T + positions[members[i]]];
                c->counts[h * N_BINS + bin_of(sum / (double)k)]++;
            }
        }
        c->n_ratios += (uint64_t)n_draws * c->n_heads;
        c->n_texts++;
    }
    free(positions);
    free(members);
    free(used);
}

double at_bar_quantile(const struct at_bar_calibration *c, long head, double p)
{
    size_t first = head < 0 ? 0 : (size_t)head, last = head < 0 ? c->n_heads : first + 1;
    double total = c->n_heads ? (double)c->n_ratios / (double)c->n_heads : 0.0, below = 0.0;

    total *= (double)(last - first);
    if (!(total > 0.0))
        return NAN;
    for (size_t bin = 0; bin < N_BINS; bin++) {
        for (size_t h = first; h < last; h++)
            below += c->counts[h * N_BINS + bin];
        if (below >= p * total)
            return first_edge * exp(bin_width * (double)bin);
    }
    return first_edge * exp(bin_width * (N_BINS - 1));
}

void at_bar_calibration_release(struct at_bar_calibration *c)
{
    free(c->counts);
    *c = (struct at_bar_calibration){ 0 };
}
