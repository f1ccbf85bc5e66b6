/*
 * test_pair_result.c - shares of minimal pairs and two models compared, by hand; what is written of
 * them.
 */
#include "analysis/pair_result.h"

#include <math.h>

#include "base/attr.h"
#include "close.h"
#include "record_text.h"
#include "sandbox.h"

static const char *x_and_y[] = { "x", "y" }, *no_name[] = { "" };

/* Wins of a, b and b, a tie, an undefined pair, a win of a; categories x and y, one direction
   without a name. */
enum { N = 5 };
static struct at_pair items[N] = {
    { "p0", "g", "h", 0, 0 },        { "p1", "g", "h", 0, 0 }, { "p2", "g", "h", 1, 0 },
    { "p3", "g, \"g\"", "h", 1, 0 }, { "p4", "g", "h", 1, 0 },
};
static const struct at_pairs pairs = { .items = items,
                                       .n = N,
                                       .categories = x_and_y,
                                       .n_categories = 2,
                                       .directions = no_name,
                                       .n_directions = 1 };
static char why[] = "no scores";
static const struct at_scored scored[N] = {
    { .score = { -1, -2 }, .n = { 3, 4 } },
    { .score = { -2, -1 }, .n = { 3, 4 } },
    { .score = { -3, -3 }, .n = { 3, 4 } },
    { .score = { -1, -5 }, .n = { 3, 4 } },
    { .score = { NAN, -1 }, .n = { AT_NONE, AT_NONE }, .excluded = why },
};
static const struct at_pair_origin origin = {
    .protocol = "none", .score = "full", .reduction = "sum", .bos = "prepend", .level = 0.95
};

/* 2 of 4 (a tie is no preference), 2 of 3 decided. */
static void test_shares(void **state)
{
    struct at_pair_result r;

    (void)state;
    at_pair_summarize(&r, &origin, &pairs, scored, NULL, NULL);
    assert_true(r.overall.n == 4 && r.overall.n_ties == 1 && r.overall.n_excluded == 1);
    ASSERT_NEAR(r.overall.preference, 50.0, 1e-12);
    ASSERT_NEAR(r.overall.decided, 200.0 / 3.0, 1e-12);
    ASSERT_NEAR(r.overall.mean_difference, 1.0, 1e-12);
    ASSERT_NEAR(r.overall.interval.low, 15.0038989, 1e-6);
    ASSERT_NEAR(r.overall.interval.high, 84.9961011, 1e-6);
    assert_int_equal(r.n_groups, 3); /* a direction without a name is none */
    assert_true(r.n_categories == 2 && r.n_directions == 0);
    assert_true(r.categories[0].shares.n == 2 && r.categories[0].shares.preference == 50.0);
    assert_true(r.categories[1].shares.n == 2 && r.categories[1].shares.decided == 100.0);
    assert_true(r.n_excluded == 1 && !r.against);
    assert_string_equal(r.excluded[0].id, "p4");
    at_pair_result_release(&r);
    at_pair_result_release(&r);
}

static void test_nothing_scored(void **state)
{
    const struct at_pairs last = { items + 4, 1, no_name, no_name, 1, 1, { 0 } };
    struct at_pair_result r;

    (void)state;
    at_pair_summarize(&r, &origin, &last, scored + 4, NULL, NULL);
    assert_true(r.n_groups == 1 && r.overall.n == 0 && r.overall.n_excluded == 1);
    assert_true(isnan(r.overall.preference) && isnan(r.overall.decided));
    assert_true(isnan(r.overall.mean_difference) && isnan(r.overall.interval.low));
    at_pair_result_release(&r);
}

/* 10 pairs, both right on 3, only the first on 5, only the second on 1: McNemar's exact p is
   2 P(X <= 1), X binomial(6, 1/2) = 2 * 7 / 64. */
static void test_compare(void **state)
{
    static struct at_pair eleven[11];
    const struct at_pairs all = { eleven, 11, no_name, no_name, 1, 1, { 0 } };
    struct at_scored first[11] = { 0 }, second[11] = { 0 };
    struct at_pair_result r;

    (void)state;
    for (size_t i = 0; i < 11; i++) {
        first[i].score[0] = i < 8 ? 1.0 : 0.0;
        second[i].score[0] = i < 3 || i == 9 ? 1.0 : 0.0;
        first[i].score[1] = second[i].score[1] = 0.5;
    }
    second[10].score[0] = NAN;
    at_pair_summarize(&r, &origin, &all, first, second, "other.csv");
    assert_true(r.against->n == 10 && r.against->only_first == 5 && r.against->only_second == 1);
    assert_string_equal(r.against->scores, "other.csv");
    ASSERT_NEAR(r.against->first, 80.0, 1e-12);
    ASSERT_NEAR(r.against->difference, 40.0, 1e-12);
    ASSERT_NEAR(r.against->p, 14.0 / 64.0, 1e-12);
    /* Newcombe's method 10 of 3, 5, 1, 1; worked with scipy's Wilson intervals. */
    ASSERT_NEAR(r.against->interval.low, -4.35399601, 1e-6);
    at_pair_result_release(&r);
    at_pair_summarize(&r, &origin, &all, first, first, "same.csv");
    assert_true(r.against->difference == 0.0);
    assert_true(r.against->interval.low < -10.0 && r.against->interval.high > 10.0);
    at_pair_result_release(&r);
}

static void test_items(void **state)
{
    struct at_pair_row rows[3];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(rows); i++)
        rows[i] = at_pair_row(&pairs, i + 2, 10 * i, &scored[i + 2], "run");
    assert_table(&at_pair_row_record, rows, AT_COUNTOF(rows),
                 "index,id,category,text_a,text_b,score_a,score_b,n_a,n_b,prefers,direction,"
                 "excluded,run_id\n"
                 "0,p2,y,g,h,-3,-3,3,4,tie,,,run\n"
                 "10,p3,y,\"g, \"\"g\"\"\",h,-1,-5,3,4,a,,,run\n"
                 "20,p4,y,g,h,,-1,,,,,no scores,run\n");
}

static void test_groups_table(void **state)
{
    struct at_pair_result r;

    (void)state;
    at_pair_summarize(&r, &origin, &pairs, scored, NULL, NULL);
    assert_table(&at_pair_group_record, r.groups, r.n_groups,
                 "kind,name,n,preference,low,high,decided,n_ties,n_excluded,mean_difference\n"
                 "overall,,4,50,15.0038989,84.9961011,66.6666667,1,1,1\n"
                 "category,x,2,50,9.45312057,90.5468794,50,0,0,0\n"
                 "category,y,2,50,9.45312057,90.5468794,100,1,1,2\n");
    assert_terminal(
        &at_pair_line_record, &r.categories[1],
        "                             n  prefers a                 decided   ties  "
        "excluded\n"
        "y                            2       50.0 [9.5, 90.5]       100.0      1         "
        "1\n");
    at_pair_result_release(&r);
}

/* clang-format off */
#define SHARES(ci, decided, mean, n, k) \
    "{\"ci\":" ci ",\"decided\":" decided ",\"mean_difference\":" mean ",\"n\":" n \
    ",\"n_excluded\":" k ",\"n_ties\":" k ",\"preference\":50.0}"
#define TWO "[9.45312057,90.5468794]"
#define FOUR "[15.0038989,84.9961011]"

static void test_document(void **state)
{
    struct at_pair_result r;

    (void)state;
    at_pair_summarize(&r, &origin, &pairs, scored, scored, "same.csv");
    assert_document(&at_pair_result_record, &r,
        "{\"against\":{\"ci\":[-34.9961011,34.9961011],\"difference\":0.0,\"n\":4,\"only_here\":0,"
        "\"only_there\":0,\"p\":1.0,\"preference\":50.0,\"preference_against\":50.0,"
        "\"scores\":\"same.csv\",\"test\":\"McNemar, exact\"},\"bos\":\"prepend\","
        "\"by_category\":{\"x\":" SHARES(TWO, "50.0", "0.0", "2", "0") ","
        "\"y\":" SHARES(TWO, "100.0", "2.0", "2", "1") "},\"by_direction\":{},"
        "\"excluded\":[{\"id\":\"p4\",\"why\":\"no scores\"}],\"level\":0.95,"
        "\"overall\":" SHARES(FOUR, "66.6666667", "1.0", "4", "1") ",\"protocol\":\"none\","
        "\"reduction\":\"sum\",\"rounded\":false,\"score\":\"full\",\"unit\":\"nats\"}");
    at_pair_result_release(&r);
}
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),       cmocka_unit_test(test_nothing_scored),
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_items),
        cmocka_unit_test(test_groups_table), cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
