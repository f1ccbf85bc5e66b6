/*
 * test_lm_head.c - predictions: against PyTorch, against a full sort, and where ties decide.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/lm_head.h"
#include "model_fixture.h"
#include "paths.h"

/* The limit for logits at any size; here they are below 40 and off by some 1e-6. */
#define LOGIT_TOL 1e-4

/* Final hidden states of the chosen text; free() them. */
static float *hidden_of(const struct model_fixture *f)
{
    struct at_trace t = fixture_run(f, AT_CAP_HIDDEN);
    float *hidden = t.final_hidden;

    t.final_hidden = NULL;
    at_trace_release(&t);
    return hidden;
}

/* The rows of x over and over, N in all: more than one block of the head. */
static float *repeat_rows(const float *x, size_t rows, size_t C, size_t N)
{
    float *out = at_malloc(N * C, sizeof *out);

    for (size_t i = 0; i < N; i++)
        memcpy(out + i * C, x + i % rows * C, C * sizeof *out);
    return out;
}

static void test_logits_match_pytorch(void **state)
{
    size_t n_heads = 0;

    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        struct at_error err;
        fixture_open(&f, fixture_names[i]);
        assert_int_equal(at_lm_head_present(&f.m), fixture_has(&f, "logits"));
        for (size_t k = 0; k < N_LENGTHS && at_lm_head_present(&f.m); k++) {
            fixture_choose(&f, fixture_lengths[k]);
            size_t V = f.m.config.vocab;
            float *hidden = hidden_of(&f), *logits = at_malloc(f.T * V, sizeof *logits);
            must(at_lm_logits(logits, &f.m, hidden, f.T, NULL, &err), &err);
            ASSERT_CLOSE(logits, fixture_oracle(&f, "logits"), f.T * V, LOGIT_TOL, 0);
            free(hidden);
            free(logits);
            n_heads++;
        }
        fixture_close(&f);
    }
    assert_int_equal(n_heads, 10 * N_LENGTHS);
}

/* ln p of every token of one row of logits, in double. */
static void log_softmax(double *out, const double *logits, size_t V)
{
    double max = -INFINITY, sum = 0.0;

    for (size_t i = 0; i < V; i++)
        max = fmax(max, logits[i]);
    for (size_t i = 0; i < V; i++)
        sum += exp(logits[i] - max);
    for (size_t i = 0; i < V; i++)
        out[i] = logits[i] - max - log(sum);
}

/* One row's ranking against PyTorch's logits: order, probabilities, one token's rank. */
static void check_ranking(const struct at_ranking *r, const double *logits, size_t V, size_t k)
{
    double *log_p = at_malloc(V, sizeof *log_p);
    size_t ahead = 0;

    log_softmax(log_p, logits, V);
    for (size_t i = 0; i < k; i++) {
        size_t better = 0;
        for (size_t id = 0; id < V; id++)
            better += logits[id] > logits[r->top[i].id];
        assert_int_equal(better, i);
        ASSERT_NEAR((double)r->top[i].logit, logits[r->top[i].id], LOGIT_TOL);
        ASSERT_NEAR(r->top[i].p, exp(log_p[r->top[i].id]), LOGIT_TOL);
    }
    for (size_t id = 0; id < V; id++)
        ahead += logits[id] > logits[r->token];
    assert_int_equal(r->token_rank, ahead + 1);
    ASSERT_NEAR(r->token_log_p, log_p[r->token], LOGIT_TOL);
    ASSERT_NEAR(r->log_sum_exp, logits[0] - log_p[0], LOGIT_TOL);
    free(log_p);
}

/* 150 rows go through the head in three blocks, on three threads. */
static void test_ranking_matches_pytorch(void **state)
{
    enum { N = 150, K = 7 };
    struct at_pool *pool = at_pool_new(3);

    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        struct at_error err;
        struct at_prediction top[N * K];
        struct at_ranking rankings[N];
        double log_p[N];
        int tokens[N];
        fixture_open(&f, fixture_names[i]);
        if (at_lm_head_present(&f.m)) {
            size_t V = f.m.config.vocab;
            float *hidden = hidden_of(&f);
            float *rows = repeat_rows(hidden, f.T, f.m.config.width, N);
            for (size_t r = 0; r < N; r++) {
                tokens[r] = (int)(r * 7 % V);
                rankings[r] = (struct at_ranking){ .top = top + r * K, .token = tokens[r] };
            }
            must(at_lm_rank(rankings, K, &f.m, rows, N, pool, &err), &err);
            must(at_lm_log_probs(log_p, tokens, &f.m, rows, N, pool, &err), &err);
            for (size_t r = 0; r < N; r++) {
                check_ranking(&rankings[r], fixture_oracle(&f, "logits") + r % f.T * V, V, K);
                assert_true(log_p[r] == rankings[r].token_log_p);
            }
            free(rows);
            free(hidden);
        }
        fixture_close(&f);
    }
    at_pool_free(pool);
}

/* A hidden state of zeros gives GPT-2 equal logits: every p is 1/V and ids decide the order. */
static void test_ties_go_to_the_lower_id(void **state)
{
    struct model_fixture f;
    struct at_error err;
    struct at_prediction top[5];
    struct at_ranking r = { .top = top, .token = 200 };
    float zeros[8] = { 0.0f };

    (void)state;
    fixture_open(&f, "tiny-gpt2");
    must(at_lm_rank(&r, 5, &f.m, zeros, 1, NULL, &err), &err);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(top[i].id, i);
        ASSERT_NEAR(top[i].p, 1.0 / 270.0, 1e-9);
    }
    assert_int_equal(r.token_rank, 201);
    ASSERT_NEAR(r.token_log_p, -log(270.0), 1e-6);
    fixture_close(&f);
}

/* More predictions than tokens: all of them, adding up to 1, and then nothing. */
static void test_top_of_everything(void **state)
{
    enum { K = 70 };
    struct model_fixture f;
    struct at_error err;
    struct at_prediction top[K];
    struct at_ranking r = { .top = top, .token = -1 };
    double sum = 0.0;

    (void)state;
    fixture_open(&f, "tiny-bert"); /* a vocabulary of 67 */
    float *hidden = hidden_of(&f);
    must(at_lm_rank(&r, K, &f.m, hidden, 1, NULL, &err), &err);
    for (size_t i = 0; i < 67; i++) {
        sum += top[i].p;
        assert_true(i == 0 || top[i].logit <= top[i - 1].logit);
    }
    ASSERT_NEAR(sum, 1.0, 1e-6); /* the log-sum-exp works on float32 differences */
    for (size_t i = 67; i < K; i++)
        assert_int_equal(top[i].id, -1);
    assert_int_equal(r.token_rank, 0);
    assert_true(isnan(r.token_log_p));
    free(hidden);
    fixture_close(&f);
}

/* States that are no numbers have no ranking. */
static void rank_nan(void *arg)
{
    struct at_error err;
    struct at_prediction top[3];
    struct at_ranking r = { .top = top, .token = 2 };
    float hidden[8] = { 1.0f, NAN };

    assert_int_equal(at_lm_rank(&r, 3, arg, hidden, 1, NULL, &err), AT_EFORMAT);
    assert_non_null(strstr(err.text, "the logits of its language-model head are not finite"));
}

static void test_undefined_logits(void **state)
{
    struct model_fixture f;

    (void)state;
    fixture_open(&f, "tiny-gpt2");
    for_each_path(rank_nan, &f.m);
    fixture_close(&f);
}

static void test_next_sentence_matches_pytorch(void **state)
{
    static const char *const with_head[] = { "tiny-bert", "tiny-bert-f16-sharded" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(with_head); i++) {
        struct model_fixture f;
        struct at_error err;
        fixture_open(&f, with_head[i]);
        for (size_t k = 0; k < N_LENGTHS; k++) {
            fixture_choose(&f, fixture_lengths[k]);
            float *hidden = hidden_of(&f);
            double p;
            must(at_next_sentence(&p, &f.m, hidden, &err), &err);
            ASSERT_NEAR(p, *fixture_oracle(&f, "next_sentence"), 1e-5);
            free(hidden);
        }
        fixture_close(&f);
    }
}

static void test_absent_heads(void **state)
{
    struct model_fixture f;
    struct at_error err;
    float hidden[12] = { 0.0f }, logits[1];
    double p;
    int token = 0;

    (void)state;
    fixture_open(&f, "tiny-bert-bare");
    assert_int_equal(at_lm_logits(logits, &f.m, hidden, 1, NULL, &err), AT_ENOTFOUND);
    assert_string_equal(err.text, "the model has no language-model head");
    assert_int_equal(at_lm_log_probs(&p, &token, &f.m, hidden, 1, NULL, &err), AT_ENOTFOUND);
    assert_int_equal(at_next_sentence(&p, &f.m, hidden, &err), AT_ENOTFOUND);
    assert_string_equal(err.text, "the model has no next-sentence head");
    fixture_close(&f);
}

static void test_token_outside_the_vocabulary(void **state)
{
    struct model_fixture f;
    struct at_error err;
    struct at_prediction top[1];
    struct at_ranking r = { .top = top, .token = 270 };
    float hidden[8] = { 0.0f };
    double p;
    int tokens[] = { -1 };

    (void)state;
    fixture_open(&f, "tiny-gpt2");
    assert_int_equal(at_lm_rank(&r, 1, &f.m, hidden, 1, NULL, &err), AT_ERANGE);
    assert_string_equal(err.text, "token id 270 is outside the model's vocabulary of 270");
    assert_int_equal(at_lm_log_probs(&p, tokens, &f.m, hidden, 1, NULL, &err), AT_ERANGE);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits_match_pytorch),
        cmocka_unit_test(test_ranking_matches_pytorch),
        cmocka_unit_test(test_ties_go_to_the_lower_id),
        cmocka_unit_test(test_top_of_everything),
        cmocka_unit_test(test_undefined_logits),
        cmocka_unit_test(test_next_sentence_matches_pytorch),
        cmocka_unit_test(test_absent_heads),
        cmocka_unit_test(test_token_outside_the_vocabulary),
    };

    return cmocka_run_group_tests_name("lm_head", tests, NULL, NULL);
}
