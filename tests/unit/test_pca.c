/*
 * test_pca.c - principal components against scikit-learn, by law, and on tables with no answer.
 */
#include "stats/pca.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "close.h"
#include "oracle.h"
#include "stats/distance.h"
#include "stats/eigen.h"

static const char PATH[] = "fixtures/oracle/stats/tables.txt";

static const double *get(struct oracle *o, const char *table, const char *what, size_t *n)
{
    char name[64];

    snprintf(name, sizeof name, "%s/%s", table, what);
    return oracle_get(o, name, n);
}

static void test_oracle(void **state)
{
    static const char *const tables[] = { "small", "medium", "large" };
    enum { D = 7, K = 3 };
    struct oracle *o = oracle_open(PATH);

    (void)state;
    for (size_t t = 0; t < AT_COUNTOF(tables); t++) {
        double axes[K * D], ratio[K], *scores;
        size_t n;
        const double *x = get(o, tables[t], "x", &n);
        scores = at_malloc(n / D * K, sizeof *scores);
        at_pca(scores, axes, ratio, x, n / D, D, K);
        ASSERT_CLOSE_D(ratio, get(o, tables[t], "pca_ratio", NULL), K, 1e-12, 0);
        ASSERT_CLOSE_D(axes, get(o, tables[t], "pca_axes", NULL), K * D, 1e-9, 0);
        ASSERT_CLOSE_D(scores, get(o, tables[t], "pca_scores", NULL), n / D * K, 1e-8, 0);
        free(scores);
    }
    oracle_close(o);
}

/* More columns than rows; the sign is by the axis, which scikit-learn does not fix this way. */
static void test_wide(void **state)
{
    enum { N = 20, D = 64, K = 2 };
    struct oracle *o = oracle_open(PATH);
    double scores[N * K], axes[K * D], ratio[K];

    (void)state;
    at_pca(scores, axes, ratio, oracle_get(o, "wide/x", NULL), N, D, K);
    ASSERT_CLOSE_D(ratio, oracle_get(o, "wide/pca_ratio", NULL), K, 1e-11, 0);
    for (size_t k = 0; k < K; k++) {
        double most = 0.0, sum = 0.0;
        for (size_t j = 0; j < D; j++) {
            most = fabs(axes[k * D + j]) > fabs(most) ? axes[k * D + j] : most;
            sum += axes[k * D + j] * axes[k * D + j];
        }
        assert_true(most > 0.0);
        ASSERT_NEAR(sum, 1.0, 1e-12);
    }
    for (size_t i = 0; i < N * K; i++)
        scores[i] = fabs(scores[i]);
    ASSERT_CLOSE_D(scores, oracle_get(o, "wide/pca_scores_abs", NULL), N * K, 1e-8, 0);
    oracle_close(o);
}

static void test_no_variance(void **state)
{
    const double x[] = { 1, 2, 1, 2, 1, 2 }, zeros[6] = { 0 };
    double scores[6], ratio[2], axes[4];

    (void)state;
    at_pca(scores, axes, ratio, x, 3, 2, 2);
    ASSERT_CLOSE_D(scores, zeros, 6, 0, 0);
    assert_true(isnan(ratio[0]) && isnan(ratio[1]));
    at_pca(scores, axes, ratio, x, 1, 2, 2);
    ASSERT_CLOSE_D(scores, zeros, 2, 0, 0);
    assert_true(isnan(ratio[0]));
}

/* Points on a line have one component; the second is 0. */
static void test_rank_one(void **state)
{
    const double x[] = { 0, 0, 0, -1, -2, -2, 2, 4, 4 };
    const double scores_want[] = { -1, 0, -4, 0, 5, 0 }, ratio_want[] = { 1, 0 };
    const double axes_want[] = { 1.0 / 3, 2.0 / 3, 2.0 / 3, 0, 0, 0 };
    double scores[6], axes[6], ratio[2];

    (void)state;
    at_pca(scores, axes, ratio, x, 3, 3, 2);
    ASSERT_CLOSE_D(ratio, ratio_want, 2, 1e-12, 0);
    ASSERT_CLOSE_D(axes, axes_want, 6, 1e-12, 0);
    ASSERT_CLOSE_D(scores, scores_want, 6, 1e-12, 0);
}

/* The corners of a square have the same variance in every direction: both halves are found. */
static void test_equal_eigenvalues(void **state)
{
    const double x[] = { 1, 1, 1, -1, -1, 1, -1, -1 }, half[] = { 0.5, 0.5 };
    double scores[8], ratio[2];

    (void)state;
    at_pca(scores, NULL, ratio, x, 4, 2, 2);
    ASSERT_CLOSE_D(ratio, half, 2, 1e-12, 0);
}

/* Coordinates from the distances of a table bring the distances back. */
static void test_principal_coordinates(void **state)
{
    enum { N = 36, D = 7 };
    struct oracle *o = oracle_open(PATH);
    static double distance[N * N], again[N * N], coords[N * D];

    (void)state;
    at_pairwise(distance, oracle_get(o, "small/x", NULL), N, D);
    at_principal_coordinates(coords, distance, N, D);
    at_pairwise(again, coords, N, D);
    ASSERT_CLOSE_D(again, distance, N * N, 1e-8, 0);
    oracle_close(o);
}

/* diag(1, .., n) with a flat part: the largest, and repeated ones as often as they occur. */
static void times_diagonal(double *out, const double *x, size_t n, const void *arg)
{
    const double *diagonal = arg;

    for (size_t i = 0; i < n; i++)
        out[i] = diagonal[i] * x[i];
}

static void test_eigen(void **state)
{
    enum { N = 90, K = 4 };
    double diagonal[N], values[K], vectors[K * N];
    const double want[K] = { 7, 7, 3, 3 };

    (void)state;
    for (size_t i = 0; i < N; i++)
        diagonal[i] = i < 2 ? 7.0 : i < 10 ? 3.0 : -1.0;
    at_eigen_top(values, vectors, K, N, times_diagonal, diagonal);
    ASSERT_CLOSE_D(values, want, K, 1e-10, 0);
    for (size_t k = 0; k < K; k++) {
        double out[N];
        times_diagonal(out, vectors + k * N, N, diagonal);
        for (size_t i = 0; i < N; i++)
            ASSERT_NEAR(out[i], values[k] * vectors[k * N + i], 1e-8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_no_variance),
        cmocka_unit_test(test_rank_one),
        cmocka_unit_test(test_equal_eigenvalues),
        cmocka_unit_test(test_principal_coordinates),
        cmocka_unit_test(test_eigen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
