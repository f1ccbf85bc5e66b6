/*
 * test_activation.c - GELU in both forms and tanh, over the whole range of floats.
 */
#include "close.h"

#include <float.h>
#include <math.h>

#include "base/attr.h"
#include "naive.h"
#include "ops/activation.h"
#include "ops/kernel.h"
#include "paths.h"

enum { N = 40003 }; /* odd, so that a cut vector is among them */

/* -20 to 20 evenly, and a few of the kind that break formulas. */
static void fill(float x[N])
{
    static const float odd[] = { 0.0f,   -0.0f,   1e-30f,  -1e-30f, FLT_MIN,
                                 300.0f, -300.0f, FLT_MAX, -FLT_MAX };

    for (int i = 0; i < N; i++)
        x[i] = (float)(-20.0 + 40.0 * i / (N - 1));
    for (size_t i = 0; i < AT_COUNTOF(odd); i++)
        x[7 * i] = odd[i];
}

static void check(void (*f)(float *, const float *, size_t), double (*twin)(double))
{
    static float x[N], y[N];
    static double want[N];

    fill(x);
    for (int i = 0; i < N; i++)
        want[i] = twin((double)x[i]);
    f(y, x, N);
    /* 4 units in the last place without fused multiply-adds, 3 with them; where the result is small
       the rounding of the exponent shows as well */
    ASSERT_CLOSE(y, want, N, 1e-8, 5e-7);
    f(x, x, N);
    assert_memory_equal(x, y, sizeof x);
}

static double tanh_twin(double x)
{
    return tanh(x);
}

static void all(void *arg)
{
    float x = NAN, y = 0.0f;

    (void)arg;
    check(at_kernel()->gelu_erf, naive_gelu_erf);
    check(at_kernel()->gelu_tanh, naive_gelu_tanh);
    check(at_tanh, tanh_twin);
    at_kernel()->gelu_erf(&y, &x, 1);
    assert_true(isnan(y));
    at_kernel()->gelu_tanh(&y, &x, 1);
    assert_true(isnan(y));
}

static void test_against_libm(void **state)
{
    (void)state;
    for_each_path(all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_libm) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
