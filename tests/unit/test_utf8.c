/*
 * test_utf8.c - UTF-8 by the table of Unicode (3-7, well-formed sequences), and made visible.
 */
#include "base/utf8.h"

#include <locale.h>
#include <stdbool.h>
#include <string.h>

#include "close.h"

/* Every pair and triple of bytes at the borders of the table, against the table itself. */
static bool well_formed(const unsigned char *s, size_t n)
{
    static const struct {
        size_t n;
        unsigned char low[4], high[4];
    } table[] = {
        { 1, { 0x00 }, { 0x7F } },
        { 2, { 0xC2, 0x80 }, { 0xDF, 0xBF } },
        { 3, { 0xE0, 0xA0, 0x80 }, { 0xE0, 0xBF, 0xBF } },
        { 3, { 0xE1, 0x80, 0x80 }, { 0xEC, 0xBF, 0xBF } },
        { 3, { 0xED, 0x80, 0x80 }, { 0xED, 0x9F, 0xBF } },
        { 3, { 0xEE, 0x80, 0x80 }, { 0xEF, 0xBF, 0xBF } },
        { 4, { 0xF0, 0x90, 0x80, 0x80 }, { 0xF0, 0xBF, 0xBF, 0xBF } },
        { 4, { 0xF1, 0x80, 0x80, 0x80 }, { 0xF3, 0xBF, 0xBF, 0xBF } },
        { 4, { 0xF4, 0x80, 0x80, 0x80 }, { 0xF4, 0x8F, 0xBF, 0xBF } },
    };

    for (size_t row = 0; row < AT_COUNTOF(table); row++) {
        bool match = n == table[row].n;
        for (size_t i = 0; match && i < n; i++)
            match = s[i] >= table[row].low[i] && s[i] <= table[row].high[i];
        if (match)
            return true;
    }
    return false;
}

static void test_utf8_table(void **state)
{
    static const unsigned char border[] = { 0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90,
                                            0x9F, 0xA0, 0xBF, 0xC0, 0xFF };

    (void)state;
    for (unsigned first = 0x80; first < 0x100; first++)
        for (size_t a = 0; a < AT_COUNTOF(border); a++) {
            unsigned char s[16] = { (unsigned char)first, border[a], 0x80, 0xBF };
            if (border[a] < 0x80 || border[a] > 0xBF) {
                assert_int_equal(at_utf8_check((char *)s, 2), 0);
                continue;
            }
            for (size_t n = 2; n <= 4; n++)
                assert_int_equal(at_utf8_check((char *)s, n) == n, well_formed(s, n));
            assert_int_equal(at_utf8_check((char *)s, 1), 0); /* cut */
        }
}

static void test_utf8_offsets(void **state)
{
    static const struct {
        const char *s;
        size_t good;
    } cases[] = {
        { "", 0 },
        { "plain ascii, longer than eight bytes", 36 },
        { "h\xC3\xA9llo", 6 },
        { "\xE2\x82\xAC \xF0\x9F\x98\x80", 8 },
        { "12345678\xFF", 8 },
        { "1234567\xC3", 7 },
        { "abc\xC0\xAF", 3 },             /* overlong */
        { "abcdefghij\xED\xA0\x80", 10 }, /* surrogate */
        { "\xF4\x90\x80\x80", 0 },        /* above 10FFFF */
        { "a\x80", 1 },
        { "\xE2\x82", 0 },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++)
        assert_int_equal(at_utf8_check(cases[i].s, strlen(cases[i].s)), cases[i].good);
}

/* What one module encodes the other decodes: every code point once. */
static void test_utf8_round_trip(void **state)
{
    struct at_strbuf b = { 0 };
    size_t i = 0;

    (void)state;
    for (unsigned c = 1; c <= 0x10FFFF; c = c == 0xD7FF ? 0xE000 : c + 1)
        at_strbuf_add_utf8(&b, c);
    assert_int_equal(at_utf8_check(b.s, b.n), b.n);
    for (unsigned c = 1; c <= 0x10FFFF; c = c == 0xD7FF ? 0xE000 : c + 1)
        assert_true(at_utf8_next(b.s, &i) == c);
    assert_int_equal(i, b.n);
    at_strbuf_release(&b);
}

static void test_visible(void **state)
{
    static const struct {
        const char *s, *as_is, *want;
    } cases[] = {
        { "", "", "" },
        { "caf\xC3\xA9 \xF0\x9F\x98\x80", "", "caf\xC3\xA9 \xF0\x9F\x98\x80" },
        { "a\033[31mb\x7F", "", "a<U+001B>[31mb<U+007F>" },
        { "a\tb\nc\rd", "\n\t", "a\tb\nc<U+000D>d" },
        { "a\tb\n", "", "a<U+0009>b<U+000A>" },
        { "\xC2\x9B"
          "31m \xC2\xA0",
          "", "<U+009B>31m \xC2\xA0" },             /* C1, and the first after it */
        { "x\x9By\xFF\xC3", "", "x<9B>y<FF><C3>" }, /* no UTF-8 */
        { "\xE2\x80\xAE"
          "abc\xE2\x81\xA9",
          "", "<U+202E>abc<U+2069>" },                                  /* turned around */
        { "\xE2\x80\x8D\xE2\x80\xA7", "", "\xE2\x80\x8D\xE2\x80\xA7" }, /* a joiner and a point */
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_strbuf b = { 0 };
        char all[64];
        size_t n = strlen(cases[i].s);
        at_strbuf_add_visible(&b, cases[i].s, n, cases[i].as_is);
        assert_string_equal(at_strbuf_str(&b), cases[i].want);
        assert_int_equal(at_visible(all, sizeof all, cases[i].s, n, cases[i].as_is), b.n);
        assert_string_equal(all, cases[i].want);
        at_strbuf_release(&b);
    }
}

/* Every code point by itself: shown are exactly these, and what is written is never one of them. */
static void test_visible_controls(void **state)
{
    size_t shown = 0;

    (void)state;
    for (unsigned c = 0; c <= 0x10FFFF; c = c == 0xD7FF ? 0xE000 : c + 1) {
        struct at_strbuf in = { 0 }, out = { 0 };
        at_strbuf_add_utf8(&in, c);
        at_strbuf_add_visible(&out, in.s, in.n, "");
        if (strcmp(in.s, out.s) != 0) {
            shown++;
            assert_memory_equal(out.s, "<U+", 3);
        }
        at_strbuf_release(&in);
        at_strbuf_release(&out);
    }
    assert_int_equal(shown, 32 + 33 + 2 + 12); /* C0, DEL and C1, separators, Bidi_Control */
}

static void test_visible_cut(void **state)
{
    static const char s[] = "a\xC3\xA9\033z";
    static const struct {
        size_t size;
        const char *want;
    } cases[] = { { 1, "" },
                  { 2, "a" },
                  { 3, "a" },
                  { 4, "a\xC3\xA9" },
                  { 11, "a\xC3\xA9" },
                  { 12, "a\xC3\xA9<U+001B>" },
                  { 13, "a\xC3\xA9<U+001B>z" } };
    char out[16];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        memset(out, 'x', sizeof out);
        assert_int_equal(at_visible(out, cases[i].size, s, strlen(s), ""), 12);
        assert_string_equal(out, cases[i].want);
    }
    assert_int_equal(at_visible(NULL, 0, s, strlen(s), ""), 12);
}

static void test_columns(void **state)
{
    static const char text[] = "e\xCC\x81\xE4\xB8\xAD!"; /* e, an accent on it, a wide one, ! */

    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    assert_int_equal(at_utf8_columns(text, sizeof text - 1), 4);
    assert_int_equal(at_utf8_columns(text, 3), 1);
    assert_int_equal(at_utf8_columns(text, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),      cmocka_unit_test(test_utf8_table),
        cmocka_unit_test(test_utf8_offsets), cmocka_unit_test(test_utf8_round_trip),
        cmocka_unit_test(test_visible),      cmocka_unit_test(test_visible_controls),
        cmocka_unit_test(test_visible_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
