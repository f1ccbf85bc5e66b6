/*
 * test_rng.c - published numbers of PCG32, and the laws of what is derived from it.
 */
#include "base/rng.h"

#include <math.h>
#include <stdbool.h>

#include "base/attr.h"
#include "close.h"

/* The first outputs of the generator's own demo program: seed 42, stream 54. */
static void test_published_numbers(void **state)
{
    static const uint32_t want[] = { 0xa15c02b7, 0x7b47f409, 0xba1d3330,
                                     0x83d2f293, 0xbfa4784b, 0xcbed606e };
    struct at_rng r;

    (void)state;
    at_rng_init(&r, 42, 54);
    for (size_t i = 0; i < AT_COUNTOF(want); i++)
        assert_int_equal(at_rng_u32(&r), want[i]);
}

static void test_below_is_uniform(void **state)
{
    enum { N = 7, DRAWS = 70000 };
    struct at_rng r;
    size_t counts[N] = { 0 };
    double chi2 = 0.0;

    (void)state;
    at_rng_init(&r, 1, 1);
    for (int i = 0; i < DRAWS; i++) {
        size_t k = at_rng_below(&r, N);
        assert_true(k < N);
        counts[k]++;
    }
    for (int k = 0; k < N; k++)
        chi2 += pow((double)counts[k] - DRAWS / N, 2) / (DRAWS / N);
    assert_true(chi2 < 22.46); /* 0.999 quantile, 6 degrees of freedom; the seed is fixed */
    for (int i = 0; i < 100; i++)
        assert_int_equal(at_rng_below(&r, 1), 0);
    assert_true(at_rng_below(&r, SIZE_MAX) < SIZE_MAX);
}

/* Means over n draws have standard errors 0.29/sqrt(n) and 1/sqrt(n); five of them are allowed. */
static void test_doubles_and_normals(void **state)
{
    enum { DRAWS = 100000 };
    struct at_rng r;
    double sum = 0.0, normal = 0.0, square = 0.0;

    (void)state;
    at_rng_init(&r, 3, 9);
    for (int i = 0; i < DRAWS; i++) {
        double u = at_rng_double(&r), z = at_rng_normal(&r);
        assert_true(u >= 0.0 && u < 1.0);
        assert_true(isfinite(z));
        sum += u;
        normal += z;
        square += z * z;
    }
    ASSERT_NEAR(sum / DRAWS, 0.5, 5 * 0.29 / sqrt(DRAWS));
    ASSERT_NEAR(normal / DRAWS, 0.0, 5 / sqrt(DRAWS));
    ASSERT_NEAR(square / DRAWS, 1.0, 5 * sqrt(2.0 / DRAWS));
}

/* Neighbouring seeds and counters differ in about half of the 64 bits. */
static void test_counter_based(void **state)
{
    double flips = 0.0;

    (void)state;
    assert_int_equal(at_rng_at(7, 100), at_rng_at(7, 100));
    for (uint64_t c = 0; c < 1000; c++) {
        uint64_t x = at_rng_at(1, c);
        flips += __builtin_popcountll(x ^ at_rng_at(1, c + 1));
        flips += __builtin_popcountll(x ^ at_rng_at(2, c));
    }
    ASSERT_NEAR(flips / 2000, 32.0, 5 * 4 / sqrt(2000)); /* each count has deviation 4 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_numbers),
        cmocka_unit_test(test_below_is_uniform),
        cmocka_unit_test(test_doubles_and_normals),
        cmocka_unit_test(test_counter_based),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
