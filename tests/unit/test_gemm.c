/*
 * test_gemm.c - products of every shape, layout, type and epilogue on every set of kernels, against
 * the double twin; and the laws that batching and threads change nothing.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "naive.h"
#include "ops/gemm.h"
#include "paths.h"

static float *random_floats(size_t n, uint64_t seed)
{
    struct at_rng rng;
    float *x = at_malloc(AT_MAX(n, (size_t)1), sizeof *x);

    at_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)at_rng_normal(&rng);
    return x;
}

/* A weight (M,K) in a file's layout and type; exact[] is what it means, out-major. */
struct weight {
    struct at_weight view;
    void *data;
    double *exact;
};

static uint16_t to_half(float f, enum at_dtype t)
{
    uint32_t u;

    memcpy(&u, &f, sizeof u);
    if (t == AT_BF16)
        return (uint16_t)(u >> 16);
    /* cut to half precision; the values here are far from its limits */
    uint32_t e = (u >> 23 & 255) - 112;
    return (uint16_t)((u >> 16 & 0x8000) | ((int)e <= 0 ? 0 : e << 10 | (u >> 13 & 0x3ff)));
}

static struct weight make_weight(size_t M, size_t K, enum at_layout layout, enum at_dtype t)
{
    float *x = random_floats(M * K, 7);
    struct weight w = { { NULL, t, layout, M, K, 0 }, NULL, at_malloc(M * K, sizeof *w.exact) };
    float *wide = at_malloc(M * K, sizeof *wide);

    w.data = at_malloc(M * K, at_dtype_size(t));
    for (size_t i = 0; i < M * K; i++) {
        uint16_t half = to_half(x[i], t);
        if (t == AT_F32)
            memcpy((float *)w.data + i, &x[i], sizeof *x);
        else
            memcpy((uint16_t *)w.data + i, &half, sizeof half);
    }
    at_to_f32(wide, w.data, t, M * K);
    for (size_t m = 0; m < M; m++)
        for (size_t k = 0; k < K; k++)
            w.exact[m * K + k] = (double)wide[layout == AT_OUT_MAJOR ? m * K + k : k * M + m];
    w.view.data = w.data;
    free(x);
    free(wide);
    return w;
}

static void free_weight(struct weight *w)
{
    free(w->data);
    free(w->exact);
}

static double finish(double y, enum at_epilogue epilogue)
{
    switch (epilogue) {
    case AT_EPI_GELU_ERF:
        return naive_gelu_erf(y);
    case AT_EPI_GELU_TANH:
        return naive_gelu_tanh(y);
    case AT_EPI_RELU:
        return fmax(y, 0.0);
    case AT_EPI_SILU:
        return y / (1.0 + exp(-y));
    case AT_EPI_TANH:
        return tanh(y);
    case AT_EPI_NONE:
        break;
    }
    return y;
}

static double *widen(const float *x, size_t n)
{
    double *y = at_malloc(AT_MAX(n, (size_t)1), sizeof *y);

    for (size_t i = 0; i < n; i++)
        y[i] = (double)x[i];
    return y;
}

struct shape {
    size_t N, M, K;
};

static void check(struct shape s, enum at_layout layout, enum at_dtype t, enum at_epilogue epilogue,
                  bool has_bias, bool has_residual)
{
    struct weight w = make_weight(s.M, s.K, layout, t);
    float *x = random_floats(s.N * s.K, 1), *bias = random_floats(s.M, 2);
    float *out = random_floats(s.N * s.M, 3), *residual = random_floats(s.N * s.M, 4);
    double *x64 = widen(x, s.N * s.K), *bias64 = widen(bias, s.M);
    double *want = at_malloc(s.N * s.M, sizeof *want);

    naive_linear(want, x64, w.exact, has_bias ? bias64 : NULL, s.N, s.M, s.K);
    for (size_t i = 0; i < s.N * s.M; i++)
        want[i] = has_residual ? want[i] + (double)residual[i] : finish(want[i], epilogue);
    if (has_residual)
        at_linear_add(out, x, &w.view, has_bias ? bias : NULL, residual, s.N, NULL);
    else
        at_linear(out, x, &w.view, has_bias ? bias : NULL, s.N, epilogue, NULL);
    /* K products of normal deviates: sums of size sqrt(K), rounding of float chains of 96 */
    ASSERT_CLOSE(out, want, s.N * s.M, 3e-6 * sqrt((double)s.K) + 1e-6, 1e-6);
    free(want);
    free(bias64);
    free(x64);
    free(residual);
    free(out);
    free(bias);
    free(x);
    free_weight(&w);
}

static void check_linear(struct shape s, enum at_layout layout, enum at_dtype t,
                         enum at_epilogue epilogue, bool has_bias)
{
    check(s, layout, t, epilogue, has_bias, false);
}

static void all_shapes(void *arg)
{
    static const struct shape shapes[] = {
        { 1, 1, 1 },     { 1, 5, 3 },     { 2, 33, 7 },   { 3, 17, 256 },
        { 5, 64, 257 },  { 7, 31, 64 },   { 14, 32, 40 }, { 15, 96, 300 },
        { 16, 100, 13 }, { 17, 65, 513 }, { 29, 48, 8 },  { 530, 34, 9 },
    };
    static const enum at_dtype types[] = { AT_F32, AT_F16, AT_BF16 };

    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(shapes); i++)
        for (int layout = AT_OUT_MAJOR; layout <= AT_IN_MAJOR; layout++)
            for (size_t t = 0; t < AT_COUNTOF(types); t++)
                check_linear(shapes[i], (enum at_layout)layout, types[t], AT_EPI_NONE, i % 2 == 0);
}

static void test_shapes(void **state)
{
    (void)state;
    for_each_path(all_shapes, NULL);
}

static void rows_1_to_17(void *arg)
{
    (void)arg;
    for (size_t N = 1; N <= 17; N++)
        for (int t = AT_F32; t <= AT_BF16; t++) {
            check_linear((struct shape){ N, 50, 70 }, AT_OUT_MAJOR, (enum at_dtype)t, AT_EPI_NONE,
                         true);
            check_linear((struct shape){ N, 50, 70 }, AT_IN_MAJOR, (enum at_dtype)t, AT_EPI_NONE,
                         true);
        }
}

static void test_every_tile_height(void **state)
{
    (void)state;
    for_each_path(rows_1_to_17, NULL);
}

/* What rounding costs a sum of 1024 products: chains of 96 lose 1.9e-7 of it on average, chains of
   256 lose 3e-7, and sharp maps show it. OpenBLAS chooses its chains by the size of the caches. */
static void rounding(void *arg)
{
    enum { N = 28, M = 64, K = 1024 };
    struct weight w = make_weight(M, K, AT_OUT_MAJOR, AT_F32);
    float *x = random_floats((size_t)N * K, 1), out[N * M];
    double *x64 = widen(x, (size_t)N * K), want[N * M], squares = 0.0;

    (void)arg;
    naive_linear(want, x64, w.exact, NULL, N, M, K);
    at_linear(out, x, &w.view, NULL, N, AT_EPI_NONE, NULL);
    for (size_t i = 0; i < (size_t)N * M; i++)
        squares += ((double)out[i] - want[i]) * ((double)out[i] - want[i]);
    double rms = sqrt(squares / (N * M) / K);
    assert_true(rms < (at_cpu_selected() == AT_KERNELS_OPENBLAS ? 3.2e-7 : 2e-7));
    free(x64);
    free(x);
    free_weight(&w);
}

static void test_rounding(void **state)
{
    (void)state;
    for_each_path(rounding, NULL);
}

static void all_epilogues(void *arg)
{
    (void)arg;
    for (int e = AT_EPI_NONE; e <= AT_EPI_TANH; e++) {
        check_linear((struct shape){ 9, 70, 300 }, AT_OUT_MAJOR, AT_F32, (enum at_epilogue)e, true);
        check_linear((struct shape){ 3, 33, 20 }, AT_IN_MAJOR, AT_F16, (enum at_epilogue)e, false);
    }
    check((struct shape){ 9, 70, 300 }, AT_OUT_MAJOR, AT_F32, AT_EPI_NONE, true, true);
    check((struct shape){ 47, 70, 600 }, AT_IN_MAJOR, AT_F32, AT_EPI_NONE, true, true);
    check((struct shape){ 3, 33, 20 }, AT_IN_MAJOR, AT_F16, AT_EPI_NONE, false, true);
}

static void test_epilogues(void **state)
{
    (void)state;
    for_each_path(all_epilogues, NULL);
}

/* Columns of part p are what at_linear() makes of it alone, bit for bit, however each is laid. */
static void check_parts(enum at_layout first, enum at_layout second)
{
    enum { N = 5, K = 1100, COLUMNS = 264 };
    static const size_t widths[] = { 33, 7, 224 };
    struct weight w[3];
    struct at_linear_part list[3];
    float *x = random_floats(N * K, 5), *bias = random_floats(224, 6);
    float *out = at_malloc(N * COLUMNS, sizeof *out), *alone = at_malloc(N * 224, sizeof *alone);
    size_t col = 0;

    for (int p = 0; p < 3; p++) {
        w[p] = make_weight(widths[p], K, p == 1 ? second : first, AT_F32);
        list[p] = (struct at_linear_part){ &w[p].view, p == 1 ? NULL : bias };
    }
    at_linear_parts(out, x, list, 3, N, AT_EPI_GELU_ERF, NULL);
    for (int p = 0; p < 3; p++) {
        at_linear(alone, x, list[p].w, list[p].bias, N, AT_EPI_GELU_ERF, NULL);
        for (size_t n = 0; n < N; n++)
            assert_memory_equal(out + n * COLUMNS + col, alone + n * widths[p],
                                widths[p] * sizeof *out);
        col += widths[p];
        free_weight(&w[p]);
    }
    free(alone);
    free(out);
    free(bias);
    free(x);
}

static void parts(void *arg)
{
    (void)arg;
    check_parts(AT_OUT_MAJOR, AT_OUT_MAJOR);
    check_parts(AT_IN_MAJOR, AT_IN_MAJOR);
    check_parts(AT_OUT_MAJOR, AT_IN_MAJOR);
    check_parts(AT_IN_MAJOR, AT_OUT_MAJOR);
}

/* The first columns of a product are the product with the first outputs. */
static void check_first(struct shape s, size_t first, enum at_layout layout, enum at_dtype t)
{
    struct weight w = make_weight(s.M, s.K, layout, t);
    const struct at_weight some = at_weight_first(&w.view, first);
    float *x = random_floats(s.N * s.K, 5), *bias = random_floats(s.M, 6);
    float *whole = at_malloc(s.N * s.M, sizeof *whole), *out = random_floats(s.N * first, 7);

    at_linear(whole, x, &w.view, bias, s.N, AT_EPI_NONE, NULL);
    at_linear(out, x, &some, bias, s.N, AT_EPI_NONE, NULL);
    for (size_t n = 0; n < s.N; n++)
        for (size_t m = 0; m < first; m++)
            assert_true(fabsf(out[n * first + m] - whole[n * s.M + m]) <= 1e-4f);
    free(out);
    free(whole);
    free(bias);
    free(x);
    free_weight(&w);
}

static void firsts(void *arg)
{
    (void)arg;
    for (int layout = AT_OUT_MAJOR; layout <= AT_IN_MAJOR; layout++)
        for (int t = AT_F32; t <= AT_BF16; t++) {
            check_first((struct shape){ 5, 70, 300 }, 41, (enum at_layout)layout, (enum at_dtype)t);
            check_first((struct shape){ 33, 96, 64 }, 64, (enum at_layout)layout, (enum at_dtype)t);
            check_first((struct shape){ 3, 9, 5 }, 9, (enum at_layout)layout, (enum at_dtype)t);
        }
}

static void test_first_outputs(void **state)
{
    (void)state;
    for_each_path(firsts, NULL);
}

static void test_parts_are_side_by_side(void **state)
{
    (void)state;
    for_each_path(parts, NULL);
}

/* Where in a line of the cache a weight begins is for its file to say, and changes no bit of what
   our own kernels make of it. */
static void offsets(void *arg)
{
    enum { M = 200, K = 1100, LINE = 16 };
    float *room = at_malloc(M * K + 2 * LINE, sizeof *room), *x = random_floats(30 * K, 5);
    float want[30 * M], got[30 * M];

    (void)arg;
    for (int layout = 0; layout < 2 && at_cpu_selected() != AT_KERNELS_OPENBLAS; layout++)
        for (size_t N = 2; N <= 30; N += 14) {
            struct weight w = make_weight(M, K, layout ? AT_IN_MAJOR : AT_OUT_MAJOR, AT_F32);
            at_linear(want, x, &w.view, NULL, N, AT_EPI_NONE, NULL);
            for (size_t from = 0; from < LINE; from += 5) {
                float *at = (float *)at_align_up(room, LINE * sizeof *at) + from;
                w.view.data = memcpy(at, w.data, M * K * sizeof *at);
                at_linear(got, x, &w.view, NULL, N, AT_EPI_NONE, NULL);
                assert_memory_equal(got, want, N * M * sizeof *got);
            }
            free_weight(&w);
        }
    free(x);
    free(room);
}

static void test_weights_begin_anywhere(void **state)
{
    (void)state;
    for_each_path(offsets, NULL);
}

/* The law of gemm.h: a row's bits depend neither on its company nor on the threads. */
static void test_rows_do_not_know_each_other(void **state)
{
    enum { N = 70, M = 70, K = 1100 };
    struct at_pool *pool = at_pool_new(3);
    float *x = random_floats(N * K, 8), all[N * M], one[M];

    (void)state;
    for (int i = 0; i < 6; i++) {
        struct weight w =
            make_weight(M, K, i % 2 ? AT_IN_MAJOR : AT_OUT_MAJOR, (enum at_dtype)(i / 2));
        at_linear(all, x, &w.view, NULL, N, AT_EPI_NONE, pool);
        for (size_t n = 0; n < N; n++) {
            at_linear(one, x + n * K, &w.view, NULL, 1, AT_EPI_NONE, NULL);
            assert_memory_equal(one, all + n * M, sizeof one);
        }
        free_weight(&w);
    }
    free(x);
    at_pool_free(pool);
}

/* Weights of 16 bits against the same ones as floats: beside the order of sums nothing differs. */
static void halves(void *arg)
{
    static const struct shape shapes[] = { { 1, 64, 768 },  { 2, 33, 77 },    { 9, 96, 1025 },
                                           { 16, 61, 192 }, { 30, 40, 2048 }, { 61, 32, 95 } };

    (void)arg;
    for (size_t i = 0; i < 4 * AT_COUNTOF(shapes); i++) {
        struct shape s = shapes[i / 4];
        struct weight w =
            make_weight(s.M, s.K, i % 2 ? AT_IN_MAJOR : AT_OUT_MAJOR, i / 2 % 2 ? AT_F16 : AT_BF16);
        float *wide = at_malloc(s.M * s.K, sizeof *wide), *x = random_floats(s.N * s.K, 8);
        float *got = at_malloc(s.N * s.M, sizeof *got), *as_floats = at_malloc(s.N * s.M, 4);
        struct at_weight view = w.view;
        at_to_f32(wide, w.data, view.dtype, s.M * s.K);
        view.data = wide;
        view.dtype = AT_F32;
        at_linear(got, x, &w.view, NULL, s.N, AT_EPI_NONE, NULL);
        at_linear(as_floats, x, &view, NULL, s.N, AT_EPI_NONE, NULL);
        double *want = widen(as_floats, s.N * s.M);
        ASSERT_CLOSE(got, want, s.N * s.M, 1e-6 * sqrt((double)s.K), 1e-6);
        free(want);
        free(as_floats);
        free(got);
        free(x);
        free(wide);
        free_weight(&w);
    }
}

static void test_halves_are_what_they_mean(void **state)
{
    (void)state;
    for_each_path(halves, NULL);
}

/* Infinities, NaN and the smallest numbers of either type come through the kernels as they are. */
static void odd_values(void *arg)
{
    enum { M = 33, K = 70 };
    static const uint16_t bits[] = {
        0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0x8000, 0x3c00, 0x7f7f
    };
    float x[K], got[M], wide[M * K];
    uint16_t data[M * K];

    (void)arg;
    for (int i = 0; i < 4; i++) {
        struct at_weight w = {
            data, i / 2 ? AT_F16 : AT_BF16, i % 2 ? AT_IN_MAJOR : AT_OUT_MAJOR, M, K, 0
        };
        for (size_t k = 0; k < M * K; k++)
            data[k] = bits[(k * 7 + k / K) % (w.dtype == AT_F16 ? 7 : AT_COUNTOF(bits))];
        at_to_f32(wide, data, w.dtype, M * K);
        for (size_t k = 0; k < K; k++) {
            for (size_t j = 0; j < K; j++)
                x[j] = j == k ? 1.0f : 0.0f;
            at_linear(got, x, &w, NULL, 1, AT_EPI_NONE, NULL);
            for (size_t m = 0; m < M; m++)
                assert_true(got[m] == wide[i % 2 ? k * M + m : m * K + k]);
        }
        data[0] = w.dtype == AT_F16 ? 0x7c00 : 0x7f80;
        data[1] = data[0] + 1;
        at_linear(got, x, &w, NULL, 1, AT_EPI_NONE, NULL);
        assert_true(isnan(got[0])); /* 0 times infinity */
    }
}

static void test_odd_halves(void **state)
{
    (void)state;
    for_each_path(odd_values, NULL);
}

static void true_sizes(void *arg)
{
    (void)arg;
    check_linear((struct shape){ 20, 768, 768 }, AT_OUT_MAJOR, AT_F32, AT_EPI_NONE, true);
    check_linear((struct shape){ 3, 96, 3072 }, AT_OUT_MAJOR, AT_BF16, AT_EPI_TANH, true);
    check_linear((struct shape){ 3, 3072, 768 }, AT_IN_MAJOR, AT_F32, AT_EPI_GELU_TANH, true);
    check_linear((struct shape){ 5, 40, 33 }, AT_OUT_MAJOR, AT_F32, AT_EPI_RELU, true);
    check_linear((struct shape){ 5, 40, 33 }, AT_OUT_MAJOR, AT_F16, AT_EPI_SILU, true);
}

static void test_true_sizes(void **state)
{
    (void)state;
    for_each_path(true_sizes, NULL);
}

static void matmuls(void *arg)
{
    static const struct shape shapes[] = {
        { 1, 1, 1 }, { 4, 70, 9 }, { 33, 5, 300 }, { 16, 64, 64 }
    };

    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(shapes); i++)
        for (int is_transposed = 0; is_transposed < 2; is_transposed++) {
            struct shape s = shapes[i];
            struct weight b =
                make_weight(s.M, s.K, is_transposed ? AT_OUT_MAJOR : AT_IN_MAJOR, AT_F32);
            size_t ldb = is_transposed ? s.K : s.M, lda = s.K + 3, ldc = s.M + 2;
            float *a = random_floats(s.N * lda, 9), *c = random_floats(s.N * ldc, 10);
            double *want = at_malloc(s.M, sizeof *want);
            at_matmul(c, ldc, a, lda, b.data, ldb, is_transposed, s.N, s.M, s.K);
            for (size_t n = 0; n < s.N; n++) {
                double *row = widen(a + n * lda, s.K);
                naive_linear(want, row, b.exact, NULL, 1, s.M, s.K);
                ASSERT_CLOSE(c + n * ldc, want, s.M, 3e-6 * sqrt((double)s.K), 1e-6);
                free(row);
            }
            free(want);
            free(c);
            free(a);
            free_weight(&b);
        }
}

static void test_matmul(void **state)
{
    (void)state;
    for_each_path(matmuls, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_every_tile_height),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_epilogues),
        cmocka_unit_test(test_parts_are_side_by_side),
        cmocka_unit_test(test_first_outputs),
        cmocka_unit_test(test_weights_begin_anywhere),
        cmocka_unit_test(test_rows_do_not_know_each_other),
        cmocka_unit_test(test_halves_are_what_they_mean),
        cmocka_unit_test(test_odd_halves),
        cmocka_unit_test(test_true_sizes),
        cmocka_unit_test(test_matmul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
