/*
 * test_chance.c - ratios to even attention: by hand, in simulations, and of models with random
 * weights, which have none beyond chance.
 */
#include "analysis/chance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/head_scores.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "close.h"
#include "model_fixture.h"

static void test_even_map(void **state)
{
    const double causal[9] = { 1, 0, 0, 0.5, 0.5, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3 };
    float map[9];

    (void)state;
    at_even_map(map, 3, true);
    ASSERT_CLOSE(map, causal, 9, 1e-7, 0);
    at_even_map(map, 3, false);
    for (size_t i = 0; i < 9; i++)
        assert_true(map[i] == 1.0f / 3);
    ASSERT_NEAR(at_chance_ratio(0.5, 0.25), 2.0, 0);
    assert_true(isnan(at_chance_ratio(0.0, 0.0)) && isnan(at_chance_ratio(NAN, 0.1)));
}

/* 2, 3, 4 have the mean 3 and the standard error 1 / sqrt 3; scipy.stats.ttest_1samp against 1 says
   p = 0.0741799, and t(0.975, 2) = 4.30265. */
static void test_by_hand(void **state)
{
    const double texts[3][4] = { { 2, 1, NAN, 3 }, { 3, 1, NAN, 3 }, { 4, 1, 2, 3 } };
    struct at_chance_table t;
    struct at_chance c[4];

    (void)state;
    at_chance_init(&t, 2, 2);
    for (size_t i = 0; i < 3; i++)
        at_chance_add(&t, texts[i]);
    at_chance_finish(c, &t, 0.95);
    ASSERT_NEAR(c[0].ratio, 3.0, 1e-12);
    ASSERT_NEAR(c[0].p, 0.0741799, 1e-6);
    ASSERT_NEAR(c[0].q, c[0].p, 1e-15); /* the other head has no such value */
    ASSERT_NEAR(c[0].ci[0], 3.0 - 4.30265273 / sqrt(3.0), 1e-8);
    ASSERT_NEAR(c[0].ci[1], 3.0 + 4.30265273 / sqrt(3.0), 1e-8);
    assert_false(c[0].is_beyond);
    assert_true(c[1].n == 3 && c[1].ratio == 1.0 && isnan(c[1].p)); /* all alike */
    assert_true(c[2].n == 1 && c[2].ratio == 2.0 && isnan(c[2].ci[0]) && !c[2].is_beyond);
    assert_true(isnan(c[3].q) && !c[3].is_beyond);
    at_chance_release(&t);
    at_chance_release(&t);
}

/* Heads near 1, at 1.2 and at 1.6 with little scatter: the second differs from 1, but not by more
   than a random model may. */
static void test_rule(void **state)
{
    enum { HEADS = 60, TEXTS = 20 };
    static const double truth[3] = { 1.0, 1.2, 1.6 };
    struct at_chance_table t;
    struct at_chance c[HEADS];
    double ratio[HEADS];
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 41, 0);
    at_chance_init(&t, HEADS, 1);
    for (size_t i = 0; i < TEXTS; i++) {
        for (size_t h = 0; h < HEADS; h++)
            ratio[h] = truth[h % 3] * (1.0 + 0.1 * at_rng_normal(&rng));
        at_chance_add(&t, ratio);
    }
    at_chance_finish(c, &t, 0.95);
    for (size_t h = 0; h < HEADS; h++) {
        assert_int_equal(c[h].is_beyond, h % 3 == 2);
        assert_true(h % 3 == 0 || c[h].q <= 0.05);
    }
    at_chance_release(&t);
}

/* --- models with random weights --- */

enum { T = 12, N_TEXTS = 30, MAX_HEADS = 16 };

struct reader {
    const struct at_config *config;
    unsigned char marks[T];
    double even[AT_N_HEAD_SCORES];
    double ratio[MAX_HEADS * AT_N_HEAD_SCORES];
};

static int on_layer(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    struct reader *r = arg;
    struct at_map_kind kind = { r->config->is_causal, r->config->has_summary_token };
    double score[MAX_HEADS * AT_N_HEAD_SCORES];

    (void)err;
    at_head_scores(score, v->attention, v->H, v->T, kind, r->marks, NULL);
    for (size_t h = 0; h < v->H; h++)
        for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
            r->ratio[(v->layer * v->H + h) * AT_N_HEAD_SCORES + i] =
                at_chance_ratio(score[h * AT_N_HEAD_SCORES + i], r->even[i]);
    return 0;
}

/* Random tokens; what a token counts as depends on the token alone. */
static void read_text(struct reader *r, const struct at_model *m, struct at_rng *rng)
{
    size_t start[2] = { 0, T };
    int ids[T];
    float even[T * T];
    struct at_batch batch = { 1, start, ids, NULL };
    struct at_forward_options options = { .want_attention = true, .on_layer = on_layer, .arg = r };
    struct at_error err;

    for (size_t i = 0; i < T; i++) {
        ids[i] = (int)at_rng_below(rng, m->config.vocab);
        r->marks[i] = (unsigned char)(1 << at_rng_at(7, (uint64_t)ids[i]) % 3);
        r->marks[i] |= at_rng_at(8, (uint64_t)ids[i]) % 4 ? 0 : AT_MARK_ENTITY;
    }
    at_even_map(even, T, m->config.is_causal);
    at_head_scores(r->even, even, 1, T,
                   (struct at_map_kind){ m->config.is_causal, m->config.has_summary_token },
                   r->marks, NULL);
    must(at_forward(NULL, m, &batch, &options, NULL, &err), &err);
}

static void test_random_weights(void **state)
{
    static const char *const names[] = { "fixtures/random-bert", "fixtures/random-gpt2" };

    (void)state;
    for (size_t n = 0; n < AT_COUNTOF(names); n++) {
        struct at_chance_table t;
        struct at_chance *c;
        struct at_model m;
        struct at_error err;
        struct at_rng rng;
        size_t heads;
        must(at_model_open(&m, names[n], &err), &err);
        heads = m.config.n_layers * m.config.n_heads;
        at_rng_init(&rng, 42, 0);
        at_chance_init(&t, heads, AT_N_HEAD_SCORES);
        for (size_t i = 0; i < N_TEXTS; i++) {
            struct reader r = { .config = &m.config };
            read_text(&r, &m, &rng);
            at_chance_add(&t, r.ratio);
        }
        c = at_malloc(heads * AT_N_HEAD_SCORES, sizeof *c);
        at_chance_finish(c, &t, 0.95);
        for (size_t i = 0; i < heads * AT_N_HEAD_SCORES; i++)
            assert_false(c[i].is_beyond);
        free(c);
        at_chance_release(&t);
        at_model_close(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_even_map),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_rule),
        cmocka_unit_test(test_random_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
