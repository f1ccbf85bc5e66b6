/*
 * test_json.c - documents written byte for byte, read with all kinds of surprises in them.
 */
#include "io/json.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "sandbox.h"

static struct at_json *parsed(const char *text)
{
    struct at_json *v = NULL;
    struct at_error err;

    if (at_json_parse(&v, text, strlen(text), &err) != 0)
        fail_msg("%s", err.text);
    return v;
}

static void assert_dump(struct at_json *v, int indent, int digits, const char *want)
{
    struct at_strbuf b = { 0 };

    at_json_dump(&b, v, indent, digits);
    assert_string_equal(at_strbuf_str(&b), want);
    at_strbuf_release(&b);
    at_json_free(v);
}

static void test_building(void **state)
{
    static const double values[] = { (double)0.1f, 1.0, -0.25, NAN, INFINITY };
    struct at_json *o = at_json_object(), *a = at_json_array();

    (void)state;
    at_json_append(a, at_json_null());
    at_json_append(a, at_json_bool(false));
    at_json_append(a, at_json_string("q\"\\\n\xE2\x82\xAC"));
    at_json_append(a, at_json_string(NULL));
    at_json_set(o, "list", a);
    at_json_set(o, "reals", at_json_reals(values, 5));
    at_json_set_int(o, "big", 9007199254740993);
    at_json_set_real(o, "undefined", NAN);
    at_json_set_real(o, "small", 1e-5);
    at_json_set_string(o, "a", "first by name");
    at_json_set_bool(o, "b", true);
    at_json_set_bool(o, "b", false); /* the later one counts */
    assert_dump(o, 0, 0,
                "{\"a\":\"first by name\",\"b\":false,\"big\":9007199254740993,"
                "\"list\":[null,false,\"q\\\"\\\\\\n\xE2\x82\xAC\",null],"
                "\"reals\":[0.100000001,1.0,-0.25,null,null],\"small\":1e-5,\"undefined\":null}");
}

static void test_layout_and_digits(void **state)
{
    struct at_json *o = at_json_object();

    (void)state;
    at_json_set_real(o, "x", 1.0 / 3.0);
    at_json_set(o, "e", at_json_array());
    assert_dump(o, 2, 4, "{\n  \"e\": [],\n  \"x\": 0.3333\n}");
    assert_dump(at_json_real(2.0), 0, 0, "2.0");
    assert_dump(at_json_string("alone"), 0, 0, "\"alone\"");
    assert_dump(at_json_null(), 0, 0, "null");
}

static void bad_text(void)
{
    at_json_free(at_json_string("caf\xE9"));
}

static void bad_key(void)
{
    struct at_json *o = at_json_object();

    at_json_set_int(o, "caf\xE9", 1);
    at_json_free(o);
}

static void test_text_must_be_utf8(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(bad_text));
    assert_true(sandbox_aborts(bad_key));
}

static void test_controls_are_escaped(void **state)
{
    struct at_json *o = at_json_object();

    (void)state;
    at_json_set_string(o, "k\xC2\x9B", "a\033\x7F\xE2\x80\xAE\xC3\xA9\tz");
    assert_dump(o, 2, 0, "{\n  \"k\\u009B\": \"a\\u001B\\u007F\\u202E\xC3\xA9\\tz\"\n}");
    /* what is read again is the same text */
    assert_string_equal(at_json_text(o = parsed("\"\\u202e\\u009b\""), ""), "\xE2\x80\xAE\xC2\x9B");
    at_json_free(o);
}

/* As a killed process: valgrind, which counts what an exit leaves behind, has no say. */
static void leave(size_t bytes)
{
    (void)bytes;
    raise(SIGKILL);
}

static long refused;

/* A document is built, written and read while one allocation is refused. */
static void work_in_short_memory(void)
{
    static const char text[] = "{\"a\": [1, 2.5, \"text\"], \"b\": {\"c\": null}}";
    struct at_strbuf b = { 0 };
    struct at_json *v = NULL;

    at_alloc_on_failure(leave);
    at_json_check_memory();
    at_alloc_fail_after(refused);
    if (at_json_parse(&v, text, strlen(text), NULL) != 0)
        _Exit(8);
    at_json_set_string(v, "d", "more");
    at_json_dump(&b, v, 1, 0);
    at_strbuf_release(&b);
    at_json_free(v);
    _Exit(9);
}

static void test_refused_memory(void **state)
{
    int status = -SIGKILL;

    (void)state;
    for (refused = 1; status == -SIGKILL; refused++)
        status = sandbox_status(work_in_short_memory);
    assert_int_equal(status, 9);
    assert_true(refused > 20);
}

static void test_getters(void **state)
{
    struct at_json *v =
        parsed(" {\"s\": \"x\", \"i\": -7, \"r\": 2.5, \"whole\": 12.0, \"t\": true,"
               " \"n\": null, \"a\": [1, \"two\"], \"o\": {\"k\": 1}, \"huge\": 1e300} ");
    const struct at_json *a = at_json_get(v, "a");

    (void)state;
    assert_true(at_json_is_object(v));
    assert_string_equal(at_json_text(at_json_get(v, "s"), "-"), "x");
    assert_string_equal(at_json_text(at_json_get(v, "i"), "-"), "-");
    assert_string_equal(at_json_text(NULL, "-"), "-");
    assert_int_equal(at_json_integer(at_json_get(v, "i"), 5), -7);
    assert_int_equal(at_json_integer(at_json_get(v, "whole"), 5), 12);
    assert_int_equal(at_json_integer(at_json_get(v, "r"), 5), 5);
    assert_int_equal(at_json_integer(at_json_get(v, "huge"), 5), 5);
    assert_int_equal(at_json_integer(at_json_get(v, "s"), 5), 5);
    assert_true(at_json_is_integer(at_json_get(v, "i")));
    assert_true(at_json_is_integer(at_json_get(v, "whole")));
    assert_false(at_json_is_integer(at_json_get(v, "r")));
    assert_false(at_json_is_integer(at_json_get(v, "huge")));
    assert_false(at_json_is_integer(at_json_get(v, "s")));
    assert_false(at_json_is_integer(NULL));
    ASSERT_NEAR(at_json_number(at_json_get(v, "r"), 0), 2.5, 0);
    ASSERT_NEAR(at_json_number(at_json_get(v, "i"), 0), -7, 0);
    ASSERT_NEAR(at_json_number(at_json_get(v, "t"), NAN), NAN, 0);
    assert_true(at_json_truth(at_json_get(v, "t"), false));
    assert_true(at_json_truth(at_json_get(v, "n"), true));
    assert_true(at_json_is_null(at_json_get(v, "n")));
    assert_true(at_json_is_null(at_json_get(v, "missing")));
    assert_false(at_json_is_null(a));
    assert_true(at_json_is_array(a));
    assert_int_equal(at_json_count(a), 2);
    assert_int_equal(at_json_count(v), 9);
    assert_int_equal(at_json_count(at_json_get(v, "s")), 0);
    assert_true(at_json_is_string(at_json_at(a, 1)));
    assert_true(at_json_is_number(at_json_at(a, 0)));
    assert_null(at_json_at(a, 2));
    assert_null(at_json_at(v, 0));
    assert_null(at_json_get(a, "k"));
    at_json_free(v);
    at_json_free(NULL);
}

static void test_walk_is_in_file_order(void **state)
{
    struct at_json *v = parsed("{\"z\": 1, \"a\": 2, \"m\": 3}");
    const struct at_json *value;
    char seen[8] = "";
    long long sum = 0;

    (void)state;
    for (const char *k = NULL; (k = at_json_next(v, k, &value));) {
        strncat(seen, k, 1);
        sum = sum * 10 + at_json_integer(value, 0);
    }
    assert_string_equal(seen, "zam");
    assert_int_equal(sum, 123);
    at_json_free(v);
    v = parsed("{}");
    assert_null(at_json_next(v, NULL, &value));
    assert_null(at_json_next(NULL, NULL, &value));
    at_json_free(v);
}

/* Transformers writes int(1e30) for "no limit" into tokenizer_config.json. */
static void test_integers_beyond_64_bits(void **state)
{
    struct at_json *v =
        parsed("{\"model_max_length\": 1000000000000000019884624838656, \"n\": 512}");

    (void)state;
    ASSERT_NEAR(at_json_number(at_json_get(v, "model_max_length"), 0), 1e30, 0);
    assert_int_equal(at_json_integer(at_json_get(v, "model_max_length"), -1), -1);
    assert_int_equal(at_json_integer(at_json_get(v, "n"), -1), 512);
    at_json_free(v);
}

static void test_faults(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "not JSON: line 1, column 0: " },
        { "{\"a\": 1,\n  b}", "not JSON: line 2, column 3: " },
        { "{\"a\": 1} x", "not JSON: line 1, column 10: " },
        { "[1, 2", "not JSON: line 1, column 5: " },
        { "\"caf\xE9\"", "not JSON: line 1, column 4: " },
        { "\"\\ud800\"", "not JSON: line 1, column " },
        { "\"nul \\u0000\"", "not JSON: line 1, column " },
        { "1e999", "not JSON: line 1, column " },
        { "NaN", "not JSON: line 1, column " },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_json *v = NULL;
        struct at_error err;
        assert_int_equal(at_json_parse(&v, cases[i].text, strlen(cases[i].text), &err), AT_EFORMAT);
        if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("'%s': %s", cases[i].text, err.text);
        assert_null(v);
    }
}

/* A megabyte of opening brackets must end in an error, not in an overrun stack. */
static void test_deep_nesting(void **state)
{
    size_t n = 1 << 20;
    char *text = malloc(n);
    struct at_json *v = NULL;
    struct at_error err;

    (void)state;
    assert_non_null(text);
    memset(text, '[', n);
    assert_int_equal(at_json_parse(&v, text, n, &err), AT_EFORMAT);
    free(text);
}

static void test_keys_given_twice(void **state)
{
    static const char text[] = "{\"a\": 1, \"a\": 2}";
    struct at_json *v = parsed(text);
    struct at_error err;

    (void)state;
    assert_int_equal(at_json_integer(at_json_get(v, "a"), 0), 2);
    at_json_free(v);
    v = NULL;
    assert_int_equal(at_json_parse_unique(&v, text, strlen(text), &err), AT_EFORMAT);
    assert_non_null(strstr(err.text, "duplicate"));
    assert_null(v);
}

static void test_files(void **state)
{
    struct at_json *v = NULL;
    struct at_error err;

    (void)state;
    assert_int_equal(at_json_read(&v, sandbox_text("good.json", "[1]"), &err), 0);
    assert_int_equal(at_json_count(v), 1);
    at_json_free(v);
    v = NULL;
    assert_int_equal(at_json_read(&v, sandbox_text("mark.json", "\xef\xbb\xbf[1]"), &err), 0);
    assert_int_equal(at_json_count(v), 1);
    at_json_free(v);
    v = NULL;
    assert_int_equal(at_json_read(&v, sandbox_text("only.json", "\xef\xbb\xbf"), &err), AT_EFORMAT);
    assert_int_equal(at_json_read(&v, sandbox_text("bad.json", "[1"), &err), AT_EFORMAT);
    assert_non_null(strstr(err.text, "/bad.json: not JSON: line 1"));
    assert_int_equal(at_json_read(&v, sandbox_text("empty.json", ""), &err), AT_EFORMAT);
    assert_int_equal(at_json_read(&v, sandbox_path("none.json"), &err), AT_ENOTFOUND);
    assert_null(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_building),
        cmocka_unit_test(test_layout_and_digits),
        cmocka_unit_test(test_text_must_be_utf8),
        cmocka_unit_test(test_controls_are_escaped),
        cmocka_unit_test(test_refused_memory),
        cmocka_unit_test(test_getters),
        cmocka_unit_test(test_walk_is_in_file_order),
        cmocka_unit_test(test_integers_beyond_64_bits),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_keys_given_twice),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
