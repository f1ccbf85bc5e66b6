/*
 * test_stereoset.c - reading the data file, scores from files, and the faults of both.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/stereo_rescore.h"
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
        struct at_scored scores[4];
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
    struct at_scored scores[4];
    bool has_part[AT_N_PARTS];

    (void)state;
    assert_int_equal(at_stereoset_rescore(scores, has_part, &s, path, NULL), 0);
    assert_true(isnan(scores[0].score[AT_STEREO]) && isnan(scores[0].score[AT_ANTI]));
    assert_true(isnan(scores[3].score[AT_STEREO]) && scores[3].n[AT_STEREO] == AT_NONE);
    ASSERT_NEAR(scores[1].score[AT_UNRELATED], -0.5, 0);
    unlink(path);
    free(path);
    at_stereoset_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_development_set),
        cmocka_unit_test(test_faulty_files),
        cmocka_unit_test(test_faulty_scores),
        cmocka_unit_test(test_undefined_scores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
