/*
 * test_error.c - messages: stored, prefixed, cut at a character, always one line.
 */
#include "base/error.h"

#include <string.h>

#include "close.h"
#include "sandbox.h"

static void test_fail_stores_and_returns(void **state)
{
    struct at_error err;

    (void)state;
    assert_int_equal(at_fail(&err, AT_ERANGE, "found %d, want %s", 3, "4"), AT_ERANGE);
    assert_int_equal(err.code, AT_ERANGE);
    assert_string_equal(err.text, "found 3, want 4");
    assert_int_equal(at_error_in(&err, "file '%s'", "x"), AT_ERANGE);
    assert_string_equal(err.text, "file 'x': found 3, want 4");
}

static void test_without_an_error(void **state)
{
    (void)state;
    assert_int_equal(at_fail(NULL, AT_ENOTFOUND, "nobody reads this"), AT_ENOTFOUND);
    assert_true(at_error_in(NULL, "nor this") < 0);
}

static void test_stays_one_line(void **state)
{
    struct at_error err;

    (void)state;
    at_fail(&err, AT_EIO, "cannot open '%s'", "a\nb\033[31m\x7f\xC3\xA9");
    assert_string_equal(err.text, "cannot open 'a<U+000A>b<U+001B>[31m<U+007F>\xC3\xA9'");
    at_error_in(&err, "one\r\ntwo");
    assert_string_equal(err.text, "one<U+000D><U+000A>two: "
                                  "cannot open 'a<U+000A>b<U+001B>[31m<U+007F>\xC3\xA9'");
}

/* 1023 bytes fit; the euro sign has three and must not be left in pieces. */
static void test_cut_at_a_character(void **state)
{
    static const char euros[] = "\xE2\x82\xAC\xE2\x82\xAC";
    static const struct {
        size_t before, kept;
    } cases[] = { { 1017, 1023 }, { 1019, 1022 }, { 1020, 1023 }, { 1021, 1021 }, { 1022, 1022 } };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_error err;
        char name[1100] = { 0 };
        memset(name, 'x', cases[i].before);
        memcpy(name + cases[i].before, euros, sizeof euros);
        at_fail(&err, AT_EIO, "%s", name);
        assert_int_equal(strlen(err.text), cases[i].kept);
    }
}

static void test_shown(void **state)
{
    static const struct {
        const char *s;
        size_t max;
        int shown;
    } cases[] = {
        { "", 5, 0 },
        { "abc", 0, 0 },
        { "abc", 2, 2 },
        { "abc", 9, 3 },
        { "a\xC3\xA9", 1, 1 },
        { "a\xC3\xA9", 2, 1 },
        { "a\xC3\xA9", 3, 3 },
        { "\xE2\x82\xAC", 2, 0 },
        { "\xE2\x82\xAC\xE2\x82\xAC", 5, 3 },
        { "\xF0\x9F\x98\x80", 3, 0 },
        { "\xF0\x9F\x98\x80", 4, 4 },
    };
    static const char unended[] = { 'a', '\xC3', '\xA9' };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++)
        assert_int_equal(at_shown(cases[i].s, cases[i].max), cases[i].shown);
    assert_int_equal(at_shown(unended, sizeof unended), 3);
}

static void test_long_prefix_and_message(void **state)
{
    struct at_error err;
    char name[2000] = { 0 };

    (void)state;
    memset(name, 'y', sizeof name - 1);
    at_fail(&err, AT_EIO, "%s", name);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    at_error_in(&err, "%s", name);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(err.code, AT_EIO);
}

static void a_bug(void)
{
    AT_BUG_IF(1 + 1 == 2);
}

static void no_bug(void)
{
    AT_BUG_IF(1 + 1 == 3);
}

static void test_bug_check(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(a_bug));
    assert_false(sandbox_aborts(no_bug));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail_stores_and_returns),
        cmocka_unit_test(test_without_an_error),
        cmocka_unit_test(test_stays_one_line),
        cmocka_unit_test(test_cut_at_a_character),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_long_prefix_and_message),
        cmocka_unit_test(test_bug_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
