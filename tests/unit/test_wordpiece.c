/*
 * test_wordpiece.c - words and their pieces, with a vocabulary small enough to see through.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "text/wordpiece.h"

static const char *const pieces[] = { "[UNK]",    "un",         "##aff",  "##able", "##a",
                                      "a",        "##b",        "ab",     ".",      "#",
                                      "\xc3\xa9", "##\xc3\xa9", "##\xc3", "unaffx" };

enum { N_PIECES = sizeof pieces / sizeof *pieces };

static int setup(void **state)
{
    static struct at_vocab vocab;
    struct at_error err;
    int rc = 0;

    for (int id = 0; id < N_PIECES && !rc; id++)
        if (strcmp(pieces[id], "##\xc3") != 0) /* half a character is no piece: leave a hole */
            rc = at_vocab_add(&vocab, id, pieces[id], strlen(pieces[id]), &err);
    *state = &vocab;
    return rc;
}

static int teardown(void **state)
{
    at_vocab_release(*state);
    return 0;
}

/* Pieces, offsets and word numbers as "un@0-2/0 ##aff@2-5/0". */
static char *encode(const struct at_vocab *vocab, const char *text, size_t max_characters)
{
    static const struct at_normalizer none;
    struct at_wordpiece wp = { vocab, N_PIECES - 1, 0, max_characters };
    struct at_normal normal = { 0 };
    struct at_tokens tokens = { 0 };
    struct at_strbuf out = { 0 };
    int word = 0;

    at_normalize(&normal, &none, text, strlen(text), 0);
    at_wordpiece_encode(&tokens, &wp, &normal, 0, normal.text.n, 0, &word);
    for (size_t i = 0; i < tokens.n; i++)
        at_strbuf_addf(&out, "%s%s@%zu-%zu/%d", i ? " " : "",
                       at_vocab_piece(vocab, tokens.items[i].id), tokens.items[i].start,
                       tokens.items[i].end, tokens.items[i].word);
    at_tokens_release(&tokens);
    at_normal_release(&normal);
    return at_strbuf_take(&out);
}

static void test_words(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "" },
        { " \t\n", "" },
        { "unaffable", "un@0-2/0 ##aff@2-5/0 ##able@5-9/0" },
        { "  ab  a", "ab@2-4/0 a@6-7/1" }, /* the longest wins */
        { "aab", "a@0-1/0 ##a@1-2/0 ##b@2-3/0" },
        { "abx a", "[UNK]@0-3/0 a@4-5/1" },       /* one piece missing: all unknown */
        { "a.b", "a@0-1/0 .@1-2/1 [UNK]@2-3/2" }, /* "b" cannot start a word */
        { "##a", "#@0-1/0 #@1-2/1 a@2-3/2" },
        { "a\xc3\xa9\xc3\xa9", "a@0-1/0 ##\xc3\xa9@1-3/0 ##\xc3\xa9@3-5/0" },
        { "a\xe2\x80\x94"
          "a",
          "a@0-1/0 [UNK]@1-4/1 a@4-5/2" },
        { "unaffx", "[UNK]@0-6/0" }, /* its id is that of an added token */
    };

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = encode(*state, cases[i].text, 100);

        assert_string_equal(got, cases[i].want);
        free(got);
    }
}

/* Characters are counted, not bytes. */
static void test_long_words(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        const char *want;
    } cases[] = {
        { "aaa", 3, "a@0-1/0 ##a@1-2/0 ##a@2-3/0" },
        { "aaaa", 3, "[UNK]@0-4/0" },
        { "\xc3\xa9\xc3\xa9", 2, "\xc3\xa9@0-2/0 ##\xc3\xa9@2-4/0" },
        { "\xc3\xa9\xc3\xa9\xc3\xa9 a", 2, "[UNK]@0-6/0 a@7-8/1" },
    };
    char longest[4 * AT_MAX_WORD + 1];

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = encode(*state, cases[i].text, cases[i].max);

        assert_string_equal(got, cases[i].want);
        free(got);
    }
    for (size_t i = 0; i < sizeof longest - 1; i += 4)
        memcpy(longest + i, "\xf0\x9f\xa6\x99", 4);
    longest[sizeof longest - 1] = '\0';
    char *got = encode(*state, longest, AT_MAX_WORD);
    assert_string_equal(got, "[UNK]@0-4000/0");
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_long_words),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
