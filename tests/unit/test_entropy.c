/*
 * test_entropy.c - the fast p ln p against the C library's logarithm.
 */
#include "stats/entropy.h"

#include <math.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"

static double plogp(double p)
{
    return p > (double)AT_ENTROPY_FLOOR ? p * log(p) : 0.0;
}

/* Every mantissa and exponent that matters: the logarithm itself is good to 2e-12. */
static void test_error_bound(void **state)
{
    (void)state;
    for (float p = 1.0f; p > 2e-10f; p *= 0.99973f) {
        double got = at_sum_plogp(&p, 1);
        ASSERT_NEAR(got / p, log(p), 2e-12);
    }
}

static void test_edges(void **state)
{
    float zeros[3] = { 0 }, one = 1.0f, floor = AT_ENTROPY_FLOOR, nan = NAN;

    (void)state;
    ASSERT_NEAR(at_sum_plogp(zeros, 0), 0.0, 0.0);
    ASSERT_NEAR(at_sum_plogp(zeros, 3), 0.0, 0.0);
    ASSERT_NEAR(at_sum_plogp(&one, 1), 0.0, 0.0);
    ASSERT_NEAR(at_sum_plogp(&floor, 1), 0.0, 0.0); /* the floor itself is left out */
    ASSERT_NEAR(at_sum_plogp(&nan, 1), 0.0, 0.0);
}

/* Lengths that do and do not fill the lanes. */
static void test_lengths(void **state)
{
    enum { N = 67 };
    float p[N], q[N];
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 5, 0);
    for (size_t i = 0; i < N; i++) {
        p[i] = (float)exp(-25.0 * at_rng_double(&rng));
        q[i] = (float)exp(-25.0 * at_rng_double(&rng));
    }
    for (size_t n = 0; n <= N; n++) {
        double want = 0.0, want_mean = 0.0;
        for (size_t i = 0; i < n; i++) {
            want += plogp(p[i]);
            want_mean += plogp((p[i] + q[i]) * 0.5f);
        }
        ASSERT_NEAR(at_sum_plogp(p, n), want, 1e-10); /* 67 terms below 2e-12 each */
        ASSERT_NEAR(at_sum_mean_plogp(p, q, n), want_mean, 1e-10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_bound),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
