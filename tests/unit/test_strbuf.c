/*
 * test_strbuf.c - the terminating NUL is always there, the maximum is kept.
 */
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

#include "close.h"
#include "sandbox.h"

static void test_adding(void **state)
{
    struct at_strbuf b = { 0 };

    (void)state;
    assert_string_equal(at_strbuf_str(&b), "");
    at_strbuf_adds(&b, "ab");
    at_strbuf_addc(&b, 'c');
    at_strbuf_add(&b, "d\0e", 3);
    at_strbuf_addf(&b, "%04d%s", 12, "!");
    assert_int_equal(b.n, 11);
    assert_memory_equal(b.s, "abcd\0e0012!", 12);
    at_strbuf_clear(&b);
    assert_int_equal(b.n, 0);
    assert_string_equal(at_strbuf_str(&b), "");
    for (int i = 0; i < 1000; i++)
        at_strbuf_addf(&b, "%d,", i % 10);
    assert_int_equal(b.n, 2000);
    assert_int_equal(strlen(b.s), 2000);
    at_strbuf_release(&b);
    at_strbuf_release(&b);
}

/* First and last code point of every length, as RFC 3629 encodes them. */
static void test_utf8(void **state)
{
    static const struct {
        unsigned code_point;
        const char *bytes;
    } cases[] = {
        { 0x7F, "\x7F" },
        { 0x80, "\xC2\x80" },
        { 0x7FF, "\xDF\xBF" },
        { 0x800, "\xE0\xA0\x80" },
        { 0x20AC, "\xE2\x82\xAC" },
        { 0xFFFF, "\xEF\xBF\xBF" },
        { 0x10000, "\xF0\x90\x80\x80" },
        { 0x1F600, "\xF0\x9F\x98\x80" },
        { 0x10FFFF, "\xF4\x8F\xBF\xBF" },
    };
    struct at_strbuf b = { 0 };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        at_strbuf_clear(&b);
        at_strbuf_add_utf8(&b, cases[i].code_point);
        assert_string_equal(at_strbuf_str(&b), cases[i].bytes);
    }
    at_strbuf_release(&b);
}

static void test_take(void **state)
{
    struct at_strbuf b = { 0 };
    char *s = at_strbuf_take(&b);

    (void)state;
    assert_string_equal(s, "");
    free(s);
    at_strbuf_adds(&b, "mine");
    s = at_strbuf_take(&b);
    assert_string_equal(s, "mine");
    assert_null(b.s);
    at_strbuf_adds(&b, "next");
    assert_string_equal(at_strbuf_str(&b), "next");
    at_strbuf_release(&b);
    free(s);
}

static void fill(size_t n)
{
    struct at_strbuf b = { .max = 10 };

    for (size_t i = 0; i < n; i++)
        at_strbuf_addc(&b, 'x');
    at_strbuf_release(&b);
}

static void fill_to_the_maximum(void)
{
    fill(10);
}

static void fill_beyond(void)
{
    fill(11);
}

static void test_maximum(void **state)
{
    (void)state;
    assert_false(sandbox_aborts(fill_to_the_maximum));
    assert_true(sandbox_aborts(fill_beyond));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
