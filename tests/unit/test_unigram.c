/*
 * test_unigram.c - pieces by the best sum of scores: against a slow twin that tries every way, and
 * what becomes of characters that no piece is.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/strbuf.h"
#include "text/unigram.h"

struct scored {
    const char *piece;
    double score;
};

static void make(struct at_unigram *u, struct at_vocab *v, const struct scored *pieces, size_t n,
                 int unk, bool byte_fallback)
{
    struct at_error err;

    *u = (struct at_unigram){ .vocab = v, .unk = unk, .byte_fallback = byte_fallback };
    for (size_t id = 0; id < n; id++) {
        assert_int_equal(
            at_vocab_add(v, (long long)id, pieces[id].piece, strlen(pieces[id].piece), &err), 0);
        *at_array_push(&u->scores) = pieces[id].score;
    }
    at_unigram_init(u);
}

/* Pieces and places as "a@0-1 b@1-2", or the message. */
static char *encode(const struct at_unigram *u, const char *text)
{
    struct at_unigram_work work = { 0 };
    struct at_founds found = { 0 };
    struct at_strbuf out = { 0 };
    struct at_error err;

    if (at_unigram_encode(&found, u, &work, text, strlen(text), &err))
        at_strbuf_adds(&out, err.text);
    for (size_t i = 0; i < found.n; i++)
        at_strbuf_addf(&out, "%s%s@%zu-%zu", i ? " " : "",
                       at_vocab_piece(u->vocab, found.items[i].id), found.items[i].from,
                       found.items[i].to);
    at_array_release(&found);
    at_unigram_work_release(&work);
    return out.s ? at_strbuf_take(&out) : at_strdup("");
}

static const struct scored plain[] = {
    { "<unk>", 0.0 }, { "a", 0.0 },    { "b", 0.0 },    { "c", 0.0 },     { "d", 0.0 },
    { "cd", 1.0 },    { "ab", 2.0 },   { "abc", 5.0 },  { "abcd", 10.0 }, { "\xc3\xa9", 0.0 },
    { "<0xC3>", 0 },  { "<0xA8>", 0 }, { "xy", -50.0 },
};

static void test_cases(void **state)
{
    static const struct {
        const char *text, *want;
        int unk;
        bool byte_fallback;
    } cases[] = {
        { "abcdacdxx", "abcd@0-4 a@4-5 cd@5-7 <unk>@7-9", 0, false },
        { "", "", 0, false },
        { "x", "<unk>@0-1", 0, false },
        { "xaz", "<unk>@0-1 a@1-2 <unk>@2-3", 0, false },
        { "\xc3\xa9\xc3\xa8", "\xc3\xa9@0-2 <unk>@2-4", 0, false },
        { "\xc3\xa8", "<0xC3>@0-2 <0xA8>@0-2", 0, true },
        { "\xc3\xa8z", "<unk>@0-3", 0, true }, /* no piece for z: all of it is unknown */
        { "xy", "xy@0-2", 0, false },          /* unknown characters, which together are a piece */
        { "z", "the vocabulary has no token for the unknown 'z'", -1, false },
        { "ab", "ab@0-2", -1, false },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_vocab v = { 0 };
        struct at_unigram u;
        char *got;

        make(&u, &v, plain, AT_COUNTOF(plain), cases[i].unk, cases[i].byte_fallback);
        got = encode(&u, cases[i].text);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("case %zu: '%s', want '%s'", i, got, cases[i].want);
        free(got);
        at_unigram_release(&u);
        at_vocab_release(&v);
    }
}

/* The best sum of all ways to cut text into pieces. */
static double best_sum(const struct scored *pieces, size_t n, const char *text)
{
    double best = -INFINITY;

    if (!*text)
        return 0.0;
    for (size_t i = 1; i < n; i++) {
        size_t length = strlen(pieces[i].piece);

        if (!strncmp(text, pieces[i].piece, length))
            best = fmax(best, pieces[i].score + best_sum(pieces, n, text + length));
    }
    return best;
}

static void test_best(void **state)
{
    static const struct scored pieces[] = {
        { "<unk>", 0.0 }, { "a", -1.5 },   { "b", -1.25 },  { "c", -2.0 },  { "ab", -2.5 },
        { "bc", -2.75 },  { "aab", -3.5 }, { "cab", -4.5 }, { "cc", -3.0 }, { "abca", -4.75 },
    };
    struct at_vocab v = { 0 };
    struct at_unigram u;
    struct at_unigram_work work = { 0 };
    struct at_founds found = { 0 };
    struct at_rng rng;
    struct at_error err;

    (void)state;
    at_rng_init(&rng, 5, 0);
    make(&u, &v, pieces, AT_COUNTOF(pieces), 0, false);
    for (int round = 0; round < 500; round++) {
        char text[13];
        size_t n = 1 + at_rng_below(&rng, 12), at = 0;
        double sum = 0.0;

        for (size_t i = 0; i < n; i++)
            text[i] = (char)('a' + at_rng_below(&rng, 3));
        text[n] = '\0';
        found.n = 0;
        assert_int_equal(at_unigram_encode(&found, &u, &work, text, n, &err), 0);
        for (size_t i = 0; i < found.n; i++) {
            assert_int_equal(found.items[i].from, at);
            at = found.items[i].to;
            sum += pieces[found.items[i].id].score;
        }
        assert_int_equal(at, n);
        ASSERT_NEAR(sum, best_sum(pieces, AT_COUNTOF(pieces), text), 0.0);
    }
    at_array_release(&found);
    at_unigram_work_release(&work);
    at_unigram_release(&u);
    at_vocab_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_best),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
