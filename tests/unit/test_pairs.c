/*
 * test_pairs.c - aligning, reading and counting minimal pairs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/align.h"
#include "analysis/pairs.h"
#include "base/alloc.h"
#include "base/path.h"
#include "close.h"
#include "io/json.h"

static int *ints_of(const struct at_json *list)
{
    int *out = at_malloc(at_json_count(list), sizeof *out);

    for (size_t i = 0; i < at_json_count(list); i++)
        out[i] = (int)at_json_integer(at_json_at(list, i), -1);
    return out;
}

/* Blocks of Python's difflib.SequenceMatcher, fixtures/oracle/diff.json. difflib's
   get_matching_blocks() merges neighbours as we do. */
static void test_blocks_as_difflib(void **state)
{
    struct at_json *root = NULL;

    (void)state;
    assert_int_equal(at_json_read(&root, "fixtures/oracle/diff.json", NULL), 0);
    assert_true(at_json_count(root) >= 30);
    for (size_t c = 0; c < at_json_count(root); c++) {
        const struct at_json *v = at_json_at(root, c), *want = at_json_get(v, "blocks");
        int *a = ints_of(at_json_get(v, "a")), *b = ints_of(at_json_get(v, "b"));
        struct at_blocks got = { 0 };
        at_matching_blocks(&got, a, at_json_count(at_json_get(v, "a")), b,
                           at_json_count(at_json_get(v, "b")));
        assert_int_equal(got.n, at_json_count(want));
        for (size_t i = 0; i < got.n; i++) {
            const struct at_json *w = at_json_at(want, i);
            assert_int_equal(got.items[i].a, at_json_integer(at_json_at(w, 0), -1));
            assert_int_equal(got.items[i].b, at_json_integer(at_json_at(w, 1), -1));
            assert_int_equal(got.items[i].n, at_json_integer(at_json_at(w, 2), -1));
        }
        at_array_release(&got);
        free(a);
        free(b);
    }
    at_json_free(root);
}

static void test_rounding_as_python(void **state)
{
    struct at_json *root = NULL;

    (void)state;
    assert_int_equal(at_json_read(&root, "fixtures/oracle/crows_round.json", NULL), 0);
    assert_true(at_json_count(root) > 200);
    for (size_t i = 0; i < at_json_count(root); i++) {
        const struct at_json *v = at_json_at(root, i);
        double got = at_round3(at_json_number(at_json_at(v, 0), NAN));
        assert_true(got == at_json_number(at_json_at(v, 1), NAN));
    }
    assert_true(isnan(at_round3(NAN)) && isinf(at_round3(-INFINITY)));
    at_json_free(root);
}

static struct at_pairs open_pairs(const char *path)
{
    struct at_pairs p;
    struct at_error err;

    if (at_pairs_read(&p, path, &err))
        fail_msg("%s", err.text);
    return p;
}

/* Counts from the published paper's table: 1508 pairs, 9 bias types, 1290 stereo. */
static void test_crows_file(void **state)
{
    struct at_pairs p = open_pairs("fixtures/data/crows_pairs/crows_pairs.csv");
    size_t n_stereo = 0;

    (void)state;
    for (size_t i = 0; i < p.n; i++)
        n_stereo += strcmp(p.directions[p.items[i].direction], "stereo") == 0;
    assert_int_equal(p.n, 1508);
    assert_int_equal(p.n_categories, 9);
    assert_int_equal(p.n_directions, 2);
    assert_int_equal(n_stereo, 1290);
    assert_string_equal(p.items[1].id, "1");
    assert_string_equal(p.categories[p.items[1].category], "socioeconomic");
    assert_string_equal(p.items[1].b, "The rich are really ignorant about how to handle the money "
                                      "they do have.");
    at_pairs_release(&p);
    at_pairs_release(&p);
}

static char *temp_file(const char *suffix, const char *content)
{
    char *path = at_asprintf("/tmp/test_pairs_%ld%s", (long)getpid(), suffix);

    assert_int_equal(at_write_file(path, content, strlen(content), NULL), 0);
    return path;
}

static void test_formats(void **state)
{
    static const struct {
        const char *suffix, *content, *category, *id;
    } cases[] = {
        { ".jsonl",
          "{\"sentence_good\": \"g\", \"sentence_bad\": \"h\", \"UID\": \"wh\", \"pairID\": "
          "\"7\"}\n",
          "wh", "7" },
        { ".jsonl", "\n{\"a\": \"g\", \"b\": \"h\", \"id\": 7, \"category\": \"wh\"}\n", "wh",
          "7" },
        { ".jsonl",
          "{\"a\": \"g\", \"b\": \"h\", \"id\": null, \"index\": 7.0, \"category\": \"wh\"}\n",
          "wh", "7" },
        { ".jsonl",
          "{\"sentence_good\": \"x\", \"b\": \"h\", \"a\": \"g\", \"id\": 7, \"UID\": \"wh\"}\n",
          "wh", "7" },
        { ".csv", "good,bad\ng,h\n", "", "" },
        { ".tsv", "index\ttext_b\ttext_a\tcategory\n7\th\tg\twh\n", "wh", "7" },
        { ".csv", "a,sent_less,b\ng,x,h\n", "", "" }, /* names of one kind belong together */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = temp_file(cases[i].suffix, cases[i].content);
        struct at_pairs p = open_pairs(path);
        assert_int_equal(p.n, 1);
        assert_string_equal(p.items[0].a, "g");
        assert_string_equal(p.items[0].b, "h");
        assert_string_equal(p.categories[0], cases[i].category);
        assert_string_equal(p.items[0].id, cases[i].id);
        at_pairs_release(&p);
        unlink(path);
        free(path);
    }
}

/* Blank sentences stay pairs, so that numbers of rows stay what they are. */
static void test_blanks(void **state)
{
    static const char *const files[][2] = {
        { ".csv", "a,b\ng,h\ng,\n,h\n" },
        { ".csv", "a;b\ng;h\ng;\n;h\n" },
        { ".jsonl", "{\"a\":\"g\",\"b\":\"h\"}\n{\"a\":\"g\",\"b\":null}\n"
                    "{\"a\":\"\",\"b\":\"h\"}\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = temp_file(files[i][0], files[i][1]);
        struct at_pairs p = open_pairs(path);
        assert_int_equal(p.n, 3);
        assert_string_equal(p.items[1].a, "g");
        assert_string_equal(p.items[1].b, "");
        assert_string_equal(p.items[2].a, "");
        at_pairs_release(&p);
        unlink(path);
        free(path);
    }
}

static void test_faulty_files(void **state)
{
    static const struct {
        const char *suffix, *content, *want;
    } cases[] = {
        { ".csv", "x,y\n1,2\n", "found 'x', 'y'" },
        { ".csv", "a,b\n", "no pairs" },
        { ".txt", "a b", "no columns of pairs" },
        { ".jsonl", "{\"a\": \"g\", \"b\": \"h\"}\n[1]\n", "line 2: not an object" },
        { ".jsonl", "{\"a\": \"g\"}\n", "line 1: want the keys" },
        { ".jsonl", "{\"good\": \"g\", \"b\": \"h\"}\n", "line 1: want the keys" },
        { ".jsonl", "{\"a\": \"g\", \"b\": \"h\", \"id\": 1.5}\n",
          "line 1: 'id' is neither a string nor a whole number" },
        { ".jsonl", "{\"a\": 0.5, \"b\": \"h\"}\n", "line 1: 'a' is neither a string" },
        { ".jsonl", "{\"a\": \"g\", \"b\": \"h\", \"category\": [\"x\"]}\n",
          "line 1: 'category' is neither a string" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = temp_file(cases[i].suffix, cases[i].content);
        struct at_pairs p;
        struct at_error err = { 0 };
        assert_int_equal(at_pairs_read(&p, path, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].want) || !strstr(err.text, path))
            fail_msg("found \"%s\", want \"%s\"", err.text, cases[i].want);
        unlink(path);
        free(path);
    }
}

static void test_rescore(void **state)
{
    static const struct {
        const char *content, *want;
    } faulty[] = {
        { "index,x\n0,1\n", "no columns 'index', 'score_a' and 'score_b'" },
        { "index,score_a,score_b\n5,1,2\n", "row 1: index 5, want 0..1" },
        { "index,score_a,score_b\n0.5,1,2\n", "row 1: index 0.5, want 0..1" },
        { "index,score_a,score_b\n1,1,2\n1,1,2\n", "row 2: second scores for index 1" },
        { "index,score_a,score_b\n1,one,2\n", "'one' is not a number" },
    };
    char *pairs = temp_file(".csv", "a,b\ng,h\ng,h\n"), *path;
    struct at_pairs p = open_pairs(pairs);
    struct at_scored scores[2];

    (void)state;
    path = temp_file("_items.csv", "index,id,score_a,score_b\n1,q,-1.5,-2\n");
    assert_int_equal(at_pairs_rescore(scores, &p, path, NULL), 0);
    assert_true(isnan(scores[0].score[0]) && scores[0].n[0] == AT_NONE);
    assert_true(scores[1].score[0] == -1.5 && scores[1].score[1] == -2.0);
    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        struct at_error err = { 0 };
        free(path);
        path = temp_file("_items.csv", faulty[i].content);
        assert_int_equal(at_pairs_rescore(scores, &p, path, &err), AT_EFORMAT);
        if (!strstr(err.text, faulty[i].want))
            fail_msg("found \"%s\", want \"%s\"", err.text, faulty[i].want);
    }
    unlink(path);
    unlink(pairs);
    free(path);
    free(pairs);
    at_pairs_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_as_difflib),
        cmocka_unit_test(test_rounding_as_python),
        cmocka_unit_test(test_crows_file),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_blanks),
        cmocka_unit_test(test_faulty_files),
        cmocka_unit_test(test_rescore),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
