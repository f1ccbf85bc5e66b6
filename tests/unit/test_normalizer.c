/*
 * test_normalizer.c - every step of a normalizer, and which bytes of the text its result is from.
 *
 * The results are those of Hugging Face's tokenizers; scripts/check-tokenizers compares many more.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "text/normalizer.h"

#define BERT(rest)                                                                                 \
    "{\"type\":\"BertNormalizer\",\"clean_text\":false,\"handle_chinese_chars\":false," rest "}"
#define REPLACE(kind, pattern, content)                                                            \
    "{\"type\":\"Replace\",\"pattern\":{\"" kind "\":\"" pattern "\"},\"content\":\"" content "\"" \
    "}"

static int read_steps(struct at_normalizer *out, const char *text, struct at_error *err)
{
    struct at_json *v;
    int rc;

    if (at_json_parse(&v, text, strlen(text), err))
        fail_msg("%s: %s", text, err->text);
    rc = at_normalizer_read(out, v, err);
    at_json_free(v);
    return rc;
}

/* The normal form, and the places of its characters as "0-1 1-3". */
static char *apply(const char *steps, const char *text, struct at_strbuf *places)
{
    struct at_normalizer n = { 0 };
    struct at_normalizer_work work = { 0 };
    struct at_part part = { .s = text, .n = strlen(text) };
    struct at_strbuf out = { 0 };
    struct at_error err;

    if (read_steps(&n, steps, &err) || at_normalizer_apply(&part, &n, &work, &err))
        fail_msg("%s", err.text);
    at_strbuf_add(&out, part.s, part.n);
    for (size_t i = 0; i < part.n; i++) {
        size_t start, end;

        if (((unsigned char)part.s[i] & 0xC0) == 0x80)
            continue;
        at_part_span(&start, &end, &part, i, i + 1);
        at_strbuf_addf(places, "%s%zu-%zu", i ? " " : "", start, end);
    }
    at_normalizer_work_release(&work);
    at_normalizer_release(&n);
    return at_strbuf_take(&out);
}

static void test_steps(void **state)
{
    static const struct {
        const char *steps, *text, *want, *places; /* places NULL: not looked at */
    } cases[] = {
        { "null", "A\tb \xc3\x89\x01", "A\tb \xc3\x89\x01", "0-1 1-2 2-3 3-4 4-6 6-7" },
        { "{\"type\":\"BertNormalizer\"}", "A\xcc\x81\xe4\xbd\xa0\x01\xc4\xb0", "a \xe4\xbd\xa0 i",
          "0-1 3-6 3-6 3-6 7-9" },
        { "{\"type\":\"BertNormalizer\"}",
          "\x01 A\tB\x7f\x1c"
          "C\n",
          " a bc ", "1-2 2-3 3-4 4-5 7-8 8-9" },
        { BERT("\"strip_accents\":false,\"lowercase\":true"), "\xc3\x89\xce\xa3\xc4\xb0",
          "\xc3\xa9\xcf\x83i\xcc\x87", "0-2 2-4 4-6 4-6" },
        { BERT("\"strip_accents\":true,\"lowercase\":false"),
          "\xc3\x89"
          "E\xcc\x81\xe1\xbb\x87 \xcc\x81x",
          "EEe x", "0-2 2-3 5-8 8-9 11-12" },
        { BERT("\"strip_accents\":null,\"lowercase\":false"), "\xc3\x89", "\xc3\x89", "0-2" },
        /* marks that stay are sorted by class, and places keep the order of the text */
        { BERT("\"strip_accents\":true,\"lowercase\":false"), "a\xe3\x80\xab\xe3\x80\xaf\xcc\xa5",
          "a\xe3\x80\xaf", "0-1 4-7" },
        { "{\"type\":\"NFC\"}", "e\xcc\x81\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
          "\xc3\xa9\xed\x95\x9c", "0-1 3-6" },
        { "{\"type\":\"NFD\"}", "\xc3\xa9x", "e\xcc\x81x", "0-2 0-2 2-3" },
        { "{\"type\":\"NFD\"}", "\xe2\x83\xa7\xe2\x83\xae", "\xe2\x83\xae\xe2\x83\xa7",
          "0-3 3-6" }, /* no starter */
        { "{\"type\":\"NFKC\"}", "\xef\xac\x81\xef\xbc\xa1", "fiA", "0-3 0-3 3-6" },
        { "{\"type\":\"NFKD\"}", "\xe2\x84\xab\xc2\xbd",
          "A\xcc\x8a"
          "1\xe2\x81\x84"
          "2",
          "0-3 0-3 3-5 3-5 3-5" },
        { "{\"type\":\"Nmt\"}",
          "a\x01"
          "b\tc\xe2\x80\x8b"
          "d\x0b"
          "e",
          "ab c de", "0-1 2-3 3-4 4-5 5-8 8-9 10-11" },
        { "{\"type\":\"Lowercase\"}",
          "\xc4\xb0"
          "AB",
          "i\xcc\x87"
          "ab",
          "0-2 0-2 2-3 3-4" },
        { "{\"type\":\"StripAccents\"}", "e\xcc\x81\xe0\xa4\xa8\xe0\xa4\xbf\xc3\xa9",
          "e\xe0\xa4\xa8\xc3\xa9", "0-1 3-6 9-11" },
        { "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
          " \xe3\x80\x80"
          "a b\n ",
          "a b", "4-5 5-6 6-7" },
        { "{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true}", " a ", " a",
          "0-1 1-2" },
        { "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":false}", "  ", "", "" },
        { REPLACE("String", "''", "<<"), "a''b''", "a<<b<<", "0-1 2-3 2-3 3-4 5-6 5-6" },
        { REPLACE("Regex", "\\\\s+", "_"), "a  b", "a_b", "0-1 2-3 3-4" },
        { REPLACE("Regex", "x*", "-"), "ab", "-a-b-", "0-0 0-1 0-1 1-2 1-2" },
        { REPLACE("String", "", "-"), "a", "-a-", "0-0 0-1 0-1" },
        { "{\"type\":\"Prepend\",\"prepend\":\"<>\"}", "\xc3\xa9x", "<>\xc3\xa9x",
          "0-2 0-2 0-2 2-3" },
        { "{\"type\":\"Prepend\",\"prepend\":\"\"}", "ab", "ab",
          "0-0 1-2" }, /* as the library has it */
        { "{\"type\":\"Prepend\",\"prepend\":\"x\"}", "", "", "" },
        { "{\"type\":\"ByteLevel\"}", "a \xc3\xa9", "a\xc4\xa0\xc3\x83\xc2\xa9",
          "0-1 1-2 2-4 2-4" },
        { "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"StripAccents\"},"
          "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Lowercase\"}]}]}",
          "\xc3\x89!", "e!", "0-2 2-3" },
        { "{\"type\":\"Sequence\",\"normalizers\":[]}", "X", "X", "0-1" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_strbuf places = { 0 };
        char *got = apply(cases[i].steps, cases[i].text, &places);

        if (strcmp(got, cases[i].want) != 0 || strcmp(at_strbuf_str(&places), cases[i].places) != 0)
            fail_msg("case %zu: '%s' at %s, want '%s' at %s", i, got, at_strbuf_str(&places),
                     cases[i].want, cases[i].places);
        free(got);
        at_strbuf_release(&places);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *steps, *text;
    } cases[] = {
        { "{\"type\":\"Upper\"}", "normalizer 'Upper' is not known" },
        { "{}", "normalizer '' is not known" },
        { "[]", "normalizer is not an object" },
        { "{\"type\":\"NFC\",\"x\":1}", "normalizer 'NFC' has a key 'x', which is not known" },
        { BERT("\"lowercase\":\"yes\""), "'lowercase' of 'BertNormalizer' is not true or false" },
        { "{\"type\":\"Prepend\"}", "'prepend' of 'Prepend' is not a string" },
        { "{\"type\":\"Replace\",\"content\":\"x\"}",
          "'pattern' of 'Replace' is not a 'String' or a 'Regex'" },
        { REPLACE("Regex", "(", "x"), "'(' that is not closed" },
        { REPLACE("Glob", "*", "x"), "'pattern' of 'Replace'" },
        { "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!!!!\"}",
          "precompiled_charsmap is no base64" },
        { "{\"type\":\"Sequence\",\"normalizers\":{}}",
          "'normalizers' of 'Sequence' is not a list" },
        { "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"X\"}]}",
          "normalizer 'X' is not known" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_normalizer n = { 0 };
        struct at_error err = { 0 };

        assert_int_equal(read_steps(&n, cases[i].steps, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].text))
            fail_msg("'%s', want '%s'", err.text, cases[i].text);
        at_normalizer_release(&n);
    }
}

static void test_nested(void **state)
{
    struct at_strbuf text = { 0 };
    struct at_normalizer n = { 0 };
    struct at_error err;

    (void)state;
    for (int i = 0; i < 40; i++)
        at_strbuf_adds(&text, "{\"type\":\"Sequence\",\"normalizers\":[");
    for (int i = 0; i < 40; i++)
        at_strbuf_adds(&text, "]}");
    assert_int_equal(read_steps(&n, text.s, &err), AT_EFORMAT);
    assert_non_null(strstr(err.text, "nested less"));
    at_normalizer_release(&n);
    at_strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
