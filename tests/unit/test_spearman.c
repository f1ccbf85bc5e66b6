/*
 * test_spearman.c - rank correlation and its p against scipy and by hand.
 */
#include "stats/spearman.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"
#include "oracle.h"
#include "stats/tails.h"

static const char PATH[] = "fixtures/oracle/stats/tables.txt";

static void test_oracle(void **state)
{
    static const size_t sizes[] = { 5, 9, 10, 12, 60 };
    struct oracle *o = oracle_open(PATH);

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        char name[3][64];
        struct at_correlation c;
        double got[2];
        snprintf(name[0], sizeof name[0], "spearman%zu/x", sizes[i]);
        snprintf(name[1], sizeof name[1], "spearman%zu/y", sizes[i]);
        snprintf(name[2], sizeof name[2], "spearman%zu/result", sizes[i]);
        c = at_spearman(oracle_get(o, name[0], NULL), oracle_get(o, name[1], NULL), sizes[i]);
        got[0] = c.rho;
        got[1] = c.p;
        ASSERT_CLOSE_D(got, oracle_get(o, name[2], NULL), 2, 1e-12, 1e-10);
        assert_int_equal(c.is_exact, sizes[i] <= 9);
    }
    oracle_close(o);
}

static void test_student(void **state)
{
    struct oracle *o = oracle_open(PATH);
    size_t n_t, n_df;
    const double *t = oracle_get(o, "student/t", &n_t), *df = oracle_get(o, "student/df", &n_df);
    const double *want = oracle_get(o, "student/p", NULL);

    (void)state;
    for (size_t i = 0; i < n_df; i++) {
        for (size_t j = 0; j < n_t; j++) {
            double p = at_student_two_sided(-t[j], df[i]);
            ASSERT_CLOSE_D(&p, want + i * n_t + j, 1, 1e-300, 1e-10);
        }
    }
    ASSERT_NEAR(at_student_two_sided(0.0, 4), 1.0, 0);
    ASSERT_NEAR(at_student_two_sided(INFINITY, 4), 0.0, 0);
    assert_true(isnan(at_student_two_sided(1.0, 0.0)) && isnan(at_student_two_sided(NAN, 3.0)));
    oracle_close(o);
}

static void test_by_hand(void **state)
{
    const double x[] = { 1, 2, 3, 4 }, y[] = { 10, 20, 30, 40 }, z[] = { 1, 3, 2, 4 };
    const double flat[] = { 5, 5, 5, 5 };
    struct at_correlation c = at_spearman(x, y, 4);

    (void)state;
    ASSERT_NEAR(c.rho, 1.0, 1e-15);
    ASSERT_NEAR(c.p, 2.0 / 24, 1e-15); /* the order itself and its reverse */
    c = at_spearman(x, z, 4);
    ASSERT_NEAR(c.rho, 0.8, 1e-15);
    ASSERT_NEAR(c.p, 8.0 / 24, 1e-15); /* four orders at 0.8 or more, four at -0.8 or less */
    c = at_spearman(x, flat, 4);
    assert_true(isnan(c.rho) && isnan(c.p));
    c = at_spearman(x, y, 2);
    ASSERT_NEAR(c.rho, 1.0, 1e-15);
    assert_true(isnan(c.p));
    assert_true(isnan(at_spearman(x, y, 0).rho));
}

/* Without correlation, exact p is at most a about a of the time. */
static void test_p_is_uniform(void **state)
{
    enum { TRIALS = 2000, N = 6 };
    size_t below = 0;
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 4, 0);
    for (size_t t = 0; t < TRIALS; t++) {
        double x[N], y[N];
        for (size_t i = 0; i < N; i++) {
            x[i] = at_rng_normal(&rng);
            y[i] = at_rng_normal(&rng);
        }
        below += at_spearman(x, y, N).p <= 0.2;
    }
    /* the largest attainable p below 0.2 is 0.175; 3 standard errors of 2000 draws */
    ASSERT_NEAR((double)below / TRIALS, 0.175, 3 * sqrt(0.175 * 0.825 / TRIALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_p_is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
