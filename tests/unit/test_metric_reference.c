/*
 * test_metric_reference.c - what even and one-hot attention give, and bands between the two.
 */
#include "analysis/metric_reference.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"

static const struct at_map_kind BERT = { false, true }, GPT2 = { true, false };

static void test_both_ways(void **state)
{
    struct at_metric_reference r;

    (void)state;
    at_metric_reference(&r, 8, BERT);
    ASSERT_NEAR(r.even.confidence_max, 0.125, 0);
    ASSERT_NEAR(r.even.distribution_median, 0.125, 0);
    ASSERT_NEAR(r.even.uniformity, 0.0, 1e-12);
    ASSERT_NEAR(r.even.balance, 0.125, 1e-12);
    ASSERT_NEAR(r.even.mean_distance, 63.0 / 24, 1e-12);
    ASSERT_NEAR(r.one_hot.balance, 1.0, 1e-12);
    ASSERT_NEAR(r.one_hot.uniformity, sqrt(7.0) / 8, 1e-12);
    ASSERT_NEAR(r.one_hot.sparsity, 7.0 / 8, 0);
    assert_true(isnan(r.one_hot.mean_distance));
    ASSERT_NEAR(r.greatest.mean_distance, 2 * (7 + 6 + 5 + 4) / 8.0, 1e-12);
    ASSERT_NEAR(r.greatest.row_entropy, log(8.0), 1e-9);
}

/* Even attention of a causal model: no metric of it is called high for what the mask does. */
static void test_causal_even(void **state)
{
    struct at_metric_reference r;
    const size_t confidence = AT_METRIC_confidence_max;
    const size_t uniformity = AT_METRIC_uniformity;

    (void)state;
    at_metric_reference(&r, 8, GPT2);
    ASSERT_NEAR(r.even.confidence_max, 0.5, 0);
    ASSERT_NEAR(r.even.mean_distance, 7.0 / 4, 1e-7);
    ASSERT_NEAR(r.greatest.mean_distance, 3.5, 1e-12);
    /* mean of 1/i^2 over rows of i cells: sum of 1/i over 36 cells, less the square of 8/36 */
    ASSERT_NEAR(r.even.uniformity,
                sqrt((1 + 0.5 + 1 / 3. + 0.25 + 0.2 + 1 / 6. + 1 / 7. + 0.125) / 36 - 64.0 / 1296),
                1e-7);
    assert_true(isnan(r.even.balance));
    assert_int_equal(at_metric_band(&r, confidence, r.even.confidence_max), AT_BAND_LOW);
    assert_int_equal(at_metric_band(&r, confidence, 0.99), AT_BAND_HIGH);
    assert_int_equal(at_metric_band(&r, uniformity, r.even.uniformity), AT_BAND_LOW);
    assert_int_equal(at_metric_band(&r, AT_METRIC_focus_normalized, 1.0), AT_BAND_HIGH);
    assert_int_equal(at_metric_band(&r, AT_METRIC_balance, NAN), AT_BAND_NONE);
}

static void test_place(void **state)
{
    struct at_metric_reference r;
    size_t i = AT_METRIC_confidence_avg;

    (void)state;
    at_metric_reference(&r, 5, BERT);
    ASSERT_NEAR(at_metric_place(&r, i, (double)0.2f), 0.0, 0);
    ASSERT_NEAR(at_metric_place(&r, i, 1.0), 1.0, 0);
    ASSERT_NEAR(at_metric_place(&r, i, 0.6), 0.5, 1e-7);
    ASSERT_NEAR(at_metric_limits(&r, i).low, 0.2 + 0.8 / 3, 1e-7);
    assert_int_equal(at_metric_band(&r, i, at_metric_limits(&r, i).low), AT_BAND_LOW);
    assert_int_equal(at_metric_band(&r, i, 0.6), AT_BAND_MIDDLE);
    assert_true(isnan(at_metric_place(&r, i, NAN)));
    /* Quartiles of a six-token text are near 1/6 whatever the model does: no bands. */
    assert_int_equal(at_metric_band(&r, AT_METRIC_distribution_median, 0.2), AT_BAND_NONE);
    at_metric_reference(&r, 1, BERT);
    assert_true(isnan(at_metric_place(&r, i, 1.0)));
    assert_int_equal(at_metric_band(&r, i, 1.0), AT_BAND_NONE);
}

/* No map has more than the greatest: random ones, and those that reach each quantile's bound. */
static void test_greatest(void **state)
{
    struct at_rng rng;
    float map[64], scratch[64];

    (void)state;
    at_rng_init(&rng, 5, 0);
    for (size_t T = 1; T <= 8; T++)
        for (int trial = 0; trial < 400; trial++) {
            struct at_map_kind kind = trial % 2 ? GPT2 : BERT;
            struct at_metric_reference r;
            struct at_attn_metrics m;
            double sharp = trial % 5 * 2.0;
            for (size_t i = 0; i < T; i++) {
                size_t n = kind.is_causal ? i + 1 : T;
                double sum = 0.0, x[8];
                for (size_t j = 0; j < n; j++)
                    sum += x[j] = exp(sharp * at_rng_normal(&rng));
                for (size_t j = 0; j < T; j++)
                    map[i * T + j] = j < n ? (float)(x[j] / sum) : 0.0f;
            }
            at_metric_reference(&r, T, kind);
            at_attn_metrics(&m, map, T, kind, scratch);
            for (size_t i = 0; i < AT_N_METRICS; i++)
                assert_false(at_metric_get(&m, i) > at_metric_get(&r.greatest, i) + 1e-6);
        }
    ASSERT_NEAR(at_flow_change_greatest(), 0.83255461115769776, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_causal_even),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_greatest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
