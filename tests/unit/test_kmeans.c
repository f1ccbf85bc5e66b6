/*
 * test_kmeans.c - clusters and silhouettes against scikit-learn, by hand, and for odd tables.
 */
#include "stats/kmeans.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "close.h"
#include "oracle.h"
#include "stats/distance.h"
#include "stats/silhouette.h"

enum { D = 7 };
static const char PATH[] = "fixtures/oracle/stats/tables.txt";
static const char *const tables[] = { "small", "medium", "large" };
static const struct at_kmeans_options options = AT_KMEANS_OPTIONS_INIT;

static const double *get(struct oracle *o, const char *table, const char *what, size_t *n)
{
    char name[64];

    snprintf(name, sizeof name, "%s/%s", table, what);
    return oracle_get(o, name, n);
}

/* No worse than scikit-learn's ten restarts, for every k. */
static void test_inertia(void **state)
{
    struct oracle *o = oracle_open(PATH);

    (void)state;
    for (size_t t = 0; t < AT_COUNTOF(tables); t++) {
        size_t n;
        const double *x = get(o, tables[t], "x", &n), *want = get(o, tables[t], "inertia", NULL);
        int *label = at_malloc(n / D, sizeof *label);
        for (size_t k = 2; k <= 8; k++) {
            double inertia = at_kmeans(label, NULL, x, n / D, D, k, &options, NULL);
            if (!(inertia <= want[k - 2] * (1.0 + 1e-9)))
                fail_msg("%s, k %zu: inertia %.12g, want %.12g", tables[t], k, inertia,
                         want[k - 2]);
        }
        free(label);
    }
    oracle_close(o);
}

/* The labels, the centroids and the inertia say the same; labels count up as they appear. */
static void test_consistency(void **state)
{
    enum { K = 4 };
    struct oracle *o = oracle_open(PATH);
    size_t n, N;
    const double *x = get(o, "medium", "x", &n);
    double centroid[K * D], mean[K * D] = { 0 }, sum = 0.0, inertia;
    size_t size[K] = { 0 };
    int *label, most = -1;

    (void)state;
    N = n / D;
    label = at_malloc(N, sizeof *label);
    inertia = at_kmeans(label, centroid, x, N, D, K, &options, NULL);
    for (size_t i = 0; i < N; i++) {
        assert_true(label[i] >= 0 && label[i] <= most + 1);
        most = AT_MAX(most, label[i]);
        size[label[i]]++;
        for (size_t j = 0; j < D; j++) {
            double d = x[i * D + j] - centroid[(size_t)label[i] * D + j];
            mean[(size_t)label[i] * D + j] += x[i * D + j];
            sum += d * d;
        }
    }
    for (size_t c = 0; c < K * D; c++)
        mean[c] /= (double)size[c / D];
    ASSERT_CLOSE_D(centroid, mean, K * D, 1e-12, 0);
    ASSERT_NEAR(inertia, sum, 1e-9);
    free(label);
    oracle_close(o);
}

static void test_threads_change_nothing(void **state)
{
    struct oracle *o = oracle_open(PATH);
    size_t n;
    const double *x = get(o, "large", "x", &n);
    int *one = at_malloc(2 * n / D, sizeof *one), *three = one + n / D;
    struct at_pool *pool = at_pool_new(3);

    (void)state;
    for (size_t k = 2; k <= 8; k++) {
        double a = at_kmeans(one, NULL, x, n / D, D, k, &options, NULL);
        double b = at_kmeans(three, NULL, x, n / D, D, k, &options, pool);
        ASSERT_NEAR(a, b, 0);
        assert_memory_equal(one, three, n / D * sizeof *one);
    }
    at_pool_free(pool);
    free(one);
    oracle_close(o);
}

static void test_odd_tables(void **state)
{
    const double same[] = { 2, 2, 2, 2 }, two[] = { 1, 5, 1, 5, 1 }, line[] = { 0, 10, 1, 11 };
    const int want_two[] = { 0, 1, 0, 1, 0 }, want_line[] = { 0, 1, 0, 1 };
    double centroid[3];
    int label[5];

    (void)state;
    ASSERT_NEAR(at_kmeans(label, centroid, same, 4, 1, 2, &options, NULL), 0.0, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(label[i], 0);
    assert_true(centroid[0] == 2.0 && isnan(centroid[1]));
    ASSERT_NEAR(at_kmeans(label, centroid, two, 5, 1, 3, &options, NULL), 0.0, 0);
    assert_memory_equal(label, want_two, sizeof want_two);
    assert_true(centroid[0] == 1.0 && centroid[1] == 5.0 && isnan(centroid[2]));
    ASSERT_NEAR(at_kmeans(label, centroid, line, 4, 1, 2, &options, NULL), 1.0, 1e-15);
    assert_memory_equal(label, want_line, sizeof want_line);
    ASSERT_NEAR(at_kmeans(label, centroid, line, 4, 1, 1, &options, NULL), 101.0, 1e-12);
    ASSERT_NEAR(at_kmeans(label, NULL, line, 4, 1, 4, &options, NULL), 0.0, 0);
}

static void test_silhouette_oracle(void **state)
{
    struct oracle *o = oracle_open(PATH);

    (void)state;
    for (size_t t = 0; t < AT_COUNTOF(tables); t++) {
        size_t n, N;
        const double *x = get(o, tables[t], "x", &n), *wanted_label;
        double *distance, *s;
        int *label;
        N = n / D;
        wanted_label = get(o, tables[t], "label", NULL);
        distance = at_malloc(N * N + N, sizeof *distance);
        s = distance + N * N;
        label = at_malloc(N, sizeof *label);
        for (size_t i = 0; i < N; i++)
            label[i] = (int)wanted_label[i];
        at_pairwise(distance, x, N, D);
        at_silhouette(s, distance, label, N, 8);
        ASSERT_CLOSE_D(s, get(o, tables[t], "silhouette", NULL), N, 1e-12, 0);
        free(distance);
        free(label);
    }
    oracle_close(o);
}

/* Points 0, 1 and 5: a = 1, b = 5 and 4; the third is alone. */
static void test_silhouette_by_hand(void **state)
{
    const double distance[] = { 0, 1, 5, 1, 0, 4, 5, 4, 0 }, zeros[9] = { 0 };
    const double want[] = { 0.8, 0.75, 0.0 }, none[] = { NAN, NAN, NAN };
    const int label[] = { 0, 0, 1 }, one[] = { 1, 1, 1 };
    double s[3];

    (void)state;
    ASSERT_NEAR(at_silhouette(s, distance, label, 3, 2), 1.55 / 3, 1e-15);
    ASSERT_CLOSE_D(s, want, 3, 1e-15, 0);
    assert_true(isnan(at_silhouette(s, distance, one, 3, 2)));
    ASSERT_CLOSE_D(s, none, 3, 0, 0);
    ASSERT_NEAR(at_silhouette(NULL, zeros, label, 3, 2), 0.0, 0); /* points that coincide */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inertia),           cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_odd_tables),        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_silhouette_oracle), cmocka_unit_test(test_silhouette_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
