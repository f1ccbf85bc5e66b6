/*
 * test_attn_metrics.c - the metrics by hand, by law, by a slow twin and by numpy.
 */
#include "analysis/attn_metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/rng.h"
#include "close.h"
#include "naive.h"
#include "oracle.h"

/* Entropy sums T rows whose logarithms are good to 2e-12; the rest is exact but for rounding. */
#define TOL 1e-9

static const struct at_map_kind BERT = { false, true }, GPT2 = { true, false };

static struct at_attn_metrics measure(const float *map, size_t T, struct at_map_kind kind)
{
    struct at_attn_metrics m;
    float *scratch = at_malloc(T * T, sizeof *scratch);

    at_attn_metrics(&m, map, T, kind, scratch);
    free(scratch);
    return m;
}

static void check(const struct at_attn_metrics *got, const double want[AT_N_METRICS], double tol)
{
    double values[AT_N_METRICS];

    for (size_t i = 0; i < AT_N_METRICS; i++)
        values[i] = at_metric_get(got, i);
    ASSERT_CLOSE_D(values, want, AT_N_METRICS, tol, tol);
}

static void test_by_hand(void **state)
{
    const float map[] = { 0.5f, 0.25f, 0.25f, 0.125f, 0.75f, 0.125f, 0, 0, 1 };
    /* Below 1/3: 0.25 twice, 0.125 twice, 0 twice. Sorted: 0 0 1/8 1/8 1/4 1/4 1/2 3/4 1.
       Squares sum to 17/32 + ... = 0.375 + 0.59375 + 1 = 1.96875. */
    double entropy = 1.5 * log(2.0) + 0.25 * log(8.0) - 0.75 * log(0.75);
    const double want[] = { 1.0,     0.75,       entropy, entropy / (3 * log(3.0)),    6.0 / 9,
                            0.125,   0.25,       0.5,     sqrt(1.96875 / 9 - 1.0 / 9), 0.625 / 3,
                            1.0 / 3, entropy / 3 };
    struct at_attn_metrics m = measure(map, 3, BERT);

    (void)state;
    check(&m, want, 1e-12);
}

static void test_causal_by_hand(void **state)
{
    const float map[] = { 1, 0, 0, 0.25f, 0.75f, 0, 0.5f, 0.25f, 0.25f };
    /* Visible, sorted: 1/4 1/4 1/4 1/2 3/4 1; below 1/3: three of six. */
    double entropy = 0.25 * log(4.0) - 0.75 * log(0.75) + 0.5 * log(2.0) + 0.5 * log(4.0);
    double squares = 3.0 / 16 + 0.25 + 0.5625 + 1.0;
    const double want[] = { 0.75,    0.625,      entropy, entropy / log(6.0),       0.5,
                            0.25,    0.375,      0.6875,  sqrt(squares / 6 - 0.25), NAN,
                            1.5 / 3, entropy / 2 };
    struct at_attn_metrics m = measure(map, 3, GPT2);

    (void)state;
    check(&m, want, 1e-12);
}

static void test_uniform(void **state)
{
    float map[40 * 40];

    (void)state;
    for (size_t T = 2; T <= 40; T++) {
        double one = (double)(float)(1.0 / (double)T), n = (double)T;
        for (size_t c = 0; c < T * T; c++)
            map[c] = 1.0f / (float)T;
        const double want[] = {
            one,   one, n * log(n), 1.0, 0.0, one, one, one, 0.0, 1.0 / n, (n * n - 1) / (3 * n),
            log(n)
        };
        struct at_attn_metrics m = measure(map, T, BERT);
        /* 1/T rounded to a float is up to 6e-8 away, relative */
        check(&m, want, 1e-7);
        ASSERT_NEAR(m.sparsity, 0.0, 0);
    }
}

static void test_uniform_causal(void **state)
{
    enum { T = 23 };
    float map[T * T] = { 0 };
    double sum = 0.0;
    struct at_attn_metrics m;

    (void)state;
    for (size_t i = 0; i < T; i++) {
        for (size_t j = 0; j <= i; j++)
            map[i * T + j] = 1.0f / (float)(i + 1);
        sum += i > 0 ? 1.0 / (double)(i + 1) : 0.0;
    }
    m = measure(map, T, GPT2);
    ASSERT_NEAR(m.focus_normalized, 1.0, 1e-7);
    ASSERT_NEAR(m.confidence_avg, sum / (T - 1), 1e-7);
    ASSERT_NEAR(m.confidence_max, 0.5, 0);
    ASSERT_NEAR(m.sparsity, 0.0, 0);
    assert_true(isnan(m.balance));
}

static void test_identity(void **state)
{
    enum { T = 9 };
    float map[T * T] = { 0 };
    struct at_attn_metrics m;

    (void)state;
    for (size_t i = 0; i < T; i++)
        map[i * T + i] = 1.0f;
    m = measure(map, T, BERT);
    const double want[] = { 1,       1, 0, 0, (T - 1.0) / T, 0, 0, 0, sqrt((T - 1.0) / (T * T)),
                            1.0 / T, 0, 0 };
    check(&m, want, 1e-12);
}

static void test_one_token(void **state)
{
    const float one = 1.0f;
    const double bert[] = { 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0 };
    const double gpt2[] = { 1, 1, 0, 0, 0, 1, 1, 1, 0, NAN, 0, 0 };
    struct at_attn_metrics m = measure(&one, 1, BERT);

    (void)state;
    check(&m, bert, 0);
    m = measure(&one, 1, GPT2);
    check(&m, gpt2, 0);
}

static void test_oracle(void **state)
{
    static const struct {
        const char *name;
        size_t T;
        struct at_map_kind kind;
    } cases[] = {
        { "T1_01", 1, { false, true } },    { "T1_10", 1, { true, false } },
        { "T2_01", 2, { false, true } },    { "T2_10", 2, { true, false } },
        { "T3_01", 3, { false, true } },    { "T7_10", 7, { true, false } },
        { "T13_00", 13, { false, false } }, { "T16_01", 16, { false, true } },
        { "T41_10", 41, { true, false } },  { "T40_01", 40, { false, true } },
    };
    struct oracle *o = oracle_open("fixtures/oracle/metrics/maps.txt");
    char name[64];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_attn_metrics m;
        snprintf(name, sizeof name, "%s/map", cases[i].name);
        m = measure(oracle_get_f(o, name, NULL), cases[i].T, cases[i].kind);
        snprintf(name, sizeof name, "%s/metrics", cases[i].name);
        check(&m, oracle_get(o, name, NULL), TOL);
    }
    oracle_close(o);
}

static void fill_softmax(float *map, size_t T, bool is_causal, struct at_rng *rng)
{
    double *row = at_malloc(T, sizeof *row);

    for (size_t i = 0; i < T; i++) {
        size_t n = is_causal ? i + 1 : T;
        for (size_t j = 0; j < n; j++)
            row[j] = 3.0 * at_rng_normal(rng);
        naive_softmax(row, row, n);
        for (size_t j = 0; j < T; j++)
            map[i * T + j] = j < n ? (float)row[j] : 0.0f;
    }
    free(row);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static double quantile(const float *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1), low = floor(at);
    size_t i = (size_t)low, j = AT_MIN(i + 1, n - 1);

    return sorted[i] + (at - low) * ((double)sorted[j] - sorted[i]);
}

/* The definitions once more, one after the other, in the plainest way. */
static void naive_metrics(double out[AT_N_METRICS], const float *map, size_t T,
                          struct at_map_kind kind)
{
    float *cells = at_malloc(T * T, sizeof *cells);
    size_t n = 0, below = 0, first = kind.is_causal && T > 1;
    double sum = 0.0, sq = 0.0, column = 0.0, max = 0.0, sum_max = 0.0, entropy = 0.0, far = 0.0;

    for (size_t i = 0; i < T; i++) {
        double row_max = 0.0;
        for (size_t j = 0; j < (kind.is_causal ? i + 1 : T); j++) {
            double a = cells[n++] = map[i * T + j];
            row_max = fmax(row_max, a);
            sum += a;
            far += a * fabs((double)i - (double)j);
            below += map[i * T + j] < (float)(1.0 / (double)T);
            entropy -= a > 1e-10 ? a * log(a) : 0.0;
        }
        column += map[i * T];
        max = i >= first ? fmax(max, row_max) : max;
        sum_max += i >= first ? row_max : 0.0;
    }
    for (size_t c = 0; c < n; c++)
        sq += (cells[c] - sum / (double)n) * (cells[c] - sum / (double)n);
    qsort(cells, n, sizeof *cells, by_value);
    double d = (double)T, ceiling = kind.is_causal ? lgamma(d + 1.0) : d * log(d);
    const double all[AT_N_METRICS] = {
        max,
        sum_max / (double)(T - first),
        entropy,
        entropy / ceiling,
        (double)below / (double)n,
        quantile(cells, n, 0.25),
        quantile(cells, n, 0.5),
        quantile(cells, n, 0.75),
        sqrt(sq / (double)n),
        kind.has_summary_token ? column / sum : NAN,
        far / sum,
        entropy / (double)(T - first),
    };
    memcpy(out, all, sizeof all);
    free(cells);
}

/* Sizes that leave every remainder of the lanes, and one as large as the models allow. */
static void test_twin(void **state)
{
    static const size_t sizes[] = { 2, 5, 8, 9, 15, 31, 64, 130, 512 };
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 3, 0);
    for (size_t s = 0; s < AT_COUNTOF(sizes); s++) {
        size_t T = sizes[s];
        float *map = at_malloc(T * T, sizeof *map);
        for (int causal = 0; causal < 2; causal++) {
            struct at_map_kind kind = { causal, !causal };
            double want[AT_N_METRICS];
            fill_softmax(map, T, causal, &rng);
            struct at_attn_metrics m = measure(map, T, kind);
            naive_metrics(want, map, T, kind);
            check(&m, want, TOL);
        }
        free(map);
    }
}

static void test_flow_change(void **state)
{
    const float a[] = { 1, 0, 1, 0 }, b[] = { 0, 1, 0, 1 };
    struct oracle *o = oracle_open("fixtures/oracle/metrics/maps.txt");
    const float *maps = oracle_get_f(o, "stack/maps", NULL);

    (void)state;
    ASSERT_NEAR(at_flow_change(a, a, 2), 0.0, 0);
    ASSERT_NEAR(at_flow_change(a, b, 2), sqrt(log(2.0)), 1e-8); /* the clip of 1e-10 shows */
    ASSERT_NEAR(at_flow_change(maps, maps + 2 * 81, 9), oracle_get(o, "stack/flow_change", NULL)[0],
                1e-12);
    oracle_close(o);
}

/* Row 1 is not defined: nothing of the map is, unless nobody can see that cell. */
static void test_undefined_row(void **state)
{
    float map[81], scratch[81];
    struct at_attn_metrics m;

    (void)state;
    for (size_t i = 0; i < 81; i++)
        map[i] = i / 9 == 1 ? NAN : 1.0f / 9.0f;
    at_attn_metrics(&m, map, 9, (struct at_map_kind){ false, true }, scratch);
    for (size_t i = 0; i < AT_N_METRICS; i++)
        assert_true(isnan(at_metric_get(&m, i)));
    assert_true(isnan(at_flow_change(map, map, 9)));
    map[9] = map[10] = 0.5f; /* what is left is above the diagonal */
    at_attn_metrics(&m, map, 9, (struct at_map_kind){ true, false }, scratch);
    for (size_t i = 0; i < AT_N_METRICS; i++)
        assert_int_equal(isnan(at_metric_get(&m, i)), i == AT_METRIC_balance);
}

/* Rows that sum to anything but 1: shares of the sum stay shares, and a constant has no spread. */
static void test_far_from_one(void **state)
{
    enum { T = 12 };
    static const float tiny[] = { 1e-42f, 1e-30f, 1e-9f, 0.5f / T, 0.9f };
    float map[T * T] = { 0 };
    struct at_attn_metrics m = measure(map, T, BERT);

    (void)state;
    assert_true(isnan(m.balance) && isnan(m.mean_distance));
    ASSERT_NEAR(m.uniformity, 0.0, 0);
    for (size_t k = 0; k < AT_COUNTOF(tiny); k++) {
        for (size_t c = 0; c < T * T; c++)
            map[c] = tiny[k];
        m = measure(map, T, BERT);
        ASSERT_NEAR(m.balance, 1.0 / T, 1e-15);
        ASSERT_NEAR(m.uniformity / (double)tiny[k], 0.0, 1e-15);
        ASSERT_NEAR(m.mean_distance, (T * T - 1.0) / (3.0 * T), 1e-13);
        assert_true(m.focus_normalized <= 1.0);
    }
}

/* Floats of 1/(i+1) carry the entropy of even attention past its ceiling by rounding. */
static void test_focus_ends_at_one(void **state)
{
    float map[12 * 12] = { 0 };

    (void)state;
    for (size_t T = 2; T <= 12; T++) {
        for (size_t i = 0; i < T; i++)
            for (size_t j = 0; j < T; j++)
                map[i * T + j] = j <= i ? 1.0f / (float)(i + 1) : 0.0f;
        assert_true(measure(map, T, GPT2).focus_normalized <= 1.0);
    }
}

static void test_table(void **state)
{
    struct at_attn_metrics m = { .confidence_max = 1, .distribution_median = 7, .balance = 10 };

    (void)state;
    assert_string_equal(at_metric_fields[0].key, "confidence_max");
    assert_string_equal(at_metric_fields[9].key, "balance");
    ASSERT_NEAR(at_metric_get(&m, 0), 1.0, 0);
    ASSERT_NEAR(at_metric_get(&m, 6), 7.0, 0);
    ASSERT_NEAR(at_metric_get(&m, 9), 10.0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),      cmocka_unit_test(test_causal_by_hand),
        cmocka_unit_test(test_uniform),      cmocka_unit_test(test_uniform_causal),
        cmocka_unit_test(test_identity),     cmocka_unit_test(test_one_token),
        cmocka_unit_test(test_oracle),       cmocka_unit_test(test_twin),
        cmocka_unit_test(test_flow_change),  cmocka_unit_test(test_undefined_row),
        cmocka_unit_test(test_far_from_one), cmocka_unit_test(test_focus_ends_at_one),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
