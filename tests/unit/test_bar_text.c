/*
 * test_bar_text.c - attention to the flagged tokens of a text, and to those of many: what was
 * printed, laws, thresholds by chance and their file.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bar_null.h"
#include "analysis/bar_text.h"
#include "base/alloc.h"
#include "json_close.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "text_fixture.h"

static const char TEXT[] = "the cat sat on a mat";

struct rig {
    struct text_fixture text;
    struct at_session session; /* of the detector */
    struct at_detector detector;
    struct at_bar_text bar;
    struct at_bar_result r;
};

static void add(void *arg, const struct at_doc_layer *layer)
{
    at_bar_text_add(arg, layer);
}

static void rig_begin(struct rig *r, const char *dir, const char *text, double threshold,
                      const struct at_bar_flags *flags)
{
    struct at_error err;

    text_open(&r->text, dir, text, NULL, false);
    must(at_bar_text_begin(&r->bar, &r->text.doc, flags, threshold, &err), &err);
    text_run(&r->text, NULL, add, &r->bar);
}

/* Tokens flagged by the tiny detector with random weights. */
static void rig_detect(struct rig *r, const char *text, double threshold)
{
    static const double category[AT_N_BIAS] = { 0.57, 0.93, 0.95 };
    const struct at_session_options reads = { .prefix_space = at_bias_is_classifier };
    const struct at_bias_rule rule = at_bias_rule_manual(category);
    struct at_error err;

    *r = (struct rig){ 0 };
    must(at_session_open(&r->session, "fixtures/tiny-detector", &reads, &err), &err);
    must(at_detector_init(&r->detector, &r->session, &rule, &err), &err);
    rig_begin(r, "fixtures/tiny-bert", text, threshold,
              &(struct at_bar_flags){ .detector = &r->detector });
}

static void rig_list(struct rig *r, const char *dir, const char *text, const size_t *tokens,
                     size_t n)
{
    *r = (struct rig){ 0 };
    rig_begin(r, dir, text, AT_BAR_THRESHOLD, &(struct at_bar_flags){ NULL, tokens, n });
}

static void rig_finish(struct rig *r, const struct at_bar_options *o)
{
    r->r = at_bar_text_finish(&r->bar, o, r->text.s.pool);
}

static void rig_close(struct rig *r)
{
    at_bar_text_release(&r->bar);
    at_detector_release(&r->detector);
    at_session_close(&r->session);
    text_close(&r->text);
}

static const struct at_bar_options usual = { 99, 5, 0.05, AT_BAR_FDR, 1 };
static const struct at_bar_options few = { 99, 2, 0.4, AT_BAR_UNCORRECTED, 1 };

static void test_goldens(void **state)
{
    static const size_t tokens[] = { 0, 2 };
    struct rig r;

    (void)state;
    rig_detect(&r, TEXT, 1.02);
    rig_finish(&r, &few);
    assert_record_golden(&at_bar_result_record, &r.r, "bar-tiny-bert.json");
    rig_close(&r);
    rig_list(&r, "fixtures/tiny-gpt2", "the cat sat", tokens, 2);
    rig_finish(&r, &usual);
    assert_record_golden(&at_bar_result_record, &r.r, "bar-tiny-gpt2.json");
    rig_close(&r);
}

static void test_tables(void **state)
{
    struct rig r;

    (void)state;
    assert_columns(&at_bar_row_record,
                   "layer,head,bar,bsr,bar_visible,bsr_visible,max_weight,specialised,p,mc_error,q,"
                   "p_bonferroni,bar_gen,bar_unfair,bar_stereo");
    assert_columns(&at_bar_layer_record, "layer,mean,min,max,n_specialised");
    rig_detect(&r, TEXT, 1.02);
    rig_finish(&r, &few);
    for (size_t l = 0; l < r.r.L; l++) {
        const struct at_bar_row *heads = r.r.heads + l * r.r.H;
        const struct at_bar_layer *x = &r.r.layers[l];
        size_t n = 0;
        assert_int_equal(x->layer, l);
        ASSERT_NEAR(x->mean, (heads[0].of.bar + heads[1].of.bar) / 2.0, 1e-12);
        ASSERT_NEAR(x->min, fmin(heads[0].of.bar, heads[1].of.bar), 0);
        ASSERT_NEAR(x->max, fmax(heads[0].of.bar, heads[1].of.bar), 0);
        ASSERT_NEAR(x->mean, r.r.propagation.layers[l], 0);
        for (size_t h = 0; h < r.r.H; h++)
            n += heads[h].of.bar > 1.02;
        assert_int_equal(x->n_specialised, n);
    }
    assert_int_equal(r.r.n_top, 2);
    assert_true(r.r.top[0].of.bar >= r.r.top[1].of.bar);
    rig_close(&r);
}

/* With nothing flagged there is nothing to measure: undefined, never 0. */
static void test_nothing_flagged(void **state)
{
    struct rig r;

    (void)state;
    rig_list(&r, "fixtures/tiny-bert", TEXT, NULL, 0);
    rig_finish(&r, &usual);
    assert_int_equal(r.r.n_flagged, 0);
    assert_int_equal(r.r.n_top, 0);
    assert_int_equal(r.r.propagation.peak_layer, AT_NONE);
    assert_string_equal(r.r.propagation.pattern, "none");
    assert_string_equal(r.r.significance.status, "nothing flagged");
    assert_int_equal(r.r.significance.n_heads, 0);
    assert_true(isnan(r.r.heads[0].of.bar) && isnan(r.r.layers[0].min));
    assert_null(r.r.rule);
    rig_close(&r);
}

static void test_a_token_outside(void **state)
{
    static const size_t tokens[] = { 1, 8 };
    const struct at_bar_flags flags = { NULL, tokens, 2 };
    struct text_fixture f;
    struct at_bar_text t;
    struct at_error err;

    (void)state;
    text_open(&f, "fixtures/tiny-bert", TEXT, NULL, false);
    assert_int_equal(at_bar_text_begin(&t, &f.doc, &flags, 1.0, &err), AT_ERANGE);
    assert_string_equal(err.text, "token 8 is outside the text's 8");
    text_close(&f);
}

/* Layers and the model have the mean of their heads, one number a text. */
static void test_corpus(void **state)
{
    struct at_bar_text_row row;
    struct at_corpus c;
    struct rig r;

    (void)state;
    rig_detect(&r, TEXT, 1.02);
    rig_finish(&r, &few);
    at_corpus_init(&c, r.r.L, r.r.H, at_bar_value_keys, AT_N_BAR_VALUES, true);
    at_bar_corpus_add(&c, &r.r);
    at_bar_corpus_add(&c, &r.r);
    assert_int_equal(at_corpus_cell(&c, 1, 1, 0)->n, 2);
    assert_int_equal(at_corpus_cell(&c, 1, AT_NONE, 0)->n, 2);
    assert_int_equal(at_corpus_cell(&c, AT_NONE, AT_NONE, 0)->n, 2);
    assert_int_equal(at_corpus_ratio(&c, 1, 1, 0)->n, 2);
    assert_int_equal(at_corpus_ratio(&c, 1, 1, AT_BAR_MAX_WEIGHT)->n, 0);
    ASSERT_NEAR(at_sums_mean(at_corpus_cell(&c, 1, 1, 0)), r.r.heads[3].of.bar, 1e-12);
    ASSERT_NEAR(at_sums_mean(at_corpus_cell(&c, 1, AT_NONE, 0)), r.r.layers[1].mean, 1e-12);
    row = at_bar_text_row(&r.text.doc, &r.r);
    assert_int_equal(row.n_flagged, r.r.n_flagged);
    ASSERT_NEAR(row.bar, r.r.top[0].of.bar, 0);
    at_corpus_release(&c);
    rig_close(&r);
}

/* --- thresholds by chance --- */

static void test_null(void **state)
{
    struct at_bar_null n;
    struct at_bar_null_result a;
    struct at_bar_null_head *heads;
    struct at_arena arena = { 0 };
    struct at_error err;
    struct rig r;
    size_t count;

    (void)state;
    assert_columns(&at_bar_null_head_record, "category,layer,head,q90,q95,q99");
    rig_detect(&r, TEXT, 1.02);
    must(at_bar_null_init(&n, 2, 2, &err), &err);
    at_bar_null_add(&n, &r.bar, 50, 1);
    a = at_bar_null_finish(&n, &arena);
    assert_int_equal(a.n_texts, 1);
    assert_int_equal(a.any.n_texts, 1);
    assert_int_equal(a.any.n_ratios, 50 * 4);
    assert_true(a.any.q90 <= a.any.q95 && a.any.q95 <= a.any.q99);
    assert_string_equal(a.by_category[0].category, "GEN");
    ASSERT_NEAR(a.by_category[0].q99, a.any.q99, 0.5); /* the same tokens, other draws */
    assert_int_equal(a.by_category[2].n_texts, 0);     /* no stereotype in the text */
    assert_true(isnan(a.by_category[2].q95));
    heads = at_bar_null_heads(&count, &n, &arena);
    assert_int_equal(count, AT_BAR_SETS * 4);
    assert_string_equal(heads[5].category, "GEN");
    assert_int_equal(heads[5].head, 1);
    assert_true(heads[1].q99 <= a.any.q99 || heads[0].q99 <= a.any.q99);
    at_bar_null_release(&n);
    at_arena_release(&arena);
    rig_close(&r);
}

/* What a calibration writes is what an analysis reads, for the same model alone. */
static void test_threshold_file(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        { "{\"model_sha256\":\"bbb\",\"bar\":{\"q95\":2}}",
          "calibrated for a model with SHA-256 bbb, this is aaa" },
        { "{\"bar\":{\"q95\":2}}", "calibrated for a model with SHA-256 none, this is aaa" },
        { "{\"model_sha256\":\"aaa\",\"bar\":{\"q95\":null}}", "no number bar.q95" },
    };
    struct at_bar_null_result r = { .model_sha256 = "aaa", .any = { "any", 1, 2, 1.5, 1.75, 2 } };
    struct at_json *o = at_record_json(&at_bar_null_result_record, &r);
    struct at_strbuf b = { 0 };
    struct at_error err;
    double threshold = 0;

    (void)state;
    at_json_dump(&b, o, 1, 0);
    must(at_bar_null_threshold(&threshold, sandbox_text("good.json", b.s), "aaa", &err), &err);
    ASSERT_NEAR(threshold, 1.75, 0);
    for (size_t i = 0; i < AT_COUNTOF(bad); i++) {
        assert_int_equal(
            at_bar_null_threshold(&threshold, sandbox_text("bad.json", bad[i].text), "aaa", &err),
            AT_EFORMAT);
        assert_non_null(strstr(err.text, bad[i].why));
    }
    ASSERT_NEAR(threshold, 1.75, 0);
    assert_int_equal(at_bar_null_threshold(&threshold, sandbox_path("none"), "aaa", &err),
                     AT_ENOTFOUND);
    at_json_free(o);
    at_strbuf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),         cmocka_unit_test(test_tables),
        cmocka_unit_test(test_nothing_flagged), cmocka_unit_test(test_a_token_outside),
        cmocka_unit_test(test_corpus),          cmocka_unit_test(test_null),
        cmocka_unit_test(test_threshold_file),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
