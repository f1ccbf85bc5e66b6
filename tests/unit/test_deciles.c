/*
 * test_deciles.c - tenths and the line against numpy (fixtures/oracle/sensitivity.txt), and edges.
 */
#include "stats/deciles.h"

#include <math.h>

#include "close.h"
#include "oracle.h"

static void test_oracle(void **state)
{
    struct oracle *o = oracle_open("fixtures/oracle/sensitivity.txt");
    size_t n, n_want, n_bins;
    const double *x = oracle_get(o, "decile_x", &n), *y = oracle_get(o, "decile_y", NULL);
    const double *want = oracle_get(o, "deciles", &n_want), *line = oracle_get(o, "line", NULL);
    struct at_decile got[AT_MAX_DECILES];
    struct at_line_fit fit = at_fit_line(x, y, n);
    double have[2] = { fit.slope, fit.intercept };

    (void)state;
    n_bins = at_deciles(got, x, y, n);
    assert_int_equal(4 * n_bins, n_want);
    assert_true(n_bins < AT_MAX_DECILES); /* the zeros among x make edges equal */
    for (size_t k = 0; k < n_bins; k++) {
        double row[4] = { (double)got[k].n, got[k].x, got[k].y_mean, got[k].y_sd };
        ASSERT_CLOSE_D(row, want + 4 * k, 4, 1e-13, 1e-12); /* sums of a few doubles */
    }
    ASSERT_CLOSE_D(have, line, 2, 1e-13, 1e-11); /* numpy solves it by an SVD */
    oracle_close(o);
}

static void test_edges(void **state)
{
    const double x[4] = { 2, 2, 2, 2 }, y[4] = { 1, 2, 3, 4 }, two[2] = { 0, 1 };
    struct at_decile out[AT_MAX_DECILES];

    (void)state;
    assert_int_equal(at_deciles(out, x, y, 0), 0);
    assert_int_equal(at_deciles(out, x, y, 4), 0);
    assert_true(isnan(at_fit_line(x, y, 4).slope));
    assert_true(isnan(at_fit_line(x, y, 1).intercept));
    assert_int_equal(at_deciles(out, two, y, 2), 2); /* empty tenths are left out */
    assert_true(out[0].n == 1 && out[1].n == 1 && out[1].y_mean == 2.0 && out[1].y_sd == 0.0);
    assert_true(at_fit_line(two, y, 2).slope == 1.0 && at_fit_line(two, y, 2).intercept == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
