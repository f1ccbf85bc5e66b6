/*
 * test_textfile.c - whole files and lines, checked to be UTF-8.
 */
#include "io/textfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "close.h"
#include "sandbox.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_files),
        cmocka_unit_test(test_files_with_a_fault),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_of_nothing),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
