/*
 * test_text_metrics.c - metrics of all maps of one text: ranks, means, extremes, baselines.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/text_metrics.h"
#include "base/strbuf.h"
#include "model_fixture.h"
#include "text_fixture.h"

static void add(void *arg, const struct at_doc_layer *layer)
{
    at_text_metrics_add(arg, layer);
}

static void measure(struct text_fixture *text, struct at_text_metrics_run *run,
                    enum at_matrix_mode mode, const struct at_baseline *baseline)
{
    struct at_error err;

    text_open(text, "fixtures/tiny-bert", "the cat sat on the mat", NULL, false);
    must(at_text_metrics_begin(run, &text->doc, mode, baseline, text->s.pool, &err), &err);
    text_run(text, NULL, add, run);
    at_text_metrics_finish(run);
}

/* Means and ranks follow from the heads; the extremes are the least and the greatest. */
static void test_comparisons(void **state)
{
    struct text_fixture text;
    struct at_text_metrics_run run;
    const struct at_text_metrics *t = &run.result;

    (void)state;
    measure(&text, &run, AT_RAW, NULL);
    assert_int_equal(t->n_heads, t->L * t->H);
    for (size_t i = 0; i < AT_N_METRICS; i++)
        for (size_t l = 0; l < t->L; l++) {
            double sum = 0.0;
            for (size_t h = 0; h < t->H; h++) {
                const struct at_head_metrics *x = &t->heads[l * t->H + h];
                double v = at_metric_get(&x->metrics, i);
                size_t below = 0;
                assert_int_equal(x->layer, l);
                assert_int_equal(x->head, h);
                for (size_t o = 0; o < t->H; o++)
                    below += at_metric_get(&t->heads[l * t->H + o].metrics, i) < v;
                ASSERT_NEAR(at_metric_get(&x->rank, i), 100.0 * (double)below / (double)t->H, 0);
                assert_true(v >= at_metric_get(&t->heads[t->least[i]].metrics, i));
                assert_true(v <= at_metric_get(&t->heads[t->greatest[i]].metrics, i));
                sum += v;
            }
            ASSERT_NEAR(at_metric_get(&t->layers[l].head_means, i), sum / (double)t->H, 1e-12);
        }
    assert_non_null(t->heads[0].band.confidence_max);
    assert_null(t->heads[0].band.focus_entropy); /* which has none */
    at_text_metrics_release(&run);
    text_close(&text);
}

/* A rollout has no heads, and bands hold for raw maps alone. */
static void test_modes(void **state)
{
    struct text_fixture text;
    struct at_text_metrics_run run;

    (void)state;
    measure(&text, &run, AT_ROLLOUT, NULL);
    assert_int_equal(run.result.n_heads, 0);
    assert_int_equal(run.result.least[0], AT_NONE);
    assert_null(run.result.global_band.confidence_max);
    at_text_metrics_release(&run);
    text_close(&text);
}

/* A baseline is lent to the heads and left out of the document without one. */
static void test_document(void **state)
{
    struct at_attn_metrics ordinary[64] = { { 0 } };
    const struct at_baseline baseline = { .head = ordinary, .flow_change = 0.25 };
    struct text_fixture text;
    struct at_text_metrics_run run;
    struct at_json *o;

    (void)state;
    measure(&text, &run, AT_RAW, &baseline);
    o = at_record_json(&at_text_metrics_record, &run.result);
    assert_int_equal(at_json_count(at_json_get(o, "heads")), run.result.n_heads);
    ASSERT_NEAR(at_json_number(at_json_get(o, "baseline_flow_change"), NAN), 0.25, 0);
    assert_true(at_json_is_object(at_json_get(at_json_at(at_json_get(o, "heads"), 1), "baseline")));
    ASSERT_NEAR(at_json_number(at_json_get(at_json_get(o, "global"), "sparsity"), NAN),
                run.result.global.sparsity, 0);
    at_json_free(o);
    run.result.heads[1].baseline = NULL;
    o = at_record_json(&at_head_metrics_record, &run.result.heads[1]);
    assert_null(at_json_get(o, "baseline"));
    at_json_free(o);
    at_text_metrics_release(&run);
    text_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
