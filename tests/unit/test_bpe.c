/*
 * test_bpe.c - the GPT-2 pattern, and merges against a slow twin that looks for the best pair
 * again after every merge.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/strbuf.h"
#include "text/bpe.h"

static void test_split(void **state)
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
            size_t end = at_bpe_split(cases[i].text, n, at);

            assert_true(end > at && end <= n);
            at_strbuf_adds(&got, at ? "|" : "");
            at_strbuf_add(&got, cases[i].text + at, end - at);
            at = end;
        }
        assert_string_equal(at_strbuf_str(&got), cases[i].want);
        at_strbuf_release(&got);
    }
}

static void test_bytes(void **state)
{
    struct at_strbuf out = { 0 };
    int seen[256] = { 0 };

    (void)state;
    for (unsigned c = 0; c < 0x400; c++)
        if (at_bpe_byte(c) >= 0)
            seen[at_bpe_byte(c)]++;
    for (int byte = 0; byte < 256; byte++)
        assert_int_equal(seen[byte], 1);
    assert_int_equal(at_bpe_byte(0x120), ' ');
    assert_int_equal(at_bpe_byte(0x10A), '\n');
    assert_int_equal(at_bpe_byte(0x143), 0xAD);
    assert_int_equal(at_bpe_byte('a'), 'a');
    assert_int_equal(at_bpe_byte(' '), -1);
    assert_true(at_bpe_bytes(&out, "\xc4\xa0x\xc3\xa2\xc4\xa2"));
    assert_string_equal(out.s, " x\xe2\x80");
    assert_false(at_bpe_bytes(&out, "a b"));
    assert_string_equal(out.s, " x\xe2\x80");
    at_strbuf_release(&out);
}

/* Three letters, and what each merge makes. */
static const char *const pieces[] = { "a",  "b",  "c",    "ab",  "bc",     "aa", "abc",
                                      "ca", "bb", "aaab", "cab", "abcabc", "bba" };
static const char *const merges[][2] = {
    { "a", "b" }, { "b", "c" },   { "a", "a" },  { "ab", "c" },    { "c", "a" },
    { "b", "b" }, { "aa", "ab" }, { "ca", "b" }, { "abc", "abc" }, { "bb", "a" },
};
enum { N_LETTERS = 3, N_MERGES = sizeof merges / sizeof *merges };

static void make_bpe(struct at_bpe *b, struct at_vocab *v)
{
    struct at_error err;

    for (int id = 0; id < N_LETTERS + N_MERGES; id++)
        assert_int_equal(at_vocab_add(v, id, pieces[id], strlen(pieces[id]), &err), 0);
    at_bpe_init(b, v);
    for (int i = 0; i < N_MERGES; i++)
        assert_int_equal(at_bpe_add_merge(b, merges[i][0], strlen(merges[i][0]), merges[i][1],
                                          strlen(merges[i][1]), &err),
                         0);
}

/* Ids of a word: merge the leftmost pair of the lowest rank until there is none. */
static size_t naive_merge(int *ids, const char *word)
{
    size_t n = 0;

    for (; word[n]; n++)
        ids[n] = word[n] - 'a';
    for (;;) {
        size_t best = n, best_rank = N_MERGES;

        for (size_t i = 0; i + 1 < n; i++)
            for (size_t rank = 0; rank < best_rank; rank++)
                if (!strcmp(pieces[ids[i]], merges[rank][0]) &&
                    !strcmp(pieces[ids[i + 1]], merges[rank][1])) {
                    best = i;
                    best_rank = rank;
                }
        if (best == n)
            return n;
        ids[best] = N_LETTERS + (int)best_rank;
        n--;
        memmove(ids + best + 1, ids + best + 2, (n - best - 1) * sizeof *ids);
    }
}

static void test_merges(void **state)
{
    struct at_vocab vocab = { 0 };
    struct at_bpe bpe;
    struct at_rng rng;
    struct at_error err;

    (void)state;
    at_rng_init(&rng, 1, 0);
    make_bpe(&bpe, &vocab);
    for (int round = 0; round < 2000; round++) {
        char word[41];
        int want[40];
        size_t n = 1 + at_rng_below(&rng, sizeof word - 1), n_want, at = 0;
        struct at_tokens got = { 0 };

        for (size_t i = 0; i < n; i++)
            word[i] = (char)('a' + at_rng_below(&rng, 3));
        word[n] = '\0';
        n_want = naive_merge(want, word);
        assert_int_equal(at_bpe_encode(&got, &bpe, word, n, 100, false, &err), 0);
        assert_int_equal(got.n, n_want);
        for (size_t i = 0; i < got.n; i++) {
            assert_int_equal(got.items[i].id, want[i]);
            assert_int_equal(got.items[i].start, 100 + at);
            at += strlen(at_vocab_piece(&vocab, got.items[i].id));
            assert_int_equal(got.items[i].end, 100 + at);
            assert_int_equal(got.items[i].word, 0);
        }
        assert_int_equal(at, n);
        at_tokens_release(&got);
    }
    at_bpe_release(&bpe);
    at_vocab_release(&vocab);
}

static void test_no_piece(void **state)
{
    struct at_vocab vocab = { 0 };
    struct at_tokens got = { 0 };
    struct at_bpe bpe;
    struct at_error err;

    (void)state;
    make_bpe(&bpe, &vocab);
    assert_int_equal(at_bpe_encode(&got, &bpe, "abz", 3, 0, false, &err), AT_ERANGE);
    assert_string_equal(err.text, "the vocabulary has no piece for the byte 7A");
    assert_int_equal(at_bpe_encode(&got, &bpe, "", 0, 0, true, &err), 0);
    assert_int_equal(got.n, 0);
    at_tokens_release(&got);
    at_bpe_release(&bpe);
    at_vocab_release(&vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_merges),
        cmocka_unit_test(test_no_piece),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
