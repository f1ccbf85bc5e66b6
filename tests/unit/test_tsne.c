/*
 * test_tsne.c - the map against scikit-learn's exact method, and where there is nothing to map.
 */
#include "stats/tsne.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/rng.h"
#include "close.h"
#include "oracle.h"
#include "stats/distance.h"
#include "stats/pca.h"

enum { D = 7 };
static const char PATH[] = "fixtures/oracle/stats/tables.txt";
static const struct at_tsne_options options = AT_TSNE_OPTIONS_INIT;

static const double *get(struct oracle *o, const char *table, const char *what, size_t *n)
{
    char name[64];

    snprintf(name, sizeof name, "%s/%s", table, what);
    return oracle_get(o, name, n);
}

/* Place of each other point in the order of distance from point i, counted from 1. */
static void rank_from(size_t *rank, const double *distance, size_t N, size_t i)
{
    for (size_t j = 0; j < N; j++) {
        rank[j] = 1;
        for (size_t k = 0; k < N; k++)
            rank[j] += k != i && distance[i * N + k] < distance[i * N + j];
    }
}

/* Venna and Kaski 2001: 1 less the ranks by which false neighbours on the map are too far. */
static double trustworthiness(const double *x, const double *map, size_t N, size_t n_near)
{
    double *far = at_malloc(2 * N * N, sizeof *far), *near = far + N * N, sum = 0.0;
    size_t *rank_x = at_malloc(2 * N, sizeof *rank_x), *rank_map = rank_x + N;

    at_pairwise(far, x, N, D);
    at_pairwise(near, map, N, 2);
    for (size_t i = 0; i < N; i++) {
        rank_from(rank_x, far, N, i);
        rank_from(rank_map, near, N, i);
        for (size_t j = 0; j < N; j++)
            if (j != i && rank_map[j] <= n_near && rank_x[j] > n_near)
                sum += (double)(rank_x[j] - n_near);
    }
    free(far);
    free(rank_x);
    return 1.0 - sum * 2.0 / ((double)(N * n_near) * (2.0 * (double)N - 3.0 * (double)n_near - 1));
}

/* The map of the rows of x (N,d) as heads are mapped: Euclidean distances, principal plane. */
static struct at_tsne_fit fit_rows(double *out, const double *x, size_t N, size_t d,
                                   const struct at_tsne_options *o, struct at_pool *pool)
{
    double *distance = at_malloc(N * N + 2 * N + 1, sizeof *distance), *start = distance + N * N;
    struct at_tsne_fit fit;

    at_pairwise(distance, x, N, d);
    at_pca(start, NULL, NULL, x, N, d, 2);
    fit = at_tsne(out, distance, start, N, o, pool);
    free(distance);
    return fit;
}

/* KL no worse than scikit-learn's plus 2 %, neighbourhoods as trustworthy to 0.01. */
static void test_oracle(void **state)
{
    static const char *const tables[] = { "small", "medium", "large" };
    struct oracle *o = oracle_open(PATH);
    struct at_tsne_options as_sklearn = options;

    (void)state;
    as_sklearn.perplexity = 30.0;
    for (size_t t = 0; t < AT_COUNTOF(tables); t++) {
        size_t n, N;
        const double *x = get(o, tables[t], "x", &n), *want = get(o, tables[t], "tsne", NULL);
        double *map, trust;
        struct at_tsne_fit fit;
        N = n / D;
        map = at_malloc(2 * N, sizeof *map);
        fit = fit_rows(map, x, N, D, &as_sklearn, NULL);
        trust = trustworthiness(x, map, N, 5);
        print_message("%s: KL %.5f, scikit-learn %.5f; trustworthiness %.4f, %.4f\n", tables[t],
                      fit.kl, want[0], trust, want[1]);
        assert_true(fit.kl <= want[0] * 1.02);
        assert_true(trust >= want[1] - 0.01);
        ASSERT_NEAR(fit.perplexity, 30.0, 0);
        free(map);
    }
    oracle_close(o);
}

static void test_threads_change_nothing(void **state)
{
    struct oracle *o = oracle_open(PATH);
    struct at_tsne_options few = options;
    struct at_pool *pool = at_pool_new(3);
    size_t n, N;
    const double *x = get(o, "large", "x", &n);
    double *one, *three;

    (void)state;
    few.n_iterations = 300;
    N = n / D;
    one = at_malloc(4 * N, sizeof *one);
    three = one + 2 * N;
    fit_rows(one, x, N, D, &few, NULL);
    fit_rows(three, x, N, D, &few, pool);
    ASSERT_CLOSE_D(one, three, 2 * N, 0, 0);
    at_pool_free(pool);
    free(one);
    oracle_close(o);
}

/* Three points at perplexity 2 are an equilateral triangle, whatever they were: nothing is lost. By
   default it is 1 for so few. */
static void test_no_divergence_is_negative(void **state)
{
    struct at_tsne_options two = options;
    struct at_rng rng;
    double x[21], map[6];

    (void)state;
    two.perplexity = 2.0;
    at_rng_init(&rng, 7, 0);
    for (int round = 0; round < 20; round++) {
        struct at_tsne_fit fit;
        for (size_t i = 0; i < AT_COUNTOF(x); i++)
            x[i] = at_rng_normal(&rng);
        ASSERT_NEAR(fit_rows(map, x, 3, 7, &options, NULL).perplexity, 1.0, 0);
        fit = fit_rows(map, x, 3, 7, &two, NULL);
        assert_true(fit.kl >= 0.0 && fit.kl < 1e-3);
    }
}

/* One point, two points, equal points, more equal points than the perplexity asks for. */
static void test_little_to_map(void **state)
{
    const double x[] = { 1, 1, 1, 1, 1, 1 }, two[] = { 0, 3 }, zeros[12] = { 0 };
    double map[200];
    struct at_tsne_fit fit;
    double many[100];
    struct at_rng rng;

    (void)state;
    fit_rows(map, x, 0, 1, &options, NULL);
    fit = fit_rows(map, x, 1, 1, &options, NULL);
    ASSERT_CLOSE_D(map, zeros, 2, 0, 0);
    ASSERT_NEAR(fit.kl, 0.0, 0);
    fit = fit_rows(map, x, 6, 1, &options, NULL);
    ASSERT_CLOSE_D(map, zeros, 12, 0, 0);
    ASSERT_NEAR(fit.kl, 0.0, 0);
    fit = fit_rows(map, two, 2, 1, &options, NULL);
    ASSERT_NEAR(fit.perplexity, 1.0, 0);
    ASSERT_NEAR(fit.kl, 0.0, 1e-6); /* one pair has all the probability wherever it is */
    assert_true(map[0] < map[2]);
    at_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < 100; i++)
        many[i] = i < 90 ? 0.0 : at_rng_normal(&rng);
    fit = fit_rows(map, many, 100, 1, &options, NULL);
    assert_true(isfinite(fit.kl));
    for (size_t i = 0; i < 200; i++)
        assert_true(isfinite(map[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_no_divergence_is_negative),
        cmocka_unit_test(test_little_to_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
