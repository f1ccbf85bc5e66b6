/*
 * test_sums.c - exact sums: against plain arithmetic, and in any order and division the same bits.
 */
#include "stats/sums.h"

#include <math.h>

#include "base/rng.h"
#include "close.h"

enum { N = 400, PARTS = 7 };

static void fill(double *x)
{
    struct at_rng rng;

    at_rng_init(&rng, 5, 1);
    for (size_t i = 0; i < N; i++)
        x[i] = (at_rng_double(&rng) - 0.3) * pow(10.0, (double)(i % 9) - 5.0);
}

static void test_moments(void **state)
{
    double x[N], ci[2];
    struct at_sums s = { 0 };
    struct at_moments want = { 0 }, got;

    (void)state;
    assert_true(isnan(at_sums_mean(&s)));
    fill(x);
    for (size_t i = 0; i < N; i++) {
        at_sums_add(&s, x[i]);
        at_moments_add(&want, x[i]);
    }
    at_sums_add(&s, NAN);
    at_sums_add(&s, INFINITY);
    got = at_sums_moments(&s);
    assert_int_equal(got.n, N);
    ASSERT_NEAR(got.mean, want.mean, 1e-12);
    ASSERT_NEAR(got.m2, want.m2, 1e-7 * want.m2);
    ASSERT_NEAR(got.min, want.min, 0);
    ASSERT_NEAR(got.max, want.max, 0);
    ASSERT_NEAR(at_sums_interval(ci, &s, 0.95), got.mean, 0);
    assert_true(ci[0] < got.mean && got.mean < ci[1]);
}

/* t(0.975, 4) = 2.776445105 (tables): 1 to 5 has 3 -+ 2.776445105 * sqrt(2.5 / 5). */
static void test_interval(void **state)
{
    struct at_sums s = { 0 }, same = { 0 };
    double ci[2];

    (void)state;
    at_sums_add(&s, 1);
    at_sums_interval(ci, &s, 0.95);
    assert_true(isnan(ci[0]) && isnan(ci[1]));
    for (int i = 2; i <= 5; i++)
        at_sums_add(&s, i);
    at_sums_interval(ci, &s, 0.95);
    ASSERT_NEAR(ci[0], 3 - 2.776445105 * sqrt(0.5), 1e-8);
    ASSERT_NEAR(ci[1], 3 + 2.776445105 * sqrt(0.5), 1e-8);
    for (int i = 0; i < 3; i++)
        at_sums_add(&same, 0.1);
    at_sums_interval(ci, &same, 0.95);
    ASSERT_NEAR(ci[0], ci[1], 0);
}

static void test_parts(void **state)
{
    double x[N];
    struct at_sums all = { 0 }, part[PARTS] = { { 0 } }, merged = { 0 }, backwards = { 0 };

    (void)state;
    fill(x);
    for (size_t i = 0; i < N; i++) {
        at_sums_add(&all, x[i]);
        at_sums_add(&part[i % PARTS], x[i]);
        at_sums_add(&backwards, x[N - 1 - i]);
    }
    for (size_t i = PARTS; i-- > 0;)
        at_sums_merge(&merged, &part[i]);
    at_sums_merge(&merged, &(struct at_sums){ 0 });
    assert_memory_equal(&merged, &all, sizeof all);
    assert_memory_equal(&backwards, &all, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
