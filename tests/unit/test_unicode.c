/*
 * test_unicode.c - the character classes of the two tokenizer families, and sentence breaks.
 */
#include "close.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "sandbox.h"
#include "text/unicode.h"

static void test_classes(void **state)
{
    enum { L = 1, N = 2, S = 4, CONTROL = 8, PUNCT = 16, MARK = 32, CJK = 64 };
    static const struct {
        unsigned c;
        int want;
    } cases[] = {
        { 'a', L },
        { 'Z', L },
        { '0', N },
        { '9', N },
        { '@', PUNCT },
        { '[', PUNCT },
        { '`', PUNCT },
        { '{', PUNCT },
        { '/', PUNCT },
        { ':', PUNCT },
        { '~', PUNCT },
        { '$', PUNCT }, /* a symbol, but ASCII */
        { ' ', S },
        { '\t', S },
        { '\n', S },
        { '\r', S },
        { '\v', S | CONTROL },
        { '\f', S | CONTROL },
        { 1, CONTROL },
        { 0x1C, CONTROL },
        { 0x7F, CONTROL },
        { 0x85, S | CONTROL },
        { 0xA0, S },
        { 0xAD, CONTROL },
        { 0xA1, PUNCT },
        { 0xA3, 0 }, /* a symbol beyond ASCII stays in its word */
        { 0xBD, N },
        { 0xE9, L },
        { 0x301, MARK },
        { 0x903, 0 }, /* Mc */
        { 0x180E, CONTROL },
        { 0x200B, CONTROL },
        { 0x2014, PUNCT },
        { 0x2028, S },
        { 0x2167, N },
        { 0x3000, S },
        { 0x3400, L | CJK },
        { 0x4DBF, L | CJK },
        { 0x4DC0, 0 },
        { 0x9FFF, L | CJK },
        { 0xAC00, L },
        { 0xE000, CONTROL },
        { 0xFEFF, CONTROL },
        { 0x1F999, 0 },
        { 0x20000, L | CJK },
        { 0x2B820, L }, /* left out by the library itself */
        { 0x2B920, L | CJK },
        { 0x10FFFF, 0 },
        /* as of Unicode 8: too young, or moved to another category since */
        { 0x2E52, 0 },
        { 0x13430, 0 },
        { 0x1AC1, 0 },
        { 0x166D, PUNCT },
        { 0x1734, MARK },
        { 0x1885, 0 },
        { 0xA9BD, 0 },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        unsigned c = cases[i].c;
        int got = (at_unicode_is_letter(c) ? L : 0) | (at_unicode_is_number(c) ? N : 0) |
                  (at_unicode_is_space(c) ? S : 0) | (at_unicode_is_bert_control(c) ? CONTROL : 0) |
                  (at_unicode_is_bert_punct(c) ? PUNCT : 0) |
                  (at_unicode_is_bert_mark(c) ? MARK : 0) | (at_unicode_is_bert_cjk(c) ? CJK : 0);

        if (got != cases[i].want)
            fail_msg("U+%04X: %d, want %d", c, got, cases[i].want);
    }
    assert_true(at_unicode_is_word('_') && at_unicode_is_word(0x301) && at_unicode_is_word(0xE9));
    assert_false(at_unicode_is_word('-') || at_unicode_is_word(' '));
    assert_true(at_unicode_is_upper(0xC9) && at_unicode_is_upper(0x1C5));
    assert_true(at_unicode_is_lower(0xE9) && !at_unicode_is_lower('1') &&
                !at_unicode_is_upper('1'));
}

static void test_has_word(void **state)
{
    const char text[] = "?! \xc3\xa9 \xe2\x80\x94 \xd9\xa3"; /* e acute, dash, Arabic three */

    (void)state;
    assert_true(at_unicode_has_word(text, 0, 5));
    assert_false(at_unicode_has_word(text, 0, 3));
    assert_false(at_unicode_has_word(text, 5, 10));
    assert_true(at_unicode_has_word(text, 5, 12));
    assert_false(at_unicode_has_word(text, 3, 3));
}

static void test_lower(void **state)
{
    static const struct {
        unsigned c;
        size_t n;
        unsigned want[AT_MAX_LOWER];
    } cases[] = {
        { 'A', 1, { 'a' } },       { '[', 1, { '[' } },         { 0xC9, 1, { 0xE9 } },
        { 0x3A3, 1, { 0x3C3 } },   { 0x1E9E, 1, { 0xDF } },     { 0x130, 2, { 'i', 0x307 } },
        { 0x4E00, 1, { 0x4E00 } }, { 0x10400, 1, { 0x10428 } },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        unsigned got[AT_MAX_LOWER] = { 0 };

        assert_int_equal(at_unicode_lower(got, cases[i].c), cases[i].n);
        assert_memory_equal(got, cases[i].want, cases[i].n * sizeof *got);
    }
}

static void test_decompose(void **state)
{
    static const struct {
        unsigned c;
        size_t n;
        unsigned want[4], n_compatible, compatible[4];
    } cases[] = {
        { 'e', 1, { 'e' }, 1, { 'e' } },
        { 0xE9, 2, { 'e', 0x301 }, 2, { 'e', 0x301 } },
        { 0x1EC7, 3, { 'e', 0x323, 0x302 }, 3, { 'e', 0x323, 0x302 } }, /* in canonical order */
        { 0xAC01, 3, { 0x1100, 0x1161, 0x11A8 }, 3, { 0x1100, 0x1161, 0x11A8 } },
        { 0x1F82, 4, { 0x3B1, 0x313, 0x300, 0x345 }, 4, { 0x3B1, 0x313, 0x300, 0x345 } },
        { 0xFB01, 1, { 0xFB01 }, 2, { 'f', 'i' } },
        { 0xA0, 1, { 0xA0 }, 1, { ' ' } },
        { 0x212B, 2, { 'A', 0x30A }, 2, { 'A', 0x30A } },
        { 0x11938, 1, { 0x11938 }, 1, { 0x11938 } }, /* younger than the tables */
        { 0x1F23B, 1, { 0x1F23B }, 1, { 0x914D } },  /* of Unicode 9 */
    };
    unsigned got[AT_MAX_DECOMPOSED];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        assert_int_equal(at_unicode_old_decompose(got, cases[i].c, false), cases[i].n);
        assert_memory_equal(got, cases[i].want, cases[i].n * sizeof *got);
        assert_int_equal(at_unicode_old_decompose(got, cases[i].c, true), cases[i].n_compatible);
        assert_memory_equal(got, cases[i].compatible, cases[i].n_compatible * sizeof *got);
    }
    assert_int_equal(at_unicode_old_decompose(got, 0xFDFA, true), 18); /* the longest */
    assert_int_equal(at_unicode_order('a'), 0);
    assert_int_equal(at_unicode_order(0x301), 230);
    assert_int_equal(at_unicode_order(0x327), 202);
    assert_int_equal(at_unicode_order(0x1E94A), 7); /* of Unicode 9 */
    assert_int_equal(at_unicode_order(0x10D24), 0); /* of Unicode 11 */
    assert_int_equal(at_unicode_old_compose('e', 0x301), 0xE9);
    assert_int_equal(at_unicode_old_compose(0x1100, 0x1161), 0xAC00);
    assert_int_equal(at_unicode_old_compose(0xAC00, 0x11A8), 0xAC01);
    assert_int_equal(at_unicode_old_compose('e', 'x'), 0);
    assert_int_equal(at_unicode_old_compose(0x11935, 0x11930), 0); /* 11938, of Unicode 13 */
}

static void test_old(void **state)
{
    static const unsigned marks[] = { 0x301, 0x903, 0x20DD, 0x1CF2, 0x1CF3 };
    static const unsigned others[] = { 'a', 0x111C9, 0x1AC1, 0xE9 };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(marks); i++)
        assert_true(at_unicode_old_is_mark(marks[i]));
    for (size_t i = 0; i < AT_COUNTOF(others); i++)
        assert_false(at_unicode_old_is_mark(others[i]));
    assert_true(at_unicode_old_script('a') == at_unicode_old_script(0xE9));
    assert_true(at_unicode_old_script('a') != at_unicode_old_script(0x3B1));
    assert_true(at_unicode_old_script(' ') == at_unicode_old_script(0x589));
    assert_true(at_unicode_old_script(0x904) == at_unicode_old_script(0x953));
    assert_int_equal(at_unicode_old_script(0x9FD6), -1); /* an ideograph of Unicode 10 */
}

/* What Unicode 16 and 17 added, whatever the ICU at hand knows. */
static void test_young(void **state)
{
    unsigned small[AT_MAX_LOWER];

    (void)state;
    assert_true(at_unicode_is_letter(0x105C0) && at_unicode_is_word(0x105C0));
    assert_true(at_unicode_is_number(0x10D40) && at_unicode_is_numeric(0x10D40));
    assert_true(at_unicode_is_word(0x897) && !at_unicode_is_letter(0x897));
    assert_true(at_unicode_is_numeric(0x11DE0) && at_unicode_is_numeric('7'));
    assert_false(at_unicode_is_letter(0x105F4) || at_unicode_is_numeric('x'));
    assert_int_equal(at_unicode_lower(small, 0x1C89), 1);
    assert_int_equal(small[0], 0x1C8A);
    assert_int_equal(at_unicode_lower(small, 0x10D65), 1);
    assert_int_equal(small[0], 0x10D85);
    assert_int_equal(at_unicode_lower(small, 0xA7CD), 1);
    assert_int_equal(small[0], 0xA7CD);
}

static void test_graphemes(void **state)
{
    /* a, e with a mark, CR LF, a family, a flag of two letters, one of another */
    static const char text[] = "ae\xcc\x81\r\n\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9"
                               "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xa9z";
    static const size_t want[] = { 1, 4, 6, 17, 25, 29, 30 };
    struct at_graphemes g = { .text = text, .n = sizeof text - 1 };
    struct at_error err;
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(want); i++) {
        assert_int_equal(at_graphemes_next(&g, &at, &err), 0);
        assert_int_equal(at, want[i]);
    }
    at_graphemes_close(&g);
    at_graphemes_close(&g);
}

static void test_sentences(void **state)
{
    static const char text[] = "One. Zwei \xc3\xa4! \xe4\xbd\xa0\xe3\x80\x82\xe6\x88\x91";
    static const size_t want[] = { 5, 14, 20, 23 };
    struct at_error err;
    size_t *ends, n;

    (void)state;
    assert_int_equal(at_unicode_sentences(&ends, &n, text, sizeof text - 1, &err), 0);
    assert_int_equal(n, AT_COUNTOF(want));
    assert_memory_equal(ends, want, sizeof want);
    free(ends);
    assert_int_equal(at_unicode_sentences(&ends, &n, "", 0, &err), 0);
    assert_int_equal(n, 0);
    free(ends);
}

/* As a killed process: valgrind, which counts what an exit leaves behind, has no say. */
static void leave(size_t bytes)
{
    (void)bytes;
    raise(SIGKILL);
}

static long refused;

static void split_in_short_memory(void)
{
    static const char text[] = "One. Two.";
    size_t *ends, n;

    at_alloc_on_failure(leave);
    at_unicode_check_memory();
    at_alloc_fail_after(refused);
    if (at_unicode_sentences(&ends, &n, text, sizeof text - 1, NULL) != 0)
        _Exit(8);
    free(ends);
    _Exit(9);
}

/* In a process that has not used ICU yet, so that every allocation of its start is among them. */
static void test_refused_memory(void **state)
{
    int status = -SIGKILL;

    (void)state;
    for (refused = 1; status == -SIGKILL; refused++)
        status = sandbox_status(split_in_short_memory);
    assert_int_equal(status, 9);
    assert_true(refused > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_memory), cmocka_unit_test(test_classes),
        cmocka_unit_test(test_has_word),       cmocka_unit_test(test_lower),
        cmocka_unit_test(test_decompose),      cmocka_unit_test(test_old),
        cmocka_unit_test(test_young),          cmocka_unit_test(test_graphemes),
        cmocka_unit_test(test_sentences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
