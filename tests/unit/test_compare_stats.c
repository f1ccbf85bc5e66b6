/*
 * test_compare_stats.c - CKA, assignment, adjusted Rand index, sign flips and Jensen-Shannon
 * distance against scipy and scikit-learn (scripts/outside/make-compare-oracles.py), and what must
 * hold bit by bit: equal inputs, exchanged sides.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"
#include "oracle.h"
#include "stats/cka.h"
#include "stats/hungarian.h"
#include "stats/js_distance.h"
#include "stats/rand_index.h"
#include "stats/sign_flip.h"

static const char PATH[] = "fixtures/oracle/compare/tables.txt";

/* "cka9/x" */
static const char *named(const char *group, size_t n, const char *what)
{
    static char names[4][64];
    static size_t turn;
    char *name = names[turn++ % 4];

    snprintf(name, sizeof names[0], "%s%zu/%s", group, n, what);
    return name;
}

static void test_cka(void **state)
{
    static const size_t sizes[] = { 4, 9, 30 };
    struct oracle *o = oracle_open(PATH);
    struct at_hsic both = { 0 };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        const float *x = oracle_get_f(o, named("cka", sizes[i], "x"), NULL);
        const float *y = oracle_get_f(o, named("cka", sizes[i], "y"), NULL);
        struct at_hsic h = { 0 }, back = { 0 }, self = { 0 };
        at_hsic_add(&h, x, 6, y, 4, sizes[i]);
        at_hsic_add(&back, y, 4, x, 6, sizes[i]);
        at_hsic_add(&self, x, 6, x, 6, sizes[i]);
        /* products of floats that are summed as floats */
        ASSERT_NEAR(at_cka(&h), *oracle_get(o, named("cka", sizes[i], "value"), NULL), 1e-5);
        assert_true(at_cka(&h) == at_cka(&back));
        assert_true(at_cka(&self) == 1.0);
    }
    at_hsic_add(&both, oracle_get_f(o, "batches/first/x", NULL), 6,
                oracle_get_f(o, "batches/first/y", NULL), 4, 7);
    at_hsic_add(&both, oracle_get_f(o, "batches/second/x", NULL), 6,
                oracle_get_f(o, "batches/second/y", NULL), 4, 12);
    ASSERT_NEAR(at_cka(&both), *oracle_get(o, "batches/value", NULL), 1e-5);
    oracle_close(o);
}

static void test_cka_edges(void **state)
{
    const float x[] = { 1, 2, 3, 4 }, same[] = { 2, 2, 2, 2 };
    struct at_hsic h = { 0 };

    (void)state;
    assert_true(isnan(at_cka(&h)));
    at_hsic_add(&h, x, 1, x, 1, 3); /* too few rows */
    assert_int_equal(h.n_batches, 0);
    at_hsic_add(&h, x, 1, same, 1, 4);
    assert_true(isnan(at_cka(&h)));
}

static void test_assign(void **state)
{
    static const size_t shapes[][2] = { { 1, 1 }, { 5, 5 }, { 4, 9 }, { 9, 4 }, { 30, 30 } };
    struct oracle *o = oracle_open(PATH);

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(shapes); i++) {
        size_t R = shapes[i][0], C = shapes[i][1], column[30], n = 0;
        bool is_used[30] = { false };
        double total = 0.0;
        char name[64];
        const double *cost;
        snprintf(name, sizeof name, "assign%zux%zu/cost", R, C);
        cost = oracle_get(o, name, NULL);
        at_assign(column, cost, R, C);
        for (size_t k = 0; k < R; k++) {
            if (column[k] == SIZE_MAX)
                continue;
            assert_true(column[k] < C && !is_used[column[k]]);
            is_used[column[k]] = true;
            total += cost[k * C + column[k]];
            n++;
        }
        assert_int_equal(n, AT_MIN(R, C));
        snprintf(name, sizeof name, "assign%zux%zu/total", R, C);
        ASSERT_NEAR(total, *oracle_get(o, name, NULL), 1e-12);
    }
    oracle_close(o);
}

static void test_adjusted_rand(void **state)
{
    static const char *const names[] = { "random", "renamed", "one", "apart", "against" };
    struct oracle *o = oracle_open(PATH);

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        int group[2][40];
        size_t n;
        char name[3][64];
        snprintf(name[0], sizeof name[0], "rand/%s/a", names[i]);
        snprintf(name[1], sizeof name[1], "rand/%s/b", names[i]);
        snprintf(name[2], sizeof name[2], "rand/%s/value", names[i]);
        for (size_t side = 0; side < 2; side++) {
            const double *v = oracle_get(o, name[side], &n);
            for (size_t k = 0; k < n; k++)
                group[side][k] = (int)v[k];
        }
        ASSERT_NEAR(at_adjusted_rand(group[0], group[1], n), *oracle_get(o, name[2], NULL), 1e-12);
    }
    assert_true(isnan(at_adjusted_rand((int[]){ 1 }, (int[]){ 1 }, 1)));
    oracle_close(o);
}

static void test_sign_flip(void **state)
{
    static const size_t sizes[] = { 2, 7, 12 };
    struct oracle *o = oracle_open(PATH);
    struct at_perm_p p, back;
    const double *d;
    double negated[40], with_nan[8];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        d = oracle_get(o, named("flip", sizes[i], "d"), NULL);
        at_sign_flips(&p, d, 1, sizes[i], 1, NULL);
        ASSERT_NEAR(p.p, *oracle_get(o, named("flip", sizes[i], "p"), NULL), 1e-12);
        assert_true(p.mc_error == 0.0);
    }
    d = oracle_get(o, "flip40/d", NULL);
    at_sign_flips(&p, d, 1, 40, 1, NULL);
    /* four standard errors of our 10,000 draws and of the judge's 200,000 */
    ASSERT_NEAR(p.p, *oracle_get(o, "flip40/p", NULL), 4 * p.mc_error * 1.03);
    for (size_t i = 0; i < 40; i++)
        negated[i] = -d[i];
    at_sign_flips(&back, negated, 1, 40, 1, NULL);
    assert_true(p.p == back.p);
    d = oracle_get(o, "flip7/d", NULL);
    memcpy(with_nan, d, 7 * sizeof *d);
    with_nan[7] = NAN;
    at_sign_flips(&p, with_nan, 1, 8, 1, NULL);
    ASSERT_NEAR(p.p, *oracle_get(o, "flip7/p", NULL), 1e-12);
    oracle_close(o);
}

static void test_sign_flip_edges(void **state)
{
    const double one[] = { 0.5 }, zeros[21] = { 0 };
    struct at_perm_p p;

    (void)state;
    at_sign_flips(&p, one, 1, 1, 1, NULL);
    assert_true(isnan(p.p));
    at_sign_flips(&p, zeros, 1, 20, 1, NULL);
    assert_true(p.p == 1.0);
    at_sign_flips(&p, zeros, 1, 21, 1, NULL);
    assert_true(p.p == 1.0);
}

/* Without an effect, p at most alpha happens no more often than alpha says. */
static void test_sign_flip_is_uniform(void **state)
{
    enum { TRIALS = 1000, N = 10 };
    static double d[TRIALS * N];
    static struct at_perm_p p[TRIALS];
    struct at_rng rng;
    size_t below = 0;

    (void)state;
    at_rng_init(&rng, 11, 0);
    for (size_t i = 0; i < TRIALS * N; i++)
        d[i] = at_rng_normal(&rng);
    at_sign_flips(p, d, TRIALS, N, 1, NULL);
    for (size_t i = 0; i < TRIALS; i++)
        below += p[i].p <= 0.1;
    ASSERT_NEAR((double)below / TRIALS, 0.1, 3 * sqrt(0.09 / TRIALS)); /* 3 standard errors */
}

static void test_js_distance(void **state)
{
    static const struct {
        const char *name;
        size_t R, C;
    } cases[] = { { "square", 9, 9 }, { "wide", 5, 37 }, { "near", 1, 8 } };
    struct oracle *o = oracle_open(PATH);

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        size_t R = cases[i].R, C = cases[i].C;
        char name[3][64];
        const float *p, *q;
        double want, got, rough[2];
        snprintf(name[0], sizeof name[0], "js/%s/p", cases[i].name);
        snprintf(name[1], sizeof name[1], "js/%s/q", cases[i].name);
        snprintf(name[2], sizeof name[2], "js/%s/distance", cases[i].name);
        p = oracle_get_f(o, name[0], NULL);
        q = oracle_get_f(o, name[1], NULL);
        want = *oracle_get(o, name[2], NULL);
        got = at_js_map_distance(p, q, R, C);
        assert_true(fabs(got - want) <= 1e-7 * want + 1e-12);
        assert_true(at_js_map_distance(q, p, R, C) == got);
        assert_true(at_js_map_distance(p, p, R, C) == 0.0);
        at_js_divergences(&rough[0], p, 1, q, 1, R, C, NULL);
        at_js_divergences(&rough[1], q, 1, p, 1, R, C, NULL);
        ASSERT_NEAR(rough[0], want * want, 1e-6); /* what the header promises */
        assert_true(rough[0] == rough[1]);
        at_js_divergences(&rough[0], p, 1, p, 1, R, C, NULL);
        assert_true(rough[0] == 0.0);
    }
    oracle_close(o);
}

static void test_js_edges(void **state)
{
    const float here[] = { 1, 0, 1, 0 }, there[] = { 0, 1, 0, 1 }, nan[] = { NAN, 1 };

    (void)state;
    ASSERT_NEAR(at_js_map_distance(here, there, 2, 2), AT_JS_MAX, 1e-15);
    assert_true(isnan(at_js_map_distance(here, nan, 1, 2)));
    assert_true(isnan(at_js_map_distance(here, there, 0, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cka),
        cmocka_unit_test(test_cka_edges),
        cmocka_unit_test(test_assign),
        cmocka_unit_test(test_adjusted_rand),
        cmocka_unit_test(test_sign_flip),
        cmocka_unit_test(test_sign_flip_edges),
        cmocka_unit_test(test_sign_flip_is_uniform),
        cmocka_unit_test(test_js_distance),
        cmocka_unit_test(test_js_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
