/*
 * test_syntax.c - heads that find syntactic heads: counted by hand, and made to order.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/syntax.h"
#include "base/attr.h"
#include "base/rng.h"
#include "sandbox.h"

/* The dog sleeps . - heads 2, 3, root, 3; "dog" is two pieces, [CLS] and [SEP] around. */
static const char DOG[] = "1\tThe\t_\tDET\t_\t_\t2\tdet\t_\t_\n"
                          "2\tdog\t_\tNOUN\t_\t_\t3\tnsubj:x\t_\t_\n"
                          "3\tsleeps\t_\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No\n"
                          "4\t.\t_\tPUNCT\t_\t_\t3\tpunct\t_\t_\n";
enum { T = 7 };

struct dog {
    struct at_conllu_sentence s;
    struct at_syntax_words w;
};

static void read_dog(struct dog *d)
{
    static const size_t bytes[T][2] = {
        { AT_NO_OFFSET, AT_NO_OFFSET }, { 0, 3 }, { 4, 6 }, { 6, 7 }, { 8, 14 }, { 14, 15 },
        { AT_NO_OFFSET, AT_NO_OFFSET },
    };
    struct at_token items[T] = { 0 };
    struct at_tokens tokens = { items, T, 0 };
    struct at_conllu c;
    struct at_error err;

    for (size_t i = 0; i < T; i++) {
        items[i].is_special = i == 0 || i == T - 1;
        items[i].start = bytes[i][0];
        items[i].end = bytes[i][1];
    }
    memset(d, 0, sizeof *d);
    assert_int_equal(at_conllu_open(&c, sandbox_text("dog.conllu", DOG), &err), 0);
    assert_int_equal(at_conllu_next(&d->s, &c, &err), 1);
    at_conllu_close(&c);
    at_syntax_words_init(&d->w, &d->s, &tokens);
}

static void release_dog(struct dog *d)
{
    at_conllu_sentence_release(&d->s);
    at_syntax_words_release(&d->w);
    at_syntax_words_release(&d->w);
}

static void test_words(void **state)
{
    static const int want[T] = { -1, 0, 1, 1, 2, 3, -1 };
    struct dog d;

    (void)state;
    read_dog(&d);
    assert_int_equal(d.w.W, 4);
    assert_memory_equal(d.w.word_of, want, sizeof want);
    for (size_t i = 0; i < 4; i++)
        assert_true(d.w.has_tokens[i]);
    release_dog(&d);
}

/* Head 0: words look at their heads, hidden under more mass on [CLS] and on the word itself, and
   for "dog" only as the sum of two pieces. Head 1: everybody looks at "The". */
static void make_maps(float *maps)
{
    static const float finder[T][T] = {
        { 1, 0, 0, 0, 0, 0, 0 },          { 0.5f, 0, 0.15f, 0.15f, 0.2f, 0, 0 },
        { 0, 0, 0.6f, 0, 0.3f, 0.1f, 0 }, { 0, 0.2f, 0, 0.6f, 0.2f, 0, 0 },
        { 0.9f, 0, 0, 0, 0, 0.1f, 0 },    { 0.3f, 0.2f, 0, 0, 0.5f, 0, 0 },
        { 0, 0, 0, 0, 0, 0, 1 },
    };

    memcpy(maps, finder, sizeof finder);
    memset(maps + T * T, 0, T * T * sizeof *maps);
    for (size_t i = 0; i < T; i++)
        maps[T * T + i * T + 1] = 1.0f;
}

static void test_by_hand(void **state)
{
    struct dog d;
    float maps[2 * T * T];
    struct at_syntax *s = at_syntax_new(1, 2, false);
    struct at_syntax_results v = { 0 };

    (void)state;
    read_dog(&d);
    make_maps(maps);
    at_syntax_add_sentence(s, &d.s, &d.w);
    at_syntax_add_layer(s, 0, maps, &d.w, NULL);
    ASSERT_NEAR(at_syntax_accuracy(s, NULL, AT_DEPENDENT_TO_HEAD, 0, 0), 1.0, 0);
    ASSERT_NEAR(at_syntax_accuracy(s, NULL, AT_DEPENDENT_TO_HEAD, 0, 1), 0.0, 0);
    /* who looks at "The": "." with 0.2, "dog" with 0.1; at "dog": "The"; at ".": "sleeps" */
    ASSERT_NEAR(at_syntax_accuracy(s, "det", AT_HEAD_TO_DEPENDENT, 0, 0), 0.0, 0);
    ASSERT_NEAR(at_syntax_accuracy(s, "nsubj", AT_HEAD_TO_DEPENDENT, 0, 0), 0.0, 0);
    ASSERT_NEAR(at_syntax_accuracy(s, "punct", AT_HEAD_TO_DEPENDENT, 0, 0), 1.0, 0);
    /* head 1: of those who look at "The" alike, "dog" is the first */
    ASSERT_NEAR(at_syntax_accuracy(s, "det", AT_HEAD_TO_DEPENDENT, 0, 1), 1.0, 0);
    assert_true(isnan(at_syntax_accuracy(s, "obj", AT_DEPENDENT_TO_HEAD, 0, 0)));
    assert_true(isnan(at_syntax_accuracy(s, "root", AT_DEPENDENT_TO_HEAD, 0, 0)));
    at_syntax_best(&v, s, 1);
    assert_int_equal(v.n, 8); /* all, det, nsubj, punct, in both directions */
    assert_string_equal(v.items[0].relation, "all");
    assert_int_equal(v.items[0].n, 3);
    ASSERT_NEAR(v.items[0].accuracy, 1.0, 0);
    assert_int_equal(v.items[0].offset, 1); /* The -> dog -> sleeps */
    ASSERT_NEAR(v.items[0].baseline, 2.0 / 3, 1e-15);
    assert_true(v.items[0].low < 1.0 && v.items[0].high == 1.0);
    assert_string_equal(v.items[2].relation, "det");
    assert_int_equal(v.items[3].direction, AT_HEAD_TO_DEPENDENT);
    assert_int_equal(v.items[3].head, 1);
    assert_string_equal(v.items[6].relation, "punct");
    assert_int_equal(v.items[6].offset, -1);
    ASSERT_NEAR(v.items[6].baseline, 1.0, 0);
    at_array_release(&v);
    at_syntax_best(&v, s, 2);
    assert_int_equal(v.n, 2); /* only "all" has as many */
    at_array_release(&v);
    at_syntax_free(s);
    release_dog(&d);
}

static void test_subtypes(void **state)
{
    struct at_syntax *s = at_syntax_new(1, 1, true);
    struct dog d;

    (void)state;
    read_dog(&d);
    at_syntax_add_sentence(s, &d.s, &d.w);
    assert_true(isnan(at_syntax_accuracy(s, "nsubj", AT_DEPENDENT_TO_HEAD, 0, 0)));
    ASSERT_NEAR(at_syntax_accuracy(s, "nsubj:x", AT_DEPENDENT_TO_HEAD, 0, 0), 0.0, 0);
    at_syntax_free(s);
    at_syntax_free(NULL);
    release_dog(&d);
}

/* Sentences add up, and threads do not change the counts. */
static void test_sums_and_threads(void **state)
{
    enum { H = 5 };
    struct at_syntax *one = at_syntax_new(2, H, false), *three = at_syntax_new(2, H, false);
    struct at_pool *pool = at_pool_new(3);
    float maps[H * T * T];
    struct at_rng rng;
    struct dog d;
    double hits = 0.0;

    (void)state;
    read_dog(&d);
    at_rng_init(&rng, 9, 0);
    for (size_t n = 0; n < 20; n++) {
        at_syntax_add_sentence(one, &d.s, &d.w);
        at_syntax_add_sentence(three, &d.s, &d.w);
        for (size_t layer = 0; layer < 2; layer++) {
            for (size_t c = 0; c < H * T * T; c++)
                maps[c] = (float)at_rng_double(&rng);
            at_syntax_add_layer(one, layer, maps, &d.w, NULL);
            at_syntax_add_layer(three, layer, maps, &d.w, pool);
        }
    }
    for (size_t layer = 0; layer < 2; layer++) {
        for (size_t h = 0; h < H; h++) {
            double a = at_syntax_accuracy(one, NULL, AT_DEPENDENT_TO_HEAD, layer, h);
            ASSERT_NEAR(a, at_syntax_accuracy(three, NULL, AT_DEPENDENT_TO_HEAD, layer, h), 0);
            hits += a * 60;
        }
    }
    /* 600 guesses at random: "dog" as a key has two pieces, so 1/2 for "The" and 1/3 or less for
       the others; 150 to 300 is beyond five standard errors */
    assert_true(hits > 150 && hits < 300);
    at_pool_free(pool);
    at_syntax_free(one);
    at_syntax_free(three);
    release_dog(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_subtypes),
        cmocka_unit_test(test_sums_and_threads),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
