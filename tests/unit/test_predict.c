/*
 * test_predict.c - predictions of masked and next tokens: which positions, and that a batch of
 * copies says what one copy says.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "json_close.h"
#include "model_fixture.h"
#include "session/predict.h"
#include "text_fixture.h"

static const char BERT[] = "fixtures/tiny-bert", GPT2[] = "fixtures/tiny-gpt2";

static struct at_predictions predict(const struct text_fixture *f, enum at_mask_choice choice,
                                     const size_t *positions, size_t n, size_t k)
{
    const struct at_predict_options o = { .mask = { choice, positions, n }, .k = k };
    struct at_predictions p;
    struct at_error err;

    must(at_predict_check(&f->s, &f->doc, &o.mask, &err), &err);
    must(at_predict(&p, &f->s, &f->doc, f->hidden, &o, &err), &err);
    return p;
}

/* As `atlas run` printed them when the program computed them itself. */
static void test_masked(void **state)
{
    static const int ids[] = { 17, 12, 2, 46, 65 };
    static const double p[] = { 0.0583134219, 0.0505588706, 0.047429075, 0.0454771224,
                                0.0425476172 };
    struct at_predictions got;
    struct text_fixture f;

    (void)state;
    text_open(&f, BERT, "a [MASK] sat", NULL, false);
    got = predict(&f, AT_MASK_AUTO, NULL, 0, 5);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.items[0].index, 2);
    assert_string_equal(got.items[0].token, "[MASK]");
    assert_true(got.items[0].token_rank == AT_NONE && isnan(got.items[0].token_p));
    ASSERT_NEAR(got.items[0].log_sum_exp, 4.60711395, 1e-6);
    assert_int_equal(got.items[0].n_top, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(got.items[0].top[i].id, ids[i]);
        assert_int_equal(got.items[0].top[i].rank, i + 1);
        ASSERT_NEAR(got.items[0].top[i].p, p[i], 1e-7);
    }
    assert_string_equal(got.items[0].top[4].token, "on");
    assert_true(isnan(got.next_sentence));
    at_predictions_release(&got);
    text_close(&f);
}

struct golden_part {
    struct at_predicted *items;
    size_t n;
};
static const struct at_field golden_fields[] = {
    AT_FIELD_LIST(struct golden_part, items, n, "predictions", &at_predicted_record, ""),
    AT_FIELD_END
};
static const struct at_record golden_record = AT_RECORD(struct golden_part, golden_fields);

static void test_next(void **state)
{
    struct at_predictions got;
    struct text_fixture f;

    (void)state;
    text_open(&f, GPT2, "the cat", NULL, false);
    text_run(&f, NULL, NULL, NULL);
    got = predict(&f, AT_MASK_AUTO, NULL, 0, 2);
    assert_int_equal(got.n, f.doc.tokens.n);
    assert_null(got.items[got.n - 1].token); /* what would follow */
    assert_record_golden(&golden_record, &(struct golden_part){ got.items, got.n },
                         "run-tiny-gpt2.json");
    at_predictions_release(&got);
    got = predict(&f, AT_MASK_NONE, NULL, 0, 2);
    assert_int_equal(got.n, 0);
    at_predictions_release(&got);
    text_close(&f);
}

static void test_positions(void **state)
{
    static const size_t list[] = { 4, 0 };
    static const struct {
        const char *text;
        enum at_mask_choice choice;
        size_t n, index[4];
    } cases[] = {
        { "a [MASK] sat", AT_MASK_ALL, 3, { 1, 2, 3 } }, { "a [MASK] sat", AT_MASK_AUTO, 1, { 2 } },
        { "a cat sat", AT_MASK_AUTO, 3, { 1, 2, 3 } },   { "a cat sat", AT_MASK_LIST, 2, { 4, 0 } },
        { "a cat sat", AT_MASK_NONE, 0, { 0 } },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_predictions got;
        struct text_fixture f;
        text_open(&f, BERT, cases[i].text, NULL, false);
        got = predict(&f, cases[i].choice, list, 2, 3);
        assert_int_equal(got.n, cases[i].n);
        for (size_t k = 0; k < got.n; k++) {
            assert_int_equal(got.items[k].index, cases[i].index[k]);
            assert_true(k == 1 || got.items[k].token_rank >= 1);
        }
        at_predictions_release(&got);
        text_close(&f);
    }
}

static void test_outside(void **state)
{
    static const size_t list[] = { 1, 5 };
    const struct at_mask mask = { AT_MASK_LIST, list, 2 };
    struct text_fixture f;
    struct at_error err;

    (void)state;
    text_open(&f, BERT, "a cat sat", NULL, false);
    assert_int_equal(at_predict_check(&f.s, &f.doc, &mask, &err), AT_ERANGE);
    assert_string_equal(err.text, "position 5 is outside the text's 5 tokens");
    assert_int_equal(at_predict_check(NULL, &f.doc, &mask, &err), 0); /* a capture */
    text_close(&f);
}

static void count(void *arg, size_t n_done, size_t n)
{
    size_t *calls = arg;

    assert_true(n_done <= n && n_done > calls[1]);
    calls[0]++;
    calls[1] = n_done;
}

/* Ninety copies of ninety rows take several batches; each copy says what it says alone. */
static void test_batches(void **state)
{
    static const size_t some[] = { 1, 40, 88 };
    struct at_predict_options o = { .mask = { .choice = AT_MASK_ALL }, .k = 3, .progress = count };
    struct at_predictions all, one;
    struct text_fixture f;
    struct at_error err;
    size_t calls[2] = { 0 };
    char text[256] = "";

    (void)state;
    for (size_t i = 0; i < 88; i++)
        memcpy(text + 2 * i, i % 5 ? "a " : "b ", 3);
    text_open(&f, "fixtures/small/models/atlas-bert", text, NULL, false);
    assert_int_equal(f.doc.tokens.n, 90);
    o.arg = calls;
    must(at_predict(&all, &f.s, &f.doc, NULL, &o, &err), &err);
    assert_int_equal(all.n, 88);
    assert_true(calls[0] > 1 && calls[1] == 88);
    one = predict(&f, AT_MASK_LIST, some, 3, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct at_predicted *a = &all.items[some[i] - 1], *b = &one.items[i];
        assert_int_equal(a->index, b->index);
        assert_int_equal(a->token_rank, b->token_rank);
        ASSERT_NEAR(a->token_p, b->token_p, 1e-6);
        assert_int_equal(a->top[0].id, b->top[0].id);
    }
    at_predictions_release(&all);
    at_predictions_release(&one);
    text_close(&f);
}

static void test_rows(void **state)
{
    struct at_predictions got;
    struct at_prediction_row *rows;
    struct at_arena arena = { 0 };
    struct text_fixture f;
    size_t n;

    (void)state;
    assert_columns(&at_prediction_row_record,
                   "index,token,token_rank,token_p,rank,prediction,id,p,logit,"
                   "token_label,prediction_label");
    text_open(&f, BERT, "a cat sat", NULL, false);
    got = predict(&f, AT_MASK_AUTO, NULL, 0, 2);
    rows = at_prediction_rows(&n, &got, &f.s, &f.doc, &arena);
    assert_int_equal(n, 6);
    assert_int_equal(rows[3].position.index, 2);
    assert_int_equal(rows[3].guess.rank, 2);
    assert_int_equal(rows[3].guess.id, got.items[1].top[1].id);
    assert_string_equal(rows[3].token_label, "cat");
    assert_non_null(rows[3].prediction_label);
    at_arena_release(&arena);
    at_predictions_release(&got);
    text_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masked),    cmocka_unit_test(test_next),
        cmocka_unit_test(test_positions), cmocka_unit_test(test_outside),
        cmocka_unit_test(test_batches),   cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
