/*
 * test_decoder.c - pieces back to text: what Hugging Face's decoders make of them, and labels.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "text/decoder.h"

enum { MAX_PIECES = 8 };

static int read_steps(struct at_decoder *out, const char *text, struct at_error *err)
{
    struct at_json *v;
    int rc;

    if (at_json_parse(&v, text, strlen(text), err))
        fail_msg("%s: %s", text, err->text);
    rc = at_decoder_read(out, v, err);
    at_json_free(v);
    return rc;
}

static char *decode(const char *steps, const char *const *pieces, bool for_label)
{
    struct at_decoder d = { 0 };
    struct at_decoded_list list = { 0 };
    struct at_strbuf out = { 0 };
    struct at_error err;

    if (read_steps(&d, steps, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < MAX_PIECES && pieces[i]; i++) {
        struct at_decoded *p = at_array_push(&list);

        *p = (struct at_decoded){ .is_added = pieces[i][0] == '!' };
        at_strbuf_adds(&p->text, pieces[i] + p->is_added);
    }
    assert_int_equal(at_decoder_apply(&list, &d, for_label, &err), 0);
    for (size_t i = 0; i < list.n; i++)
        at_strbuf_add(&out, at_strbuf_str(&list.items[i].text), list.items[i].text.n);
    at_decoded_release(&list);
    at_decoder_release(&d);
    return out.s ? at_strbuf_take(&out) : at_strdup("");
}

static void test_steps(void **state)
{
    static const struct {
        const char *steps, *pieces[MAX_PIECES], *want, *label;
    } cases[] = {
        { "null", { "a", "b" }, "ab", "ab" },
        { "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}",
          { "un", "##aff", ".", "do", "not", "##" },
          "unaff. do not",
          "unaff.donot##" },
        { "{\"type\":\"WordPiece\",\"cleanup\":false}", { "##un", "a", "." }, "##un a .", "una." },
        { "{\"type\":\"BPEDecoder\"}", { "lo", "w</w>", "er</w>" }, "low er", "low er" },
        { "{\"type\":\"BPEDecoder\",\"suffix\":\"@\"}", { "x@@" }, "x", "x" },
        { "{\"type\":\"ByteLevel\"}",
          { "\xc4\xa0"
            "a",
            "\xc3\x83\xc2\xa9", "!\xc3\x83\xc2\xa9" },
          " a\xc3\xa9\xc3\x83\xc2\xa9",
          " a\xc3\xa9\xc3\x83\xc2\xa9" },
        { "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"always\",\"split\":"
          "true}",
          { "_a", "_b_", "c" },
          "a b c",
          " a b c" },
        { "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"never\"}",
          { "_a", "_b" },
          " a b",
          " a b" },
        { "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"add_prefix_space\":false}",
          { "_a" },
          " a",
          " a" },
        { "{\"type\":\"CTC\",\"pad_token\":\"<p>\",\"word_delimiter_token\":\"|\",\"cleanup\":"
          "true}",
          { "a", "a", "<p>", "a", "|", "b" },
          "aa b",
          "aaa b" },
        { "{\"type\":\"Replace\",\"pattern\":{\"String\":\"_\"},\"content\":\" \"}",
          { "_a_", "_" },
          " a  ",
          " a  " },
        { "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"[ab]+\"},\"content\":\"x\"}",
          { "abc", "a" },
          "xcx",
          "xcx" },
        { "{\"type\":\"Strip\",\"content\":\"_\",\"start\":1,\"stop\":2}",
          { "__a___", "_" },
          "_a_",
          "_a_" },
        { "{\"type\":\"ByteFallback\"}",
          { "<0xC3>", "<0xA9>", "!<0x41>", "<0x4>", "<0xGG>" },
          "\xc3\xa9<0x41><0x4><0xGG>",
          "\xc3\xa9<0x41><0x4><0xGG>" },
        { "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"_"
          "\"},\"content\":\" \"},"
          "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" "
          "\",\"start\":1,\"stop\":0}]}",
          { "_a", "<0x62>", "_c" },
          "ab c",
          "ab c" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = decode(cases[i].steps, cases[i].pieces, false);
        char *label = decode(cases[i].steps, cases[i].pieces, true);

        if (strcmp(got, cases[i].want) != 0 || strcmp(label, cases[i].label) != 0)
            fail_msg("case %zu: '%s' and '%s', want '%s' and '%s'", i, got, label, cases[i].want,
                     cases[i].label);
        free(got);
        free(label);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *steps, *want;
    } cases[] = {
        { "{\"type\":\"Magic\"}", "decoder 'Magic' is not known" },
        { "{\"type\":\"Strip\",\"content\":\"_\",\"start\":-1}", "'start' or 'stop' of 'Strip'" },
        { "{\"type\":\"Strip\",\"content\":\"\"}", "'content' of 'Strip' is not one character" },
        { "{\"type\":\"Metaspace\"}", "'replacement' of 'Metaspace'" },
        { "{\"type\":\"Sequence\"}", "'decoders' of 'Sequence' is not a list" },
        { "{\"type\":\"Replace\",\"content\":\"\",\"pattern\":{\"Regex\":\"(\"}}",
          "is not closed" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_decoder d = { 0 };
        struct at_error err = { 0 };

        assert_int_equal(read_steps(&d, cases[i].steps, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].want))
            fail_msg("'%s', want '%s'", err.text, cases[i].want);
        at_decoder_release(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
