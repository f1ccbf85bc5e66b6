/*
 * test_sensitivity_result.c - what is picked and ranked of the effects that test_sensitivity.c
 * checks, and what is written of them.
 */
#include "analysis/sensitivity_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "oracle.h"
#include "record_text.h"
#include "sandbox.h"

enum { ITEMS = 24, HEADS = 2, CATEGORIES = 3, ROW = HEADS * AT_N_TRAITS };

static const char *const categories[] = { "x", "y", "z" };
static const struct at_sensitivity_origin origin = {
    .scores = "official",
    .part = "intersentence",
    .categories = categories,
    .L = 1,
    .H = HEADS,
    .n_draws = 99,
    .seed = 1,
    .n_top = 5,
};

/* The items of the fixture; every second text is a token longer, the last could not be read. */
static struct at_sensitivity fill(void)
{
    struct oracle *o = oracle_open("fixtures/oracle/sensitivity.txt");
    struct at_sensitivity s;
    struct at_error err;

    if (at_sensitivity_init(&s, ITEMS, HEADS, CATEGORIES, &err))
        fail_msg("%s", err.text);
    memcpy(s.stereo, oracle_get_f(o, "stereo", NULL), ITEMS * ROW * sizeof *s.stereo);
    memcpy(s.anti, oracle_get_f(o, "anti", NULL), ITEMS * ROW * sizeof *s.anti);
    memcpy(s.bias, oracle_get(o, "bias", NULL), ITEMS * sizeof *s.bias);
    memcpy(s.margin, oracle_get(o, "margin", NULL), ITEMS * sizeof *s.margin);
    for (size_t i = 0; i < ITEMS; i++) {
        s.category[i] = (int)oracle_get(o, "category", NULL)[i];
        s.term[i] = (int)oracle_get(o, "term", NULL)[i];
        s.longer[i] = i == ITEMS - 1 ? NAN : (double)(i % 2);
    }
    oracle_close(o);
    return s;
}

static void test_counts(void **state)
{
    struct at_sensitivity s = fill();
    struct at_sensitivity_result r;
    size_t n_tested = 0, n_paired = 0;

    (void)state;
    at_sensitivity_summarize(&r, &origin, &s, NULL);
    for (size_t i = 0; i < ROW; i++) {
        n_tested += !isnan(r.traits[i].trait.effect.p);
        n_paired += r.traits[i].trait.effect.paired_q < 0.05;
    }
    assert_true(r.n_heads == HEADS && r.n_traits == ROW && r.n_tested == n_tested);
    assert_true(r.n_significant.paired == n_paired && n_tested > 20);
    assert_true(r.n_items == ITEMS - 1 && r.n_left_out == 1);
    assert_int_equal(r.length.n_equal, 12);
    ASSERT_NEAR(r.length.mean_delta, 11.0 / 23.0, 1e-12);
    ASSERT_NEAR(r.chance_link, at_chance_link(ITEMS - 1), 0);
    assert_string_equal(r.feature_version, AT_TRAITS_VERSION);
    at_sensitivity_result_release(&r);
    at_sensitivity_result_release(&r);
    at_sensitivity_release(&s);
}

/* Mean difference of each category, from the pairs themselves. */
static void test_category_means(void **state)
{
    struct at_sensitivity s = fill();
    struct at_sensitivity_result r;
    struct at_trait_pair pairs[ITEMS];

    (void)state;
    at_sensitivity_summarize(&r, &origin, &s, NULL);
    for (size_t i = 0; i < ROW; i++) {
        const struct at_trait *t = &r.traits[i].trait;
        size_t n = at_trait_pairs(pairs, &s, i / AT_N_TRAITS, i % AT_N_TRAITS);
        assert_int_equal(t->n_means, CATEGORIES);
        assert_int_equal(t->effect.n, n);
        for (size_t c = 0; c < CATEGORIES; c++) {
            double sum = 0.0, count = 0.0;
            for (size_t k = 0; k < n; k++)
                if (s.category[pairs[k].item] == (int)c) {
                    sum += pairs[k].delta;
                    count++;
                }
            assert_string_equal(t->means[c].category, categories[c]);
            ASSERT_NEAR(t->means[c].mean, count > 0.0 ? sum / count : NAN, 1e-12);
        }
    }
    at_sensitivity_result_release(&r);
    at_sensitivity_release(&s);
}

static void test_order(void **state)
{
    struct at_sensitivity s = fill();
    struct at_sensitivity_result r;

    (void)state;
    at_sensitivity_summarize(&r, &origin, &s, NULL);
    assert_true(r.ranked[0]->effect.omega2 >= r.ranked[1]->effect.omega2);
    assert_true(r.matrix[1] == r.heads[1].effect.omega2 && r.heads[1].place.head == 1);
    assert_true(r.n_top_heads == HEADS && r.n_tops == HEADS);
    assert_int_equal(r.top_heads[0].head, r.ranked[0]->place.head);
    assert_int_equal(r.n_top_traits, 20);
    for (size_t i = 1; i < r.n_top_traits; i++)
        assert_true(r.top_traits[i - 1].trait.effect.p <= r.top_traits[i].trait.effect.p);
    for (size_t h = 0; h < HEADS; h++)
        for (size_t t = 0; t < AT_N_TRAITS; t++) {
            double omega2 = r.traits[h * AT_N_TRAITS + t].trait.effect.omega2;
            assert_true(isnan(omega2) || omega2 <= r.heads[h].best->effect.omega2);
        }
    at_sensitivity_result_release(&r);
    at_sensitivity_release(&s);
}

/* Boxes and tenths of the most sensitive head, from its best trait's pairs. */
static void test_top_head(void **state)
{
    struct at_sensitivity s = fill();
    struct at_sensitivity_result r;
    struct at_trait_pair pairs[ITEMS];
    const struct at_top_head *top;
    double least = INFINITY, most = -INFINITY, sum = 0.0;
    size_t n;

    (void)state;
    at_sensitivity_summarize(&r, &origin, &s, NULL);
    top = &r.tops[0];
    assert_ptr_equal(top->head, r.ranked[0]);
    n = at_trait_pairs(pairs, &s, top->head->place.head, top->head->effect.best);
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, pairs[i].delta);
        most = fmax(most, pairs[i].delta);
    }
    assert_true(top->stereo.n == n && top->anti.n == n);
    assert_true(top->stereo.q1 <= top->stereo.median && top->stereo.median <= top->stereo.q3);
    /* the deviations are from the mean of both */
    assert_true((top->head->best->effect.mean_delta > 0) ==
                (top->stereo.median > top->anti.median));
    assert_true(top->n_tenths > 2 && top->n_tenths <= AT_MAX_DECILES);
    assert_true(top->x[0] >= least && top->x[top->n_tenths - 1] <= most);
    for (size_t k = 0; k < top->n_tenths; k++) {
        ASSERT_NEAR(top->hi[k] - top->bias[k], top->bias[k] - top->lo[k], 1e-12);
        sum += k && top->x[k] <= top->x[k - 1];
    }
    assert_true(sum == 0.0); /* ascending */
    assert_true(top->line_x[0] == top->x[0] && top->line_x[1] == top->x[top->n_tenths - 1]);
    at_sensitivity_result_release(&r);
    at_sensitivity_release(&s);
}

/* Nothing differs: no best trait, and nothing that would need one. */
static void test_nothing(void **state)
{
    struct at_sensitivity s;
    struct at_sensitivity_result r;
    struct at_error err;

    (void)state;
    assert_int_equal(at_sensitivity_init(&s, ITEMS, HEADS, 1, &err), 0);
    for (size_t i = 0; i < ITEMS * ROW; i++)
        s.stereo[i] = s.anti[i] = 0.25F;
    at_sensitivity_summarize(&r, &origin, &s, NULL);
    assert_true(r.n_tested == 0 && r.n_top_traits == 0 && r.n_tops == 0 && r.n_top_heads == HEADS);
    assert_table(&at_head_sensitivity_record, r.heads, r.n_heads,
                 "layer,head,rank,omega2,n_features,n_significant,best_feature,best_omega2,best_p,"
                 "best_q,best_paired_p,best_paired_q,best_rho_bias,best_rho_bias_q,bias_link,"
                 "margin_link,is_pareto\n"
                 "0,0,0,,0,0,,,,,,,,,,,0\n"
                 "0,1,1,,0,0,,,,,,,,,,,0\n");
    assert_document(&at_head_sensitivity_record, &r.heads[1],
                    "{\"best\":null,\"bias_link\":null,\"head\":1,\"is_pareto\":false,\"layer\":0,"
                    "\"margin_link\":null,\"n_features\":0,\"n_significant\":0,\"omega2\":null,"
                    "\"rank\":1}");
    at_sensitivity_result_release(&r);
    at_sensitivity_release(&s);
}

static void test_records(void **state)
{
    struct at_category_mean means[] = { { "x", 0.5 }, { "y", NAN } };
    const struct at_head_trait row = {
        { 2, 1 },
        { "focus_entropy",
          { .n = 3,
            .mean_stereo = 1,
            .mean_anti = 2,
            .mean_delta = -1,
            .sd_delta = 4,
            .paired_p = 0.5,
            .paired_q = 0.25,
            .omega2 = 0.125,
            .p = 0.75,
            .q = 1,
            .rho_bias = 0.0625,
            .rho_bias_p = 5,
            .rho_bias_q = 6,
            .rho_margin = 7,
            .rho_margin_p = 8,
            .rho_margin_q = NAN },
          means,
          2 },
    };
    const struct at_head_sensitivity head = { { 2, 1 },
                                              { 20, 4, 0.25, 3, 0, 0.5, 0.75, true },
                                              &row.trait };

    (void)state;
    assert_table(&at_head_trait_record, &row, 1,
                 "layer,head,feature,n,mean_stereo,mean_anti,mean_delta,sd_delta,paired_p,paired_q,"
                 "omega2,p,q,rho_bias,rho_bias_p,rho_bias_q,rho_margin,rho_margin_p,rho_margin_q\n"
                 "2,1,focus_entropy,3,1,2,-1,4,0.5,0.25,0.125,0.75,1,0.0625,5,6,7,8,\n");
    assert_table(&at_head_sensitivity_record, &head, 1,
                 "layer,head,rank,omega2,n_features,n_significant,best_feature,best_omega2,best_p,"
                 "best_q,best_paired_p,best_paired_q,best_rho_bias,best_rho_bias_q,bias_link,"
                 "margin_link,is_pareto\n"
                 "2,1,3,0.25,20,4,focus_entropy,0.125,0.75,1,0.5,0.25,0.0625,6,0.5,0.75,1\n");
    assert_document(&at_head_sensitivity_record, &head,
                    "{\"best\":{\"category_means\":{\"x\":0.5,\"y\":null},\"feature\":"
                    "\"focus_entropy\",\"mean_anti\":2.0,\"mean_delta\":-1.0,\"mean_stereo\":1.0,"
                    "\"n\":3,\"omega2\":0.125,\"p\":0.75,\"paired_p\":0.5,\"paired_q\":0.25,"
                    "\"q\":1.0,\"rho_bias\":0.0625,\"rho_bias_q\":6.0,\"rho_margin\":7.0,"
                    "\"rho_margin_q\":null,\"sd_delta\":4.0},\"bias_link\":0.5,\"head\":1,"
                    "\"is_pareto\":true,\"layer\":2,\"margin_link\":0.75,\"n_features\":20,"
                    "\"n_significant\":4,\"omega2\":0.25,\"rank\":3}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),  cmocka_unit_test(test_category_means),
        cmocka_unit_test(test_order),   cmocka_unit_test(test_top_head),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_records),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
