/*
 * test_bias_text.c - what a detector says of a text: what was printed, tables, laws, no words.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bias_text.h"
#include "base/alloc.h"
#include "json_close.h"
#include "model_fixture.h"

static const char DETECTOR[] = "fixtures/tiny-detector"; /* random weights */
static const struct at_bias_text_options usual = { 0.35, AT_BIAS_WEIGHTS_INIT };
static const struct at_bias_text_options other = { 0.63, { 1, { 2, 3, 4 } } };

struct rig {
    struct at_session session;
    struct at_detector detector;
    struct at_doc doc;
    struct at_bias_result r;
    struct at_arena arena;
};

static void rig_run(struct rig *r, const double *category, const char *text,
                    const struct at_bias_text_options *o)
{
    const struct at_session_options reads = { .prefix_space = at_bias_is_classifier };
    struct at_text in = { at_strdup("7"), at_strdup(text), NULL };
    struct at_bias_rule rule;
    struct at_error err;

    *r = (struct rig){ 0 };
    if (category)
        rule = at_bias_rule_manual(category);
    must(at_session_open(&r->session, DETECTOR, &reads, &err), &err);
    must(at_detector_init(&r->detector, &r->session, category ? &rule : NULL, &err), &err);
    must(at_doc_prepare(&r->doc, &r->session, &in, NULL, &err), &err);
    must(at_bias_text(&r->r, &r->arena, &r->detector, &r->doc, NULL, o, &err), &err);
}

static void rig_close(struct rig *r)
{
    at_arena_release(&r->arena);
    at_doc_release(&r->doc);
    at_detector_release(&r->detector);
    at_session_close(&r->session);
}

static const double some[AT_N_BIAS] = { 0.55, 0.6, 0.95 };

static void test_goldens(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, NULL, "a cat sat.", &usual);
    assert_record_golden(&at_bias_result_record, &r.r, "bias-by-label.json");
    rig_close(&r);
    rig_run(&r, some, "cat sat, a dog.", &other);
    assert_record_golden(&at_bias_result_record, &r.r, "bias-by-category.json");
    rig_close(&r);
}

static void test_tables(void **state)
{
    struct at_bias_text_row row;
    struct rig r;

    (void)state;
    assert_columns(&at_bias_token_row_record,
                   "index,token,label,start,end,gen,unfair,stereo,o,labels,confidence,tier,"
                   "explanation");
    assert_columns(&at_bias_span_row_record,
                   "category,start,end,first_token,n_tokens,n_words,text,labels,score,mean_gen,"
                   "mean_unfair,mean_stereo,explanation");
    assert_columns(&at_bias_text_row_record,
                   "model,text_id,n_tokens,id,number,run_id,words,flagged,percentage,gen,unfair,"
                   "stereo,confidence,level,band");
    rig_run(&r, some, "cat sat, a dog.", &other);
    assert_int_equal(r.r.n_spans, 2);
    assert_int_equal(r.r.n_all_spans, 2 + 1 + 2); /* any; generalisation, unfairness */
    assert_string_equal(r.r.spans[0].category, "any");
    assert_string_equal(r.r.spans[2].category, "GEN");
    assert_string_equal(r.r.spans[2].text, "sat");
    assert_string_equal(r.r.spans[4].category, "UNFAIR");
    assert_ptr_equal(r.r.by_category[AT_BIAS_UNFAIR].spans, &r.r.spans[3]);
    assert_int_equal(r.r.by_category[AT_BIAS_STEREO].n, 0);
    row = (struct at_bias_text_row){ { .text_id = r.doc.in.id }, r.r.summary, r.r.level };
    ASSERT_NEAR(at_record_real(&at_bias_text_row_record, "unfair", &row), 3, 0);
    ASSERT_NEAR(at_record_real(&at_bias_text_row_record, "level", &row), r.r.level.of.score, 0);
    rig_close(&r);
}

/* Words, spans and tokens agree with one another. */
static void test_laws(void **state)
{
    static const double thresholds[][AT_N_BIAS] = { { 0.55, 0.6, 0.95 },
                                                    { 0, 2, 0.9 },
                                                    { 2, 2, 2 } };

    (void)state;
    for (size_t k = 0; k < AT_COUNTOF(thresholds); k++) {
        struct at_bias_result *x;
        size_t in_tiers = 0, flagged = 0, in_spans = 0;
        struct rig r;
        rig_run(&r, thresholds[k], "cat sat, a dog.", &other);
        x = &r.r;
        for (size_t i = 0; i < x->n_tokens; i++) {
            const struct at_bias_token_row *t = &x->tokens[i];
            flagged += t->labels != 0;
            assert_int_equal(t->labels == 0, isnan(t->confidence));
            assert_int_equal(t->labels == 0, t->explanation == NULL);
            assert_int_equal(t->labels == 0, t->n_fired == 0);
            for (size_t c = 0; c < AT_N_BIAS; c++)
                ASSERT_NEAR((double)x->scores[c * x->n_tokens + i], t->score[c], 1e-7);
        }
        for (size_t t = 0; t < AT_N_BIAS_TIERS; t++)
            in_tiers += x->tiers[t];
        assert_int_equal(in_tiers, flagged);
        for (size_t i = 0; i < x->n_spans; i++) {
            in_spans += x->spans[i].n_words;
            assert_int_equal(x->spans[i].is_shown, x->spans[i].score >= other.min_score);
            for (size_t w = 0; w < x->spans[i].n_words; w++)
                assert_int_equal(x->words[x->spans[i].first_word + w].is_shown,
                                 x->spans[i].is_shown);
        }
        for (size_t i = 0; i < x->n_words; i++) {
            in_spans -= x->words[i].labels != 0;
            for (size_t c = 0; c < AT_N_BIAS; c++)
                assert_int_equal(x->words[i].labels >> c & 1, !isnan(x->words[i].p[c]));
        }
        assert_int_equal(in_spans, 0); /* every flagged word is in one span */
        assert_string_equal(x->caution, "of random weights");
        rig_close(&r);
    }
}

static void test_no_words(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, NULL, "..,", &usual); /* its first token is the space before it */
    assert_int_equal(r.r.summary.of.total, 0);
    assert_null(r.r.level.band);
    assert_true(isnan(r.r.level.of.score));
    assert_true(r.r.tokens[1].is_suppressed && r.r.tokens[1].labels == 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_no_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
