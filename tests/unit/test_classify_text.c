/*
 * test_classify_text.c - token classifiers on texts: laws of what they answer, what they refuse.
 */
#include "close.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/forward.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "session/classify_text.h"

static const char DETECTOR[] = "fixtures/small/models/atlas-bias", PLAIN[] = "fixtures/tiny-bert";
static const char TEXT[] = "Women are bad drivers, they say.";

static const struct at_classify_options many = { .is_multi_label = true };

static struct at_session open_session(const char *dir)
{
    struct at_session s;
    struct at_error err;

    must(at_session_open(&s, dir, NULL, &err), &err);
    return s;
}

/* Sigmoids lie between 0 and 1, softmax adds up to 1; the caller says which, and the model's own
   word about it stays as it was. */
static void test_probabilities(void **state)
{
    struct at_session s = open_session(DETECTOR);
    bool was_multi_label = s.model.config.is_multi_label;
    size_t n = s.model.config.n_labels;
    struct at_classified c, softmax;
    struct at_error err;

    (void)state;
    must(at_classify_text(&c, &s, TEXT, &many, &err), &err);
    must(at_classify_text(&softmax, &s, TEXT, &(struct at_classify_options){ 0 }, &err), &err);
    assert_int_equal(c.tokens.n, c.n_tokens_given);
    assert_int_equal(c.tokens.n, softmax.tokens.n);
    for (size_t i = 0; i < c.tokens.n; i++) {
        double sum = 0.0;
        for (size_t l = 0; l < n; l++) {
            float p = c.p[i * n + l], q = softmax.p[i * n + l];
            assert_true(p >= 0.0f && p <= 1.0f);
            sum += (double)q;
            /* both are functions of the same logits */
            for (size_t k = 0; k < n; k++)
                if (p > c.p[i * n + k] && q < softmax.p[i * n + k])
                    fail_msg("labels %zu and %zu of token %zu change places", l, k, i);
        }
        ASSERT_NEAR(sum, 1.0, 1e-6);
    }
    assert_int_equal(s.model.config.is_multi_label, was_multi_label);
    at_classified_release(&c);
    at_classified_release(&softmax);
    at_session_close(&s);
}

/* Tokens have the bytes of the text, and states that are there already give the same bits. */
static void test_tokens_and_states(void **state)
{
    struct at_session s = open_session(DETECTOR);
    struct at_classified c;
    struct at_error err;
    float *hidden, *p;

    (void)state;
    must(at_classify_text(&c, &s, TEXT, &many, &err), &err);
    assert_int_equal(c.tokens.items[0].start, AT_NO_OFFSET);
    assert_int_equal(c.tokens.items[1].start, 0);
    assert_int_equal(c.tokens.items[c.tokens.n - 2].end, strlen(TEXT));

    size_t start[] = { 0, c.tokens.n };
    int *ids = at_tokens_ids(&c.tokens);
    struct at_batch batch = { 1, start, ids, NULL };
    hidden = at_malloc(c.tokens.n * s.model.config.width, sizeof *hidden);
    must(at_forward(hidden, &s.model, &batch, NULL, s.pool, &err), &err);
    must(at_classify_tokens(&p, &s, &c.tokens, hidden, true, &err), &err);
    assert_memory_equal(p, c.p, c.tokens.n * s.model.config.n_labels * sizeof *p);
    free(p);
    free(hidden);
    free(ids);
    at_classified_release(&c);
    at_session_close(&s);
}

static void test_lengths(void **state)
{
    const struct at_classify_options cut = { .is_truncated = true },
                                     named = { .what = "bias classifier" };
    struct at_session s = open_session(DETECTOR);
    size_t max = s.model.config.max_positions;
    struct at_classified c = { 0 };
    struct at_error err;
    char *text = at_calloc(2 * max + 1, 1);

    (void)state;
    for (size_t i = 0; i < max; i++)
        memcpy(text + 2 * i, "a ", 2);
    must(at_classify_text(&c, &s, text, &cut, &err), &err);
    assert_int_equal(c.tokens.n, max);
    assert_int_equal(c.n_tokens_given, max + 2);
    at_classified_release(&c);
    assert_int_equal(at_classify_text(&c, &s, text, &named, &err), AT_ERANGE);
    assert_string_equal(err.text, "the text has 514 tokens, the bias classifier takes 1 to 512");
    free(text);
    at_session_close(&s);
}

static void test_refused(void **state)
{
    struct at_session plain = open_session(PLAIN), s = open_session(DETECTOR);
    struct at_classified c = { 0 };
    struct at_error err;

    (void)state;
    assert_int_equal(at_classify_text(&c, &plain, "sat", &many, &err), AT_ENOTFOUND);
    assert_string_equal(err.text, "the model has no token classifier");
    must(at_classify_text(&c, &s, "They sat.", &many, &err), &err);
    must(at_classify_agrees(&s, &c.tokens, "They sat.", false, &err), &err);
    assert_int_equal(at_classify_agrees(&plain, &c.tokens, "They sat.", false, &err), AT_EFORMAT);
    assert_non_null(strstr(err.text, "the two classifiers cut the text in different ways (5 and "));
    at_classified_release(&c);
    at_session_close(&plain);
    at_session_close(&s);
}

/* fixtures/npy/double.npy becomes the file beside the weights. */
static void bring_thresholds(void)
{
    char bytes[1024];
    FILE *f = fopen("fixtures/npy/double.npy", "rb");

    assert_non_null(f);
    sandbox_write(AT_THRESHOLDS_FILE, bytes, fread(bytes, 1, sizeof bytes, f));
    fclose(f);
}

static void test_thresholds(void **state)
{
    struct at_session s = open_session(DETECTOR);
    char *dir = s.model.dir, *path = NULL;
    double *t = NULL;
    struct at_error err;

    (void)state;
    must(at_thresholds_read(&t, &path, &s, &err), &err);
    assert_null(t);
    assert_null(path);
    s.model.dir = at_strdup(sandbox_path("."));
    sandbox_text(AT_THRESHOLDS_FILE, "not an array");
    assert_int_equal(at_thresholds_read(&t, &path, &s, &err), AT_EFORMAT);
    assert_null(t);
    assert_null(path);
    bring_thresholds();
    must(at_thresholds_read(&t, &path, &s, &err), &err);
    ASSERT_NEAR(t[1], 100.0 / 1024.0, 0);
    ASSERT_NEAR(t[6], 1023.0 / 1024.0, 0);
    assert_non_null(strstr(path, AT_THRESHOLDS_FILE));
    free(t);
    free(path);
    free(s.model.dir);
    s.model.dir = dir;
    at_session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probabilities), cmocka_unit_test(test_tokens_and_states),
        cmocka_unit_test(test_lengths),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_thresholds),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
