/*
 * test_distance.c - distances by hand.
 */
#include "stats/distance.h"

#include <math.h>

#include "close.h"
#include "oracle.h"

static void test_js(void **state)
{
    const float a[] = { 1, 0, 0 }, b[] = { 0, 3, 3 }, c[] = { 0.5f, 0.5f, 0 }, zero[3] = { 0 };
    const float undefined[] = { 0.5f, NAN, 0.5f };
    /* c against a: m = (3/4, 1/4, 0); KL(a||m) = ln 4/3, KL(c||m) = ln(2/3)/2 + ln(2)/2 */
    double want = sqrt(0.5 * (log(4.0 / 3) + 0.5 * log(2.0 / 3) + 0.5 * log(2.0)));

    (void)state;
    ASSERT_NEAR(at_js_distance(a, a, 3, 0.0f), 0.0, 0);
    ASSERT_NEAR(at_js_distance(a, b, 3, 0.0f), sqrt(log(2.0)), 1e-15);
    ASSERT_NEAR(at_js_distance(a, c, 3, 0.0f), want, 1e-15);
    ASSERT_NEAR(at_js_distance(c, a, 3, 0.0f), want, 1e-15);
    assert_true(isnan(at_js_distance(a, zero, 3, 0.0f)));
    assert_true(isnan(at_js_distance(a, b, 0, 0.0f)));
    assert_true(isnan(at_js_distance(a, undefined, 3, 1e-10f)));
    assert_true(isnan(at_js_distance(undefined, a, 3, 1e-10f)));
}

static void test_js_oracle(void **state)
{
    struct oracle *o = oracle_open("fixtures/oracle/stats/tables.txt");
    size_t n;
    const float *a = oracle_get_f(o, "js/a", &n), *b = oracle_get_f(o, "js/b", NULL);

    (void)state;
    ASSERT_NEAR(at_js_distance(a, b, n, 0.0f), oracle_get(o, "js/distance", NULL)[0], 1e-13);
    oracle_close(o);
}

static void test_pairwise(void **state)
{
    const double x[] = { 0, 0, 3, 4, 0, 1 };
    const double want[] = { 0, 5, 1, 5, 0, sqrt(18.0), 1, sqrt(18.0), 0 };
    double out[9];

    (void)state;
    at_pairwise(out, x, 3, 2);
    ASSERT_CLOSE_D(out, want, 9, 1e-15, 0);
}

static void test_lengths(void **state)
{
    const float x[] = { 3, 4 }, y[] = { -4, 3 }, z[] = { 6, 8 };

    (void)state;
    ASSERT_NEAR(at_norm(x, 2), 5.0, 0);
    ASSERT_NEAR(at_dot(x, z, 2), 50.0, 0);
    ASSERT_NEAR(at_dot(x, y, 2), 0.0, 0);
}

static void test_pearson(void **state)
{
    const double x[] = { 1, 2, 3, 4 }, y[] = { 2, 4, 6, 8 }, z[] = { 4, 3, 2, 1 };
    const double w[] = { 1, 3, 2, 4 }, flat[] = { 5, 5, 5, 5 };

    (void)state;
    ASSERT_NEAR(at_pearson(x, y, 4), 1.0, 0);
    ASSERT_NEAR(at_pearson(x, z, 4), -1.0, 0);
    ASSERT_NEAR(at_pearson(x, w, 4), 0.8, 1e-15);
    assert_true(isnan(at_pearson(x, flat, 4)));
    assert_true(isnan(at_pearson(x, y, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_js),       cmocka_unit_test(test_js_oracle),
        cmocka_unit_test(test_pairwise), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_pearson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
