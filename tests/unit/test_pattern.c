/*
 * test_pattern.c - regular expressions in Ruby's syntax, run by ICU. What they match is what
 * Oniguruma matches, in Hugging Face's tokenizers.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "text/pattern.h"

/* The matches as "0-2 3-3", or the message. */
static char *find(const char *source, bool is_regex, const char *text)
{
    struct at_pattern p = { 0 };
    struct at_matcher m = { 0 };
    struct at_strbuf out = { 0 };
    struct at_error err;
    size_t start, end;
    int rc = at_pattern_read(&p, source, is_regex, &err);

    if (!rc)
        rc = at_matcher_begin(&m, &p, text, strlen(text), &err);
    while (!rc && (rc = at_matcher_next(&m, &start, &end, &err)) > 0) {
        at_strbuf_addf(&out, "%s%zu-%zu", out.n ? " " : "", start, end);
        rc = 0;
    }
    if (rc) {
        at_strbuf_clear(&out);
        at_strbuf_adds(&out, err.text);
    }
    at_matcher_release(&m);
    at_pattern_release(&p);
    at_strbuf_addc(&out, ';');
    return at_strbuf_take(&out);
}

static void test_matches(void **state)
{
    static const struct {
        const char *regex, *text, *want;
    } cases[] = {
        { "b+", "abbab", "1-3 4-5;" },
        { "", "ab", "0-0 1-1 2-2;" },
        { "x*", "axb", "0-0 1-2 3-3;" },
        { "\\p{L}+", "a\xc3\xa9\xf0\x9d\x90\x80 \xf0\x90\x97\x80",
          "0-7 8-12;" }, /* 105C0 is young */
        { "[^\\s\\p{L}\\p{N}]+", "a!? 1.", "1-3 5-6;" },
        { "\\w", "_a\xc2\xb2\xe2\x80\x8d-", "0-1 1-2 2-4;" }, /* no joiner, but superscripts */
        { "\\W", "a\xe2\x80\x8d", "1-4;" },
        { "\\d+|\\D", "12\xd9\xa3z", "0-4 4-5;" },
        { "\\h+", "09afG", "0-4;" },
        { "\\H", "aG", "1-2;" },
        { "\\bcat\\b", "cat cats cat", "0-3 9-12;" },
        { "\\Bat", "cat at", "1-3;" },
        { "^b", "ab\nb\nb", "3-4 5-6;" }, /* at every line, as in Ruby */
        { "a$", "a\na", "0-1 2-3;" },
        { "\\Aa|b\\z", "ab\nab", "0-1 4-5;" },
        { ".", "\n\r\xe2\x80\xa8", "1-2 2-5;" },
        { "(?m:.)", "\nx", "0-1 1-2;" },
        { "(?m).", "\n", "0-1;" },
        { "(?i)AB|c", "abC", "0-2 2-3;" },
        { "(?i:'s|'ll)", "'S'LL'\xc5\xbf", "0-2 2-5 5-8;" },
        { "(?-i:a)", "aA", "0-1;" },
        { "a{2,3}+", "aaaaaaa", "0-6;" },  /* repeats what it repeats */
        { "a{2}?b", "aab b", "0-3 4-5;" }, /* may be there or not */
        { "a{,2}b", "aaab", "1-4;" },
        { "a{2,}", "a aaa", "2-5;" },
        { "a{1,2}?", "aa", "0-1 1-2;" },
        { "a{x", "a{x", "0-3;" },
        { "a{}", "a{}", "0-3;" },
        { "a++b?+", "aab", "0-3;" },
        { "(?>a|ab)c", "abc ac", "4-6;" },
        { "(?=b)|(?<=b)x|(?<!c)y|(?!.)", "abxcyy", "1-1 2-3 5-6;" },
        { "(?<name>a)b", "ab", "0-2;" },
        { "(a)\\1", "aa a", "0-2;" },
        { "[a-c&&[^b]]", "abc", "0-1 2-3;" },
        { "[[:alpha:]_-]", "a-_1", "0-1 1-2 2-3;" },
        { "[^[:space:]]", " a\t", "1-2;" },
        { "[\\]\\-\\\\x]", "]-\\x", "0-1 1-2 2-3 3-4;" },
        { "[\\x41-\\u0043\\x{1F999}]", "ABC\xf0\x9f\xa6\x99", "0-1 1-2 2-3 3-7;" },
        { "\\u00e9\\t\\x41\\x{42}", "\xc3\xa9\tAB", "0-5;" },
        { "[.+*?(){}|^$#, ]", ".(^", "0-1 1-2 2-3;" },
        { "\\p{^L}", "a1", "1-2;" },
        { "\\P{L}", "a1", "1-2;" },
        { "\\p{Han}\\p{Lu}",
          "\xe6\x88\x91"
          "A",
          "0-4;" },
        { "\\R", "\r\n", "0-2;" },
        { "\\N", "\na", "1-2;" },
        { "a]}", "a]}", "0-3;" },
        { "\xe2\x96\x81 #", "\xe2\x96\x81 #", "0-5;" },
        { "\\/\\-\\'", "/-'", "0-3;" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = find(cases[i].regex, true, cases[i].text);

        if (strcmp(got, cases[i].want) != 0)
            fail_msg("'%s': '%s', want '%s'", cases[i].regex, got, cases[i].want);
        free(got);
    }
}

static void test_strings(void **state)
{
    static const struct {
        const char *string, *text, *want;
    } cases[] = {
        { "a.", "a.aba.", "0-2 4-6;" },
        { "aa", "aaaaa", "0-2 2-4;" },
        { "", "\xc3\xa9", "0-0 2-2;" },
        { "abc", "ab", ";" },
        { "b", "", ";" },
        { "ab", "aab", "1-3;" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = find(cases[i].string, false, cases[i].text);

        assert_string_equal(got, cases[i].want);
        free(got);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *regex, *want;
    } cases[] = {
        { "(", "'(' that is not closed" },
        { "a)", "')' that closes nothing" },
        { "[a", "with '[a', which is not supported" },
        { "[]", "with '[]', which" },
        { "*a", "with '*', which" },
        { "a\\", "with '\\', which" },
        { "\\K", "with '\\K', which" },
        { "\\G", "with '\\G', which" },
        { "\\g<1>", "with '\\g', which" },
        { "\\k<a>", "with '\\k', which" },
        { "\\xC3", "with '\\xC3', which" },
        { "\\x{110000}", "which is not supported" },
        { "\\u12", "with '\\u', which" },
        { "\\12", "with '\\1', which" },
        { "\\pL", "with '\\pL', which" },
        { "\\p{L", "with '\\p{', which" },
        { "\\p{}", "with '\\p{}', which" },
        { "\\p{Klingon}", "U_" },
        { "(?#x)", "with '(?#', which" },
        { "(?~a)", "which is not supported" },
        { "(?x) a", "which is not supported" },
        { "a(?i)b", "with '(?i)', which" },
        { "(*FAIL)", "with '(*', which" },
        { "[[:graph:]]", "with '[:graph:]', which" },
        { "[a-\\d]", "which is not supported" },
        { "[z-a]", "U_" },
        { "a{3,2}", "with '{3,2}', which" },
        { "a{100001}", "which is not supported" },
        { "(?<!a+)b", "U_REGEX_LOOK_BEHIND_LIMIT" },
    };
    struct at_strbuf deep = { 0 };
    char *got;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        got = find(cases[i].regex, true, "a");
        if (!strstr(got, cases[i].want))
            fail_msg("'%s': '%s', want '%s'", cases[i].regex, got, cases[i].want);
        free(got);
    }
    for (int i = 0; i < 101; i++)
        at_strbuf_adds(&deep, "(");
    got = find(deep.s, true, "a");
    assert_string_equal(got, "regular expression nested deeper than 100;");
    free(got);
    for (int i = 0; i < 70000; i++)
        at_strbuf_addc(&deep, 'a');
    got = find(deep.s, true, "a");
    assert_non_null(strstr(got, "bytes, at most 65536"));
    free(got);
    at_strbuf_release(&deep);
}

/* Two matchers of one pattern at a time; one that reads another text. */
static void test_again(void **state)
{
    struct at_pattern p = { 0 };
    struct at_matcher a = { 0 }, b = { 0 };
    struct at_error err;
    size_t start, end;

    (void)state;
    assert_int_equal(at_pattern_read(&p, "[ab]+", true, &err), 0);
    assert_int_equal(at_matcher_begin(&a, &p, "ab-ba", 5, &err), 0);
    assert_int_equal(at_matcher_begin(&b, &p, "--a", 3, &err), 0);
    assert_int_equal(at_matcher_next(&a, &start, &end, &err), 1);
    assert_int_equal(at_matcher_next(&b, &start, &end, &err), 1);
    assert_int_equal(start, 2);
    assert_int_equal(at_matcher_next(&a, &start, &end, &err), 1);
    assert_int_equal(start, 3);
    assert_int_equal(at_matcher_next(&a, &start, &end, &err), 0);
    assert_int_equal(at_matcher_begin(&a, &p, "b", 1, &err), 0);
    assert_int_equal(at_matcher_next(&a, &start, &end, &err), 1);
    assert_int_equal(end, 1);
    at_matcher_release(&a);
    at_matcher_release(&b);
    at_pattern_release(&p);
    at_pattern_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
