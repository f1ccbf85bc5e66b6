/*
 * test_clusters.c - shares and tests over clusters: against scipy and listings of all signs
 * (fixtures/oracle/clusters.json), and in simulations of what they promise.
 */
#include "stats/clusters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "close.h"
#include "io/json.h"
#include "stats/rank_tests.h"
#include "stats/tails.h"

struct numbers {
    double *x;
    size_t n;
};

static struct numbers numbers_of(const struct at_json *v, const char *key)
{
    const struct at_json *list = at_json_get(v, key);
    struct numbers out = { at_malloc(at_json_count(list) + 1, sizeof *out.x), at_json_count(list) };

    for (size_t i = 0; i < out.n; i++)
        out.x[i] = at_json_number(at_json_at(list, i), NAN);
    return out;
}

static void check_case(const struct at_json *v)
{
    const char *kind = at_json_text(at_json_get(v, "kind"), "");
    struct numbers x = numbers_of(v, "x"), y = numbers_of(v, "y"), c = numbers_of(v, "cluster");
    struct numbers want = numbers_of(v, "want");
    size_t k = (size_t)at_json_integer(at_json_get(v, "k"), 0);
    int *cluster = at_malloc(c.n + 1, sizeof *cluster);
    struct at_interval ci = { 0 };
    struct at_flip_test t = { 0 };

    for (size_t i = 0; i < c.n; i++)
        cluster[i] = (int)c.x[i];
    if (!strcmp(kind, "newcombe")) {
        ci = at_newcombe_paired(x.x[0], x.x[1], x.x[2], x.x[3], at_normal_quantile(0.975));
    } else if (!strcmp(kind, "wilson")) {
        ci = at_clustered_wilson(x.x, y.x, x.n, at_json_integer(at_json_get(v, "macro"), 0), 0.95);
    } else if (!strcmp(kind, "student_quantile")) {
        ci.low = at_student_quantile(x.x[0], x.x[1]);
    } else {
        t = !strcmp(kind, "flip")          ? at_sign_flip(x.x, x.n)
            : !strcmp(kind, "signed_rank") ? at_signed_rank_clustered(x.x, cluster, x.n, k, 0.0)
                                           : at_spearman_clustered(x.x, y.x, cluster, x.n, k);
        assert_true(t.is_exact);
        ci = (struct at_interval){ t.p, t.least };
    }
    /* Both sides in double; ends at 0 and 1 are exact here and rounded there. */
    ASSERT_CLOSE_D(&ci.low, want.x, 1, 1e-14, 1e-9);
    if (want.n > 1)
        ASSERT_CLOSE_D(&ci.high, want.x + 1, 1, 1e-14, 1e-9);
    free(x.x);
    free(y.x);
    free(c.x);
    free(want.x);
    free(cluster);
}

static void test_against_listings(void **state)
{
    struct at_error err;
    struct at_json *root;

    (void)state;
    if (at_json_read(&root, "fixtures/oracle/clusters.json", &err))
        fail_msg("%s", err.text);
    assert_true(at_json_count(root) > 40);
    for (size_t i = 0; i < at_json_count(root); i++)
        check_case(at_json_at(root, i));
    at_json_free(root);
}

static void test_edges(void **state)
{
    const double hits[3] = { 1, 0, 2 }, n[3] = { 2, 0, 0 }, zero[2] = { 0, 0 };
    double many[40];
    struct at_flip_test t = at_sign_flip(zero, 2);

    (void)state;
    assert_true(isnan(at_clustered_wilson(hits, n, 3, true, 0.95).low)); /* one with trials */
    assert_true(isnan(at_newcombe_paired(0, 0, 0, 0, 1.96).low));
    assert_true(t.n == 0 && isnan(t.p) && isnan(t.least));
    for (size_t i = 0; i < 40; i++)
        many[i] = i % 4 ? 1.0 : -1.0;
    t = at_sign_flip(many, 40); /* 30 against 10: z = 20 / sqrt(40) */
    assert_true(!t.is_exact && t.n == 40);
    ASSERT_NEAR(t.p, at_normal_two_sided(20 / sqrt(40.0)), 1e-15);
    ASSERT_NEAR(t.least, at_normal_two_sided(sqrt(40.0)), 1e-15);
}

/* On paper all sizes are 0.1 and 0.2; as floats none are alike, and the exact p of untied ranks is
   another. */
static void test_ties_split_by_storage(void **state)
{
    const float a[6] = { 0.3f, 0.4f, 0.7f, 0.9f, 0.3f, 0.2f };
    const float b[6] = { 0.2f, 0.3f, 0.6f, 0.7f, 0.1f, 0.3f };
    const double paper[6] = { 1, 1, 1, 2, 2, -1 };
    double stored[6];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        stored[i] = (double)a[i] - (double)b[i];
    assert_true(at_wilcoxon(stored, 6, 0.0).p != at_wilcoxon(paper, 6, 0.0).p);
    ASSERT_NEAR(at_wilcoxon(stored, 6, 1e-6).p, at_wilcoxon(paper, 6, 0.0).p, 0);
    ASSERT_NEAR(at_wilcoxon(stored, 6, 1e-6).statistic, at_wilcoxon(paper, 6, 0.0).statistic, 0);
}

/* --- simulations, with fixed seeds --- */

enum { TRIALS = 2000, MAX_K = 40 };

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* Mean of logistic(mu + sd Z): what the share of a term is on average. */
static double mean_share(double mu, double sd)
{
    double sum = 0.0, weight = 0.0;

    for (double z = -8.0; z <= 8.0; z += 0.01) {
        double w = exp(-0.5 * z * z);
        sum += w * logistic(mu + sd * z);
        weight += w;
    }
    return sum / weight;
}

/* k terms whose shares scatter by sd, m items of each. */
static void draw_terms(double *hits, double *n, size_t k, size_t m, double mu, double sd,
                       struct at_rng *rng)
{
    for (size_t c = 0; c < k; c++) {
        double share = logistic(mu + sd * at_rng_normal(rng));
        n[c] = (double)m;
        hits[c] = 0.0;
        for (size_t i = 0; i < m; i++)
            hits[c] += at_rng_double(rng) < share;
    }
}

/* 95 % intervals over 3 to 29 terms hold what they say: within .93 and .97, whose half width is
   four standard errors of 2000 trials. */
static void test_coverage(void **state)
{
    static const size_t sizes[] = { 3, 4, 6, 10, 20, 29 };
    static const double centres[] = { 0.0, 0.6 };
    double hits[MAX_K], n[MAX_K];
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 31, 0);
    for (size_t s = 0; s < AT_COUNTOF(sizes); s++)
        for (size_t c = 0; c < AT_COUNTOF(centres); c++) {
            double truth = mean_share(centres[c], 0.7), covered = 0.0;
            for (size_t t = 0; t < TRIALS; t++) {
                struct at_interval ci;
                draw_terms(hits, n, sizes[s], 40, centres[c], 0.7, &rng);
                ci = at_clustered_wilson(hits, n, sizes[s], t % 2, 0.95);
                covered += ci.low <= truth && truth <= ci.high;
            }
            covered /= TRIALS;
            if (!(covered > 0.93 && covered < 0.97))
                fail_msg("%zu terms around %g: covers %.3f", sizes[s], truth, covered);
        }
}

/* P(p <= .05) where nothing is to be found and the items of a term are alike: at most .05 but for
   the chance of 2000 trials, and not so little that nothing could ever be found. */
static void check_null(const char *what, size_t hits)
{
    double rate = (double)hits / TRIALS;

    if (!(rate > 0.03 && rate < 0.065))
        fail_msg("%s: P(p <= .05) is %.4f", what, rate);
}

static void test_null_rates(void **state)
{
    enum { K = 25, M = 6, N = K * M };
    double x[N], y[N];
    int cluster[N];
    size_t rank_hits = 0, rho_hits = 0;
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 32, 0);
    for (size_t t = 0; t < TRIALS; t++) {
        double shared[2] = { 0 };
        for (size_t i = 0; i < N; i++) {
            cluster[i] = (int)(i / M);
            if (i % M == 0) {
                shared[0] = at_rng_normal(&rng);
                shared[1] = at_rng_normal(&rng);
            }
            x[i] = shared[0] + 0.5 * at_rng_normal(&rng);
            y[i] = shared[1] + 0.5 * at_rng_normal(&rng);
        }
        rank_hits += at_signed_rank_clustered(x, cluster, N, K, 0.0).p <= 0.05;
        rho_hits += at_spearman_clustered(x, y, cluster, N, K).p <= 0.05;
    }
    check_null("signed ranks", rank_hits);
    check_null("rank correlation", rho_hits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_listings),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_ties_split_by_storage),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_null_rates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
