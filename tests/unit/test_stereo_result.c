/*
 * test_stereo_result.c - the published results from published scores (fixtures/data/stereoset); a
 * small set by hand, and what is written of it.
 */
#include "analysis/stereo_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stereo_rescore.h"
#include "base/alloc.h"
#include "close.h"
#include "io/json.h"
#include "json_close.h"
#include "record_text.h"
#include "sandbox.h"

#define DATA "fixtures/data/stereoset/"

/* --- the published results --- */

/* The scores of a part (none: "") and a category (none: ""). */
static const struct at_stereo_scores *find(const struct at_stereo_result *r, const char *part,
                                           const char *category)
{
    const struct at_stereo_category *categories = r->categories;
    const struct at_stereo_scores *of_all = &r->overall;
    size_t n = r->n_categories;

    for (size_t p = 0; p < r->n_parts; p++)
        if (!strcmp(r->parts[p].name, part)) {
            categories = r->parts[p].categories;
            n = r->parts[p].n_categories;
            of_all = &r->parts[p].scores;
        }
    for (size_t c = 0; c < n; c++)
        if (!strcmp(categories[c].name, category))
            return &categories[c].scores;
    return of_all;
}

static void check_published(const struct at_json *want, const struct at_stereo_result *r)
{
    const struct at_stereo_scores *got = find(r, at_json_text(at_json_get(want, "part"), ""),
                                              at_json_text(at_json_get(want, "category"), ""));
    double values[3];

    for (size_t i = 0; i < 3; i++)
        values[i] = at_json_number(at_json_at(at_json_get(want, "values"), i), NAN);
    assert_int_equal(got->n, at_json_integer(at_json_get(want, "n"), -1));
    assert_int_equal(got->n_excluded, 0);
    ASSERT_NEAR(got->ss, values[0], 1e-9); /* sums of shares in another order */
    ASSERT_NEAR(got->lms, values[1], 1e-9);
    ASSERT_NEAR(got->icat, values[2], 1e-9);
    if (!r->origin.is_macro)
        assert_true(got->ci.ss_wilson.low < got->ss && got->ss < got->ci.ss_wilson.high);
    assert_true(got->ci.ss.low < got->ci.ss.high && got->ci.lms.low < got->ci.lms.high);
}

/* Every figure of the oracle from the files as they were published. The printed ones, too: 59.56,
   85.77, 69.38 (bert-base-cased), 57.03, 83.65, 71.89 (gpt2); 53.09, 51.15 (reference). */
static void test_published_results(void **state)
{
    struct at_stereo_origin origin = { .interval = { 0.95, 50, 1 } };
    struct at_json *oracle = NULL;
    struct at_stereoset s;
    struct at_scored *scored;
    bool has_part[AT_N_PARTS];
    struct at_error err;

    (void)state;
    if (at_stereoset_read(&s, DATA "stereoset_dev_en.json", &err))
        fail_msg("%s", err.text);
    scored = at_calloc(s.n, sizeof *scored);
    assert_int_equal(at_json_read(&oracle, "fixtures/oracle/stereoset.json", &err), 0);
    assert_int_equal(at_json_count(oracle), 40);
    for (size_t c = 0; c < at_json_count(oracle); c++) {
        const struct at_json *want = at_json_at(oracle, c);
        struct at_stereo_result r;
        char path[128];
        snprintf(path, sizeof path, DATA "%s", at_json_text(at_json_get(want, "file"), ""));
        if (at_stereoset_rescore(scored, has_part, &s, path, &err))
            fail_msg("%s", err.text);
        assert_true(has_part[AT_INTERSENTENCE]);
        origin.is_macro = at_json_truth(at_json_get(want, "macro"), false);
        at_stereo_summarize(&r, &origin, &s, scored, has_part);
        assert_int_equal(r.n_parts, 1 + has_part[AT_INTRASENTENCE]);
        check_published(want, &r);
        at_stereo_result_release(&r);
    }
    at_json_free(oracle);
    free(scored);
    at_stereoset_release(&s);
}

/* --- by hand --- */

enum { N_SMALL = 5 };
static const char *const small_ids[N_SMALL] = { "i1", "i2", "i3", "i4", "i5" };
static const char *small_targets[] = { "t", "v", "w" }, *small_categories[] = { "j", "k" };

#define ITEM(number, p, c, t)                                                                      \
    {                                                                                              \
        .id = small_ids[number], .context = "", .part = (p), .category = (c), .target = (t),       \
        .sentence = { { "s" #number, "S." },                                                       \
                      { "a" #number, "A, \"A\"." },                                                \
                      { "u" #number, "U." } },                                                     \
        .order = {                                                                                 \
            AT_ANTI,                                                                               \
            AT_STEREO,                                                                             \
            AT_UNRELATED                                                                           \
        }                                                                                          \
    }

/* Term t: the stereotype wins 1 of 3 (one tie, counted as anti), comparisons 2+1+2 of 6; term v: it
   wins, 2 of 2; term w, alone in category j: no score. */
static void fill_small(struct at_stereoset *s, struct at_stereo_item *items,
                       struct at_scored *scored)
{
    const struct at_stereo_item all[N_SMALL] = {
        ITEM(0, AT_INTRASENTENCE, 1, 0), ITEM(1, AT_INTRASENTENCE, 1, 0),
        ITEM(2, AT_INTERSENTENCE, 1, 0), ITEM(3, AT_INTERSENTENCE, 1, 1),
        ITEM(4, AT_INTERSENTENCE, 0, 2),
    };
    static char why[] = "no score";
    const struct at_scored scores[N_SMALL] = {
        { .score = { 3, 2, 1 }, .n = { 4, 5, 6 } },
        { .score = { 1, 3, 2 }, .n = { 4, 5, 6 } },
        { .score = { 4, 4, 2 }, .n = { 4, 5, 6 } },
        { .score = { -1, -2, -3 }, .n = { 4, 5, 6 } },
        { .score = { NAN, 1, 1 }, .n = { AT_NONE, AT_NONE, AT_NONE }, .excluded = why },
    };

    memcpy(items, all, sizeof all);
    memcpy(scored, scores, sizeof scores);
    *s = (struct at_stereoset){ .items = items,
                                .n = N_SMALL,
                                .targets = small_targets,
                                .n_targets = 3,
                                .categories = small_categories,
                                .n_categories = 2 };
}

/* With other scores for the stereotype and the unrelated sentence of the first item. */
static struct at_stereo_result summarize_with(bool is_macro, double stereo, double unrelated)
{
    static struct at_stereo_item items[N_SMALL];
    static struct at_scored scored[N_SMALL];
    static struct at_stereoset set;
    static const struct at_stereo_gap gap = { "intersentence", "no head" };
    static const bool has_part[AT_N_PARTS] = { true, true };
    const struct at_stereo_origin origin = {
        .protocol = "conditional",
        .pll = "original",
        .is_macro = is_macro,
        .interval = { 0.95, 0, 7 },
        .unavailable = &gap,
        .n_unavailable = 1,
    };
    struct at_stereo_result r;

    fill_small(&set, items, scored);
    scored[0].score[AT_STEREO] = stereo;
    scored[0].score[AT_UNRELATED] = unrelated;
    at_stereo_summarize(&r, &origin, &set, scored, has_part);
    return r;
}

static struct at_stereo_result summarize_small(bool is_macro)
{
    return summarize_with(is_macro, 3, 1);
}

/* Macro: ss (33.33 + 100) / 2, lms (83.33 + 100) / 2. Micro: ss 2/4, lms 7/8. */
static void test_macro_and_micro(void **state)
{
    struct at_stereo_result r = summarize_small(true);

    (void)state;
    ASSERT_NEAR(r.overall.ss, 200.0 / 3.0, 1e-12);
    ASSERT_NEAR(r.overall.lms, (500.0 / 6.0 + 100.0) / 2.0, 1e-12);
    ASSERT_NEAR(r.overall.icat, r.overall.lms * (100.0 - r.overall.ss) / 50.0, 1e-12);
    ASSERT_NEAR(r.overall.mean_bias, 0.0, 1e-12);
    assert_true(r.overall.n == 4 && r.overall.n_ties == 1 && r.overall.n_targets == 2);
    assert_int_equal(r.overall.n_excluded, 1);
    at_stereo_result_release(&r);
    r = summarize_small(false);
    ASSERT_NEAR(r.overall.ss, 50.0, 1e-12);
    ASSERT_NEAR(r.overall.lms, 87.5, 1e-12);
    ASSERT_NEAR(r.overall.icat, r.overall.lms, 1e-12); /* ss = 50: icat = lms */
    ASSERT_NEAR(r.overall.preference.p, 1.0, 0);       /* t is even, v alone has an excess */
    at_stereo_result_release(&r);
    at_stereo_result_release(&r);
}

static void test_undefined_scores(void **state)
{
    struct at_stereo_result r = summarize_with(false, 3, NAN); /* the item counts in ss */

    (void)state;
    assert_true(r.overall.n == 4 && r.overall.n_lms == 3 && r.overall.n_excluded == 1);
    ASSERT_NEAR(r.overall.ss, 50.0, 1e-12);
    ASSERT_NEAR(r.overall.lms, 500.0 / 6.0, 1e-12);
    at_stereo_result_release(&r);
    r = summarize_with(false, NAN, 1); /* the whole item is out */
    assert_true(r.overall.n == 3 && r.overall.n_excluded == 2);
    ASSERT_NEAR(r.overall.ss, 100.0 / 3.0, 1e-12);
    at_stereo_result_release(&r);
}

/* Two terms: Wilson's interval with the effective number of items, here 2 for ss, and the t of one
   degree of freedom, 12.706; worked in Python from the formula. */
static void test_intervals(void **state)
{
    struct at_stereo_result r = summarize_small(true);
    const struct at_stereo_intervals *all = &r.overall.ci, *v = &r.targets[1].scores.ci;

    (void)state;
    ASSERT_NEAR(all->ss.low, 0.5445815572411417, 1e-9);
    ASSERT_NEAR(all->ss.high, 99.86329626318565, 1e-9);
    ASSERT_NEAR(all->lms.low, 5.362430027242837, 1e-9);
    ASSERT_NEAR(all->lms.high, 99.95319315587659, 1e-9);
    ASSERT_NEAR(all->icat.low, 0.12573533454138408, 1e-9);
    ASSERT_NEAR(all->icat.high, 92.50770284451684, 1e-9);
    assert_true(isnan(v->ss.low) && isnan(v->icat.high)); /* one term */
    assert_true(v->ss_wilson.high == 100.0);
    assert_true(r.targets[1].scores.preference.p == 1.0);
    assert_true(r.targets[1].scores.preference.least == 1.0);
    at_stereo_result_release(&r);
}

static void test_groups(void **state)
{
    struct at_stereo_result r = summarize_small(true);

    (void)state;
    assert_int_equal(r.n_parts, 2);
    assert_string_equal(r.parts[1].name, "intersentence");
    assert_true(r.parts[0].scores.n == 2 && r.parts[0].scores.ss == 50.0);
    assert_true(isnan(r.parts[0].scores.ci.ss.low)); /* one term */
    assert_true(r.parts[1].scores.n == 2 && r.parts[1].scores.n_excluded == 1);
    assert_int_equal(r.parts[0].n_categories, 1); /* nothing of j there */
    assert_string_equal(r.parts[0].categories[0].name, "k");
    assert_int_equal(r.n_categories, 2);
    assert_true(r.categories[0].scores.n == 0 && isnan(r.categories[0].scores.ss));
    assert_true(r.categories[1].scores.n == 4);
    assert_int_equal(r.n_targets, 3);
    assert_true(r.targets[0].contains_50 == 1 && r.targets[1].contains_50 == 1);
    assert_true(r.targets[2].contains_50 == -1); /* no item: not known */
    assert_int_equal(r.n_ranked, 0);             /* all have too few */
    /* biases of k are 1, -2, 0, 1; j has none */
    assert_int_equal(r.n_spread, 1);
    assert_true(r.spread[0].box.n == 4 && r.spread[0].box.median == 0.5);
    at_stereo_result_release(&r);
}

/* Terms with 10 items or more, highest first, of equals by name. */
static void test_ranked(void **state)
{
    enum { N = 46 };
    static const char *targets[] = { "a", "b", "c", "d", "e" }, *categories[] = { "k" };
    static const size_t sizes[] = { 10, 11, 9, 12, 4 };
    static struct at_stereo_item items[N];
    static struct at_scored scored[N];
    const bool has_part[AT_N_PARTS] = { true, false };
    const struct at_stereo_origin origin = { .interval = { 0.95, 0, 1 } };
    const struct at_stereoset set = { .items = items,
                                      .n = N,
                                      .targets = targets,
                                      .n_targets = 5,
                                      .categories = categories,
                                      .n_categories = 1 };
    struct at_stereo_result r;
    size_t n = 0;

    (void)state;
    for (size_t t = 0; t < 5; t++)
        for (size_t i = 0; i < sizes[t]; i++, n++) {
            items[n] = (struct at_stereo_item){ .target = t };
            scored[n] = (struct at_scored){ .score = { t == 1 || i == 0, 0.5, 0 } };
        }
    assert_int_equal(n, N);
    for (size_t i = 31; i < 42; i++) /* all but one of d: 12 of them like a's 10 */
        scored[i].score[AT_STEREO] = 0;
    scored[0].score[AT_STEREO] = scored[30].score[AT_STEREO] = 0;
    at_stereo_summarize(&r, &origin, &set, scored, has_part);
    assert_int_equal(r.n_ranked, 3);
    assert_string_equal(r.ranked[0]->name, "b");
    assert_string_equal(r.ranked[1]->name, "a");
    assert_string_equal(r.ranked[2]->name, "d");
    at_stereo_result_release(&r);
}

/* --- what is written --- */

static void test_items(void **state)
{
    struct at_stereo_item items[N_SMALL];
    struct at_scored scored[N_SMALL];
    struct at_stereo_row rows[2 * AT_N_GOLD];
    struct at_stereoset set;

    (void)state;
    fill_small(&set, items, scored);
    scored[3].score[AT_ANTI] = -1.0 / 3.0;
    at_stereo_rows(rows, &set, 3, &scored[3], "run");
    at_stereo_rows(rows + AT_N_GOLD, &set, 4, &scored[4], "run");
    assert_table(
        &at_stereo_row_record, rows, 2 * AT_N_GOLD,
        "id,type,category,target,gold,text,score,n_tokens,excluded,run_id\n"
        "a3,intersentence,k,v,anti-stereotype,\"A, \"\"A\"\".\",-0.333333333333333,5,,run\n"
        "s3,intersentence,k,v,stereotype,S.,-1,4,,run\n"
        "u3,intersentence,k,v,unrelated,U.,-3,6,,run\n"
        "a4,intersentence,j,w,anti-stereotype,\"A, \"\"A\"\".\",1,,no score,run\n"
        "s4,intersentence,j,w,stereotype,S.,,,no score,run\n"
        "u4,intersentence,j,w,unrelated,U.,1,,no score,run\n");
}

/* Of all, then of each part; every number is that of the list that it is from. */
static void test_categories_table(void **state)
{
    struct at_stereo_result r = summarize_small(true);
    struct at_arena arena = { 0 };
    size_t n, want = r.n_categories;
    const struct at_stereo_category_row *rows = at_stereo_category_rows(&n, &r, &arena);

    (void)state;
    assert_columns(&at_stereo_category_record,
                   "part,category,n,ss,ss_low,ss_high,lms,icat,mean_bias,n_ties,n_excluded,"
                   "n_targets,ss_terms_low,ss_terms_high,p,p_least");
    for (size_t p = 0; p < r.n_parts; p++) {
        assert_string_equal(rows[want].part, r.parts[p].name);
        ASSERT_NEAR(rows[want].of.scores.ss, r.parts[p].categories[0].scores.ss, 0);
        want += r.parts[p].n_categories;
    }
    assert_int_equal(n, want);
    assert_string_equal(rows[0].part, "all");
    assert_string_equal(rows[0].of.name, r.categories[0].name);
    at_arena_release(&arena);
    at_stereo_result_release(&r);
}

/* Wilson's intervals of 1 of 3 and 1 of 1. */
static void test_targets_table(void **state)
{
    struct at_stereo_result r = summarize_small(true);

    (void)state;
    assert_table(&at_stereo_target_record, r.targets, r.n_targets,
                 "target,category,n,ss,ss_low,ss_high,lms,icat,mean_bias,n_ties,n_excluded,"
                 "contains_50\n"
                 "t,k,3,33.3333333,6.14919447,79.2340399,83.3333333,55.5555556,-0.333333333,1,0,1\n"
                 "v,k,1,100,20.6549314,100,100,0,1,0,0,1\n"
                 "w,j,0,,,,,,,0,1,\n");
    at_stereo_result_release(&r);
}

/* clang-format off */
#define NULLS "[null,null]"
#define CI(icat, lms, ss, wilson) \
    "\"ci\":{\"icat\":" icat ",\"lms\":" lms ",\"ss\":" ss ",\"ss_wilson\":" wilson "},"
#define TWO \
    CI(NULLS, NULLS, NULLS, "[9.45312057,90.5468794]") "\"icat\":75.0,\"lms\":75.0," \
    "\"mean_bias\":-0.5,\"n\":2,\"n_excluded\":0,\"n_lms\":2,\"n_targets\":1,\"n_ties\":0," \
    "\"p\":1.0,\"p_least\":0.5,\"ss\":50.0"
#define ALL(n_excluded) \
    "{" CI("[0.125735335,92.5077028]", "[5.36243003,99.9531932]", "[0.544581557,99.8632963]", \
           "[15.0038989,84.9961011]") \
    "\"icat\":61.1111111,\"lms\":91.6666667,\"mean_bias\":0.0,\"n\":4,\"n_excluded\":" n_excluded \
    ",\"n_lms\":4,\"n_targets\":2,\"n_ties\":1,\"p\":1.0,\"p_least\":1.0,\"ss\":66.6666667}"
#define NONE(contains_50) \
    "{" CI(NULLS, NULLS, NULLS, NULLS) contains_50 "\"icat\":null,\"lms\":null," \
    "\"mean_bias\":null,\"n\":0,\"n_excluded\":1,\"n_lms\":0,\"n_targets\":0,\"n_ties\":0," \
    "\"p\":null,\"p_least\":null,\"ss\":null}"

static void test_document(void **state)
{
    struct at_stereo_result r = summarize_small(true);

    (void)state;
    r.n_parts = 1; /* the other one is alike */
    r.targets += 2;
    r.n_targets = 1;
    assert_document(&at_stereo_result_record, &r,
        "{\"aggregation\":\"macro\",\"by_category\":{\"j\":" NONE("") ",\"k\":" ALL("0") "},"
        "\"by_part\":{\"intrasentence\":{\"by_category\":{\"k\":{" TWO "}}," TWO "}},"
        "\"by_target\":{\"w\":" NONE("\"contains_50\":null,") "},"
        "\"excluded\":[{\"id\":\"a4\",\"why\":\"no score\"}],"
        "\"interval\":{\"level\":0.95,\"resamples\":0,\"seed\":7},\"overall\":" ALL("1") ","
        "\"pll\":\"original\",\"protocol\":\"conditional\","
        "\"unavailable\":{\"intersentence\":\"no head\"}}");
    at_stereo_result_release(&r);
}
/* clang-format on */

static void test_line(void **state)
{
    struct at_stereo_result r = summarize_small(true);

    (void)state;
    assert_terminal(&at_stereo_line_record, &r.categories[1],
                    "                     n      SS                  LMS                 ICAT\n"
                    "k                    4    66.7 [0.5, 99.9]     91.7 [5.4, 100.0]    61.1 "
                    "[0.1, 92.5]\n");
    assert_terminal(&at_stereo_line_record, &r.categories[0],
                    "                     n      SS                  LMS                 ICAT\n"
                    "j                    0     n/a                  n/a                  n/a\n");
    at_stereo_result_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_results),
        cmocka_unit_test(test_macro_and_micro),
        cmocka_unit_test(test_undefined_scores),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_ranked),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_targets_table),
        cmocka_unit_test(test_categories_table),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_line),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
