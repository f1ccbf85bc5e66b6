/*
 * test_pretokenizer.c - every step of a pre-tokenizer: which parts it makes, and where they lie.
 *
 * The results are those of Hugging Face's tokenizers; scripts/check-tokenizers compares many more.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strbuf.h"
#include "text/pretokenizer.h"

#define SPLIT(kind, pattern, behavior, invert)                                                     \
    "{\"type\":\"Split\",\"pattern\":{\"" kind "\":\"" pattern "\"},\"behavior\":\"" behavior      \
    "\",\"invert\":" invert "}"
#define METASPACE(scheme, more)                                                                    \
    "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"" scheme "\"" more "}"
#define BYTES(prefix, regex)                                                                       \
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":" prefix                                         \
    ",\"trim_offsets\":true,\"use_regex\":" regex "}"

static int read_steps(struct at_pretokenizer *out, const char *text, struct at_error *err)
{
    struct at_json *v;
    int rc;

    if (at_json_parse(&v, text, strlen(text), err))
        fail_msg("%s: %s", text, err->text);
    rc = at_pretokenizer_read(out, v, err);
    at_json_free(v);
    return rc;
}

struct stage {
    const struct at_pretokenizer *p;
    struct at_pretokenizer_work *work;
    size_t step;
    struct at_strbuf *out;
};

static int each(void *arg, const struct at_part *part, struct at_error *err)
{
    struct stage *s = arg, next = *s;
    size_t start, end;

    assert_true(part->n > 0);
    next.step++;
    if (s->step < s->p->n)
        return at_pretokenizer_cut(&s->p->items[s->step], part, &s->work[s->step], each, &next,
                                   err);
    at_part_span(&start, &end, part, 0, part->n);
    at_strbuf_addf(s->out, "%s%.*s@%zu-%zu", s->out->n ? "|" : "", (int)part->n, part->s, start,
                   end);
    return 0;
}

/* The parts and their places as "a@0-1|b@2-3". */
static char *cut(const char *steps, const char *text)
{
    struct at_pretokenizer p = { 0 };
    struct at_pretokenizer_work work[8] = { { { { 0 }, NULL, NULL, 0 }, { 0 } } };
    struct at_strbuf out = { 0 };
    struct stage first = { &p, work, 0, &out };
    struct at_part part = { .s = text, .n = strlen(text) };
    struct at_error err;

    if (read_steps(&p, steps, &err) || each(&first, &part, &err))
        fail_msg("%s: %s", steps, err.text);
    for (size_t i = 0; i < AT_COUNTOF(work); i++)
        at_pretokenizer_work_release(&work[i]);
    at_pretokenizer_release(&p);
    return at_strbuf_take(&out);
}

static void test_steps(void **state)
{
    static const struct {
        const char *steps, *text, *want;
    } cases[] = {
        { "null", "a b", "a b@0-3" },
        { "{\"type\":\"BertPreTokenizer\"}", " a.b\t$c ", "a@1-2|.@2-3|b@3-4|$@5-6|c@6-7" },
        { "{\"type\":\"Whitespace\"}", "ab, c_1?!\xc3\xa9 ",
          "ab@0-2|,@2-3|c_1@4-7|?!@7-9|\xc3\xa9@9-11" },
        { "{\"type\":\"WhitespaceSplit\"}",
          " a.b \xe3\x80\x80"
          "c",
          "a.b@1-4|c@8-9" },
        { "{\"type\":\"Punctuation\"}", "a.b!!c", "a@0-1|.@1-2|b@2-3|!@3-4|!@4-5|c@5-6" },
        { "{\"type\":\"Punctuation\",\"behavior\":\"Removed\"}", "a.b!!c", "a@0-1|b@2-3|c@5-6" },
        { "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}", ".a!!c",
          ".@0-1|a@1-2|!!@2-4|c@4-5" },
        { "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithPrevious\"}", ".a!!c",
          ".@0-1|a!@1-3|!@3-4|c@4-5" },
        { "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithNext\"}", ".a!!c?",
          ".a@0-2|!@2-3|!c@3-5|?@5-6" },
        { "{\"type\":\"Digits\",\"individual_digits\":true}", "a12b", "a@0-1|1@1-2|2@2-3|b@3-4" },
        { "{\"type\":\"Digits\"}", "a12b\xc2\xbd", "a@0-1|12@1-3|b@3-4|\xc2\xbd@4-6" },
        { "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"-\"}", "a-b--c", "a@0-1|b@2-3|c@5-6" },
        { SPLIT("String", ", ", "Removed", "false"), "a, b,c", "a@0-1|b,c@3-6" },
        { SPLIT("String", "", "Isolated", "false"), "abc", "a@0-1|b@1-2|c@2-3" },
        { SPLIT("Regex", "\\\\s+", "Isolated", "false"), "a  b", "a@0-1|  @1-3|b@3-4" },
        { SPLIT("Regex", "\\\\w+", "Removed", "true"), "a, bc", "a@0-1|bc@3-5" },
        { SPLIT("Regex", "\\\\w+", "MergedWithNext", "true"), "a, bc!", "a@0-1|, bc@1-5|!@5-6" },
        { SPLIT("Regex", "x*", "Isolated", "false"), "axxb", "a@0-1|xx@1-3|b@3-4" },
        { SPLIT("Regex", "(?<=a)b", "MergedWithPrevious", "false"),
          "abb\xf0\x9f\xa6\x99"
          "ab",
          "ab@0-2|b\xf0\x9f\xa6\x99"
          "ab@2-9" },
        { METASPACE("always", ""), "a b  c", "_a@0-1|_b@1-3|_@3-4|_c@4-6" },
        { METASPACE("always", ""), " a", "_a@0-2" },
        { METASPACE("always", ""), "_a", "_a@0-2" },
        { METASPACE("never", ""), "a b", "a@0-1|_b@1-3" },
        { METASPACE("always", ",\"split\":false"), "a b", "_a_b@0-3" },
        { METASPACE("never", ",\"add_prefix_space\":false,\"str_rep\":\"_\""), "a", "a@0-1" },
        /* only at the beginning of the text */
        { "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"}," METASPACE(
              "first", "") "]}",
          "a b", "_a@0-1|b@2-3" },
        { BYTES("false", "true"), "a b\xc3\xa9!",
          "a@0-1|\xc4\xa0"
          "b\xc3\x83\xc2\xa9@1-5|!@5-6" },
        { BYTES("true", "true"), "a b",
          "\xc4\xa0"
          "a@0-1|\xc4\xa0"
          "b@1-3" },
        { BYTES("true", "false"), " a b",
          "\xc4\xa0"
          "a\xc4\xa0"
          "b@0-4" },
        /* what stands before the first character of a script is lost, as in the library */
        { "{\"type\":\"UnicodeScripts\"}", " ab\xe3\x81\x82\xe3\x83\xbc\xe6\x88\x91 1",
          "ab@1-3|\xe3\x81\x82\xe3\x83\xbc\xe6\x88\x91 @3-13|1@13-14" },
        { "{\"type\":\"UnicodeScripts\"}", "  ", "" },
        { "{\"type\":\"FixedLength\",\"length\":2}",
          "ab\xc3\xa9"
          "d!",
          "ab@0-2|\xc3\xa9"
          "d@2-5|!@5-6" },
        { "{\"type\":\"FixedLength\"}", "abcdefg", "abcde@0-5|fg@5-7" },
        { "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Punctuation\"},{\"type\":"
          "\"Sequence\",\"pretokenizers\":[" BYTES("false", "false") "]}]}",
          "a, b",
          "a@0-1|,@1-2|\xc4\xa0"
          "b@2-4" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = cut(cases[i].steps, cases[i].text);

        if (strcmp(got ? got : "", cases[i].want) != 0)
            fail_msg("case %zu: '%s', want '%s'", i, got ? got : "", cases[i].want);
        free(got);
    }
}

static void test_gpt2_pattern(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "Hello world", "Hello| world" },
        { "abc123 456x", "abc|123| 456|x" },
        { "I'm we'll they've you're he'd it's can't",
          "I|'m| we|'ll| they|'ve| you|'re| he|'d| it|'s| can|'t" },
        { "I'M 's 'so '", "I|'|M| '|s| '|so| '" },
        { "'sup 'll'", "'s|up| '|ll|'" },
        { "a  b   c", "a| | b|  | c" },
        { "a ", "a| " },
        { "a   ", "a|   " },
        { "a\nb\n\nc\n", "a|\n|b|\n|\n|c|\n" },
        { " \n x", " \n| x" },
        { "\t\tx \t y", "\t|\t|x| \t| y" },
        { "a\xc2\xa0"
          "b\xe3\x80\x80 c",
          "a|\xc2\xa0|b|\xe3\x80\x80| c" },
        { "wait...what?! (no)", "wait|...|what|?!| (|no|)" },
        { "caf\xc3\xa9 \xc2\xbd\xc2\xb2 \xe2\x80\x9cx\xe2\x80\x9d",
          "caf\xc3\xa9| \xc2\xbd\xc2\xb2| \xe2\x80\x9c|x|\xe2\x80\x9d" },
        { "\xe6\x88\x91"
          "a\xf0\x9f\xa6\x99!",
          "\xe6\x88\x91"
          "a|\xf0\x9f\xa6\x99!" },
        { "e\xcc\x81x", "e|\xcc\x81|x" }, /* a mark is neither letter nor number */
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        size_t n = strlen(cases[i].text);
        struct at_strbuf got = { 0 };

        for (size_t at = 0; at < n;) {
            size_t end = at_gpt2_split(cases[i].text, n, at);

            assert_true(end > at && end <= n);
            at_strbuf_adds(&got, at ? "|" : "");
            at_strbuf_add(&got, cases[i].text + at, end - at);
            at = end;
        }
        assert_string_equal(at_strbuf_str(&got), cases[i].want);
        at_strbuf_release(&got);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *steps, *text;
    } cases[] = {
        { "{\"type\":\"Jieba\"}", "pre-tokenizer 'Jieba' is not known" },
        { "7", "pre-tokenizer is not an object" },
        { "{\"type\":\"Whitespace\",\"x\":1}",
          "pre-tokenizer 'Whitespace' has a key 'x', which is not known" },
        { "{\"type\":\"Punctuation\",\"behavior\":\"Kept\"}",
          "'behavior' of 'Punctuation' is 'Kept', which is not known" },
        { "{\"type\":\"Punctuation\",\"behavior\":1}",
          "'behavior' of 'Punctuation' is '', which is not known" },
        { "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"ab\"}",
          "'delimiter' of 'CharDelimiterSplit' is not one character" },
        { "{\"type\":\"CharDelimiterSplit\"}",
          "'delimiter' of 'CharDelimiterSplit' is not one character" },
        { "{\"type\":\"Metaspace\"}", "'replacement' of 'Metaspace' is not one character" },
        { METASPACE("sometimes", ""),
          "'prepend_scheme' of 'Metaspace' is 'sometimes', which is not known" },
        { METASPACE("always", ",\"add_prefix_space\":false"),
          "'add_prefix_space' of 'Metaspace' is false and 'prepend_scheme' 'always'" },
        { "{\"type\":\"FixedLength\",\"length\":0}",
          "'length' of 'FixedLength' is no number from 1" },
        { "{\"type\":\"Digits\",\"individual_digits\":1}",
          "'individual_digits' of 'Digits' is not true or false" },
        { SPLIT("Regex", "a\\\\K", "Isolated", "false"),
          "regular expression with '\\K', which is not supported" },
        { "{\"type\":\"Sequence\"}", "'pretokenizers' of 'Sequence' is not a list" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_pretokenizer p = { 0 };
        struct at_error err = { 0 };

        assert_int_equal(read_steps(&p, cases[i].steps, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].text))
            fail_msg("'%s', want '%s'", err.text, cases[i].text);
        at_pretokenizer_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_gpt2_pattern),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
