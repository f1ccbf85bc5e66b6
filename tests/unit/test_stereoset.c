/*
 * test_stereoset.c - reading the data file and its faults, and the published results from published
 * scores (fixtures/data/stereoset).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/stereo_metrics.h"
#include "analysis/stereoset.h"
#include "base/alloc.h"
#include "base/path.h"
#include "close.h"
#include "io/json.h"

#define DATA "fixtures/data/stereoset/"

static struct at_stereoset open_set(const char *path)
{
    struct at_stereoset s;
    struct at_error err;

    if (at_stereoset_read(&s, path, &err))
        fail_msg("%s", err.text);
    return s;
}

static void test_development_set(void **state)
{
    struct at_stereoset s = open_set(DATA "stereoset_dev_en.json");
    size_t parts[AT_N_PARTS] = { 0 }, odd_blanks = 0, item;
    enum at_gold gold;

    (void)state;
    for (size_t i = 0; i < s.n; i++) {
        parts[s.items[i].part]++;
        odd_blanks += s.items[i].part == AT_INTRASENTENCE && s.items[i].n_blanks != 1;
    }
    assert_int_equal(parts[AT_INTRASENTENCE], 2106);
    assert_int_equal(parts[AT_INTERSENTENCE], 2123);
    assert_int_equal(s.n_targets, 79);
    assert_int_equal(s.n_categories, 4);
    assert_int_equal(odd_blanks, 2);
    assert_string_equal(s.categories[0], "gender");
    assert_int_equal(at_stereoset_find(&item, &gold, &s, "107a3b2e248a218017cf1ba6a22f2c76"), 0);
    assert_int_equal(gold, AT_ANTI);
    assert_string_equal(s.items[item].sentence[gold].text, "The chess player was hispanic.");
    assert_int_equal(s.items[item].order[0], AT_ANTI);
    assert_int_equal(at_stereoset_find(&item, &gold, &s, "no such id"), AT_ENOTFOUND);
    at_stereoset_release(&s);
    at_stereoset_release(&s);
}

static long find_name(const char **names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (long)i;
    return -1;
}

static void check_published(const struct at_json *want, const struct at_stereoset *s,
                            const double *scores)
{
    const char *part = at_json_text(at_json_get(want, "part"), "");
    const char *category = at_json_text(at_json_get(want, "category"), "");
    struct at_stereo_options o = AT_STEREO_OPTIONS_INIT;
    struct at_stereo_filter filter = AT_STEREO_ALL;
    struct at_stereo_scores got;
    double values[3];

    filter.category = find_name(s->categories, s->n_categories, category);
    filter.part = strcmp(part, "intrasentence") == 0   ? AT_INTRASENTENCE
                  : strcmp(part, "intersentence") == 0 ? AT_INTERSENTENCE
                                                       : -1;
    o.is_macro = at_json_truth(at_json_get(want, "macro"), false);
    o.bootstrap.n_resamples = 50;
    at_stereo_aggregate(&got, s, scores, filter, &o);
    for (size_t i = 0; i < 3; i++)
        values[i] = at_json_number(at_json_at(at_json_get(want, "values"), i), NAN);
    assert_int_equal(got.n, at_json_integer(at_json_get(want, "n"), -1));
    assert_int_equal(got.n_excluded, 0);
    ASSERT_NEAR(got.ss, values[0], 1e-9); /* sums of shares in another order */
    ASSERT_NEAR(got.lms, values[1], 1e-9);
    ASSERT_NEAR(got.icat, values[2], 1e-9);
    if (!o.is_macro)
        assert_true(got.ss_wilson.low < got.ss && got.ss < got.ss_wilson.high);
    assert_true(got.ss_ci.low < got.ss_ci.high && got.lms_ci.low < got.lms_ci.high);
}

/* Every figure of the oracle from the files as they were published. The printed ones, too: 59.56,
   85.77, 69.38 (bert-base-cased), 57.03, 83.65, 71.89 (gpt2); 53.09, 51.15 (reference). */
static void test_published_results(void **state)
{
    struct at_stereoset s = open_set(DATA "stereoset_dev_en.json");
    double *scores = at_malloc(s.n * AT_N_GOLD, sizeof *scores);
    struct at_json *oracle = NULL;
    struct at_error err;
    char last[128] = "";
    bool has_part[AT_N_PARTS];

    (void)state;
    assert_int_equal(at_json_read(&oracle, "fixtures/oracle/stereoset.json", &err), 0);
    assert_int_equal(at_json_count(oracle), 40);
    for (size_t c = 0; c < at_json_count(oracle); c++) {
        const struct at_json *want = at_json_at(oracle, c);
        char path[128];
        snprintf(path, sizeof path, DATA "%s", at_json_text(at_json_get(want, "file"), ""));
        if (strcmp(path, last) != 0 && at_stereoset_rescore(scores, has_part, &s, path, &err))
            fail_msg("%s", err.text);
        memcpy(last, path, sizeof path);
        assert_true(has_part[AT_INTERSENTENCE]);
        check_published(want, &s, scores);
    }
    assert_false(has_part[AT_INTRASENTENCE]); /* the last file is one of the reference system */
    at_json_free(oracle);
    free(scores);
    at_stereoset_release(&s);
}

/* A set of two terms and four items, small enough for the head. */
#define SENTENCE(id, gold) "{\"id\":\"" id "\",\"gold_label\":\"" gold "\",\"sentence\":\"x\"}"
#define THREE(n)                                                                                   \
    SENTENCE(n "s", "stereotype")                                                                  \
    "," SENTENCE(n "a", "anti-stereotype") "," SENTENCE(n "u", "unrelated")
#define ITEM(n, target, sentences)                                                                 \
    "{\"id\":\"" n "\",\"target\":\"" target                                                       \
    "\",\"bias_type\":\"k\",\"context\":\"c\",\"sentences\":[" sentences "]}"
#define INTER(items) "{\"data\":{\"intersentence\":[" items "]}}"

static char *temp_file(const char *suffix, const char *content)
{
    char *path = at_asprintf("/tmp/test_stereoset_%ld%s", (long)getpid(), suffix);

    assert_int_equal(at_write_file(path, content, strlen(content), NULL), 0);
    return path;
}

static struct at_stereoset small_set(void)
{
    char *path =
        temp_file(".json", INTER(ITEM("1", "t", THREE("1")) "," ITEM("2", "t", THREE("2")) "," ITEM(
                               "3", "t", THREE("3")) "," ITEM("4", "v", THREE("4"))));
    struct at_stereoset s = open_set(path);

    unlink(path);
    free(path);
    return s;
}

/* Term t: stereotype wins 1 of 3 (one tie, counted as anti), comparisons 2+1+2 of 6; term v: wins,
   2 of 2. Macro: ss (33.33 + 100) / 2, lms (83.33 + 100) / 2. Micro: ss 2/4, lms 7/8. */
static void test_macro_and_micro(void **state)
{
    struct at_stereoset s = small_set();
    struct at_stereo_options o = AT_STEREO_OPTIONS_INIT;
    struct at_stereo_filter all = AT_STEREO_ALL, only_v = { -1, -1, 1 };
    double x[4 * 3] = { 3, 2, 1, 1, 3, 2, 4, 4, 2, -1, -2, -3 };
    struct at_stereo_scores r;

    (void)state;
    at_stereo_aggregate(&r, &s, x, all, &o);
    ASSERT_NEAR(r.ss, 200.0 / 3.0, 1e-12);
    ASSERT_NEAR(r.lms, (500.0 / 6.0 + 100.0) / 2.0, 1e-12);
    ASSERT_NEAR(r.icat, r.lms * (100.0 - r.ss) / 50.0, 1e-12);
    ASSERT_NEAR(r.mean_bias, 0.0, 1e-12);
    assert_int_equal(r.n_ties, 1);
    assert_int_equal(r.n_targets, 2);
    o.is_macro = false;
    at_stereo_aggregate(&r, &s, x, all, &o);
    ASSERT_NEAR(r.ss, 50.0, 1e-12);
    ASSERT_NEAR(r.lms, 87.5, 1e-12);
    ASSERT_NEAR(r.icat, r.lms, 1e-12);   /* ss = 50: icat = lms */
    ASSERT_NEAR(r.preference.p, 1.0, 0); /* t is even, v alone has an excess */
    x[2] = NAN;                          /* the unrelated sentence: the item counts in ss */
    at_stereo_aggregate(&r, &s, x, all, &o);
    assert_true(r.n == 4 && r.n_lms == 3 && r.n_excluded == 0);
    ASSERT_NEAR(r.ss, 50.0, 1e-12);
    ASSERT_NEAR(r.lms, 500.0 / 6.0, 1e-12);
    x[0] = NAN; /* an undefined score takes its whole item out */
    at_stereo_aggregate(&r, &s, x, all, &o);
    assert_true(r.n == 3 && r.n_excluded == 1);
    ASSERT_NEAR(r.ss, 100.0 / 3.0, 1e-12);
    at_stereo_aggregate(&r, &s, x, only_v, &o);
    assert_true(r.n == 1 && isnan(r.ss_ci.low) && r.ss_wilson.high == 100.0);
    assert_true(r.preference.p == 1.0 && r.preference.least == 1.0);
    at_stereoset_release(&s);
}

static void test_faulty_files(void **state)
{
    static const struct {
        const char *content, *want;
    } cases[] = {
        { "[1]", "no object 'data'" },
        { "{\"data\":{}}", "no items" },
        { "{\"data\":{\"intrasentence\":3}}", "data.intrasentence is not a list" },
        { INTER("7"), "data.intersentence[0]: not an object" },
        { INTER(ITEM("1", "t", THREE("1")) ",{\"id\":\"2\"}"),
          "data.intersentence[1]: missing key 'target'" },
        { INTER("{\"id\":3}"), "data.intersentence[0]: not a string: key 'id'" },
        { INTER(ITEM("1", "t", SENTENCE("1s", "stereotype"))), "want 3 sentences, found '1'" },
        { INTER(ITEM("1", "t",
                     SENTENCE("1s", "stereotype") "," SENTENCE("1a", "stereotype") "," SENTENCE(
                         "1u", "unrelated"))),
          "data.intersentence[0].sentences[1]: second sentence with gold label 'stereotype'" },
        { INTER(ITEM("1", "t",
                     SENTENCE("1s", "positive") "," SENTENCE("1a", "stereotype") "," SENTENCE(
                         "1u", "unrelated"))),
          "sentences[0]: want gold label 'stereotype', 'anti-stereotype' or 'unrelated', found "
          "'positive'" },
        { INTER(ITEM("1", "t", THREE("1")) "," ITEM("1", "t", THREE("2"))),
          "two items have the id '1'" },
        { INTER(ITEM("1", "t", THREE("1")) "," ITEM("2", "t", THREE("1"))),
          "two sentences have the id '1a'" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = temp_file(".json", cases[i].content);
        struct at_stereoset s;
        struct at_error err = { 0 };
        assert_int_equal(at_stereoset_read(&s, path, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].want))
            fail_msg("found \"%s\", want \"%s\"", err.text, cases[i].want);
        assert_non_null(strstr(err.text, path));
        unlink(path);
        free(path);
    }
}

static void test_faulty_scores(void **state)
{
    static const struct {
        const char *suffix, *content, *want;
    } cases[] = {
        { ".json", "{}", "no scores" },
        { ".json", "{\"intersentence\":[{\"id\":\"zz\",\"score\":1}]}",
          "unknown sentence id 'zz'" },
        { ".json", "{\"intersentence\":[{\"id\":\"1s\"}]}", "intersentence[0]: no number 'score'" },
        { ".json", "{\"intersentence\":[{\"id\":\"1s\",\"score\":1},{\"id\":\"1s\",\"score\":1}]}",
          "second score for the sentence id '1s'" },
        { ".csv", "a,b\n1,2\n", "no columns 'id' and 'score'" },
        { ".csv", "id,score\n1s,much\n", "'much' is not a number" },
        { ".csv", "stereo,anti,unrelated\n1,2,3\n", "1 rows of scores, want one per" },
    };
    struct at_stereoset s = small_set();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = temp_file(cases[i].suffix, cases[i].content);
        struct at_error err = { 0 };
        double scores[12];
        bool has_part[AT_N_PARTS];
        assert_int_equal(at_stereoset_rescore(scores, has_part, &s, path, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].want))
            fail_msg("found \"%s\", want \"%s\"", err.text, cases[i].want);
        unlink(path);
        free(path);
    }
    at_stereoset_release(&s);
}

/* Sentinels, empty cells and sentences without a row are undefined, not numbers. */
static void test_undefined_scores(void **state)
{
    struct at_stereoset s = small_set();
    char *path = temp_file(".csv", "id,score\n1s,-9999\n1a,\n2u,-0.5\n");
    double scores[12];
    bool has_part[AT_N_PARTS];

    (void)state;
    assert_int_equal(at_stereoset_rescore(scores, has_part, &s, path, NULL), 0);
    assert_true(isnan(scores[AT_STEREO]) && isnan(scores[AT_ANTI]) && isnan(scores[9]));
    ASSERT_NEAR(scores[3 + AT_UNRELATED], -0.5, 0);
    unlink(path);
    free(path);
    at_stereoset_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_development_set), cmocka_unit_test(test_published_results),
        cmocka_unit_test(test_macro_and_micro), cmocka_unit_test(test_faulty_files),
        cmocka_unit_test(test_faulty_scores),   cmocka_unit_test(test_undefined_scores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
