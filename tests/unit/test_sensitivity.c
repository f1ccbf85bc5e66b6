/*
 * test_sensitivity.c - effects of traits against scipy (fixtures/oracle/sensitivity.txt), heads by
 * hand.
 */
#include "analysis/sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "oracle.h"

enum { ITEMS = 24, HEADS = 2, CATEGORIES = 3, ROW = HEADS * AT_N_TRAITS };

/* Columns of "effects" in the fixture. */
enum {
    N,
    MEAN_STEREO,
    MEAN_ANTI,
    MEAN_DELTA,
    SD_DELTA,
    PAIRED_P,
    OMEGA2,
    RHO_BIAS,
    RHO_BIAS_P,
    RHO_MARGIN,
    RHO_MARGIN_P,
    N_COLUMNS
};

static struct at_sensitivity fill(struct oracle *o)
{
    struct at_sensitivity s;
    struct at_error err;
    size_t n;

    if (at_sensitivity_init(&s, ITEMS, HEADS, CATEGORIES, &err))
        fail_msg("%s", err.text);
    memcpy(s.stereo, oracle_get_f(o, "stereo", &n), ITEMS * ROW * sizeof *s.stereo);
    assert_int_equal(n, ITEMS * ROW);
    memcpy(s.anti, oracle_get_f(o, "anti", NULL), ITEMS * ROW * sizeof *s.anti);
    memcpy(s.bias, oracle_get(o, "bias", NULL), ITEMS * sizeof *s.bias);
    memcpy(s.margin, oracle_get(o, "margin", NULL), ITEMS * sizeof *s.margin);
    for (size_t i = 0; i < ITEMS; i++)
        s.category[i] = (int)oracle_get(o, "category", NULL)[i];
    for (size_t i = 0; i < ITEMS; i++)
        s.term[i] = (int)oracle_get(o, "term", NULL)[i];
    return s;
}

static void test_oracle(void **state)
{
    struct oracle *o = oracle_open("fixtures/oracle/sensitivity.txt");
    struct at_sensitivity s = fill(o);
    struct at_trait_effect traits[ROW];
    struct at_sensitivity_effect heads[HEADS];
    const double *bias_q = oracle_get(o, "rho_bias_q", NULL);
    const double *margin_q = oracle_get(o, "rho_margin_q", NULL);

    (void)state;
    at_sensitivity_run(traits, heads, NULL, &s, 99, 1, NULL);
    for (size_t i = 0; i < ROW; i++) {
        const double *want = oracle_get(o, "effects", NULL) + i * N_COLUMNS;
        const struct at_trait_effect *e = &traits[i];
        double got[N_COLUMNS] = { (double)e->n,  e->mean_stereo, e->mean_anti,   e->mean_delta,
                                  e->sd_delta,   e->paired_p,    e->omega2,      e->rho_bias,
                                  e->rho_bias_p, e->rho_margin,  e->rho_margin_p };
        ASSERT_CLOSE_D(got, want, N_COLUMNS, 1e-12, 1e-9);
        ASSERT_CLOSE_D(&e->rho_bias_q, bias_q + i, 1, 1e-12, 1e-9);
        ASSERT_CLOSE_D(&e->rho_margin_q, margin_q + i, 1, 1e-12, 1e-9);
        assert_true(isnan(want[OMEGA2]) ? isnan(e->p) : e->p >= 0.01 && e->p <= 1.0);
        assert_true(isnan(e->p) || e->q >= e->p);
    }
    at_sensitivity_release(&s);
    at_sensitivity_release(&s);
    oracle_close(o);
}

static void test_heads(void **state)
{
    struct oracle *o = oracle_open("fixtures/oracle/sensitivity.txt");
    struct at_sensitivity s = fill(o);
    struct at_trait_effect traits[ROW];
    struct at_sensitivity_effect heads[HEADS];

    (void)state;
    at_sensitivity_run(traits, heads, NULL, &s, 99, 1, NULL);
    for (size_t h = 0; h < HEADS; h++) {
        double omega2 = 0.0, bias = 0.0, margin = 0.0, most = -INFINITY;
        for (size_t t = 0; t < AT_N_TRAITS; t++) {
            const struct at_trait_effect *e = &traits[h * AT_N_TRAITS + t];
            if (t == 3) /* rounding only */
                continue;
            omega2 += e->omega2 / (AT_N_TRAITS - 1);
            bias += fabs(e->rho_bias) / (AT_N_TRAITS - 1);
            margin += fabs(e->rho_margin) / (AT_N_TRAITS - 1);
            most = fmax(most, e->omega2);
        }
        assert_int_equal(heads[h].n_traits, AT_N_TRAITS - 1);
        ASSERT_NEAR(heads[h].omega2, omega2, 1e-12);
        ASSERT_NEAR(heads[h].bias_link, bias, 1e-12);
        ASSERT_NEAR(heads[h].margin_link, margin, 1e-12);
        assert_true(traits[h * AT_N_TRAITS + heads[h].best].omega2 == most);
    }
    assert_true(heads[0].rank == (heads[0].omega2 < heads[1].omega2));
    assert_int_equal(heads[0].rank + heads[1].rank, 1);
    assert_true(heads[0].is_pareto || heads[1].is_pareto);
    at_sensitivity_release(&s);
    oracle_close(o);
}

/* Nothing differs: no effect, no rank but the order, no best trait. */
static void test_nothing(void **state)
{
    struct at_sensitivity s;
    struct at_trait_effect traits[ROW];
    struct at_sensitivity_effect heads[HEADS];
    struct at_trait_pair pairs[ITEMS];
    struct at_error err;

    (void)state;
    assert_int_equal(at_sensitivity_init(&s, ITEMS, HEADS, 1, &err), 0);
    assert_int_equal(at_trait_pairs(pairs, &s, 0, 0), 0);
    at_sensitivity_run(traits, heads, NULL, &s, 99, 1, NULL);
    assert_int_equal(traits[0].n, 0);
    assert_true(isnan(traits[0].mean_stereo) && isnan(traits[0].q));
    for (size_t i = 0; i < ITEMS * ROW; i++)
        s.stereo[i] = s.anti[i] = 0.25F;
    assert_int_equal(at_trait_pairs(pairs, &s, 1, 4), ITEMS);
    assert_true(pairs[3].item == 3 && pairs[3].delta == 0.0 && pairs[3].anti == 0.25);
    at_sensitivity_run(traits, heads, NULL, &s, 99, 1, NULL);
    assert_int_equal(traits[0].n, ITEMS);
    assert_true(traits[0].mean_delta == 0.0 && isnan(traits[0].p) && isnan(traits[0].paired_p));
    for (size_t h = 0; h < HEADS; h++) {
        assert_int_equal(heads[h].n_traits, 0);
        assert_int_equal(heads[h].best, AT_N_TRAITS);
        assert_int_equal(heads[h].rank, h);
        assert_true(isnan(heads[h].omega2) && !heads[h].is_pareto);
    }
    at_sensitivity_release(&s);
}

/* The same numbers, whoever computes them. */
static void test_threads(void **state)
{
    struct oracle *o = oracle_open("fixtures/oracle/sensitivity.txt");
    struct at_sensitivity s = fill(o);
    struct at_pool *pool = at_pool_new(3);
    struct at_trait_effect one[ROW], three[ROW];
    struct at_sensitivity_effect heads[HEADS];

    (void)state;
    at_sensitivity_run(one, heads, NULL, &s, 199, 7, NULL);
    at_sensitivity_run(three, heads, NULL, &s, 199, 7, pool);
    assert_memory_equal(one, three, sizeof one);
    at_pool_free(pool);
    at_sensitivity_release(&s);
    oracle_close(o);
}

/* 12 terms, four of each category: 12! / (4!)^3 labellings, 2^11 signings up to a mirror. */
static void test_reach(void **state)
{
    struct oracle *o = oracle_open("fixtures/oracle/sensitivity.txt");
    struct at_sensitivity s = fill(o);
    struct at_sensitivity_reach r = at_sensitivity_reach(&s, 99999);

    (void)state;
    assert_int_equal(r.n_terms, 12);
    ASSERT_NEAR(r.least_p, 1.0 / 34650.0, 1e-12);
    ASSERT_NEAR(at_sensitivity_reach(&s, 99).least_p, 0.01, 1e-15);
    ASSERT_NEAR(r.least_paired, 1.0 / 2048.0, 1e-15);
    for (size_t i = 0; i < ITEMS; i++)
        s.term[i] = 7; /* one term of three categories: three units */
    assert_int_equal(at_sensitivity_reach(&s, 99).n_terms, 3);
    at_sensitivity_release(&s);
    oracle_close(o);
}

static void test_chance(void **state)
{
    (void)state;
    ASSERT_NEAR(at_chance_link(201), 0.0564189583547756, 1e-12); /* 1 / sqrt(100 pi) */
    assert_true(isnan(at_chance_link(1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),  cmocka_unit_test(test_heads),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_reach),   cmocka_unit_test(test_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
