/*
 * test_normalize.c - BERT's normal form, and which bytes of the text it comes from.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "text/normalize.h"

static const struct at_normalizer clean = { .clean_text = true };
static const struct at_normalizer cjk = { .space_cjk = true };
static const struct at_normalizer strip = { .strip_accents = true };
static const struct at_normalizer lower = { .lower = true };
static const struct at_normalizer uncased = { true, true, true, true };
static const struct at_normalizer none = { false, false, false, false };

static void test_text(void **state)
{
    static const struct {
        const struct at_normalizer *rules;
        const char *text, *want;
    } cases[] = {
        { &none, "A\tb \xc3\x89\x01", "A\tb \xc3\x89\x01" },
        { &clean,
          "a\tb\nc\r\xc2\xa0\xe3\x80\x80"
          "d\x01\x7f\xef\xbf\xbd"
          "e",
          "a b c   de" },
        { &cjk,
          "a\xe6\x88\x91\xe6\x83\xb3"
          "b",
          "a \xe6\x88\x91  \xe6\x83\xb3 b" },
        { &strip,
          "\xc3\x89"
          "E\xcc\x81\xe1\xbb\x87 \xcc\x81x",
          "EEe x" },
        { &lower, "\xc3\x89\xce\xa3\xc4\xb0", "\xc3\xa9\xcf\x83i\xcc\x87" },
        { &uncased, "\xc3\x89t\xc3\xa9\t\xc4\xb0\xe6\x88\x91", "ete i \xe6\x88\x91 " },
        /* marks are sorted by class: U+302F (224, stays) goes before U+302B (228), after U+325 */
        { &strip, "a\xe3\x80\xab\xe3\x80\xaf\xcc\xa5", "a\xe3\x80\xaf" },
        /* two that stay: U+302E and U+302F have one class and keep their order */
        { &strip,
          "a\xe3\x80\xaf\xcc\x81\xe3\x80\xae"
          "b",
          "a\xe3\x80\xaf\xe3\x80\xae"
          "b" },
        { &strip, "", "" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_normal v = { 0 };

        at_normalize(&v, cases[i].rules, cases[i].text, strlen(cases[i].text), 0);
        assert_string_equal(at_strbuf_str(&v.text), cases[i].want);
        at_normal_release(&v);
    }
}

static void test_origins(void **state)
{
    /*                           A    U+0301      U+4F60            \x01  U+0130 */
    static const char text[] = "A\xcc\x81\xe4\xbd\xa0\x01\xc4\xb0";
    static const char want[] = "a \xe4\xbd\xa0 i";
    static const uint32_t start[] = { 10, 13, 13, 13, 13, 13, 17 };
    static const uint32_t end[] = { 11, 16, 16, 16, 16, 16, 19 };
    struct at_normal v = { 0 };

    (void)state;
    at_normalize(&v, &uncased, text, sizeof text - 1, 10);
    assert_string_equal(v.text.s, want);
    assert_memory_equal(v.start, start, sizeof start);
    assert_memory_equal(v.end, end, sizeof end);
    at_normal_clear(&v);
    at_normalize(&v, &none, "xy", 2, 0);
    assert_string_equal(v.text.s, "xy");
    assert_int_equal(v.start[1], 1);
    at_normal_release(&v);
    at_normal_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
