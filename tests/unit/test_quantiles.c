/*
 * test_quantiles.c - the rule by hand, selection against sorting.
 */
#include "stats/quantiles.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* What the values are made of; ties, signs and huge ranges are where selection could go wrong. */
static float make_value(struct at_rng *rng, int kind)
{
    double u = at_rng_double(rng);

    switch (kind) {
    case 0:
        return (float)exp(-30.0 * u); /* like attention */
    case 1:
        return 0.125f; /* all equal */
    case 2:
        return (float)(at_rng_below(rng, 4)) * 0.25f; /* ties and zeros */
    case 3:
        return (float)(at_rng_normal(rng) * 1e-3); /* both signs */
    default:
        return (float)(1.0 + u * 1e-5); /* differ in the last bits only */
    }
}

static void test_quantiles_against_sorting(void **state)
{
    static const double q[] = { 0.0, 0.25, 0.5, 0.75, 0.9, 1.0 };
    static const size_t sizes[] = { 1, 2, 3, 10, 257, 5000 };
    enum { MAX = 5000 };
    static float x[MAX], scratch[MAX];
    static double sorted[MAX];
    double got[AT_COUNTOF(q)], want[AT_COUNTOF(q)];
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 1, 0);
    for (int kind = 0; kind < 5; kind++) {
        for (size_t s = 0; s < AT_COUNTOF(sizes); s++) {
            size_t n = sizes[s];
            for (size_t i = 0; i < n; i++)
                sorted[i] = x[i] = make_value(&rng, kind);
            qsort(sorted, n, sizeof *sorted, by_value);
            for (size_t k = 0; k < AT_COUNTOF(q); k++)
                want[k] = at_quantile_sorted(sorted, n, q[k]);
            at_quantiles(got, q, AT_COUNTOF(q), x, n, scratch);
            ASSERT_CLOSE_D(got, want, AT_COUNTOF(q), 0, 0); /* order statistics are exact */
            at_quantiles(got, q, AT_COUNTOF(q), x, n, x);
            ASSERT_CLOSE_D(got, want, AT_COUNTOF(q), 0, 0);
        }
    }
}

static void test_quantile_rule(void **state)
{
    const double x[] = { 1, 2, 4, 8 }; /* numpy.quantile: 1.75, 3, 5 */

    (void)state;
    ASSERT_NEAR(at_quantile_sorted(x, 4, 0.25), 1.75, 1e-15);
    ASSERT_NEAR(at_quantile_sorted(x, 4, 0.5), 3.0, 1e-15);
    ASSERT_NEAR(at_quantile_sorted(x, 4, 0.75), 5.0, 1e-15);
    ASSERT_NEAR(at_quantile_sorted(x, 4, 1.0), 8.0, 0);
}

static void test_of_nothing(void **state)
{
    double q = 0.5, out = 0.0;

    (void)state;
    at_quantiles(&out, &q, 1, NULL, 0, NULL);
    assert_true(isnan(out) && isnan(at_quantile_sorted(NULL, 0, 0.5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_nothing),
        cmocka_unit_test(test_quantile_rule),
        cmocka_unit_test(test_quantiles_against_sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
