/*
 * test_baseline.c - baselines are means over the sentences, and come back from disk as they were.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/baseline.h"
#include "model/trace.h"
#include "sandbox.h"

static const char *const models[] = { "fixtures/tiny-bert", "fixtures/tiny-gpt2" };

struct opened {
    struct at_model model;
    struct at_tokenizer *tokenizer;
};

static void open_model(struct opened *o, const char *dir)
{
    struct at_error err;

    *o = (struct opened){ 0 };
    if (at_model_open(&o->model, dir, &err) || at_tokenizer_open(&o->tokenizer, dir, &err))
        fail_msg("%s", err.text);
}

static void close_model(struct opened *o)
{
    at_tokenizer_close(o->tokenizer);
    at_model_close(&o->model);
}

/* The same means the long way: whole traces, one sentence after the other. */
static void add_sentence(double *sum, const struct opened *o, const char *text)
{
    const struct at_config *c = &o->model.config;
    struct at_tokens tokens = { 0 };
    struct at_trace trace;
    size_t T;
    int *ids;
    float *scratch;

    assert_int_equal(at_tokenize(&tokens, o->tokenizer, text, NULL, true, NULL), 0);
    T = tokens.n < c->max_positions ? tokens.n : c->max_positions;
    ids = at_tokens_ids(&tokens);
    scratch = malloc(T * T * sizeof *scratch);
    assert_int_equal(at_trace_run(&trace, &o->model, ids, NULL, T, AT_CAP_ATTENTION, NULL, NULL),
                     0);
    for (size_t k = 0; k < c->n_layers * c->n_heads; k++) {
        struct at_attn_metrics m;
        at_attn_metrics(&m, trace.attention + k * T * T, T,
                        (struct at_map_kind){ c->is_causal, c->has_summary_token }, scratch);
        for (size_t i = 0; i < AT_N_METRICS; i++)
            sum[k * AT_N_METRICS + i] += at_metric_get(&m, i);
    }
    at_trace_release(&trace);
    free(scratch);
    free(ids);
    at_tokens_release(&tokens);
}

static void test_means(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof models / sizeof *models; k++) {
        struct at_baseline b;
        struct opened o;
        double *sum;
        size_t n;

        open_model(&o, models[k]);
        n = o.model.config.n_layers * o.model.config.n_heads;
        sum = calloc(n * AT_N_METRICS, sizeof *sum);
        for (size_t i = 0; i < AT_N_BASELINE_SENTENCES; i++)
            add_sentence(sum, &o, at_baseline_sentences[i]);
        assert_int_equal(at_baseline_compute(&b, &o.model, o.tokenizer, NULL, NULL), 0);
        assert_int_equal(b.L * b.H, n);
        for (size_t h = 0; h < n; h++)
            for (size_t i = 0; i < AT_N_METRICS; i++) /* balance of a causal model: NaN both ways */
                ASSERT_NEAR(at_metric_get(&b.head[h], i), sum[h * AT_N_METRICS + i] / 10.0, 1e-12);
        assert_true(b.flow_change > 0.0 && b.flow_change < 0.8326);
        at_baseline_release(&b);
        at_baseline_release(&b);
        free(sum);
        close_model(&o);
    }
}

static void test_save_and_load(void **state)
{
    struct at_attn_metrics heads[2] = { { .confidence_max = 1.0 / 3.0, .balance = NAN },
                                        { .focus_entropy = 12.345678901234567, .sparsity = 1e-9 } };
    struct at_baseline b = { 1, 2, heads, 0.1 }, back;
    const char *dir = sandbox_path("."), *file;
    struct at_error err;

    (void)state;
    assert_int_equal(at_baseline_load(&back, dir, "abc", 1, 2, &err), AT_ENOTFOUND);
    assert_int_equal(at_baseline_save(&b, dir, "abc", &err), 0);
    assert_int_equal(at_baseline_load(&back, dir, "abc", 1, 2, &err), 0);
    for (size_t h = 0; h < 2; h++)
        for (size_t i = 0; i < AT_N_METRICS; i++)
            ASSERT_NEAR(at_metric_get(&back.head[h], i), at_metric_get(&heads[h], i), 0.0);
    ASSERT_NEAR(back.flow_change, 0.1, 0.0);
    at_baseline_release(&back);

    /* another shape, another digest, a broken file: computed anew */
    assert_int_equal(at_baseline_load(&back, dir, "abc", 2, 1, &err), AT_ENOTFOUND);
    assert_int_equal(at_baseline_load(&back, dir, "abd", 1, 2, &err), AT_ENOTFOUND);
    file = sandbox_text("baseline-1-cut.json", "{\"layers\":1,\"heads_per_layer\":2,\"heads\":[[1");
    assert_non_null(file);
    assert_int_equal(at_baseline_load(&back, dir, "cut", 1, 2, &err), AT_ENOTFOUND);
    assert_int_equal(at_baseline_save(&b, "/nowhere/at/all", "abc", &err), AT_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_save_and_load),
    };

    return cmocka_run_group_tests_name("baseline", tests, sandbox_setup, sandbox_teardown);
}
