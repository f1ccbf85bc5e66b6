/*
 * test_summary.c - means and deviations by hand and by scikit-learn.
 */
#include "stats/summary.h"

#include <math.h>

#include "base/attr.h"
#include "close.h"
#include "oracle.h"

static void test_moments(void **state)
{
    const double x[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
    struct at_moments m = { 0 };

    (void)state;
    ASSERT_NEAR(at_mean(x, 8), 5.0, 0);
    ASSERT_NEAR(at_sd(x, 8), 2.0, 1e-15);
    for (size_t i = 0; i < 8; i++)
        at_moments_add(&m, x[i]);
    at_moments_add(&m, NAN);
    assert_int_equal(m.n, 8);
    ASSERT_NEAR(at_moments_mean(&m), 5.0, 1e-14);
    ASSERT_NEAR(at_moments_sd(&m), 2.0, 1e-14);
    ASSERT_NEAR(m.min, 2.0, 0);
    ASSERT_NEAR(m.max, 9.0, 0);
}

static void test_of_nothing(void **state)
{
    struct at_moments m = { 0 };

    (void)state;
    assert_true(isnan(at_mean(NULL, 0)) && isnan(at_sd(NULL, 0)));
    assert_true(isnan(at_moments_mean(&m)) && isnan(at_moments_sd(&m)));
}

static void test_standardize(void **state)
{
    const double x[] = { 1, 7, NAN, 3, 7, 4, 5, 7, 8 };
    const double a = sqrt(1.5);
    const double want[] = { -a, 0, NAN, 0, 0, -1, a, 0, 1 };
    double z[9];

    (void)state;
    at_standardize(z, x, 3, 3);
    ASSERT_CLOSE_D(z, want, 9, 1e-15, 0);
}

/* What float maps leave of a constant is one; what they can tell apart is not. */
static void test_rounding_is_no_spread(void **state)
{
    const double x[] = { 0.5384615, 1e-9, 0.53846159, 1e-9, 0.53846152, 1.00001e-9 };
    const double a = sqrt(0.5), want[] = { 0, -a, 0, -a, 0, 2 * a };
    double z[6];

    (void)state;
    at_standardize(z, x, 3, 2);
    ASSERT_CLOSE_D(z, want, 6, 1e-9, 0); /* the second column keeps 1e-5 of 16 digits */
    for (size_t i = 0; i < 6; i += 2)
        assert_false(signbit(z[i]));
    assert_false(at_has_spread(0.0, 0.0));
    assert_false(at_has_spread(-1.0, -1.0));
    assert_true(at_has_spread(0.0, 1e-300));
}

static void test_standardize_oracle(void **state)
{
    struct oracle *o = oracle_open("fixtures/oracle/stats/tables.txt");
    size_t n;
    const double *x = oracle_get(o, "small/x", &n);
    double z[36 * 7];

    (void)state;
    assert_int_equal(n, AT_COUNTOF(z));
    at_standardize(z, x, 36, 7);
    ASSERT_CLOSE_D(z, oracle_get(o, "small/standard", NULL), n, 1e-12, 0);
    oracle_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_of_nothing),
        cmocka_unit_test(test_standardize),
        cmocka_unit_test(test_rounding_is_no_spread),
        cmocka_unit_test(test_standardize_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
