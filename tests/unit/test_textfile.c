/*
 * test_textfile.c - UTF-8 by the table of Unicode (3-7, well-formed sequences), files and lines.
 */
#include "io/textfile.h"

#include <stdbool.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "close.h"
#include "sandbox.h"

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

static void test_whole_files(void **state)
{
    static const struct {
        const char *bytes;
        size_t n, max;
        int rc;
        const char *want; /* the text, or the end of the message */
    } cases[] = {
        { "", 0, 10, 0, "" },
        { "caf\xC3\xA9\r\n", 7, 7, 0, "caf\xC3\xA9\r\n" },
        { "\xEF\xBB\xBFtext", 7, 10, 0, "text" },
        { "caf\xE9 noir, as Latin-1", 22, 99, AT_EFORMAT, "/text: invalid UTF-8 at byte 3" },
        { "a\0b", 3, 99, AT_EFORMAT, "/text: NUL at byte 1" },
        { "12345678", 8, 7, AT_ERANGE, "/text: longer than 7 bytes" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        const char *path = sandbox_write("text", cases[i].bytes, cases[i].n);
        struct at_error err;
        char *text = NULL;
        size_t n = 0;
        assert_int_equal(at_text_read(&text, &n, path, cases[i].max, &err), cases[i].rc);
        if (cases[i].rc) {
            assert_null(text);
            assert_non_null(strstr(err.text, cases[i].want));
        } else {
            assert_string_equal(text, cases[i].want);
            assert_int_equal(n, strlen(cases[i].want));
        }
        free(text);
    }
}

static void test_files_with_a_fault(void **state)
{
    static const struct {
        const char *path, *message;
    } cases[] = {
        { "fixtures/hostile/text/latin1.txt", "invalid UTF-8 at byte 3" },
        { "fixtures/hostile/text/utf16.txt", "NUL at byte 1" },
        { "fixtures/hostile/text/overlong.txt", "invalid UTF-8 at byte 6" },
        { "fixtures/hostile/text/surrogate.txt", "invalid UTF-8 at byte 5" },
        { "fixtures/hostile/text/cut.txt", "invalid UTF-8 at byte 22" },
        { "fixtures/hostile/text/nul.txt", "NUL at byte 4" },
        { "fixtures/hostile/text/beyond.txt", "invalid UTF-8 at byte 26" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_error err;
        char *text = NULL, want[256];
        snprintf(want, sizeof want, "%s: %s", cases[i].path, cases[i].message);
        assert_int_equal(at_text_read(&text, NULL, cases[i].path, 1000, &err), AT_EFORMAT);
        assert_string_equal(err.text, want);
        assert_null(text);
    }
}

static void test_files_that_cannot_be_read(void **state)
{
    struct at_error err;
    char *text = NULL;

    (void)state;
    assert_int_equal(at_text_read(&text, NULL, sandbox_path("none"), 10, &err), AT_ENOTFOUND);
    assert_non_null(strstr(err.text, "/none': No such file or directory"));
    assert_int_equal(at_text_read(&text, NULL, "/", 10, &err), AT_EIO);
    assert_string_equal(err.text, "cannot read '/': Is a directory");
    assert_int_equal(at_text_read(&text, NULL, "/dev/zero", 100000, &err), AT_ERANGE);
    assert_null(text);
}

static void test_standard_input(void **state)
{
    struct at_error err;
    int saved = dup(0);
    char *text = NULL;
    size_t n = 0;

    (void)state;
    assert_non_null(freopen(sandbox_text("input", "from a pipe\n"), "rb", stdin));
    assert_int_equal(at_text_read(&text, &n, "-", SIZE_MAX, &err), 0);
    assert_string_equal(text, "from a pipe\n");
    free(text);
    assert_non_null(freopen(sandbox_text("input", "\xFF"), "rb", stdin));
    assert_int_equal(at_text_read(&text, &n, "-", SIZE_MAX, &err), AT_EFORMAT);
    assert_string_equal(err.text, "standard input: invalid UTF-8 at byte 0");
    assert_true(dup2(saved, 0) == 0);
    close(saved);
}

/* Good and bad lines in one file: reading goes on after a bad one. */
static void test_lines(void **state)
{
    static const char file[] = "\xEF\xBB\xBFone\n"
                               "two\r\n"
                               "\n"
                               "12345678\r\n"
                               "123456789\n"
                               "1234567890123456789012345678901234567890\n"
                               "b\xFF-\n"
                               "n\0l\n"
                               "cr\rin\n"
                               "last";
    static const struct {
        int rc;
        const char *want;
    } lines[] = {
        { 1, "one" },
        { 1, "two" },
        { 1, "" },
        { 1, "12345678" },
        { AT_ERANGE, "line 5: 9 bytes, at most 8 are read" },
        { AT_ERANGE, "line 6: 40 bytes, at most 8 are read" },
        { AT_EFORMAT, "line 7: invalid UTF-8 at byte 1" },
        { AT_EFORMAT, "line 8: NUL at byte 1" },
        { 1, "cr\rin" },
        { 1, "last" },
        { 0, NULL },
        { 0, NULL },
    };
    struct at_lines l;
    struct at_error err;

    (void)state;
    assert_int_equal(at_lines_open(&l, sandbox_write("lines", file, sizeof file - 1), 8, &err), 0);
    for (size_t i = 0; i < AT_COUNTOF(lines); i++) {
        assert_int_equal(at_lines_next(&l, &err), lines[i].rc);
        if (lines[i].rc)
            assert_string_equal(lines[i].rc > 0 ? l.line : err.text, lines[i].want);
        if (lines[i].rc > 0)
            assert_int_equal(l.n, strlen(lines[i].want));
    }
    assert_int_equal(l.number, 10);
    at_lines_close(&l);
    at_lines_close(&l);
}

static void test_lines_of_nothing(void **state)
{
    struct at_lines l;
    struct at_error err;

    (void)state;
    assert_int_equal(at_lines_open(&l, sandbox_text("empty", ""), 8, &err), 0);
    assert_int_equal(at_lines_next(&l, &err), 0);
    at_lines_close(&l);
    assert_int_equal(at_lines_open(&l, sandbox_path("none"), 8, &err), AT_ENOTFOUND);
    assert_int_equal(at_lines_open(&l, "/", 8, &err), 0); /* opens; reading it does not */
    assert_int_equal(at_lines_next(&l, &err), AT_EIO);
    assert_string_equal(err.text, "cannot read line 1: Is a directory");
    at_lines_close(&l);
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
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_utf8_table),
        cmocka_unit_test(test_utf8_offsets),
        cmocka_unit_test(test_utf8_round_trip),
        cmocka_unit_test(test_whole_files),
        cmocka_unit_test(test_files_with_a_fault),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_of_nothing),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
