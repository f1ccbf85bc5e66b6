/*
 * test_softmax.c - the softmax kernels and the log-sum-exp of a row.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "naive.h"
#include "ops/kernel.h"
#include "ops/softmax.h"
#include "paths.h"

static void check_row(size_t n, double spread, double shift)
{
    struct at_rng rng;
    float *x = at_malloc(n + 2, sizeof *x);
    double *exact = at_malloc(n, sizeof *exact), *want = at_malloc(n, sizeof *want), sum = 0.0;

    at_rng_init(&rng, n, 1);
    for (size_t i = 0; i < n + 2; i++)
        x[i] = (float)(shift + spread * at_rng_normal(&rng));
    for (size_t i = 0; i < n; i++)
        sum += exp((exact[i] = (double)x[i]) - shift);
    /* the float's own distance from the double, and the terms' rounding, which averages out */
    assert_near(at_log_sum_exp(x, n), shift + log(sum), 1e-6, __FILE__, __LINE__);
    naive_softmax(want, exact, n);
    float kept = x[n + 1];
    at_kernel()->softmax(x, n, n + 1);
    /* the exponent x - max is rounded to a float: 2^-24 of it, besides 2 units in the last place */
    ASSERT_CLOSE(x, want, n, 1e-37, 2.4e-7 + 8 * spread * 6e-8);
    assert_true(x[n] == 0.0f && x[n + 1] == kept);
    free(want);
    free(exact);
    free(x);
}

static void rows(void *arg)
{
    (void)arg;
    for (size_t n = 1; n <= 40; n++)
        check_row(n, 3.0, 0.0);
    check_row(1024, 1.0, 80.0);
    check_row(1024, 20.0, -500.0);
    check_row(50257, 3.0, 0.0);
}

static void edges(void *arg)
{
    float x[] = { -INFINITY, 1.0f, -INFINITY, 1.0f, -300.0f }, nothing[] = { -INFINITY, -INFINITY };

    (void)arg;
    at_kernel()->softmax(x, 5, 5);
    assert_true(x[0] == 0.0f && x[1] == 0.5f && x[2] == 0.0f && x[3] == 0.5f && x[4] == 0.0f);
    assert_true(at_log_sum_exp(nothing, 2) == -INFINITY);
    assert_true(at_log_sum_exp(nothing, 0) == -INFINITY);
    at_kernel()->softmax(nothing, 2, 2);
    assert_true(isnan(nothing[0]) && isnan(nothing[1]));
}

static void test_rows(void **state)
{
    (void)state;
    for_each_path(rows, NULL);
}

static void test_edges(void **state)
{
    (void)state;
    for_each_path(edges, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_edges) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
