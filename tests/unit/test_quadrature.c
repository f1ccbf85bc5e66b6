/*
 * test_quadrature.c - Gauss-Legendre rules: published nodes, polynomials they are exact for.
 */
#include "close.h"

#include <math.h>

#include "base/attr.h"
#include "stats/quadrature.h"

/* Abramowitz and Stegun, table 25.4, from [-1, 1] to [0, 1]. */
static void published(void **state)
{
    const double roots[] = { 0.0, 0.538469310105683, 0.906179845938664 };
    const double weights[] = { 0.568888888888889, 0.478628670499366, 0.236926885056189 };
    double x[5], w[5];

    (void)state;
    at_gauss_legendre(x, w, 5);
    for (int i = 0; i < 5; i++) {
        double root = i < 2 ? -roots[2 - i] : roots[i - 2];
        ASSERT_NEAR(x[i], 0.5 * (1.0 + root), 1e-14);
        ASSERT_NEAR(w[i], 0.5 * weights[i < 2 ? 2 - i : i - 2], 1e-14);
    }
    at_gauss_legendre(x, w, 1);
    ASSERT_NEAR(x[0], 0.5, 0.0);
    ASSERT_NEAR(w[0], 1.0, 1e-15);
}

static void exact(void **state)
{
    const size_t sizes[] = { 1, 2, 3, 16, 64, 257 };
    double x[257], w[257];

    (void)state;
    for (size_t s = 0; s < AT_COUNTOF(sizes); s++) {
        size_t n = sizes[s];
        at_gauss_legendre(x, w, n);
        for (size_t degree = 0; degree < 2 * n; degree++) {
            double sum = 0.0;
            for (size_t i = 0; i < n; i++)
                sum += w[i] * pow(x[i], (double)degree);
            ASSERT_NEAR(sum, 1.0 / ((double)degree + 1.0), 1e-12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published),
        cmocka_unit_test(exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
