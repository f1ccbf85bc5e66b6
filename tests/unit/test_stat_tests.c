/*
 * test_stat_tests.c - tails, rank tests, intervals and corrections against scipy
 * (fixtures/oracle/rank_tests.json, effects.json) and values worked by hand.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "close.h"
#include "io/json.h"
#include "stats/effect.h"
#include "stats/intervals.h"
#include "stats/multiple.h"
#include "stats/rank_tests.h"
#include "stats/tails.h"

struct numbers {
    double *x;
    size_t n;
};

static struct at_json *oracle(const char *path)
{
    struct at_error err;
    struct at_json *root;

    if (at_json_read(&root, path, &err))
        fail_msg("%s", err.text);
    return root;
}

static struct numbers numbers_of(const struct at_json *v, const char *key)
{
    const struct at_json *list = at_json_get(v, key);
    struct numbers out = { NULL, at_json_count(list) };

    out.x = at_malloc(out.n, sizeof *out.x);
    for (size_t i = 0; i < out.n; i++)
        out.x[i] = at_json_number(at_json_at(list, i), NAN);
    return out;
}

static int *groups_of(const struct at_json *v)
{
    const struct at_json *list = at_json_get(v, "group");
    int *out = at_malloc(at_json_count(list), sizeof *out);

    for (size_t i = 0; i < at_json_count(list); i++)
        out[i] = (int)at_json_integer(at_json_at(list, i), -1);
    return out;
}

static double number_of(const struct at_json *v, const char *key)
{
    return at_json_number(at_json_get(v, key), NAN);
}

/* Statistics are sums of ranks: exact. p: both sides round, and tails amplify it; 1e-10 is far
   below any difference between formulas (continuity, ties). */
static void check_rank_test(const struct at_json *v, struct at_rank_test got)
{
    double want[2] = { number_of(v, "statistic"), number_of(v, "p") };
    double have[2] = { got.statistic, got.p };

    ASSERT_CLOSE_D(have, want, 2, 1e-300, 1e-10);
}

static void check_case(const struct at_json *v)
{
    const char *kind = at_json_text(at_json_get(v, "kind"), "");
    struct numbers x = numbers_of(v, "x"), y = numbers_of(v, "y"), want = { 0 };
    double p = number_of(v, "p"), got = NAN;

    if (strcmp(kind, "wilcoxon") == 0) {
        check_rank_test(v, at_wilcoxon(x.x, x.n, 0.0));
    } else if (strcmp(kind, "mann_whitney") == 0) {
        check_rank_test(v, at_mann_whitney(x.x, x.n, y.x, y.n));
    } else if (strcmp(kind, "kruskal") == 0) {
        int *group = groups_of(v);
        check_rank_test(v, at_kruskal_wallis(x.x, group, x.n, 4));
        free(group);
    } else if (strcmp(kind, "wilson") == 0) {
        struct at_interval ci = at_wilson(x.x[0], x.x[1], x.x[2]);
        want = numbers_of(v, "interval");
        /* Ends at 0 and 1 are exact here and rounded there. */
        ASSERT_CLOSE_D(&ci.low, want.x, 1, 1e-15, 1e-12);
        ASSERT_CLOSE_D(&ci.high, want.x + 1, 1, 1e-15, 1e-12);
    } else if (strcmp(kind, "bh") == 0) {
        want = numbers_of(v, "q");
        at_bh_q(x.x, x.x, x.n);
        ASSERT_CLOSE_D(x.x, want.x, x.n, 0, 1e-14);
    } else {
        got = strcmp(kind, "chi2") == 0              ? at_chi2_tail(x.x[0], x.x[1])
              : strcmp(kind, "normal") == 0          ? at_normal_two_sided(x.x[0])
              : strcmp(kind, "normal_quantile") == 0 ? at_normal_quantile(x.x[0])
              : strcmp(kind, "sign") == 0            ? at_sign_test((size_t)x.x[0], (size_t)x.x[1])
                                                     : NAN;
        ASSERT_CLOSE_D(&got, &p, 1, 1e-15, 1e-11);
    }
    free(x.x);
    free(y.x);
    free(want.x);
}

static void test_against_scipy(void **state)
{
    struct at_json *root = oracle("fixtures/oracle/rank_tests.json");

    (void)state;
    assert_true(at_json_count(root) > 60);
    for (size_t i = 0; i < at_json_count(root); i++)
        check_case(at_json_at(root, i));
    at_json_free(root);
}

static void test_effects_against_f_test(void **state)
{
    struct at_json *root = oracle("fixtures/oracle/effects.json");

    (void)state;
    for (size_t c = 0; c < at_json_count(root); c++) {
        const struct at_json *v = at_json_at(root, c);
        struct numbers x = numbers_of(v, "x");
        int *group = groups_of(v);
        float *values = at_malloc(x.n, sizeof *values);
        struct at_effect e;
        for (size_t i = 0; i < x.n; i++)
            values[i] = (float)x.x[i]; /* the oracle's numbers are floats */
        at_group_effects(&e, values, group, 1, x.n, (size_t)number_of(v, "k"), NULL, 0, 0, 0, NULL);
        ASSERT_NEAR(e.eta2, number_of(v, "eta2"), 1e-12);
        ASSERT_NEAR(e.omega2, number_of(v, "omega2"), 1e-12);
        ASSERT_NEAR(e.epsilon2, number_of(v, "epsilon2"), 1e-12);
        assert_true(isnan(e.p));
        free(values);
        free(group);
        free(x.x);
    }
    at_json_free(root);
}

/* Two groups of two, every relabelling known: of 4!/(2!2!) = 6 labellings, {1,2|3,4} and its mirror
   reach the largest between-group spread, so p tends to 2/6; a constant says nothing. */
static void test_effect_permutation_p(void **state)
{
    const float x[2 * 4] = { 1, 2, 3, 4, 5, 5, 5, 5 };
    const int group[4] = { 0, 0, 1, 1 };
    struct at_pool *pool = at_pool_new(2);
    struct at_effect e[2], again[2];

    (void)state;
    at_group_effects(e, x, group, 2, 4, 2, NULL, 0, 20000, 7, NULL);
    ASSERT_NEAR(e[0].eta2, 0.8, 1e-15); /* 4 of 5 */
    ASSERT_NEAR(e[0].p, 2.0 / 6.0, 4.0 * e[0].mc_error);
    assert_true(isnan(e[1].eta2) && isnan(e[1].p));
    at_group_effects(again, x, group, 2, 4, 2, NULL, 0, 20000, 7, pool);
    assert_true(again[0].p == e[0].p);
    at_pool_free(pool);
}

/* Four units of five values each, two in each group: of the 6 ways to label units, 2 spread as far
   as the true one. Value by value it would be 1 of thousands. */
static void test_effect_of_units(void **state)
{
    float x[20];
    int group[20], unit[20];
    struct at_effect e;

    (void)state;
    for (int i = 0; i < 20; i++) {
        unit[i] = i / 5;
        group[i] = i / 10;
        x[i] = (float)(unit[i] + 1) + 0.01F * (float)(i % 5);
    }
    at_group_effects(&e, x, group, 1, 20, 2, unit, 4, 20000, 7, NULL);
    ASSERT_NEAR(e.p, 2.0 / 6.0, 4.0 * e.mc_error);
    at_group_effects(&e, x, group, 1, 20, 2, NULL, 0, 20000, 7, NULL);
    assert_true(e.p < 0.001);
}

/* Nothing differs between groups, but the values of a unit are alike: p keeps its level. */
static void test_effect_null_rate(void **state)
{
    enum { UNITS = 24, M = 5, N = UNITS * M, TRIALS = 1000 };
    float x[N];
    int group[N], unit[N];
    double by_unit = 0.0, by_value = 0.0;
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 33, 0);
    for (size_t t = 0; t < TRIALS; t++) {
        double shared = 0.0;
        struct at_effect e;
        for (int i = 0; i < N; i++) {
            unit[i] = i / M;
            group[i] = unit[i] % 3;
            shared = i % M ? shared : at_rng_normal(&rng);
            x[i] = (float)(shared + at_rng_normal(&rng));
        }
        at_group_effects(&e, x, group, 1, N, 3, unit, UNITS, 99, t, NULL);
        by_unit += e.p <= 0.05;
        at_group_effects(&e, x, group, 1, N, 3, NULL, 0, 99, t, NULL);
        by_value += e.p <= 0.05;
    }
    assert_true(by_unit / TRIALS > 0.025 && by_unit / TRIALS < 0.075); /* 3.6 standard errors */
    assert_true(by_value / TRIALS > 0.15);                             /* what units are for */
}

static void test_edges(void **state)
{
    const double same[3] = { 2, 2, 2 }, zero[2] = { 0, 0 }, one = 0.3;
    const double p[4] = { 0.01, NAN, 0.04, 0.5 };
    const int group[3] = { 0, 1, 1 };
    double q[4], want[4] = { 0.03, NAN, 0.06, 0.5 }, bonferroni[4] = { 0.03, NAN, 0.12, 1.0 };
    struct at_interval empty = at_wilson(0, 0, 1.96);

    (void)state;
    assert_true(isnan(at_wilcoxon(zero, 2, 0.0).p) && at_wilcoxon(zero, 2, 0.0).n == 0);
    ASSERT_NEAR(at_wilcoxon(&one, 1, 0.0).p, 1.0, 0);
    assert_true(isnan(at_kruskal_wallis(same, group, 3, 2).p));
    assert_true(isnan(at_mann_whitney(same, 0, same, 3).p));
    assert_true(isnan(empty.low) && isnan(empty.high));
    assert_true(isnan(at_chi2_tail(1.0, 0.0)));
    at_bh_q(q, p, 4);
    ASSERT_CLOSE_D(q, want, 4, 1e-15, 0);
    at_bonferroni(q, p, 4);
    ASSERT_CLOSE_D(q, bonferroni, 4, 1e-15, 0);
}

/* Mean of the drawn clusters' numbers. */
static void mean_of(double *values, const void *data, const size_t *clusters, size_t n)
{
    const double *x = data;

    values[0] = 0.0;
    for (size_t i = 0; i < n; i++)
        values[0] += x[clusters[i]] / (double)n;
    values[1] = 3.0;
    values[2] = NAN;
}

/* The bootstrap interval of a mean comes near mean +- 1.96 s / sqrt(n); 100 values 0..99 have
   s = 28.87 (population), so the half width is 5.66. The quantiles of 2000 resamples wobble by
   about a twentieth of that. */
static void test_bootstrap(void **state)
{
    struct at_bootstrap_options o = AT_BOOTSTRAP_OPTIONS_INIT;
    struct at_interval ci[3], again[3];
    double x[100];

    (void)state;
    for (size_t i = 0; i < 100; i++)
        x[i] = (double)i;
    at_bootstrap_clusters(ci, 3, mean_of, x, 100, &o);
    ASSERT_NEAR(ci[0].low, 49.5 - 5.66, 0.6);
    ASSERT_NEAR(ci[0].high, 49.5 + 5.66, 0.6);
    assert_true(ci[1].low == 3.0 && ci[1].high == 3.0);
    assert_true(isnan(ci[2].low));
    at_bootstrap_clusters(again, 3, mean_of, x, 100, &o);
    assert_true(again[0].low == ci[0].low && again[0].high == ci[0].high);
    at_bootstrap_clusters(ci, 3, mean_of, x, 1, &o);
    assert_true(isnan(ci[0].low));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_scipy),
        cmocka_unit_test(test_effects_against_f_test),
        cmocka_unit_test(test_effect_permutation_p),
        cmocka_unit_test(test_effect_of_units),
        cmocka_unit_test(test_effect_null_rate),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_bootstrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
