/*
 * test_wordpiece.c - the pieces of words, with a vocabulary small enough to see through.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "text/wordpiece.h"

static const char *const pieces[] = { "[UNK]", "un", "##aff", "##able",   "##a",        "a",
                                      "##b",   "ab", ".",     "\xc3\xa9", "##\xc3\xa9", "@@a" };

static int setup(void **state)
{
    static struct at_vocab vocab;
    struct at_error err;
    int rc = 0;

    for (size_t id = 0; id < AT_COUNTOF(pieces) && !rc; id++)
        rc = at_vocab_add(&vocab, (long long)id, pieces[id], strlen(pieces[id]), &err);
    *state = &vocab;
    return rc;
}

static int teardown(void **state)
{
    at_vocab_release(*state);
    return 0;
}

/* Pieces and offsets as "un@0-2 ##aff@2-5". */
static char *encode(const struct at_vocab *vocab, const char *word, size_t max, const char *joiner)
{
    char *copy = at_strdup(joiner);
    struct at_wordpiece wp = { vocab, 0, max, copy };
    struct at_wordpiece_work work = { 0 };
    struct at_founds found = { 0 };
    struct at_strbuf out = { 0 };
    struct at_error err;

    assert_int_equal(at_wordpiece_encode(&found, &wp, &work, word, strlen(word), &err), 0);
    for (size_t i = 0; i < found.n; i++)
        at_strbuf_addf(&out, "%s%s@%zu-%zu", i ? " " : "", at_vocab_piece(vocab, found.items[i].id),
                       found.items[i].from, found.items[i].to);
    at_array_release(&found);
    at_wordpiece_work_release(&work);
    free(copy);
    return at_strbuf_take(&out);
}

static void test_words(void **state)
{
    static const struct {
        const char *word, *joiner, *want;
        size_t max;
    } cases[] = {
        { "unaffable", "##", "un@0-2 ##aff@2-5 ##able@5-9", 100 },
        { "ab", "##", "ab@0-2", 100 }, /* the longest wins */
        { "aab", "##", "a@0-1 ##a@1-2 ##b@2-3", 100 },
        { "abx", "##", "[UNK]@0-3", 100 }, /* one piece missing: all unknown */
        { "b", "##", "[UNK]@0-1", 100 },   /* it cannot start a word */
        { "a\xc3\xa9\xc3\xa9", "##", "a@0-1 ##\xc3\xa9@1-3 ##\xc3\xa9@3-5", 100 },
        { "a", "##", "a@0-1", 100 },
        { "aa", "@@", "a@0-1 @@a@1-2", 100 },
        { "aab", "", "a@0-1 ab@1-3", 100 },
        /* characters are counted, not bytes */
        { "aaa", "##", "a@0-1 ##a@1-2 ##a@2-3", 3 },
        { "aaaa", "##", "[UNK]@0-4", 3 },
        { "\xc3\xa9\xc3\xa9", "##", "\xc3\xa9@0-2 ##\xc3\xa9@2-4", 2 },
        { "\xc3\xa9\xc3\xa9\xc3\xa9", "##", "[UNK]@0-6", 2 },
        { "a", "##", "[UNK]@0-1", 0 },
    };

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = encode(*state, cases[i].word, cases[i].max, cases[i].joiner);

        assert_string_equal(got, cases[i].want);
        free(got);
    }
}

/* However long a word may be. */
static void test_long_word(void **state)
{
    enum { N = 100000 };
    char *word = at_calloc(N + 1, 1), *got;

    memset(word, 'a', N);
    got = encode(*state, word, N, "##");
    assert_int_equal(strncmp(got, "a@0-1 ##a@1-2 ##a@2-3", 21), 0);
    free(got);
    memset(word + 10, 'x', 1);
    got = encode(*state, word, N, "##");
    assert_string_equal(got, "[UNK]@0-100000");
    free(got);
    free(word);
}

static void test_no_unknown(void **state)
{
    char joiner[] = "##";
    struct at_wordpiece wp = { *state, -1, 100, joiner };
    struct at_wordpiece_work work = { 0 };
    struct at_founds found = { 0 };
    struct at_error err;

    assert_int_equal(at_wordpiece_encode(&found, &wp, &work, "xyz", 3, &err), AT_EFORMAT);
    assert_string_equal(err.text, "the vocabulary has no token for the unknown word 'xyz'");
    assert_int_equal(found.n, 0);
    at_wordpiece_work_release(&work);
    at_array_release(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_long_word),
        cmocka_unit_test(test_no_unknown),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
