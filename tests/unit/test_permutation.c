/*
 * test_permutation.c - subsets, exact and random; the null of a subset sum.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "close.h"
#include "stats/permutation.h"

static void test_counts(void **state)
{
    static const struct {
        size_t n, k, want;
    } cases[] = { { 5, 0, 1 },           { 5, 5, 1 }, { 5, 2, 10 },
                  { 30, 4, 27405 },      { 3, 4, 0 }, { 60, 30, 118264581564861424u },
                  { 500, 250, SIZE_MAX } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(at_n_subsets(cases[i].n, cases[i].k), cases[i].want);
}

/* Every 3-subset of 7 exactly once, members in range and different. */
static void test_exact_lists_all(void **state)
{
    struct at_subsets s = at_subsets_plan(7, 3, 35, 0);
    unsigned char used[7] = { 0 }, seen[128] = { 0 };

    (void)state;
    assert_true(s.is_exact && s.n_draws == 35);
    for (size_t d = 0; d < s.n_draws; d++) {
        uint32_t m[3];
        unsigned bits = 0;
        at_subsets_get(m, &s, d, used);
        for (size_t i = 0; i < 3; i++)
            bits |= 1u << m[i];
        assert_int_equal(__builtin_popcount(bits), 3);
        assert_int_equal(seen[bits]++, 0);
    }
    assert_false(at_subsets_plan(7, 3, 34, 0).is_exact);
}

/* Each position is drawn k / n of the time: 4 standard errors of a share over 20,000 draws. */
static void test_random_is_uniform(void **state)
{
    struct at_subsets s = at_subsets_plan(40, 7, 20000, 3);
    unsigned char used[40] = { 0 };
    double share = 7.0 / 40.0, se = sqrt(share * (1 - share) / 20000.0), count[40] = { 0 };

    (void)state;
    for (size_t d = 0; d < s.n_draws; d++) {
        uint32_t m[7];
        at_subsets_get(m, &s, d, used);
        for (size_t i = 0; i < 7; i++)
            count[m[i]] += 1.0 / 20000.0;
    }
    for (size_t j = 0; j < 40; j++)
        ASSERT_NEAR(count[j], share, 4.0 * se);
    for (size_t j = 0; j < 40; j++)
        assert_int_equal(used[j], 0);
}

/* Subset sums of 1, 2, 4, 8, 16 are all different: of the 10 pairs, those whose sum reaches 17
   are {16,1}, {16,2}, {16,4}, {16,8}. Also for the complement (3 of 5), and for equal values,
   where every draw counts as reaching the observed sum whatever the rounding. */
static void test_null_by_hand(void **state)
{
    const double v[3 * 5] = { 1, 2, 4, 8, 16, 16, 8, 4, 2, 1, 0.1, 0.1, 0.1, 0.1, 0.1 };
    const double pair[3] = { 17, 17, 0.1 + 0.1 }, triple[3] = { 25, 7, 0.3 + 1e-9 };
    struct at_subsets two = at_subsets_plan(5, 2, 100, 0), three = at_subsets_plan(5, 3, 100, 0);
    size_t hits[3];

    (void)state;
    at_subset_null(hits, v, pair, 3, &two, NULL);
    assert_int_equal(hits[0], 4);
    assert_int_equal(hits[1], 4);
    assert_int_equal(hits[2], 10);
    at_subset_null(hits, v, triple, 3, &three, NULL); /* 25 = 16+8+1: also 16+8+2, 16+8+4 */
    assert_int_equal(hits[0], 3);
    assert_int_equal(hits[1], 10);
    assert_int_equal(hits[2], 10);
}

/* The counts do not depend on the threads, and agree with drawing one subset at a time. */
static void test_null_same_for_any_threads(void **state)
{
    enum { SERIES = 37, N = 50, K = 30 };
    struct at_subsets s = at_subsets_plan(N, K, 3000, 11);
    struct at_pool *pool = at_pool_new(3);
    double *v = malloc(SERIES * N * sizeof *v), observed[SERIES];
    size_t hits[SERIES], again[SERIES];
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 1, 1);
    for (size_t h = 0; h < SERIES; h++) {
        observed[h] = 0.0;
        for (size_t j = 0; j < N; j++) {
            v[h * N + j] = at_rng_double(&rng);
            observed[h] += j < K ? v[h * N + j] : 0.0;
        }
    }
    at_subset_null(hits, v, observed, SERIES, &s, NULL);
    at_subset_null(again, v, observed, SERIES, &s, pool);
    for (size_t h = 0; h < SERIES; h++) {
        double z = 0.0, p = (double)hits[h] / 3000.0, sum = 0.0, sum2 = 0.0, mean, sd;
        assert_int_equal(hits[h], again[h]);
        /* Normal approximation of a sum without replacement: n = 50 is near enough for 0.04. */
        for (size_t j = 0; j < N; j++) {
            sum += v[h * N + j];
            sum2 += v[h * N + j] * v[h * N + j];
        }
        mean = K * sum / N;
        sd = sqrt(K * (1.0 - (double)K / N) * (sum2 / N - sum / N * sum / N) * N / (N - 1.0));
        z = (observed[h] - mean) / sd;
        ASSERT_NEAR(p, 0.5 * erfc(z / sqrt(2.0)), 0.04);
    }
    free(v);
    at_pool_free(pool);
}

/* p of a random observed subset is uniform: mean 1/2, and at most a share a lies below a. */
static void test_p_uniform_under_null(void **state)
{
    enum { N = 25, K = 4, TRIALS = 400 };
    struct at_rng rng;
    double mean = 0.0, below = 0.0, v[N];

    (void)state;
    at_rng_init(&rng, 5, 2);
    for (size_t t = 0; t < TRIALS; t++) {
        struct at_subsets s = at_subsets_plan(N, K, 199, t);
        double observed = 0.0, p;
        size_t hits;
        for (size_t j = 0; j < N; j++) {
            v[j] = at_rng_double(&rng);
            observed += j < K ? v[j] : 0.0;
        }
        at_subset_null(&hits, v, &observed, 1, &s, NULL);
        p = at_perm_p(hits, s.n_draws, s.is_exact).p;
        assert_true(p >= 1.0 / 200.0);
        mean += p / TRIALS;
        below += p <= 0.1 ? 1.0 / TRIALS : 0.0;
    }
    ASSERT_NEAR(mean, 0.5, 4.0 * sqrt(1.0 / 12.0 / TRIALS));
    assert_true(below < 0.1 + 3.0 * sqrt(0.09 / TRIALS));
}

static void test_permutation_is_one(void **state)
{
    size_t order[9], again[9], seen[9] = { 0 };

    (void)state;
    at_draw_permutation(order, 9, 4, 17);
    at_draw_permutation(again, 9, 4, 17);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(seen[order[i]]++, 0);
    assert_memory_equal(order, again, sizeof order);
    at_draw_permutation(again, 9, 4, 18);
    assert_true(memcmp(order, again, sizeof order) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_exact_lists_all),
        cmocka_unit_test(test_random_is_uniform),
        cmocka_unit_test(test_null_by_hand),
        cmocka_unit_test(test_null_same_for_any_threads),
        cmocka_unit_test(test_p_uniform_under_null),
        cmocka_unit_test(test_permutation_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
