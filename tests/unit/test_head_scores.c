/*
 * test_heads.c - specialisation and position scores by hand, by law and by numpy.
 */
#include "analysis/head_scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/rng.h"
#include "close.h"
#include "oracle.h"

static const char PATH[] = "fixtures/oracle/metrics/maps.txt";
static const struct at_map_kind BERT = { false, true }, GPT2 = { true, false };

static void test_by_hand(void **state)
{
    const float map[] = { 0.5f, 0.25f, 0.25f, 0.125f, 0.75f, 0.125f, 0, 0, 1 };
    const unsigned char marks[] = { AT_MARK_SYNTAX, AT_MARK_SEMANTICS | AT_MARK_ENTITY,
                                    AT_MARK_PUNCT };
    const double want[] = { 0.625 / 3, 1.0 / 3, 0.625 / 3, 1.375 / 3, 1.0 / 3, NAN, 2.25 / 3 };
    double got[AT_N_HEAD_SCORES];

    (void)state;
    at_head_scores(got, map, 1, 3, BERT, marks, NULL);
    ASSERT_CLOSE_D(got, want, AT_N_HEAD_SCORES, 1e-12, 0);
}

/* Row 0 of a causal map is 1 whatever the head does: it is left out of first token and self. */
static void test_causal_by_hand(void **state)
{
    const float map[] = { 1, 0, 0, 0.25f, 0.75f, 0, 0.5f, 0.25f, 0.25f };
    const unsigned char marks[] = { AT_MARK_SYNTAX, 0, AT_MARK_SYNTAX };
    const double want[] = { 2.0 / 3, 0, 0.375, 0, 0, NAN, 0.5 };
    double got[AT_N_HEAD_SCORES];

    (void)state;
    at_head_scores(got, map, 1, 3, GPT2, marks, NULL);
    ASSERT_CLOSE_D(got, want, AT_N_HEAD_SCORES, 1e-12, 0);
}

static void test_one_token(void **state)
{
    const float map[] = { 1 };
    const unsigned char marks[] = { AT_MARK_SEMANTICS };
    const double want[] = { 0, 1, 1, 0, 0, NAN, 1 };
    double got[AT_N_HEAD_SCORES], patterns[AT_N_HEAD_PATTERNS];

    (void)state;
    at_head_scores(got, map, 1, 1, GPT2, marks, NULL);
    ASSERT_CLOSE_D(got, want, AT_N_HEAD_SCORES, 0, 0);
    at_head_patterns(patterns, map, 1, 1, true, NULL, NULL);
    for (size_t i = 0; i < AT_N_HEAD_PATTERNS; i++)
        assert_true(isnan(patterns[i]));
}

/* Identity: all on itself, nothing far. Uniform causal: the far cells of row i are 1/(i+1). */
static void test_laws(void **state)
{
    enum { T = 12 };
    float identity[T * T] = { 0 }, uniform[T * T] = { 0 };
    unsigned char marks[T] = { 0 };
    double got[AT_N_HEAD_SCORES], far = 0.0;

    (void)state;
    for (size_t i = 0; i < T; i++) {
        identity[i * T + i] = 1.0f;
        for (size_t j = 0; j <= i; j++)
            uniform[i * T + j] = 1.0f / (float)(i + 1);
        for (size_t j = 0; j + 5 <= i; j++)
            far += 1.0 / (double)(i + 1);
    }
    at_head_scores(got, identity, 1, T, BERT, marks, NULL);
    ASSERT_NEAR(got[AT_SELF], 1.0, 0);
    ASSERT_NEAR(got[AT_LONG_RANGE], 0.0, 0);
    at_head_scores(got, uniform, 1, T, GPT2, marks, NULL);
    ASSERT_NEAR(got[AT_LONG_RANGE], far / 28, 1e-8); /* 7 + 6 + .. + 1 cells, in floats */
}

static void test_oracle(void **state)
{
    static const struct {
        const char *name;
        size_t T;
        struct at_map_kind kind;
    } cases[] = { { "T1_10", 1, { true, false } },   { "T2_01", 2, { false, true } },
                  { "T7_10", 7, { true, false } },   { "T13_00", 13, { false, false } },
                  { "T16_01", 16, { false, true } }, { "T41_10", 41, { true, false } },
                  { "T40_01", 40, { false, true } } };
    struct oracle *o = oracle_open(PATH);
    char name[64];

    (void)state;
    for (size_t c = 0; c < AT_COUNTOF(cases); c++) {
        size_t T = cases[c].T;
        double got[AT_N_HEAD_SCORES], patterns[AT_N_HEAD_PATTERNS];
        unsigned char marks[64];
        int ids[64];
        const float *map;
        snprintf(name, sizeof name, "%s/marks", cases[c].name);
        for (size_t i = 0; i < T; i++)
            marks[i] = (unsigned char)oracle_get(o, name, NULL)[i];
        snprintf(name, sizeof name, "%s/map", cases[c].name);
        map = oracle_get_f(o, name, NULL);
        at_head_scores(got, map, 1, T, cases[c].kind, marks, NULL);
        snprintf(name, sizeof name, "%s/scores", cases[c].name);
        ASSERT_CLOSE_D(got, oracle_get(o, name, NULL), AT_N_HEAD_SCORES, 1e-12, 0);
        if (T <= 7)
            continue;
        struct at_repeats r;
        snprintf(name, sizeof name, "%s/ids", cases[c].name);
        for (size_t i = 0; i < T; i++)
            ids[i] = (int)oracle_get(o, name, NULL)[i];
        at_repeats_find(&r, ids, NULL, T);
        at_head_patterns(patterns, map, 1, T, cases[c].kind.is_causal, &r, NULL);
        snprintf(name, sizeof name, "%s/patterns", cases[c].name);
        ASSERT_CLOSE_D(patterns, oracle_get(o, name, NULL), AT_N_HEAD_PATTERNS, 1e-12, 0);
        at_repeats_release(&r);
    }
    oracle_close(o);
}

/* What lies far is summed by itself: exactly 0 where nothing does, exact where next to nothing. */
static void test_little_is_far(void **state)
{
    enum { T = 40 };
    static float map[T * T];
    const unsigned char marks[T] = { 0 };
    double got[AT_N_HEAD_SCORES];
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 5, 0);
    for (int round = 0; round < 20; round++)
        for (int causal = 0; causal < 2; causal++) {
            for (int i = 0; i < T; i++)
                for (int j = 0; j < T; j++)
                    map[i * T + j] = abs(i - j) < 5 && !(causal && j > i)
                                         ? (float)exp(-20.0 * at_rng_double(&rng))
                                         : 0.0f;
            at_head_scores(got, map, 1, T, causal ? GPT2 : BERT, marks, NULL);
            ASSERT_NEAR(got[AT_LONG_RANGE], 0.0, 0);
            map[30 * T + 25] = 1e-12f;
            at_head_scores(got, map, 1, T, causal ? GPT2 : BERT, marks, NULL);
            ASSERT_NEAR(got[AT_LONG_RANGE], 1e-12f / (35.0 * 36.0 / (causal ? 2 : 1)), 1e-24);
        }
}

/* Ids 7 8 7 8, each twice: the second 7 looks back at 8, the second 8 at the second 7. */
static void test_induction_by_hand(void **state)
{
    const int ids[] = { 7, 8, 7, 8 };
    const float map[] = { 1,     0,    0,     0, 0.5f, 0.5f, 0,    0,
                          0.25f, 0.5f, 0.25f, 0, 0.1f, 0.2f, 0.6f, 0.1f };
    const bool special[] = { true, false, false, false };
    double got[AT_N_HEAD_PATTERNS];
    const double want[] = { (0.5 + 0.5 + 0.6) / 3, NAN, (0.25 + 0.2) / 2, (0.5 + 0.6) / 2 };
    struct at_repeats r;

    (void)state;
    at_repeats_find(&r, ids, NULL, 4);
    assert_int_equal(r.n, 2);
    at_head_patterns(got, map, 1, 4, true, &r, NULL);
    ASSERT_CLOSE_D(got, want, AT_N_HEAD_PATTERNS, 1e-7, 0);
    at_repeats_release(&r);
    at_repeats_find(&r, ids, special, 4);
    assert_int_equal(r.n, 1);
    at_repeats_release(&r);
    at_repeats_release(&r);
}

/* An immediate repeat has a copy, but what follows the copy is the token itself. */
static void test_immediate_repeat(void **state)
{
    const int ids[] = { 3, 3 };
    const float map[] = { 1, 0, 0.75f, 0.25f };
    double got[AT_N_HEAD_PATTERNS];
    struct at_repeats r;

    (void)state;
    at_repeats_find(&r, ids, NULL, 2);
    at_head_patterns(got, map, 1, 2, true, &r, NULL);
    ASSERT_NEAR(got[AT_DUPLICATE], 0.75, 0);
    assert_true(isnan(got[AT_INDUCTION]));
    at_repeats_release(&r);
}

static void test_threads_change_nothing(void **state)
{
    enum { H = 3, T = 9 };
    struct oracle *o = oracle_open(PATH);
    const float *maps = oracle_get_f(o, "stack/maps", NULL);
    struct at_pool *pool = at_pool_new(3);
    unsigned char marks[T] = { 1, 2, 4, 8, 3, 5, 0, 0, 15 };
    double one[H * AT_N_HEAD_SCORES], three[H * AT_N_HEAD_SCORES];

    (void)state;
    at_head_scores(one, maps, H, T, BERT, marks, NULL);
    at_head_scores(three, maps, H, T, BERT, marks, pool);
    ASSERT_CLOSE_D(one, three, AT_COUNTOF(one), 0, 0);
    at_pool_free(pool);
    oracle_close(o);
}

static void test_scale_within(void **state)
{
    const double x[] = { 1, 5, NAN, NAN, 3, 5, NAN, 2, 2, 5, NAN, 4 };
    const double want[] = { 0, 0.5, NAN, NAN, 1, 0.5, NAN, 0, 0.5, 0.5, NAN, 1 };
    double got[12];

    (void)state;
    at_scale_within(got, x, 3, 4);
    ASSERT_CLOSE_D(got, want, 12, 0, 0);
}

static void test_table(void **state)
{
    (void)state;
    assert_string_equal(at_head_score_table[AT_LONG_RANGE].key, "long_range");
    assert_string_equal(at_head_score_table[AT_CLS].specialist_no_cls, "First-token");
    for (size_t s = 0; s < AT_N_HEAD_SCORES; s++)
        assert_non_null(at_head_score_table[s].title_no_cls);
    for (size_t s = 0; s < AT_N_HEAD_PATTERNS; s++)
        assert_non_null(at_head_pattern_keys[s]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_causal_by_hand),
        cmocka_unit_test(test_one_token),
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_little_is_far),
        cmocka_unit_test(test_induction_by_hand),
        cmocka_unit_test(test_immediate_repeat),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_scale_within),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
