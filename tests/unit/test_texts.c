/*
 * test_texts.c - texts of a call: arguments, a file, lines, JSON lines, and what is no text.
 */
#include "session/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"

static struct at_texts opened(const struct at_texts_options *o)
{
    struct at_error err;
    struct at_texts t;

    must(at_texts_open(&t, o, &err), &err);
    return t;
}

/* The next item is this text. pair may be NULL. */
static void gives(struct at_texts *t, const char *id, const char *text, const char *pair)
{
    struct at_error err;
    struct at_text got;
    bool is_fatal;
    int rc = at_texts_next(&got, t, &is_fatal, &err);

    must(rc < 0 ? rc : 0, &err);
    assert_int_equal(rc, 1);
    assert_string_equal(got.id, id);
    assert_string_equal(got.text, text);
    assert_int_equal(got.pair != NULL, pair != NULL);
    if (pair)
        assert_string_equal(got.pair, pair);
    at_text_release(&got);
}

/* The next item is bad, and reading goes on. */
static void gives_bad(struct at_texts *t, enum at_code code, const char *part)
{
    struct at_error err;
    struct at_text got;
    bool is_fatal;

    assert_int_equal(at_texts_next(&got, t, &is_fatal, &err), code);
    assert_false(is_fatal);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in: %s", part, err.text);
}

static void ends(struct at_texts *t)
{
    struct at_error err;
    struct at_text got;
    bool is_fatal;

    assert_int_equal(at_texts_next(&got, t, &is_fatal, &err), 0);
    at_texts_close(t);
    at_texts_close(t); /* a second time is no harm */
}

static void test_given(void **state)
{
    char one[] = "the cat", blank[] = " \t", two[] = "sat";
    char *texts[] = { one, blank, two };
    struct at_texts t = opened(&(struct at_texts_options){ .n_given = 3, .given = texts });

    (void)state;
    assert_true(at_texts_is_many(&t));
    assert_int_equal(at_texts_count(&t), 3);
    gives(&t, "1", "the cat", NULL);
    gives_bad(&t, AT_EFORMAT, "text 2: empty text");
    gives(&t, "3", "sat", NULL);
    ends(&t);

    t = opened(&(struct at_texts_options){ .n_given = 1, .given = texts, .pair = "sat" });
    assert_false(at_texts_is_many(&t));
    assert_int_equal(at_texts_count(&t), 1);
    gives(&t, "", "the cat", "sat");
    ends(&t);
}

static void test_file(void **state)
{
    const char *path = sandbox_text("whole", "two lines\nof one text\r\n\n");
    struct at_texts t = opened(&(struct at_texts_options){ .file = path });

    (void)state;
    assert_false(at_texts_is_many(&t));
    assert_string_equal(at_texts_source(&t), path);
    gives(&t, "", "two lines\nof one text", NULL);
    ends(&t);
}

static void test_lines(void **state)
{
    const char *path = sandbox_text("lines", "\xef\xbb\xbfone\r\n\n  \ntwo\nbad \xff\nthree");
    struct at_texts t =
        opened(&(struct at_texts_options){ .file = path, .is_lines = true, .pair = "p" });

    (void)state;
    assert_true(at_texts_is_many(&t));
    assert_int_equal(at_texts_count(&t), 5); /* a line of blanks counts: nobody looks into it */
    gives(&t, "1", "one", "p");
    gives(&t, "4", "two", "p");
    gives_bad(&t, AT_EFORMAT, "lines: line 5: invalid UTF-8");
    gives(&t, "6", "three", "p");
    ends(&t);
}

static void test_jsonl(void **state)
{
    static const char lines[] = "{\"text\": \"a\"}\n"
                                "{\"text\": \"b\", \"id\": \"x\", \"pair\": \"c\"}\n"
                                "{\"text\": \"d\", \"id\": 7, \"pair\": null}\n"
                                "{\"text\": \"e\", \"id\": \"x\"}\n"
                                "{\"text\": \"\"}\n"
                                "{\"body\": \"f\"}\n"
                                "{\"text\": \"g\", \"id\": \"../up\"}\n"
                                "{\"text\": \"g\", \"id\": \"heads.csv\"}\n"
                                "{\"text\": \"g\", \"id\": 1.5}\n"
                                "{\"text\": \"g\", \"pair\": 3}\n"
                                "{\"text\": \n"
                                "{\"text\": \"h\"}\n";
    const char *path = sandbox_text("jsonl", lines);
    struct at_texts t =
        opened(&(struct at_texts_options){ .file = path, .is_jsonl = true, .pair = "p" });

    (void)state;
    gives(&t, "1", "a", "p");
    gives(&t, "x", "b", "c");
    gives(&t, "7", "d", "p");
    gives_bad(&t, AT_EFORMAT, "jsonl: line 4: id 'x' was used before");
    gives_bad(&t, AT_EFORMAT, "line 5: empty text");
    gives_bad(&t, AT_EFORMAT, "line 6: no key 'text' with a string");
    gives_bad(&t, AT_EFORMAT, "line 7: id '../up' cannot name a directory");
    gives_bad(&t, AT_EFORMAT, "line 8: id 'heads.csv' is the name of a file of atlas");
    gives_bad(&t, AT_EFORMAT, "line 9: 'id' is neither a string nor a whole number");
    gives_bad(&t, AT_EFORMAT, "line 10: 'pair' is not a string");
    gives_bad(&t, AT_EFORMAT, "line 11: ");
    gives(&t, "12", "h", "p");
    ends(&t);
}

static void refuses(const struct at_texts_options *o, enum at_code code, const char *part)
{
    struct at_error err;
    struct at_texts t;

    assert_int_equal(at_texts_open(&t, o, &err), code);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in: %s", part, err.text);
    at_texts_close(&t);
}

static void test_refusals(void **state)
{
    char one[] = "the cat";
    char *texts[] = { one, one };
    const char *missing = sandbox_path("missing");
    struct at_text got;
    struct at_error err;
    struct at_texts t;
    bool is_fatal;

    (void)state;
    refuses(&(struct at_texts_options){ 0 }, AT_ERANGE, "no text");
    refuses(&(struct at_texts_options){ .file = "f", .n_given = 1, .given = texts }, AT_ERANGE,
            "texts both from 'f' and as arguments");
    refuses(&(struct at_texts_options){ .is_lines = true, .n_given = 2, .given = texts }, AT_ERANGE,
            "--lines and --jsonl read");
    refuses(&(struct at_texts_options){ .is_lines = true, .n_given = 1, .given = texts }, AT_ERANGE,
            "--lines and --jsonl read");
    refuses(&(struct at_texts_options){ .file = missing, .is_lines = true }, AT_ENOTFOUND,
            "missing");
    t = opened(&(struct at_texts_options){ .file = missing }); /* read when it is asked for */
    assert_int_equal(at_texts_next(&got, &t, &is_fatal, &err), AT_ENOTFOUND);
    ends(&t);
}

/* A long id is cut between characters, and told apart from others by its end. */
static void test_folder(void **state)
{
    char id[262];
    char *short_one = at_text_folder("abc"), *a, *b;

    (void)state;
    assert_string_equal(short_one, "abc");
    memset(id, 'x', 200);
    id[200] = '\0';
    a = at_text_folder(id);
    assert_string_equal(a, id);
    free(a);
    memset(id, 'x', 261);
    id[261] = '\0';
    memcpy(id + 179, "\xc3\xa9", 2);
    a = at_text_folder(id);
    assert_int_equal(strlen(a), 179 + 13);
    assert_int_equal(a[179], '-');
    id[260] = 'y';
    b = at_text_folder(id);
    assert_string_not_equal(a, b);
    assert_memory_equal(a, b, 180);
    free(a);
    free(b);
    free(short_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder), cmocka_unit_test(test_given),
        cmocka_unit_test(test_file),   cmocka_unit_test(test_lines),
        cmocka_unit_test(test_jsonl),  cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
