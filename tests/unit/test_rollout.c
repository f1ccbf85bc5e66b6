/*
 * test_rollout.c - matrix modes by law and by numpy.
 */
#include "analysis/rollout.h"

#include "close.h"
#include "oracle.h"

enum { T = 9, CELLS = T * T };
static const char PATH[] = "fixtures/oracle/metrics/maps.txt";

static void test_mean(void **state)
{
    struct oracle *o = oracle_open(PATH);
    const float *maps = oracle_get_f(o, "stack/maps", NULL);
    const double *want = oracle_get(o, "stack/mean", NULL);
    float out[CELLS];

    (void)state;
    at_map_mean(out, maps, 3, T);
    ASSERT_CLOSE(out, want, CELLS, 0, 6e-8); /* one rounding to float */
    oracle_close(o);
}

/* More cells than a block of at_map_mean(). */
static void test_mean_of_a_large_map(void **state)
{
    enum { BIG = 70 };
    static float maps[2 * BIG * BIG], out[BIG * BIG];
    static double want[BIG * BIG];

    (void)state;
    for (size_t c = 0; c < BIG * BIG; c++) {
        maps[c] = (float)c;
        maps[BIG * BIG + c] = 1.0f;
        want[c] = ((double)c + 1.0) / 2.0;
    }
    at_map_mean(out, maps, 2, BIG);
    ASSERT_CLOSE(out, want, BIG * BIG, 0, 0);
}

static void test_columns(void **state)
{
    struct oracle *o = oracle_open(PATH);
    float out[CELLS];

    (void)state;
    at_column_normalize(out, oracle_get_f(o, "stack/maps", NULL), T);
    ASSERT_CLOSE(out, oracle_get(o, "stack/col", NULL), CELLS, 0, 1e-7);
    for (size_t j = 0; j < T; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < T; i++)
            sum += out[i * T + j];
        ASSERT_NEAR(sum, 1.0, 1e-6); /* nine floats, and the 1e-8 under the fraction */
    }
    oracle_close(o);
}

/* A token nobody looks at has a column of zeros, not of NaN. */
static void test_column_of_zeros(void **state)
{
    float map[] = { 1, 0, 1, 0 };
    const double want[] = { 0.5, 0, 0.5, 0 };

    (void)state;
    at_column_normalize(map, map, 2);
    ASSERT_CLOSE(map, want, 4, 1e-7, 0);
}

static void test_rollout(void **state)
{
    struct oracle *o = oracle_open(PATH);
    const float *maps = oracle_get_f(o, "stack/maps", NULL);
    const double *want = oracle_get(o, "stack/rollout", NULL);
    float out[3][CELLS];

    (void)state;
    for (size_t l = 0; l < 3; l++) {
        at_rollout_step(out[l], maps + l * CELLS, l ? out[l - 1] : NULL, T);
        /* floats through up to three products of nine terms */
        ASSERT_CLOSE(out[l], want + l * CELLS, CELLS, 1e-6, 0);
        for (size_t i = 0; i < T; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < T; j++)
                sum += out[l][i * T + j];
            ASSERT_NEAR(sum, 1.0, 1e-6);
        }
    }
    oracle_close(o);
}

static void test_rollout_of_identity_and_uniform(void **state)
{
    float identity[CELLS] = { 0 }, uniform[CELLS], out[CELLS], next[CELLS];
    double want_identity[CELLS] = { 0 }, want_uniform[CELLS];

    (void)state;
    for (size_t i = 0; i < T; i++)
        identity[i * T + i] = 1.0f, want_identity[i * T + i] = 1.0;
    for (size_t c = 0; c < CELLS; c++) {
        uniform[c] = 1.0f / T;
        want_uniform[c] = 0.5 / T + (c / T == c % T ? 0.5 : 0.0);
    }
    at_rollout_step(out, identity, NULL, T);
    at_rollout_step(next, identity, out, T);
    ASSERT_CLOSE(next, want_identity, CELLS, 0, 0);
    at_rollout_step(out, uniform, NULL, T);
    ASSERT_CLOSE(out, want_uniform, CELLS, 1e-7, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean),    cmocka_unit_test(test_mean_of_a_large_map),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_column_of_zeros),
        cmocka_unit_test(test_rollout), cmocka_unit_test(test_rollout_of_identity_and_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
