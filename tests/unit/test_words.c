/*
 * test_words.c - words of both tokenizer families, and attention between words.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/strbuf.h"
#include "text/words.h"

/* The words of a text with "|" between them. */
static char *words_of(const struct at_tokenizer *t, const char *text, const char *pair)
{
    struct at_tokens tokens = { 0 };
    struct at_strbuf out = { 0 };
    struct at_words w;
    struct at_error err;

    assert_int_equal(at_tokenize(&tokens, t, text, pair, true, &err), 0);
    at_words_group(&w, &tokens);
    for (size_t i = 0; i < w.n; i++) {
        if (i)
            at_strbuf_addc(&out, '|');
        at_words_add_label(&w, &out, t, &tokens, i);
    }
    at_words_release(&w);
    at_tokens_release(&tokens);
    return at_strbuf_take(&out);
}

struct grouping {
    const char *text, *pair, *want;
};

static void check_groups(const char *dir, const struct grouping *cases, size_t n)
{
    struct at_tokenizer *t;
    struct at_error err;

    assert_int_equal(at_tokenizer_open(&t, dir, &err), 0);
    for (size_t i = 0; i < n; i++) {
        char *got = words_of(t, cases[i].text, cases[i].pair);

        assert_string_equal(got, cases[i].want);
        free(got);
    }
    at_tokenizer_close(t);
}

static void test_bert(void **state)
{
    static const struct grouping cases[] = {
        { "Unaffable embeddings, don't!", NULL, "unaffable|embeddings|,|don|'|t|!" },
        { "a [MASK] b[SEP]", NULL, "a|[MASK]|b" },
        { "one two", "two three", "one|two|two|three" },
        { "\xf0\x9f\xa6\x99 x", NULL, "[UNK]|x" },
        { "", NULL, "" },
        { "[SEP]", NULL, "" },
    };

    (void)state;
    check_groups("fixtures/vocab/bert-base-uncased", cases, sizeof cases / sizeof *cases);
}

static void test_gpt2(void **state)
{
    static const struct grouping cases[] = {
        { "Unaffable embeddings, don't!", NULL, "Unaffable|embeddings|,|don't|!" },
        { "well-known (or not): \"yes\"...", NULL, "well|-|known|(|or|not|):|\"|yes|\"..." },
        { "abc123 50% $5 a_b user@x.org", NULL, "abc123|50%|$5|a_b|user@x|.|org" },
        { "\xe2\x80\x9cQuote\xe2\x80\x9d don\xe2\x80\x99t", NULL,
          "\xe2\x80\x9c|Quote|\xe2\x80\x9d|don\xe2\x80\x99t" },
        { "a  b\nc", NULL, "a|\xe2\x90\xa3|b|\\n|c" },
        { "a<|endoftext|>b", NULL, "a|b" },
        { "supercalifragilistic", NULL, "supercalifragilistic" },
        { "\xf0\x9f\xa6\x99 \xe6\x88\x91\xe6\x83\xb3", NULL,
          "\xf0\x9f\xa6\x99|\xe6\x88\x91\xe6\x83\xb3" },
        { "", NULL, "" },
    };

    (void)state;
    check_groups("fixtures/vocab/gpt2", cases, sizeof cases / sizeof *cases);
}

/* Four tokens: special, a word of two pieces, a word of one. Worked by hand. */
static void test_attention(void **state)
{
    static const float map[16] = {
        0.25f, 0.25f, 0.25f, 0.25f, /* special */
        0.5f,  0.1f,  0.2f,  0.2f,  /* first piece */
        0.1f,  0.4f,  0.3f,  0.2f,  /* second piece */
        1.0f,  0.0f,  0.0f,  0.0f,  /* all of it on the special token */
    };
    size_t first[] = { 1, 3 }, count[] = { 2, 1 };
    struct at_words w = { 2, first, count };
    /* row 0: ((0.1+0.2) + (0.4+0.3)) / 2 = 0.5 and 0.2, of 0.7; 0.3 of it was dropped */
    const double want[] = { 0.5 / 0.7, 0.2 / 0.7, NAN, NAN }, want_dropped[] = { 0.3, 1.0 };
    const float x[] = { 9, 9, 1, 2, 3, 4, 5, 6 };
    const double want_mean[] = { 2, 3, 5, 6 };
    float out[4], dropped[2], mean[4];

    (void)state;
    at_words_attention(out, dropped, map, 4, &w);
    ASSERT_CLOSE(out, want, 4, 1e-7, 0); /* float rounding */
    ASSERT_CLOSE(dropped, want_dropped, 2, 1e-7, 0);
    at_words_attention(out, NULL, map, 4, &w);
    ASSERT_CLOSE(out, want, 4, 1e-7, 0);
    at_words_mean(mean, x, 2, &w);
    ASSERT_CLOSE(mean, want_mean, 4, 0, 0); /* small whole numbers are exact */
}

/* Law: rows of words sum to 1, and words of one piece over all tokens change nothing. */
static void test_laws(void **state)
{
    enum { T = 12 };
    struct at_rng rng;
    float map[T * T], out[T * T], dropped[T];
    size_t first[T], count[T];
    struct at_words w = { T, first, count };
    double same[T * T];

    (void)state;
    at_rng_init(&rng, 3, 0);
    for (size_t i = 0; i < T; i++) {
        double sum = 0.0;

        for (size_t j = 0; j < T; j++)
            sum += map[i * T + j] = (float)at_rng_double(&rng);
        for (size_t j = 0; j < T; j++)
            map[i * T + j] = (float)(map[i * T + j] / sum);
        first[i] = i;
        count[i] = 1;
    }
    for (size_t i = 0; i < T * T; i++)
        same[i] = map[i];
    at_words_attention(out, dropped, map, T, &w);
    ASSERT_CLOSE(out, same, T * T, 1e-7, 0); /* rows sum to 1 up to float rounding */
    for (size_t i = 0; i < T; i++)
        ASSERT_NEAR(dropped[i], 0.0, 1e-7);
    w.n = 5; /* words of two pieces, two special tokens at the end */
    for (size_t i = 0; i < w.n; i++) {
        first[i] = 2 * i;
        count[i] = 2;
    }
    at_words_attention(out, dropped, map, T, &w);
    for (size_t i = 0; i < w.n; i++) {
        double sum = 0.0, last = 0.0;

        for (size_t j = 0; j < w.n; j++)
            sum += out[i * w.n + j];
        for (size_t q = 2 * i; q < 2 * i + 2; q++)
            last += (map[q * T + T - 2] + map[q * T + T - 1]) / 2.0;
        ASSERT_NEAR(sum, 1.0, 1e-6);         /* five float roundings */
        ASSERT_NEAR(dropped[i], last, 1e-6); /* the map's rows sum to 1 in float only */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bert),
        cmocka_unit_test(test_gpt2),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_laws),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
