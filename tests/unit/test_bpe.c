/*
 * test_bpe.c - merges against a slow twin that looks for the best pair again after every merge, and
 * what becomes of characters that no piece is.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/strbuf.h"
#include "text/bpe.h"

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
    struct at_founds got = { 0 };
    struct at_bpe_work work = { 0 };
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

        for (size_t i = 0; i < n; i++)
            word[i] = (char)('a' + at_rng_below(&rng, 3));
        word[n] = '\0';
        n_want = naive_merge(want, word);
        got.n = 0;
        assert_int_equal(at_bpe_encode(&got, &bpe, &work, word, n, &err), 0);
        assert_int_equal(got.n, n_want);
        for (size_t i = 0; i < got.n; i++) {
            assert_int_equal(got.items[i].id, want[i]);
            assert_int_equal(got.items[i].from, at);
            at += strlen(at_vocab_piece(&vocab, got.items[i].id));
            assert_int_equal(got.items[i].to, at);
        }
        assert_int_equal(at, n);
    }
    at_array_release(&got);
    at_bpe_work_release(&work);
    at_bpe_release(&bpe);
    at_vocab_release(&vocab);
}

/* A vocabulary with an unknown token, some bytes, and pieces that begin and end words. */
static const char *const more[] = { "<unk>", "a", "b",      "##a",    "##b", "a</w>", "##b</w>",
                                    "##ab",  "x", "<0xC3>", "<0xA9>", "xx",  "aab" };

struct option {
    const char *prefix, *suffix;
    bool has_unk, fuses, falls_back, ignores;
};

static void set(char **text, const char *value)
{
    free(*text);
    *text = at_strdup(value);
}

/* Pieces and places as "a@0-1 b@1-2", or the message. */
static char *encode(const struct option *o, const char *word)
{
    struct at_vocab v = { 0 };
    struct at_founds got = { 0 };
    struct at_bpe_work work = { 0 };
    struct at_strbuf out = { 0 };
    struct at_bpe b;
    struct at_error err;
    int rc;

    for (size_t id = 0; id < AT_COUNTOF(more); id++)
        assert_int_equal(at_vocab_add(&v, (long long)id, more[id], strlen(more[id]), &err), 0);
    at_bpe_init(&b, &v);
    set(&b.prefix, o->prefix);
    set(&b.suffix, o->suffix);
    b.unk = o->has_unk ? 0 : -1;
    b.fuses_unknown = o->fuses;
    b.byte_fallback = o->falls_back;
    b.ignore_merges = o->ignores;
    b.is_strict = !o->has_unk && !o->fuses;
    if (*o->prefix)
        assert_int_equal(at_bpe_add_line(&b, "##a ##b", 7, &err), 0);
    else
        assert_int_equal(at_bpe_add_line(&b, "x x", 3, &err), 0);
    rc = at_bpe_encode(&got, &b, &work, word, strlen(word), &err);
    if (rc)
        at_strbuf_adds(&out, err.text);
    for (size_t i = 0; i < got.n; i++)
        at_strbuf_addf(&out, "%s%s@%zu-%zu", i ? " " : "", at_vocab_piece(&v, got.items[i].id),
                       got.items[i].from, got.items[i].to);
    at_array_release(&got);
    at_bpe_work_release(&work);
    at_bpe_release(&b);
    at_vocab_release(&v);
    return at_strbuf_take(&out);
}

static void test_options(void **state)
{
    static const struct {
        struct option option;
        const char *word, *want;
    } cases[] = {
        { { "", "", true, false, false, false }, "axx?b", "a@0-1 xx@1-3 <unk>@3-4 b@4-5" },
        { { "", "", true, false, false, false }, "??a", "<unk>@0-1 <unk>@1-2 a@2-3" },
        { { "", "", true, true, false, false }, "??a?", "<unk>@0-2 a@2-3 <unk>@3-4" },
        { { "", "", true, true, true, false }, "\xc3\xa9", "<0xC3>@0-1 <0xA9>@1-2" },
        /* what waits is written behind the bytes, as the library does it */
        { { "", "", true, true, true, false }, "?\xc3\xa9", "<0xC3>@0-1 <0xA9>@1-2 <unk>@2-3" },
        { { "", "", true, false, true, false }, "\xc3\xa8", "<unk>@0-2" }, /* no piece for A8 */
        { { "", "", true, false, false, false }, "aab", "a@0-1 a@1-2 b@2-3" },
        { { "", "", true, false, false, true }, "aab", "aab@0-3" },
        { { "##", "", true, false, false, false }, "bab", "b@0-1 ##ab@1-3" },
        { { "##", "</w>", true, false, false, false }, "bab", "b@0-1 ##a@1-2 ##b</w>@2-3" },
        { { "##", "</w>", true, false, false, false }, "a", "a</w>@0-1" },
        { { "##", "</w>", true, true, false, false }, "xa", "x@0-1 <unk>@1-2" },
        { { "", "", false, false, false, false },
          "ab?",
          "the vocabulary has no piece for the byte 3F" },
        { { "", "", false, false, false, false },
          "\xe2\x96\x81",
          "the vocabulary has no piece for '\xe2\x96\x81'" },
        { { "", "", false, true, false, false },
          "a?b",
          "a@0-1 b@1-2" }, /* left out, places move up */
        { { "", "", true, false, false, false }, "", "" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = encode(&cases[i].option, cases[i].word);

        if (strcmp(got ? got : "", cases[i].want) != 0)
            fail_msg("case %zu: '%s', want '%s'", i, got, cases[i].want);
        free(got);
    }
}

static void test_bad_merges(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        { "a", "expected two pieces and a space between, found 'a'" },
        { "a b c", "expected two pieces and a space between, found 'a b c'" },
        { " a", "expected two pieces" },
        { "a ", "expected two pieces" },
        { "z a", "merge of 'z', which is not in the vocabulary" },
        { "a z", "merge of 'z', which is not in the vocabulary" },
        { "c c", "merge into 'cc', which is not in the vocabulary" },
    };
    struct at_vocab vocab = { 0 };
    struct at_bpe bpe;
    struct at_error err;

    (void)state;
    make_bpe(&bpe, &vocab);
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        assert_int_equal(at_bpe_add_line(&bpe, cases[i].line, strlen(cases[i].line), &err),
                         AT_EFORMAT);
        assert_non_null(strstr(err.text, cases[i].want));
    }
    set(&bpe.prefix, "##");
    assert_int_equal(at_bpe_add_line(&bpe, "a b", 3, &err), AT_EFORMAT);
    assert_string_equal(err.text, "merge of 'b', which does not begin with '##'");
    bpe.unk_name = (free(bpe.unk_name), at_strdup("<none>"));
    struct at_founds got = { 0 };
    struct at_bpe_work work = { 0 };
    assert_int_equal(at_bpe_encode(&got, &bpe, &work, "?", 1, &err), AT_EFORMAT);
    assert_string_equal(err.text, "the unknown token '<none>' is not in the vocabulary");
    at_array_release(&got);
    at_bpe_work_release(&work);
    at_bpe_release(&bpe);
    at_vocab_release(&vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merges),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_bad_merges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
