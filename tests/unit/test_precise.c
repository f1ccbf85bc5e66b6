/*
 * test_precise.c - the operations in double on every set of kernels, against the double twins.
 *
 * What comes out may differ from the twin by another order of double sums, and by the 48 bits of a
 * pair: 1e-13 of the largest term is far more than either.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "naive.h"
#include "ops/precise.h"
#include "paths.h"

#define TOL 1e-13

/* n random values as pairs; the low parts begin n floats later, for a block of its own. */
static float *random_pairs(double *exact, size_t n, uint64_t seed)
{
    struct at_rng rng;
    float *x = at_malloc(2 * n, sizeof *x);

    at_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < n; i++) {
        at_set_pair(x + i, n, at_rng_normal(&rng));
        exact[i] = at_pair(x + i, n);
    }
    return x;
}

/* All blocks that one call sees have the same distance: here is one of n pairs among `lo`. */
static float *at_distance(const float *pairs, size_t n, size_t lo)
{
    float *x = at_calloc(n + lo, sizeof *x);

    memcpy(x, pairs, n * sizeof *x);
    memcpy(x + lo, pairs + n, n * sizeof *x);
    return x;
}

static void assert_pairs(const float *got, size_t lo, const double *want, size_t n, double tol)
{
    double *values = at_malloc(n, sizeof *values);

    for (size_t i = 0; i < n; i++) {
        values[i] = at_pair(got + i, lo);
        ASSERT_NEAR(got[i], values[i], 0x1p-24 * fabs(values[i])); /* rounded, not cut */
    }
    ASSERT_CLOSE_D(values, want, n, tol, tol);
    free(values);
}

static void test_pairs(void **state)
{
    static const double values[] = { 0.0, 1.0, -1.0 / 3.0, 1e-30, 123456789.123 };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(values); i++) {
        float x[2];
        at_set_pair(x, 1, values[i]);
        assert_true(x[0] == (float)values[i]);
        ASSERT_NEAR(at_pair(x, 1), values[i], fabs(values[i]) * 0x1p-48);
    }
}

static void test_embed(void **state)
{
    static const float words[3][2] = { { 1, 2 }, { 3, 4 }, { 5, 1e-9f } };
    const struct at_weight table = { words, AT_F32, AT_OUT_MAJOR, 3, 2, 0 };
    static const int ids[] = { 2, 0 };
    float out[2 * 4] = { 1, 2, 3, 4, 0, 0, 0, 1e-9f };

    (void)state;
    at_precise_embed_add(out, 4, &table, ids, 2);
    assert_pairs(out, 4, (double[]){ 6, 2 + (double)1e-9f, 4, 6 + (double)1e-9f }, 4, TOL);
}

/* ---- products ---- */

struct shape {
    size_t N, M, K;
};

static const struct shape shapes[] = {
    { 1, 1, 1 }, { 1, 40, 300 }, { 5, 17, 33 }, { 15, 300, 9 }, { 29, 31, 257 }, { 530, 18, 40 },
};

static double apply(double y, enum at_epilogue epilogue)
{
    return epilogue == AT_EPI_GELU_ERF    ? naive_gelu_erf(y)
           : epilogue == AT_EPI_GELU_TANH ? naive_gelu_tanh(y)
           : epilogue == AT_EPI_TANH      ? tanh(y)
                                          : y;
}

/* One product, out with room of 3 columns at the right; all blocks lie LO apart. */
static void check_linear(struct shape s, enum at_layout layout, enum at_epilogue epilogue,
                         bool is_plain, struct at_pool *pool)
{
    size_t stride = s.M + 3, lo = AT_MAX(s.N * stride, s.N * s.K) + 7;
    double *x64 = at_malloc(s.N * s.K, 8), *w64 = at_malloc(s.M * s.K, 8);
    double *bias64 = at_malloc(s.M, 8), *want = at_malloc(s.N * s.M, 8);
    double *residual64 = at_malloc(s.N * stride, 8);
    float *x_pairs = random_pairs(x64, s.N * s.K, 1), *w = random_pairs(w64, s.M * s.K, 2);
    float *bias = random_pairs(bias64, s.M, 3);
    float *r_pairs = random_pairs(residual64, s.N * stride, 4);
    float *x = at_distance(x_pairs, s.N * s.K, lo);
    float *residual = at_distance(r_pairs, s.N * stride, lo);
    float *out = at_calloc(2 * lo, sizeof *out);
    const struct at_weight view = { w, AT_F32, layout, s.M, s.K, 0 };

    for (size_t m = 0; m < s.M; m++) {
        bias64[m] = (double)bias[m];
        for (size_t k = 0; k < s.K; k++)
            w64[m * s.K + k] = (double)w[layout == AT_OUT_MAJOR ? m * s.K + k : k * s.M + m];
    }
    naive_linear(want, x64, w64, is_plain ? NULL : bias64, s.N, s.M, s.K);
    for (size_t i = 0; i < s.N * s.M; i++)
        want[i] =
            apply(want[i], epilogue) + (is_plain ? 0.0 : residual64[i / s.M * stride + i % s.M]);
    at_precise_linear(out, stride, x, lo, &view, is_plain ? NULL : bias, is_plain ? NULL : residual,
                      s.N, epilogue, pool);
    for (size_t i = 0; i < s.N; i++) {
        assert_pairs(out + i * stride, lo, want + i * s.M, s.M, TOL * sqrt((double)s.K));
        assert_true(out[i * stride + s.M] == 0.0f && out[i * stride + s.M + lo] == 0.0f);
    }
    free(x64), free(w64), free(bias64), free(want), free(residual64);
    free(x_pairs), free(w), free(bias), free(r_pairs), free(x), free(residual), free(out);
}

static void every_product(void *arg)
{
    struct at_pool *pool = at_pool_new(3);

    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(shapes); i++)
        for (int layout = AT_OUT_MAJOR; layout <= AT_IN_MAJOR; layout++) {
            check_linear(shapes[i], (enum at_layout)layout, AT_EPI_NONE, i % 2, NULL);
            check_linear(shapes[i], (enum at_layout)layout, AT_EPI_GELU_ERF, true, pool);
            check_linear(shapes[i], (enum at_layout)layout, AT_EPI_GELU_TANH, true, NULL);
            check_linear(shapes[i], (enum at_layout)layout, AT_EPI_TANH, false, pool);
        }
    at_pool_free(pool);
}

static void test_linear(void **state)
{
    (void)state;
    for_each_path(every_product, NULL);
}

static void test_linear_of_halves(void **state)
{
    static const uint16_t halves[] = { 0x3c00, 0xc000, 0x3800, 0x4200 }; /* 1 -2 0.5 3 */
    static const uint16_t brains[] = { 0x3f80, 0xc000, 0x3f00, 0x4040 }; /* the same */
    const struct at_weight f16 = { halves, AT_F16, AT_OUT_MAJOR, 2, 2, 0 };
    const struct at_weight bf16 = { brains, AT_BF16, AT_IN_MAJOR, 2, 2, 0 };
    const float x[] = { 1.0f, 2.0f, 1e-9f, 0.0f };
    float out[4];

    (void)state;
    at_precise_linear(out, 2, x, 2, &f16, NULL, NULL, 1, AT_EPI_NONE, NULL);
    assert_pairs(out, 2, (double[]){ -3 + (double)1e-9f, 6.5 + 0.5 * (double)1e-9f }, 2, TOL);
    at_precise_linear(out, 2, x, 2, &bf16, NULL, NULL, 1, AT_EPI_NONE, NULL);
    assert_pairs(out, 2, (double[]){ 2 + (double)1e-9f, 4 - 2 * (double)1e-9f }, 2, TOL);
    at_precise_linear(NULL, 2, NULL, 2, &f16, NULL, NULL, 0, AT_EPI_NONE, NULL);
}

/* Neither rows beside it nor threads change a bit of a row. */
static void test_rows_and_threads_change_nothing(void **state)
{
    enum { N = 300, M = 50, K = 70 };
    size_t lo = N * K;
    double *exact = at_malloc(lo, sizeof *exact);
    float *x = random_pairs(exact, lo, 1), *w = random_pairs(exact, M * K, 2);
    float *all = at_malloc(N * M + lo, sizeof *all), *one = at_malloc(M + lo, sizeof *one);
    const struct at_weight view = { w, AT_F32, AT_IN_MAJOR, M, K, 0 };
    struct at_pool *pool = at_pool_new(3);

    (void)state;
    at_precise_linear(all, M, x, lo, &view, NULL, NULL, N, AT_EPI_GELU_TANH, pool);
    for (size_t i = 0; i < N; i += 23) {
        at_precise_linear(one, M, x + i * K, lo, &view, NULL, NULL, 1, AT_EPI_GELU_TANH, NULL);
        assert_memory_equal(one, all + i * M, M * sizeof *one);
        assert_memory_equal(one + lo, all + i * M + lo, M * sizeof *one);
    }
    at_pool_free(pool);
    free(exact), free(x), free(w), free(all), free(one);
}

/* ---- layer normalisation ---- */

static void test_norm(void **state)
{
    enum { N = 11, C = 37 };
    double x64[N * C], residual64[N * C], gain64[C], bias64[C], want[N * C];
    float *x = random_pairs(x64, N * C, 1), *residual = random_pairs(residual64, N * C, 2);
    float *gain = random_pairs(gain64, C, 3), *bias = random_pairs(bias64, C, 4);

    (void)state;
    for (size_t c = 0; c < C; c++) {
        gain64[c] = (double)gain[c];
        bias64[c] = (double)bias[c];
    }
    for (int has_residual = 0; has_residual < 2; has_residual++) {
        for (size_t i = 0; i < N * C && has_residual; i++)
            x64[i] = at_pair(x + i, N * C) + residual64[i];
        for (size_t i = 0; i < N; i++)
            naive_layernorm(want + i * C, x64 + i * C, gain64, bias64, 1e-5, C);
        float out[2 * N * C];
        at_precise_norm(out, x, has_residual ? residual : NULL, N * C, gain, bias, 1e-5, N, C,
                        NULL);
        assert_pairs(out, N * C, want, N * C, TOL);
    }
    at_precise_norm(x, x, residual, N * C, gain, bias, 1e-5, N, C, NULL); /* in place */
    assert_pairs(x, N * C, want, N * C, TOL);
    free(x), free(residual), free(gain), free(bias);
}

/* ---- attention ---- */

struct text {
    size_t T, H, D;
    bool is_causal;
    float scale;
    size_t n_queries; /* 0 for all */
    size_t queries[4];
};

static const struct text texts[] = {
    { 1, 2, 8, false, 0.0f, 0, { 0 } },   { 5, 3, 4, true, 0.0f, 0, { 0 } },
    { 40, 1, 7, false, 0.5f, 0, { 0 } },  { 131, 1, 20, true, 0.0f, 0, { 0 } },
    { 300, 2, 33, true, 0.0f, 0, { 0 } }, { 20, 2, 16, true, 1.0f, 3, { 0, 7, 19 } },
};

static void copy_head(double *out, const double *rows, size_t stride, size_t n, size_t D)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * D, rows + i * stride, D * sizeof *out);
}

static void check_attention(const struct text *t, struct at_pool *pool)
{
    size_t C = t->H * t->D, T = t->T, nq = t->n_queries ? t->n_queries : T, n = T * 3 * C;
    double *exact = at_malloc(n, 8), *q64 = at_malloc(T * t->D, 8), *k64 = at_malloc(T * t->D, 8);
    double *v64 = at_malloc(T * t->D, 8), *map64 = at_malloc(nq * T, 8), *want = at_malloc(C, 8);
    double *context64 = at_malloc(nq * t->D, 8);
    float *x = random_pairs(exact, n, T), *q = at_malloc(nq * C + n, sizeof *q);
    float *map = at_malloc(t->H * nq * T, sizeof *map), *context = at_malloc(nq * C + n, 4);
    size_t *token = at_malloc(nq, sizeof *token), *visible = at_malloc(nq, sizeof *visible);

    for (size_t i = 0; i < nq; i++) {
        token[i] = t->n_queries ? t->queries[i] : i;
        visible[i] = t->is_causal ? token[i] + 1 : T;
        memcpy(q + i * C, x + token[i] * 3 * C, C * sizeof *q);
        memcpy(q + i * C + n, x + token[i] * 3 * C + n, C * sizeof *q);
    }
    const struct at_attention_in in = { .q = q,
                                        .k = x + C,
                                        .v = x + 2 * C,
                                        .q_stride = C,
                                        .k_stride = 3 * C,
                                        .v_stride = 3 * C,
                                        .T = T,
                                        .H = t->H,
                                        .D = t->D,
                                        .n_queries = nq,
                                        .query_rows = t->n_queries ? token : NULL,
                                        .is_causal = t->is_causal,
                                        .scale = t->scale };
    at_precise_attention(&(struct at_attention_out){ map, context, C, true }, &in, n, 1, pool);
    for (size_t h = 0; h < t->H; h++) {
        for (size_t i = 0; i < nq; i++)
            memcpy(q64 + i * t->D, exact + token[i] * 3 * C + h * t->D, t->D * 8);
        copy_head(k64, exact + C + h * t->D, 3 * C, T, t->D);
        copy_head(v64, exact + 2 * C + h * t->D, 3 * C, T, t->D);
        naive_attention(map64, context64, q64, k64, v64, T, t->D, nq, visible,
                        t->scale != 0.0f ? (double)t->scale : 1.0 / sqrt((double)t->D));
        ASSERT_CLOSE(map + h * nq * T, map64, nq * T, 1e-15, 5.97e-8); /* floats */
        for (size_t i = 0; i < nq; i++)
            assert_pairs(context + i * C + h * t->D, n, context64 + i * t->D, t->D, TOL);
    }
    float *again = at_malloc(nq * C + n, sizeof *again);
    at_precise_attention(&(struct at_attention_out){ NULL, again, C, false }, &in, n, 1, NULL);
    for (size_t i = 0; i < nq * C; i++)
        assert_true(again[i] == context[i] && again[i + n] == context[i + n]);
    free(exact), free(q64), free(k64), free(v64), free(map64), free(want), free(context64);
    free(x), free(q), free(map), free(context), free(token), free(visible), free(again);
}

static void every_text(void *arg)
{
    struct at_pool *pool = at_pool_new(2);

    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(texts); i++)
        check_attention(&texts[i], pool);
    at_pool_free(pool);
}

static void test_attention(void **state)
{
    (void)state;
    for_each_path(every_text, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_embed),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_linear_of_halves),
        cmocka_unit_test(test_rows_and_threads_change_nothing),
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_attention),
    };

    return cmocka_run_group_tests_name("precise", tests, NULL, NULL);
}
