/*
 * test_token_links.c - shares of attention between tokens and their chance level, by hand.
 */
#include "analysis/token_links.h"

#include <math.h>

#include "close.h"

static const float map[9] = { 1, 0, 0, 0.5f, 0.5f, 0, 0.25f, 0.25f, 0.5f };

static void test_one_query(void **state)
{
    const size_t from[] = { 2 }, to[] = { 0, 1 };
    const struct at_token_ends ends = { from, to, 1, 2 };
    struct at_token_link l = at_token_link(map, 3, true, &ends, 4, 5);

    (void)state;
    assert_int_equal(l.layer, 4);
    assert_int_equal(l.head, 5);
    ASSERT_NEAR(l.weight, 0.5, 1e-12);
    ASSERT_NEAR(l.even, 2.0 / 3, 1e-12);
    ASSERT_NEAR(l.ratio, 0.75, 1e-12);
}

/* Queries 1 and 2 put 0.5 and 0.25 on key 1; of causal even attention 1/2 and 1/3. */
static void test_two_queries(void **state)
{
    const size_t from[] = { 1, 2 }, to[] = { 1 };
    const struct at_token_ends ends = { from, to, 2, 1 };
    struct at_token_link causal = at_token_link(map, 3, true, &ends, 0, 0);
    struct at_token_link both = at_token_link(map, 3, false, &ends, 0, 0);

    (void)state;
    ASSERT_NEAR(causal.weight, 0.375, 1e-12);
    ASSERT_NEAR(causal.ratio, 0.9, 1e-12);
    ASSERT_NEAR(both.ratio, 1.125, 1e-12);
}

static void test_key_ahead(void **state)
{
    const size_t from[] = { 0 }, to[] = { 2 };
    const struct at_token_ends ends = { from, to, 1, 1 };
    struct at_token_link l = at_token_link(map, 3, true, &ends, 0, 0);

    (void)state;
    ASSERT_NEAR(l.weight, 0.0, 0);
    assert_true(isnan(l.ratio));
}

static void test_rank(void **state)
{
    struct at_token_link l[3] = {
        { .layer = 1, .head = 0, .weight = 0.2 },
        { .layer = 0, .head = 1, .weight = 0.2 },
        { .layer = 2, .head = 3, .weight = 0.7 },
    };

    (void)state;
    at_token_links_rank(l, 3);
    assert_int_equal(l[0].layer, 2);
    assert_int_equal(l[1].layer, 0);
    assert_int_equal(l[2].layer, 1);
    assert_int_equal(l[2].rank, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_query),
        cmocka_unit_test(test_two_queries),
        cmocka_unit_test(test_key_ahead),
        cmocka_unit_test(test_rank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
