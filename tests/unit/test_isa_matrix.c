/*
 * test_isa.c - attention between sentences by hand, by law and by numpy.
 */
#include "analysis/isa_matrix.h"

#include <math.h>

#include "base/attr.h"
#include "close.h"
#include "oracle.h"

enum { T = 9, S = 4 };
static const char PATH[] = "fixtures/oracle/metrics/maps.txt";
/* Three special tokens; sentence 2 has no token. */
static const int SENT_OF[T] = { -1, 0, 0, 1, 1, 1, -1, 3, -1 };

static void feed(struct at_isa *a, enum at_isa_method method, const float *maps)
{
    at_isa_init(a, method, SENT_OF, T, S);
    for (size_t layer = 0; layer < 3; layer++)
        at_isa_add(a, maps + layer * T * T, 1);
}

static void test_means(void **state)
{
    struct oracle *o = oracle_open(PATH);
    const float *maps = oracle_get_f(o, "stack/maps", NULL);
    struct at_isa a;
    double got[S * S];

    (void)state;
    feed(&a, AT_ISA_MEAN, maps);
    at_isa_matrix(got, &a);
    ASSERT_CLOSE_D(got, oracle_get(o, "stack/isa_mean", NULL), S * S, 1e-12, 0);
    at_isa_release(&a);
    at_isa_init(&a, AT_ISA_MEAN, SENT_OF, T, S);
    at_isa_add(&a, maps, 3); /* three heads of one layer: the same mean */
    at_isa_matrix(got, &a);
    ASSERT_CLOSE_D(got, oracle_get(o, "stack/isa_mean", NULL), S * S, 1e-12, 0);
    at_isa_release(&a);
    feed(&a, AT_ISA_LAST_LAYER, maps);
    at_isa_matrix(got, &a);
    ASSERT_CLOSE_D(got, oracle_get(o, "stack/isa_last", NULL), S * S, 1e-12, 0);
    at_isa_release(&a);
    at_isa_release(&a);
    oracle_close(o);
}

static void test_max(void **state)
{
    struct oracle *o = oracle_open(PATH);
    const float *maps = oracle_get_f(o, "stack/maps", NULL);
    struct at_isa a;
    double got[S * S], want[S * S] = { 0 };

    (void)state;
    for (size_t c = 0; c < 3 * T * T; c++) {
        int query = SENT_OF[c / T % T], key = SENT_OF[c % T];
        if (query >= 0 && key >= 0)
            want[query * S + key] = fmax(want[query * S + key], maps[c]);
    }
    feed(&a, AT_ISA_MAX, maps);
    at_isa_matrix(got, &a);
    ASSERT_CLOSE_D(got, want, S * S, 0, 0);
    at_isa_release(&a);
    oracle_close(o);
}

/* A row is 1 less what lies on special tokens; the pair's row sums have the cell as their mean. */
static void test_rows_and_pairs(void **state)
{
    struct oracle *o = oracle_open(PATH);
    struct at_isa a;
    double matrix[S * S], pair[T * T];

    (void)state;
    feed(&a, AT_ISA_MEAN, oracle_get_f(o, "stack/maps", NULL));
    at_isa_matrix(matrix, &a);
    for (int s = 0; s < S; s++) {
        size_t tokens[T], n = at_isa_tokens(tokens, &a, s);
        double row = 0.0, special = 0.0;
        for (int k = 0; k < S; k++) {
            size_t n_keys = at_isa_tokens(tokens, &a, k);
            double sum = 0.0;
            at_isa_pair(pair, &a, s, k);
            for (size_t c = 0; c < n * n_keys; c++)
                sum += pair[c];
            if (n)
                ASSERT_NEAR(sum / (double)n, matrix[s * S + k], 1e-12);
            row += matrix[s * S + k];
        }
        n = at_isa_tokens(tokens, &a, s);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < T; j++)
                special += SENT_OF[j] < 0 ? a.sum[tokens[i] * T + j] / 3 / (double)n : 0.0;
        ASSERT_NEAR(row, n ? 1.0 - special : 0.0, 1e-6); /* rows of floats sum to 1 within 1e-7 */
    }
    at_isa_release(&a);
    oracle_close(o);
}

static void test_one_and_no_sentence(void **state)
{
    const float map[] = { 0.5f, 0.5f, 0.25f, 0.75f };
    const int one[] = { -1, 0 }, none[] = { -1, -1 };
    struct at_isa_summary summary;
    struct at_isa a;
    double got[1] = { 7.0 };

    (void)state;
    at_isa_init(&a, AT_ISA_MEAN, one, 2, 1);
    at_isa_add(&a, map, 1);
    at_isa_matrix(got, &a);
    ASSERT_NEAR(got[0], 1.0, 0); /* by definition, though 0.75 lies within */
    at_isa_summarize(&summary, got, 1, false);
    assert_int_equal(summary.top_dependency, -1);
    assert_int_equal(summary.top_influenced, -1);
    assert_true(isnan(summary.avg_dependency) && isnan(summary.avg_span));
    at_isa_release(&a);
    at_isa_init(&a, AT_ISA_MEAN, none, 2, 0);
    at_isa_add(&a, map, 1);
    got[0] = 7.0;
    at_isa_matrix(got, &a);
    ASSERT_NEAR(got[0], 7.0, 0); /* nothing to write */
    at_isa_release(&a);
}

static void test_summary(void **state)
{
    const double matrix[] = { 0.5, 0.25, 0.125, 0.125, 0.5, 0.375, 0.5, 0.25, 0.125 };
    struct at_isa_summary got[3];

    (void)state;
    at_isa_summarize(got, matrix, 3, false);
    assert_int_equal(got[0].top_dependency, 1);
    ASSERT_NEAR(got[0].top_weight, 0.25, 0);
    ASSERT_NEAR(got[0].avg_dependency, 0.1875, 0);
    assert_int_equal(got[0].top_influenced, 2);
    ASSERT_NEAR(got[0].max_influence, 0.5, 0);
    ASSERT_NEAR(got[0].avg_influence, 0.3125, 0);
    ASSERT_NEAR(got[0].avg_span, (0.25 * 1 + 0.125 * 2) / 0.375, 1e-15);
    at_isa_summarize(got, matrix, 3, true);
    assert_int_equal(got[0].top_dependency, -1); /* the first sentence sees no other */
    assert_true(isnan(got[0].avg_dependency));
    assert_int_equal(got[1].top_dependency, 0);
    ASSERT_NEAR(got[1].avg_dependency, 0.125, 0);
    ASSERT_NEAR(got[1].max_influence, 0.25, 0);
    ASSERT_NEAR(got[2].avg_dependency, 0.375, 0);
    assert_int_equal(got[2].top_influenced, -1);
    assert_true(isnan(got[2].max_influence));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means),          cmocka_unit_test(test_max),
        cmocka_unit_test(test_rows_and_pairs), cmocka_unit_test(test_one_and_no_sentence),
        cmocka_unit_test(test_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
