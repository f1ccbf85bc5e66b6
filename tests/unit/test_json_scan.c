/*
 * test_json_scan.c - JSON read piece by piece: what is accepted, what is not, and where.
 */
#include "close.h"

#include <string.h>

#include "base/attr.h"
#include "io/json_scan.h"

static void begin(struct at_json_scan *s, const char *text)
{
    at_json_scan_begin(s, text, strlen(text));
}

static void test_strings(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: an error */
    } cases[] = {
        { "\"\"", "" },
        { " \n\"a b\"", "a b" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u0041\\u00e9\\u2581\\ud83e\\udD99\"", "A\xc3\xa9\xe2\x96\x81\xf0\x9f\xa6\x99" },
        { "\"\xff\"", "\xff" }, /* whoever wants UTF-8 checks it */
        { "a", NULL },
        { "\"a", NULL },
        { "\"a\nb\"", NULL },
        { "\"\\q\"", NULL },
        { "\"\\u12\"", NULL },
        { "\"\\u12g4\"", NULL },
        { "\"\\ud83e\"", NULL },
        { "\"\\ud83ex\"", NULL },
        { "\"\\ud83e\\u0041\"", NULL },
        { "\"\\udD99\"", NULL },
        { "\"\\", NULL },
        { "\"0123456789abc\"", NULL }, /* too long */
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_json_scan s;
        struct at_error err;

        begin(&s, cases[i].text);
        assert_int_equal(at_json_scan_string(&s, 12, &err) == 0, cases[i].want != NULL);
        if (cases[i].want)
            assert_string_equal(at_strbuf_str(&s.text), cases[i].want);
        at_json_scan_release(&s);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        double want;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "12", 12 },
        { "-1.5", -1.5 },
        { "0.25e2", 25 },
        { "1E-2", 0.01 },
        { "1e+3", 1000 },
        { "123456789012345678901234567890", 1.2345678901234567e29 },
        { "-2.4129137992858887", -2.4129137992858887 },
        { "1e-400", 0 },
        { "1e-320", 1e-320 },
        { "0e999999999999", 0 },
        { "3.0000000000000000000000000001", 3 },
    };
    static const char *const bad[] = { "",   "-",  "+1",   "01",  ".5",    "1.",  "1.e1",
                                       "1e", "e1", "1e+x", "NaN", "1e999", "--1", "Infinity" };
    struct at_json_scan s;
    struct at_error err;
    double got;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(good); i++) {
        begin(&s, good[i].text);
        assert_int_equal(at_json_scan_number(&s, &got, &err), 0);
        ASSERT_CLOSE_D(&got, &good[i].want, 1, 0, 1e-15);
        assert_ptr_equal(s.at, s.end);
    }
    for (size_t i = 0; i < AT_COUNTOF(bad); i++) {
        begin(&s, bad[i]);
        if (at_json_scan_number(&s, &got, &err) == 0)
            fail_msg("'%s' is %g", bad[i], got);
    }
}

static void test_whole(void **state)
{
    static const char *const bad[] = {
        "", "-1", "x", "01", "9007199254740992", "99999999999999999999"
    };
    struct at_json_scan s;
    struct at_error err;
    long long got;

    (void)state;
    begin(&s, " 9007199254740991,");
    assert_int_equal(at_json_scan_whole(&s, &got, &err), 0);
    assert_int_equal(got, 9007199254740991);
    for (size_t i = 0; i < AT_COUNTOF(bad); i++) {
        begin(&s, bad[i]);
        assert_int_equal(at_json_scan_whole(&s, &got, &err), AT_EFORMAT);
    }
}

static void test_skip(void **state)
{
    static const char *const good[] = {
        "null",   "true",         "false",
        "-1.5e3", "\"a\\u0041\"", "[]",
        "{}",     "[ 1 , [ ] ]",  "{\"a\":{\"b\":[1,{}]},\"c\":null}",
        "[[[]]]", "[{},{}]"
    };
    static const char *const bad[] = { "",          "nul",        "tru",   "[",        "[1",
                                       "[1,",       "[1,]",       "[1 2]", "{\"a\"}",  "{\"a\":}",
                                       "{\"a\":1",  "{\"a\":1,}", "{a:1}", "{1:1}",    "[}",
                                       "{\"a\":1]", "\"\\x\"",    "[1}",   "undefined" };
    char deep[200];
    struct at_json_scan s;
    struct at_error err;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(good); i++) {
        begin(&s, good[i]);
        if (at_json_scan_skip(&s, &err))
            fail_msg("'%s': %s", good[i], err.text);
        assert_ptr_equal(s.at, s.end);
    }
    for (size_t i = 0; i < AT_COUNTOF(bad); i++) {
        begin(&s, bad[i]);
        if (at_json_scan_skip(&s, &err) == 0)
            fail_msg("'%s' was accepted", bad[i]);
    }
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    at_json_scan_begin(&s, deep + 36, 128);
    assert_int_equal(at_json_scan_skip(&s, &err), 0);
    at_json_scan_begin(&s, deep + 35, 130);
    assert_int_equal(at_json_scan_skip(&s, &err), AT_EFORMAT);
    assert_string_equal(err.text, "expected values that are nested less deeply at byte 64");
}

static void test_walk(void **state)
{
    struct at_json_scan s;
    struct at_error err;
    long long id;

    (void)state;
    begin(&s, " { \"a\" : 1 , \"b\":2} x");
    assert_true(at_json_scan_take(&s, '{'));
    assert_int_equal(at_json_scan_member(&s, 10, &err), 0);
    assert_string_equal(s.text.s, "a");
    assert_int_equal(at_json_scan_whole(&s, &id, &err), 0);
    assert_true(at_json_scan_take(&s, ','));
    assert_int_equal(at_json_scan_member(&s, 10, &err), 0);
    assert_int_equal(at_json_scan_skip(&s, &err), 0);
    assert_false(at_json_scan_take(&s, ','));
    assert_true(at_json_scan_take(&s, '}'));
    assert_int_equal(at_json_scan_peek(&s), 'x');
    assert_int_equal(at_json_scan_member(&s, 10, &err), AT_EFORMAT);
    assert_string_equal(err.text, "expected '\"', a string at byte 20");
    assert_false(at_json_scan_take(&s, '\0'));
    at_json_scan_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_whole),   cmocka_unit_test(test_skip),
        cmocka_unit_test(test_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
