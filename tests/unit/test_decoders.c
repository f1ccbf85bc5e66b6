/*
 * test_decoders.c - a tiny model of every family of decoders against transformers in double
 * precision (scripts/outside/make-decoder-fixtures.py): states, maps, logits, gradients, relevance
 * and ids.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/scorer.h"
#include "base/alloc.h"
#include "io/json.h"
#include "model/lm_head.h"
#include "model/target.h"
#include "model_fixture.h"
#include "text/tokenizer.h"

enum { T = 9, MAX_LAYERS = 4 };

static const char *const names[] = { "opt",   "gpt-neo", "gpt-neox", "gpt-neox-serial",
                                     "llama", "mistral", "qwen2",    "qwen3" };

/* A model beside its oracle. */
struct decoder {
    struct at_model m;
    struct at_tensors *oracle;
    const int *ids; /* (T) */
};

static void open_decoder(struct decoder *d, const char *name, bool is_double)
{
    char *dir = at_asprintf("fixtures/decoders/%s", name);
    char *path = at_asprintf("fixtures/oracle/decoders/%s.safetensors", name);
    struct at_error err;

    *d = (struct decoder){ 0 };
    must(at_model_open(&d->m, dir, &err), &err);
    must(at_tensors_open(&d->oracle, path, &err), &err);
    d->m.is_double = is_double;
    d->ids = at_tensors_find(d->oracle, "input_ids")->data;
    assert_true(d->m.config.n_layers <= MAX_LAYERS);
    free(dir);
    free(path);
}

static void close_decoder(struct decoder *d)
{
    at_tensors_close(d->oracle);
    at_model_close(&d->m);
}

/* The oracle's array of that name; free() it. */
static double *wanted(const struct decoder *d, const char *prefix, const char *name, size_t n)
{
    char *key = at_asprintf("%s%s", prefix, name);
    const struct at_tensor_view *t = at_tensors_find(d->oracle, key);
    double *x = at_malloc(n, sizeof *x);

    if (!t)
        fail_msg("the oracle has no '%s'", key);
    assert_int_equal(t->bytes, n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        x[i] = (double)((const float *)t->data)[i];
    free(key);
    return x;
}

static void check(const struct decoder *d, const char *name, const float *got, size_t n, double tol)
{
    double *want = wanted(d, "", name, n);

    ASSERT_CLOSE(got, want, n, tol, tol);
    free(want);
}

static struct at_trace trace_of(const struct decoder *d)
{
    struct at_error err;
    struct at_trace t;

    must(at_trace_run(&t, &d->m, d->ids, NULL, T, KEEP_ALL, NULL, &err), &err);
    return t;
}

static void check_states(const struct decoder *d)
{
    const struct at_config *c = &d->m.config;
    size_t L = c->n_layers, rows = L * T;
    float *logits = at_malloc(T * c->vocab, sizeof *logits);
    struct at_trace t = trace_of(d);
    struct at_error err;

    check(d, "attentions", t.attention, rows * c->n_heads * T, 1e-5);
    check(d, "hidden_states", t.hidden, (rows + T) * c->width, 1e-5);
    check(d, "mid", t.mid, rows * c->width, 1e-5);
    check(d, "ffn_act", t.ffn_act, rows * c->ffn_width, 2e-5);
    check(d, "context", t.context, rows * at_query_width(c), 1e-5);
    check(d, "final_hidden", t.final_hidden, T * c->width, 1e-5);
    must(at_lm_logits(logits, &d->m, t.final_hidden, T, NULL, &err), &err);
    check(d, "logits", logits, T * c->vocab, 1e-4);
    free(logits);
    at_trace_release(&t);
}

static void test_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * AT_COUNTOF(names); i++) {
        struct decoder d;
        open_decoder(&d, names[i / 2], i % 2);
        check_states(&d);
        close_decoder(&d);
    }
}

/* ---- backwards ---- */

/* What a way back shows, by layer. */
struct kept {
    const struct decoder *d;
    float *maps, *context, *input;
};

static int keep(void *arg, const struct at_gradient_view *v, struct at_error *err)
{
    struct kept *k = arg;
    size_t n = v->T * v->C, n_context = v->T * v->H * v->D, cells = v->H * v->T * v->T;

    (void)err;
    memcpy(k->maps + v->layer * cells, v->d_attention, cells * sizeof(float));
    memcpy(k->context + v->layer * n_context, v->d_context, n_context * sizeof(float));
    memcpy(k->input + v->layer * n, v->d_input, n * sizeof(float));
    return 0;
}

/* Differences within a part of the largest of all. */
static void check_gradient(const struct decoder *d, const char *prefix, const char *name,
                           const float *got, size_t n)
{
    double *want = wanted(d, prefix, name, n), largest = 0.0;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(want[i]));
    assert_true(largest > 0.0);
    ASSERT_CLOSE(got, want, n, 1e-4 * largest, 0);
    free(want);
}

static void check_gradients(const struct decoder *d, enum at_rule rule)
{
    const struct at_config *c = &d->m.config;
    const char *prefix = rule == AT_RULE_ATTNLRP ? "lrp_" : "";
    const size_t start[] = { 0, T }, n = T * c->width, L = c->n_layers;
    size_t n_context = T * at_query_width(c), cells = c->n_heads * T * T;
    const struct at_batch batch = { 1, start, d->ids, NULL };
    const struct at_target_term terms[] = { { T / 2, 7, 1.0 }, { T - 1, 11, -0.5 } };
    const struct at_target target = { terms, AT_COUNTOF(terms) };
    struct kept k = { d, at_malloc(L * cells, 4), at_malloc(L * n_context, 4),
                      at_malloc(L * n, 4) };
    float *words = at_malloc(n, sizeof *words);
    struct at_targets t;
    struct at_error err;

    must(at_targets_init(&t, &d->m, AT_TARGET_TOKENS, &batch, &target, NULL, &err), &err);
    t.rule = rule;
    const struct at_backward_options options = { .target = at_targets_gradient,
                                                 .target_arg = &t,
                                                 .d_input = words,
                                                 .on_layer = keep,
                                                 .arg = &k,
                                                 .final_rows = t.rows,
                                                 .n_final_rows = t.n_rows,
                                                 .rule = rule };
    must(at_backward(&d->m, &batch, &options, NULL, &err), &err);
    double *value = wanted(d, prefix, "value", 1);
    ASSERT_NEAR(t.values[0], *value, 1e-4);
    check_gradient(d, prefix, "d_words", words, n);
    check_gradient(d, prefix, "d_states", k.input, L * n);
    check_gradient(d, prefix, "d_attentions", k.maps, L * cells);
    check_gradient(d, prefix, "d_context", k.context, L * n_context);
    at_targets_release(&t);
    free(value), free(words), free(k.maps), free(k.context), free(k.input);
}

static void test_gradients(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * AT_COUNTOF(names); i++) {
        struct decoder d;
        open_decoder(&d, names[i / 4], i % 2);
        check_gradients(&d, i / 2 % 2 ? AT_RULE_ATTNLRP : AT_RULE_GRADIENT);
        close_decoder(&d);
    }
}

/* ---- what a pass shows ---- */

/* Queries and keys, each where its head reads, give the map; a query sees no more than its
   window. */
static int see_heads(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    const struct at_config *c = arg;
    size_t window = c->windows ? c->windows[v->layer] : 0;

    (void)err;
    for (size_t row = 0; row < v->H * v->T; row++) {
        size_t h = row / v->T, i = row % v->T, first = window && i >= window ? i + 1 - window : 0;
        double score[T], want[T] = { 0.0 }, sum = 0.0;
        for (size_t j = first; j <= i; j++) {
            const float *q = v->q + i * v->qkv_stride + h * v->D;
            const float *k = v->k + j * v->qkv_stride + at_view_key_column(v, h);
            score[j] = 0.0;
            for (size_t x = 0; x < v->D; x++)
                score[j] += (double)q[x] * (double)k[x] / sqrt((double)v->D);
            sum += exp(score[j]);
        }
        for (size_t j = first; j <= i; j++)
            want[j] = exp(score[j]) / sum;
        ASSERT_CLOSE(v->attention + row * v->T, want, v->T, 1e-6, 1e-5);
        for (size_t j = 0; j < v->T; j++)
            assert_true((j >= first && j <= i) || v->attention[row * v->T + j] == 0.0f);
    }
    return 0;
}

static void test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        const size_t start[] = { 0, T };
        struct decoder d;
        struct at_error err;
        open_decoder(&d, names[i], false);
        const struct at_batch batch = { 1, start, d.ids, NULL };
        const struct at_forward_options options = { .want_attention = true,
                                                    .on_layer = see_heads,
                                                    .arg = &d.m.config };
        float *out = at_malloc(T * d.m.config.width, sizeof *out);
        must(at_forward(out, &d.m, &batch, &options, NULL, &err), &err);
        free(out);
        close_decoder(&d);
    }
}

/* Texts together, and texts that go on from another's first tokens, end as each does alone. */
static void check_batches(const struct decoder *d)
{
    const size_t start[] = { 0, T, T + 4, T + 5 }, rows[] = { 0, T, T + 4 };
    const size_t lengths[] = { T, 4, 1 }, prefix[] = { 0, T - 4, 3 };
    size_t C = d->m.config.width;
    float *all = at_malloc(start[3] * C, sizeof *all), *one = at_malloc(T * C, sizeof *one);
    int *ids = at_malloc(start[3], sizeof *ids);
    struct at_error err;

    for (int goes_on = 0; goes_on < 2; goes_on++) {
        const struct at_forward_options options = { .prefix = goes_on ? prefix : NULL };
        for (size_t b = 0; b < 3; b++)
            memcpy(ids + rows[b], d->ids + (goes_on ? prefix[b] : 0), lengths[b] * sizeof *ids);
        const struct at_batch batch = { 3, start, ids, NULL };
        must(at_forward(all, &d->m, &batch, &options, NULL, &err), &err);
        for (size_t b = 0; b < 3; b++) {
            size_t before = goes_on ? prefix[b] : 0;
            const size_t alone[] = { 0, before + lengths[b] };
            const struct at_batch text = { 1, alone, d->ids, NULL };
            must(at_forward(one, &d->m, &text, NULL, NULL, &err), &err);
            assert_same(all + rows[b] * C, one + before * C, lengths[b] * C, 1e-6);
        }
    }
    free(all), free(one), free(ids);
}

/* The last rows alone are what they are among all. */
static void check_final_rows(const struct decoder *d)
{
    const size_t start[] = { 0, T }, rows[] = { 2, T - 1 };
    const struct at_batch batch = { 1, start, d->ids, NULL };
    const struct at_forward_options some = { .final_rows = rows, .n_final_rows = 2 };
    size_t C = d->m.config.width;
    float *all = at_malloc(T * C, sizeof *all), *few = at_malloc(2 * C, sizeof *few);
    struct at_error err;

    must(at_forward(all, &d->m, &batch, NULL, NULL, &err), &err);
    must(at_forward(few, &d->m, &batch, &some, NULL, &err), &err);
    for (size_t i = 0; i < 2; i++)
        assert_same(few + i * C, all + rows[i] * C, C, 1e-6);
    free(all), free(few);
}

static void test_batches(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * AT_COUNTOF(names); i++) {
        struct decoder d;
        open_decoder(&d, names[i / 2], i % 2);
        check_batches(&d);
        check_final_rows(&d);
        close_decoder(&d);
    }
}

/* ---- tokenizers ---- */

static void check_ids(const struct at_tokenizer *t, const struct at_json *text)
{
    const struct at_json *want = at_json_get(text, "ids");
    struct at_tokens got = { 0 };
    struct at_error err;

    must(at_tokenize(&got, t, at_json_text(at_json_get(text, "text"), ""), NULL, true, &err), &err);
    assert_int_equal(got.n, at_json_count(want));
    for (size_t i = 0; i < got.n; i++)
        assert_int_equal(got.items[i].id, at_json_integer(at_json_at(want, i), -1));
    at_tokens_release(&got);
}

static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        char *dir = at_asprintf("fixtures/decoders/%s", names[i]);
        char *path = at_asprintf("fixtures/oracle/decoders/%s.json", names[i]);
        struct at_tokenizer *t;
        struct at_json *texts;
        struct at_error err;
        must(at_tokenizer_open(&t, dir, &err), &err);
        must(at_json_read(&texts, path, &err), &err);
        for (size_t k = 0; k < at_json_count(texts); k++)
            check_ids(t, at_json_at(texts, k));
        at_json_free(texts);
        at_tokenizer_close(t);
        free(dir), free(path);
    }
}

/* ln p of the tokens of a text behind what starts it. */
static double *scored(const struct decoder *d, const struct at_tokenizer *t,
                      const struct at_tokens *tokens, enum at_bos bos)
{
    const struct at_score_rule rule = { .bos = bos };
    double *log_p = at_malloc(tokens->n, sizeof *log_p);
    struct at_scorer s;
    struct at_error err;

    at_scorer_init(&s, &d->m, t, NULL, 0);
    must(at_scorer_add_text(&s, log_p, tokens, NULL, rule, &err), &err);
    must(at_scorer_run(&s, &err), &err);
    at_scorer_release(&s);
    return log_p;
}

/* A text whose tokenizer starts it is not started once more. */
static void test_one_start(void **state)
{
    struct at_tokens tokens = { 0 };
    struct at_tokenizer *t;
    struct decoder d;
    struct at_error err;

    (void)state;
    open_decoder(&d, "mistral", false);
    must(at_tokenizer_open(&t, "fixtures/decoders/mistral", &err), &err);
    must(at_tokenize(&tokens, t, "the cat sat", NULL, true, &err), &err);
    assert_true(tokens.n > 3 && tokens.items[0].is_special);
    double *as_is = scored(&d, t, &tokens, AT_BOS_NONE);
    double *prepended = scored(&d, t, &tokens, AT_BOS_PREPEND);
    assert_true(isnan(as_is[0]) && isnan(prepended[0]));
    ASSERT_CLOSE_D(prepended + 1, as_is + 1, tokens.n - 1, 0, 0);
    free(as_is), free(prepended);
    at_tokens_release(&tokens);
    at_tokenizer_close(t);
    close_decoder(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states), cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_heads),  cmocka_unit_test(test_batches),
        cmocka_unit_test(test_ids),    cmocka_unit_test(test_one_start),
    };

    return cmocka_run_group_tests_name("decoders", tests, NULL, NULL);
}
