/*
 * test_tukey_box.c - boxes by hand.
 */
#include "stats/tukey_box.h"

#include <math.h>

#include "close.h"

/* 2 to 6 with 30 and -30: quartiles 2.5, 4 and 5.5, reach 4.5 to either side. */
static void test_outliers(void **state)
{
    double x[] = { 30, 6, 2, 3, -30, 4, 5 };
    struct at_tukey_box b;

    (void)state;
    at_tukey_box(&b, x, 7);
    assert_true(b.q1 == 2.5 && b.median == 4 && b.q3 == 5.5 && b.n == 7);
    assert_true(b.whisker_lo == 2 && b.whisker_hi == 6);
    assert_int_equal(b.n_outliers, 2);
    assert_true(b.outliers[0] == -30 && b.outliers[1] == 30);
}

static void test_all_within_reach(void **state)
{
    double x[] = { 3, 1, 2 };
    struct at_tukey_box b;

    (void)state;
    at_tukey_box(&b, x, 3);
    assert_true(b.whisker_lo == 1 && b.q1 == 1.5 && b.q3 == 2.5 && b.whisker_hi == 3);
    assert_int_equal(b.n_outliers, 0);
}

/* 0, 0, 0 and 0.4: the last value within reach lies below the upper quartile of 0.1. */
static void test_whiskers_begin_at_the_box(void **state)
{
    double x[] = { 0, 0.4, 0, 0 };
    struct at_tukey_box b;

    (void)state;
    at_tukey_box(&b, x, 4);
    ASSERT_NEAR(b.q3, 0.1, 1e-15);
    assert_true(b.whisker_lo == 0 && b.whisker_hi == b.q3 && b.n_outliers == 1);
}

static void test_few(void **state)
{
    double x[] = { 7 };
    struct at_tukey_box b;

    (void)state;
    at_tukey_box(&b, x, 1);
    assert_true(b.whisker_lo == 7 && b.median == 7 && b.whisker_hi == 7 && b.n_outliers == 0);
    at_tukey_box(&b, x, 0);
    assert_true(isnan(b.median) && isnan(b.whisker_lo) && isnan(b.whisker_hi) && b.n == 0);
    assert_int_equal(b.n_outliers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_all_within_reach),
        cmocka_unit_test(test_whiskers_begin_at_the_box),
        cmocka_unit_test(test_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
