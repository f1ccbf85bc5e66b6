/*
 * test_bias_detector.c - detectors made of sessions: their rule, ensembles, tokens of other models.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bias_detector.h"
#include "base/alloc.h"
#include "model_fixture.h"

static const char BUILT_IN[] = "fixtures/small/models/atlas-bias", PLAIN[] = "fixtures/tiny-bert";
static const char TEXT[] = "All women are terrible drivers and lazy people.";

struct rig {
    struct at_session session;
    struct at_detector detector;
};

static void rig_open(struct rig *r, const struct at_bias_rule *rule)
{
    struct at_error err;

    must(at_session_open(&r->session, BUILT_IN, NULL, &err), &err);
    must(at_detector_init(&r->detector, &r->session, rule, &err), &err);
}

static void rig_close(struct rig *r)
{
    at_detector_release(&r->detector);
    at_session_close(&r->session);
}

static void test_rule_of_the_model(void **state)
{
    struct at_arena arena = { 0 };
    struct at_detector_rule rule;
    struct rig r;

    (void)state;
    rig_open(&r, NULL);
    rule = at_detector_rule(&r.detector, &arena);
    assert_string_equal(rule.kind, "by label");
    assert_string_equal(rule.source, "config.json");
    assert_int_equal(rule.n_thresholds, AT_N_BIAS_LABELS - 1);
    assert_string_equal(rule.thresholds[0].name, "B-STEREO");
    ASSERT_NEAR(rule.thresholds[0].threshold, r.session.model.config.label_thresholds[1], 0);
    assert_null(r.detector.thresholds_path);
    assert_non_null(strstr(r.session.model.config.caution, "demonstration"));
    at_arena_release(&arena);
    rig_close(&r);
}

static void test_rule_as_a_document(void **state)
{
    const double category[AT_N_BIAS] = { 0.25, 0.5, 0.75 };
    const struct at_bias_rule manual = at_bias_rule_manual(category);
    struct at_strbuf text = { 0 };
    struct at_arena arena = { 0 };
    struct at_detector_rule rule;
    struct at_json *o;
    struct rig r;

    (void)state;
    rig_open(&r, &manual);
    rule = at_detector_rule(&r.detector, &arena);
    o = at_record_json(&at_detector_rule_record, &rule);
    at_json_dump(&text, o, 0, 0);
    assert_string_equal(text.s, "{\"kind\":\"by category\",\"source\":\"given\",\"thresholds\":"
                                "{\"GEN\":0.25,\"STEREO\":0.75,\"UNFAIR\":0.5}}");
    at_json_free(o);
    at_strbuf_release(&text);
    at_arena_release(&arena);
    rig_close(&r);
}

/* Every token is flagged with a threshold of 0, none with one that nothing reaches, and the session
   is what it was. */
static void test_thresholds_decide(void **state)
{
    const double none[AT_N_BIAS] = { 0.0, 0.0, 0.0 }, all[AT_N_BIAS] = { 2.0, 2.0, 2.0 };
    struct rig r;
    bool was_multi_label;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct at_bias_rule rule = at_bias_rule_manual(i ? all : none);
        struct at_tokens tokens = { 0 };
        struct at_bias_token *v;
        struct at_error err;
        rig_open(&r, &rule);
        was_multi_label = r.session.model.config.is_multi_label;
        must(at_detector_read(&tokens, &v, &r.detector, TEXT, &err), &err);
        for (size_t k = 0; k < tokens.n; k++)
            assert_int_equal(at_bias_is_flagged(&v[k]),
                             i == 0 && !v[k].is_special && !v[k].is_suppressed);
        assert_int_equal(r.session.model.config.is_multi_label, was_multi_label);
        free(v);
        at_tokens_release(&tokens);
        rig_close(&r);
    }
}

/* An ensemble of one classifier with itself is that classifier, to the rounding of a float. */
static void test_ensemble_with_itself(void **state)
{
    struct at_tokens a = { 0 }, b = { 0 };
    struct at_bias_token *va, *vb;
    struct at_error err;
    struct rig r;

    (void)state;
    rig_open(&r, NULL);
    must(at_detector_read(&a, &va, &r.detector, TEXT, &err), &err);
    must(at_detector_join(&r.detector, &r.session, "--ensemble", &err), &err);
    must(at_detector_read(&b, &vb, &r.detector, TEXT, &err), &err);
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        ASSERT_CLOSE_D(vb[i].score, va[i].score, AT_N_BIAS, 1e-6, 0);
    free(va);
    free(vb);
    at_tokens_release(&a);
    at_tokens_release(&b);
    rig_close(&r);
}

/* The bytes of the text bring verdicts to tokens of another model. */
static void test_flags_of_other_tokens(void **state)
{
    const double none[AT_N_BIAS] = { 0.0, 2.0, 2.0 };
    const struct at_bias_rule rule = at_bias_rule_manual(none);
    struct at_tokens tokens = { 0 };
    struct at_session plain;
    bool *flagged[1 + AT_N_BIAS];
    struct at_error err;
    struct rig r;

    (void)state;
    rig_open(&r, &rule);
    must(at_session_open(&plain, PLAIN, NULL, &err), &err);
    must(at_tokenize(&tokens, plain.tokenizer, TEXT, NULL, true, &err), &err);
    for (size_t c = 0; c <= AT_N_BIAS; c++)
        flagged[c] = at_calloc(tokens.n, sizeof *flagged[c]);
    must(at_detector_flag(flagged, &r.detector, &tokens, TEXT, &err), &err);
    for (size_t i = 0; i < tokens.n; i++) {
        const struct at_token *t = &tokens.items[i];
        bool is_stop = !t->is_special && t->start == strlen(TEXT) - 1;
        assert_int_equal(flagged[0][i], !t->is_special && !is_stop);
        assert_int_equal(flagged[1 + AT_BIAS_GEN][i], flagged[0][i]);
        assert_false(flagged[1 + AT_BIAS_UNFAIR][i] || flagged[1 + AT_BIAS_STEREO][i]);
    }
    for (size_t c = 0; c <= AT_N_BIAS; c++)
        free(flagged[c]);
    at_tokens_release(&tokens);
    at_session_close(&plain);
    rig_close(&r);
}

static void test_no_detector(void **state)
{
    struct at_detector d = { 0 };
    struct at_session plain;
    struct at_error err;

    (void)state;
    must(at_session_open(&plain, PLAIN, NULL, &err), &err);
    assert_int_equal(at_detector_init(&d, &plain, NULL, &err), AT_EFORMAT);
    assert_non_null(
        strstr(err.text, "'fixtures/tiny-bert': not a bias classifier: found 0 labels"));
    assert_null(d.session);
    at_detector_release(&d);
    at_session_close(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule_of_the_model),     cmocka_unit_test(test_rule_as_a_document),
        cmocka_unit_test(test_thresholds_decide),     cmocka_unit_test(test_ensemble_with_itself),
        cmocka_unit_test(test_flags_of_other_tokens), cmocka_unit_test(test_no_detector),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
