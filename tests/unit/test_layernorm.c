/*
 * test_layernorm.c - layer normalisation with and without a residual.
 */
#include "close.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "naive.h"
#include "ops/layernorm.h"
#include "paths.h"

static float *random_floats(size_t n, uint64_t seed, double mean, double spread)
{
    struct at_rng rng;
    float *x = at_malloc(n, sizeof *x);

    at_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(mean + spread * at_rng_normal(&rng));
    return x;
}

static void check(size_t N, size_t C, bool has_residual, double mean, struct at_pool *pool)
{
    float *x = random_floats(N * C, 1, mean, 2.0), *residual = random_floats(N * C, 2, 0.0, 1.0);
    float *gain = random_floats(C, 3, 1.0, 0.1), *bias = random_floats(C, 4, 0.0, 0.1);
    float *out = at_malloc(N * C, sizeof *out);
    double *sum = at_malloc(C, sizeof *sum), *want = at_malloc(C, sizeof *want);
    double *gain64 = at_malloc(C, sizeof *gain64), *bias64 = at_malloc(C, sizeof *bias64);

    for (size_t c = 0; c < C; c++)
        gain64[c] = (double)gain[c], bias64[c] = (double)bias[c];
    at_layernorm(out, x, has_residual ? residual : NULL, gain, bias, 1e-12, N, C, pool);
    for (size_t n = 0; n < N; n++) {
        for (size_t c = 0; c < C; c++) /* the sum is a float in both */
            sum[c] = (double)(has_residual ? x[n * C + c] + residual[n * C + c] : x[n * C + c]);
        naive_layernorm(want, sum, gain64, bias64, 1e-12, C);
        /* the mean is rounded once: 2^-24 of it is what a value of size `mean` may be off by */
        ASSERT_CLOSE(out + n * C, want, C, 1e-6 + mean * 6e-8, 1e-6);
    }
    at_layernorm(x, x, has_residual ? residual : NULL, gain, bias, 1e-12, N, C, NULL);
    assert_memory_equal(x, out, N * C * sizeof *x); /* in place, and without a pool */
    void *all[] = { x, residual, gain, bias, out, sum, want, gain64, bias64 };
    for (size_t i = 0; i < AT_COUNTOF(all); i++)
        free(all[i]);
}

static void rows(void *arg)
{
    static const size_t widths[] = { 2, 3, 8, 15, 16, 17, 33, 64, 100, 768 };

    for (size_t i = 0; i < AT_COUNTOF(widths); i++) {
        check(1, widths[i], false, 0.0, arg);
        check(20, widths[i], true, 0.0, arg);
    }
    check(3, 768, false, 1000.0, arg);
}

/* A constant row has no variance: what is left is the bias. */
static void constant(void *arg)
{
    float x[20], gain[20], bias[20];

    (void)arg;
    for (int c = 0; c < 20; c++)
        x[c] = 3.5f, gain[c] = 2.0f, bias[c] = (float)c;
    at_layernorm(x, x, NULL, gain, bias, 1e-12, 1, 20, NULL);
    assert_memory_equal(x, bias, sizeof x);
}

static void test_rows(void **state)
{
    struct at_pool *pool = at_pool_new(2);

    (void)state;
    for_each_path(rows, NULL);
    for_each_path(rows, pool);
    at_pool_free(pool);
}

static void test_constant(void **state)
{
    (void)state;
    for_each_path(constant, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_constant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
