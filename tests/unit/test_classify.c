/*
 * test_classify.c - token labels against PyTorch: sigmoids, and softmax within groups of labels.
 */
#include "close.h"

#include "model/classify.h"
#include "model_fixture.h"

static void test_label_group(void **state)
{
    (void)state;
    assert_int_equal(at_label_group("upos:NOUN"), 4);
    assert_int_equal(at_label_group("ner:B:PER"), 3);
    assert_int_equal(at_label_group("O"), 0);
    assert_int_equal(at_label_group(""), 0);
}

static void test_labels_match_pytorch(void **state)
{
    static const char *const names[] = { "tiny-bert-tagger", "tiny-gpt2-labels" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        struct model_fixture f;
        struct at_error err;
        fixture_open(&f, names[i]);
        for (size_t k = 0; k < N_LENGTHS; k++) {
            fixture_choose(&f, fixture_lengths[k]);
            struct at_trace t = fixture_run(&f, AT_CAP_HIDDEN);
            float got[MAX_LENGTH * 7];
            must(at_classify(got, &f.m, t.final_hidden, f.T, f.m.config.is_multi_label, NULL, &err),
                 &err);
            /* logits below 10 in float32, then a function whose slope is at most 1 */
            ASSERT_CLOSE(got, fixture_oracle(&f, "labels"), f.T * f.m.config.n_labels, 1e-5, 0);
            at_trace_release(&t);
        }
        fixture_close(&f);
    }
}

/* The tagger has three "pos" and two "ner" labels: each group adds up to 1 by itself. */
static void test_groups_sum_to_one(void **state)
{
    struct model_fixture f;
    struct at_error err;
    float p[MAX_LENGTH * 5];

    (void)state;
    fixture_open(&f, "tiny-bert-tagger");
    struct at_trace t = fixture_run(&f, AT_CAP_HIDDEN);
    must(at_classify(p, &f.m, t.final_hidden, f.T, f.m.config.is_multi_label, NULL, &err), &err);
    for (size_t i = 0; i < f.T; i++) {
        const float *row = p + i * 5;
        ASSERT_NEAR((double)row[0] + (double)row[1] + (double)row[2], 1.0, 1e-6);
        ASSERT_NEAR((double)row[3] + (double)row[4], 1.0, 1e-6);
    }
    at_trace_release(&t);
    fixture_close(&f);
}

static void test_no_classifier(void **state)
{
    struct model_fixture f;
    struct at_error err;
    float out[1], hidden[8] = { 0.0f };

    (void)state;
    fixture_open(&f, "tiny-bert");
    assert_int_equal(f.m.config.n_labels, 0);
    assert_int_equal(at_classify(out, &f.m, hidden, 1, false, NULL, &err), AT_ENOTFOUND);
    assert_string_equal(err.text, "the model has no token classifier");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_group),
        cmocka_unit_test(test_labels_match_pytorch),
        cmocka_unit_test(test_groups_sum_to_one),
        cmocka_unit_test(test_no_classifier),
    };

    return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
