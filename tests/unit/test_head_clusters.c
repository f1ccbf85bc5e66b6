/*
 * test_head_clusters.c - grouping and naming of heads.
 */
#include "analysis/head_clusters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/rng.h"
#include "close.h"
#include "oracle.h"
#include "stats/distance.h"

enum { D = AT_N_HEAD_SCORES };
/* Without the test for groups, which has cases of its own. */
static const struct at_cluster_options defaults = { 0, 0.0, 10, 42, true, 0, NULL };

/* Heads of three kinds, far apart: syntax, punctuation, self. */
static void make_kinds(double *scores, size_t n)
{
    static const size_t high[] = { AT_SYNTAX, AT_PUNCT, AT_SELF };
    struct at_rng rng;

    at_rng_init(&rng, 11, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t s = 0; s < D; s++)
            scores[i * D + s] = (s == high[i % 3] ? 0.8 : 0.1) + 0.02 * at_rng_normal(&rng);
}

static void test_three_kinds(void **state)
{
    enum { N = 60 };
    static double scores[N * D];
    struct at_clusters c;

    (void)state;
    make_kinds(scores, N);
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &defaults, NULL, NULL), 0);
    assert_int_equal(c.k, 3);
    ASSERT_NEAR(c.silhouette, c.by_k[3], 0);
    assert_true(isnan(c.by_k[1]) && c.by_k[2] < c.by_k[3] && c.by_k[8] < c.by_k[3]);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(c.label[i], i % 3);
        assert_true(isfinite(c.tsne[2 * i]) && isfinite(c.point[i]));
    }
    assert_string_equal(c.name[0].text, "Above average on syntax");
    assert_string_equal(c.name[1].text, "Above average on punctuation");
    assert_string_equal(c.name[2].text, "Above average on self-attention");
    assert_int_equal(c.size[0] + c.size[1] + c.size[2], N);
    ASSERT_NEAR(c.perplexity, 59.0 / 3, 1e-12);
    assert_true(isnan(c.p) && !c.has_groups);
    at_clusters_release(&c);
    at_clusters_release(&c);
}

static void test_threads_and_seeds(void **state)
{
    enum { N = 40 };
    static double scores[N * D];
    struct at_pool *pool = at_pool_new(3);
    struct at_clusters a, b;

    (void)state;
    make_kinds(scores, N);
    assert_int_equal(at_cluster_heads(&a, scores, NULL, N, &defaults, NULL, NULL), 0);
    assert_int_equal(at_cluster_heads(&b, scores, NULL, N, &defaults, pool, NULL), 0);
    ASSERT_CLOSE_D(a.tsne, b.tsne, 2 * N, 0, 0);
    ASSERT_CLOSE_D(a.point, b.point, N, 0, 0);
    assert_memory_equal(a.label, b.label, N * sizeof *a.label);
    at_clusters_release(&a);
    at_clusters_release(&b);
    at_pool_free(pool);
}

static void test_given_k(void **state)
{
    enum { N = 12 };
    double scores[N * D];
    struct at_cluster_options o = defaults;
    struct at_clusters c;
    struct at_error err;

    (void)state;
    make_kinds(scores, N);
    o.k = 1;
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &o, NULL, NULL), 0);
    assert_int_equal(c.k, 1);
    assert_true(isnan(c.silhouette));
    at_clusters_release(&c);
    o.k = N;
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &o, NULL, NULL), 0);
    assert_int_equal(c.k, N);
    ASSERT_NEAR(c.silhouette, 0.0, 0); /* every head alone */
    at_clusters_release(&c);
    o.k = N + 1;
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &o, NULL, &err), AT_ERANGE);
    assert_string_equal(err.text, "cannot make 13 groups of 12 heads, want 1 to 12");
    assert_int_equal(at_cluster_heads(&c, scores, NULL, 0, &defaults, NULL, &err), AT_ERANGE);
}

/* All alike; one head; two heads; a score that is never defined. */
static void test_little_to_group(void **state)
{
    enum { N = 10 };
    double scores[N * D];
    struct at_cluster_options three = defaults;
    struct at_error err;
    struct at_clusters c;

    (void)state;
    for (size_t i = 0; i < N * D; i++)
        scores[i] = i % D == AT_LONG_RANGE ? NAN : 0.25;
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &defaults, NULL, NULL), 0);
    assert_int_equal(c.k, 1);
    assert_string_equal(c.name[0].text, "Near average");
    ASSERT_NEAR(c.kl, 0.0, 0);
    at_clusters_release(&c);
    for (size_t i = 0; i < D; i++)
        scores[3 * D + i] = NAN;
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &defaults, NULL, &err), AT_ERANGE);
    assert_string_equal(err.text, "head 3 of 10 has no score that is defined");
    for (size_t i = 0; i < D; i++)
        scores[3 * D + i] = scores[i];
    three.k = 3;
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &three, NULL, NULL), 0);
    assert_int_equal(c.k, 1);
    at_clusters_release(&c);
    assert_int_equal(at_cluster_heads(&c, scores, NULL, 1, &defaults, NULL, NULL), 0);
    assert_int_equal(c.k, 1);
    at_clusters_release(&c);
    scores[0] = 1.0;
    assert_int_equal(at_cluster_heads(&c, scores, NULL, 2, &defaults, NULL, NULL), 0);
    assert_int_equal(c.k, 1); /* two groups of one each say nothing */
    at_clusters_release(&c);
    assert_int_equal(at_cluster_heads(&c, scores, NULL, 3, &defaults, NULL, NULL), 0);
    assert_int_equal(c.k, 2);
    assert_int_equal(c.size[0], 1);
    at_clusters_release(&c);
}

/* Distances in place of scores: the groups follow them, the names still come from the scores. */
static void test_distances(void **state)
{
    enum { N = 9 };
    double scores[N * D], place[N], distance[N * N];
    struct at_clusters c;

    (void)state;
    make_kinds(scores, N);
    for (size_t i = 0; i < N; i++)
        place[i] = (double)(i % 3) * 10.0 + (double)i * 0.1;
    at_pairwise(distance, place, N, 1);
    assert_int_equal(at_cluster_heads(&c, scores, distance, N, &defaults, NULL, NULL), 0);
    assert_int_equal(c.k, 3);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(c.label[i], i % 3);
    assert_string_equal(c.name[1].text, "Above average on punctuation");
    ASSERT_NEAR(c.pca_ratio[0], 1.0, 1e-9); /* all on a line */
    at_clusters_release(&c);
}

static void test_names(void **state)
{
    const double centroid[][D] = {
        { 1.0, 0, 0, 0, 0, 0, 0 },       { 0.29, 0, 0, 0, 0, 0, 0 },  { 1.2, 0.9, 0, 0, 0, 0, 0 },
        { 0, 0.1, 0, 0, 0, 0, 0 },       { 2.0, 0, 0.1, 0, 0, 0, 0 }, { 2.0, 0, 0.1, 0, 0, 0, 0 },
        { 0, 0, 0.3, -1, -1, -1, -0.5 }, { 0, 0.1, 0, 0, 0, 0, 0 },
    };
    static const char *const want[] = {
        "Above average on syntax",
        "Near average",
        "Above average on syntax and semantics",
        "Near average (semantics)",
        "Above average on syntax ([CLS])",
        "Above average on syntax ([CLS]) 5",
        "Above average on [CLS]",
        "Near average (semantics) 7",
    };
    static const char *const special[] = {
        "Syntax Specialists",       "Near average", "Syntax & Semantics",
        "Near average (semantics)", "Syntax (CLS)", "Syntax (CLS) 5",
    };
    struct at_cluster_name names[AT_COUNTOF(want)];
    bool is_special[AT_COUNTOF(want) * D] = { 0 };

    (void)state;
    at_cluster_names(names, centroid[0], NULL, AT_COUNTOF(want), true);
    for (size_t i = 0; i < AT_COUNTOF(want); i++)
        assert_string_equal(names[i].text, want[i]);
    at_cluster_names(names, centroid[6], NULL, 1, false);
    assert_string_equal(names[0].text, "Above average on the first token");
    for (size_t i = 0; i < AT_COUNTOF(special); i++)
        is_special[i * D] = true;
    at_cluster_names(names, centroid[0], is_special, AT_COUNTOF(special), true);
    for (size_t i = 0; i < AT_COUNTOF(special); i++)
        assert_string_equal(names[i].text, special[i]);
    is_special[AT_CLS] = true;
    at_cluster_names(names, centroid[6], is_special, 1, false);
    assert_string_equal(names[0].text, "First-token Specialists");
}

/* Half of a group's heads or more beyond chance make specialists of it. */
static void test_specialists(void **state)
{
    enum { N = 12 };
    double scores[N * D];
    bool beyond[N * D] = { 0 };
    struct at_cluster_options o = defaults;
    struct at_clusters c;

    (void)state;
    make_kinds(scores, N);
    o.is_beyond = beyond;
    beyond[0 * D + AT_SYNTAX] = beyond[3 * D + AT_SYNTAX] = true; /* two of four */
    beyond[1 * D + AT_PUNCT] = true;                              /* one of four */
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &o, NULL, NULL), 0);
    assert_string_equal(c.name[0].text, "Syntax Specialists");
    assert_string_equal(c.name[1].text, "Above average on punctuation");
    at_clusters_release(&c);
}

/* Groups far apart are found; in correlated noise, which k-means groups all the same, they are not:
   of 10 tables one at most by chance, or two. */
static void test_no_groups(void **state)
{
    enum { N = 36, TABLES = 10 };
    static double scores[N * D];
    struct at_cluster_options o = defaults;
    struct at_pool *pool = at_pool_new(2);
    struct at_clusters c;
    struct at_rng rng;
    size_t found = 0;

    (void)state;
    o.n_null = 99;
    make_kinds(scores, N);
    assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &o, pool, NULL), 0);
    ASSERT_NEAR(c.p, 0.01, 1e-12);
    assert_true(c.has_groups && c.null_silhouette < c.null_high && c.null_high < c.silhouette);
    at_clusters_release(&c);
    at_rng_init(&rng, 61, 0);
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t i = 0; i < N; i++) {
            double shared = at_rng_normal(&rng);
            for (size_t s = 0; s < D; s++)
                scores[i * D + s] = at_rng_normal(&rng) + (s < 4 ? shared : -shared);
        }
        assert_int_equal(at_cluster_heads(&c, scores, NULL, N, &o, pool, NULL), 0);
        assert_true(c.k >= 2 && c.null_silhouette > 0.1);
        found += c.has_groups;
        at_clusters_release(&c);
    }
    assert_true(found <= 2);
    at_pool_free(pool);
}

/* For one text the distance is that of the maps laid flat, since every row has the same mass. */
static void test_head_distances(void **state)
{
    enum { N = 3, T = 9 };
    struct oracle *o = oracle_open("fixtures/oracle/metrics/maps.txt");
    const float *maps = oracle_get_f(o, "stack/maps", NULL);
    const float *at[N] = { maps, maps + T * T, maps + 2 * T * T };
    double sum[N * N] = { 0 }, got[N * N], want[N * N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            want[i * N + j] = at_js_distance(at[i], at[j], T * T, 0.0f);
    at_head_distances_add(sum, at, N, T, NULL);
    at_head_distances_add(sum, at, N, T, NULL);
    at_head_distances_finish(got, sum, N, 2);
    ASSERT_CLOSE_D(got, want, N * N, 1e-7, 0); /* rows of floats sum to 1 within 1e-7 */
    oracle_close(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_kinds),    cmocka_unit_test(test_threads_and_seeds),
        cmocka_unit_test(test_given_k),        cmocka_unit_test(test_little_to_group),
        cmocka_unit_test(test_distances),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_head_distances), cmocka_unit_test(test_specialists),
        cmocka_unit_test(test_no_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
