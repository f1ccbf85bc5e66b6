/*
 * test_deep.c - vectors, neighbours and attention step by step.
 */
#include "analysis/deep.h"

#include <math.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"

static void test_describe(void **state)
{
    const float x[] = { 3, -4, 99, 1, 1, 99 };
    struct at_vector_stats got[2];

    (void)state;
    at_vectors_describe(got, x, 3, 2, 2);
    ASSERT_NEAR(got[0].norm, 5.0, 1e-15);
    ASSERT_NEAR(got[0].mean, -0.5, 0);
    ASSERT_NEAR(got[0].sd, 3.5, 1e-15);
    ASSERT_NEAR(got[0].min, -4.0, 0);
    ASSERT_NEAR(got[0].max, 3.0, 0);
    ASSERT_NEAR(got[0].positive, 0.5, 0);
    ASSERT_NEAR(got[1].sd, 0.0, 0);
    ASSERT_NEAR(got[1].positive, 1.0, 0);
}

static void test_neighbours(void **state)
{
    const float x[] = { 1, 0, 0, 1, 1, 1, 0, 0, 2, 0 }; /* the fourth has no length */
    struct at_neighbour got[5 * 3];

    (void)state;
    at_vectors_neighbours(got, 3, x, 2, 5, 2);
    assert_int_equal(got[0].token, 4);
    ASSERT_NEAR(got[0].cosine, 1.0, 1e-15);
    assert_int_equal(got[1].token, 2);
    ASSERT_NEAR(got[1].cosine, sqrt(0.5), 1e-15);
    assert_int_equal(got[2].token, 1);
    assert_int_equal(got[2 * 3].token, 0); /* 0, 1 and 4 are all at 45 degrees */
    assert_int_equal(got[2 * 3 + 1].token, 1);
    assert_int_equal(got[2 * 3 + 2].token, 4);
    for (size_t i = 0; i < 3; i++)
        assert_true(isnan(got[3 * 3 + i].cosine) && got[3 * 3 + i].token == i);
    at_vectors_neighbours(NULL, 0, x, 2, 1, 2);
}

static void test_cosine_map(void **state)
{
    const float a[] = { 1, 0, 0, 2 }, b[] = { 0, 3, 0, 0 };
    const double want[] = { 0, NAN, 1, NAN };
    float got[4];

    (void)state;
    at_cosine_map(got, a, b, 2, 2, 2);
    ASSERT_CLOSE(got, want, 4, 1e-7, 0);
}

static void test_rows_and_change(void **state)
{
    const float a[] = { 3, 4 }, b[] = { 3, 4.5f }, zero[] = { 0, 0 };
    const double want_sum[] = { 9, 12.5 }, want_two[] = { 3, 4.5 };
    float sum[2];
    double change;

    (void)state;
    at_add_rows(sum, a, b, a, 1, 2);
    ASSERT_CLOSE(sum, want_sum, 2, 0, 0);
    at_add_rows(sum, NULL, b, NULL, 1, 2);
    ASSERT_CLOSE(sum, want_two, 2, 0, 0);
    at_residual_change(&change, a, b, 2, 1, 2);
    ASSERT_NEAR(change, 0.5 / (5.0 + 1e-6), 1e-15);
    at_residual_change(&change, zero, a, 2, 1, 2);
    ASSERT_NEAR(change, 5.0 / 1e-6, 1e-3);
}

/* The steps multiply out to the weights of an independent softmax in double. */
static void test_steps_give_the_weights(void **state)
{
    enum { T = 7, D = 4, STRIDE = 9 };
    float q[T * STRIDE], k[T * STRIDE], map[T];
    struct at_attention_step step[T];
    struct at_attention_row row;
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 6, 0);
    for (size_t i = 0; i < T * STRIDE; i++) {
        q[i] = (float)(2.0 * at_rng_normal(&rng));
        k[i] = (float)(2.0 * at_rng_normal(&rng));
    }
    for (int causal = 0; causal < 2; causal++) {
        size_t query = 4, visible = causal ? query + 1 : T, n;
        double total = 0.0, sum = 0.0;
        for (size_t j = 0; j < visible; j++) {
            double dot = 0.0;
            for (size_t d = 0; d < D; d++)
                dot += (double)q[query * STRIDE + d] * k[j * STRIDE + d];
            map[j] = (float)exp(dot * 0.5);
            total += exp(dot * 0.5);
        }
        for (size_t j = 0; j < visible; j++)
            map[j] = (float)(map[j] / total);
        n = at_attention_steps(step, T, &row, q, k, STRIDE, T, D, 0.5, NULL, 0,
                               causal ? query + 1 : T, query, map, NULL);
        assert_int_equal(n, visible);
        assert_int_equal(row.n_visible, visible);
        assert_true(row.weight_error < 1e-6); /* the float map's rounding */
        for (size_t i = 0; i < n; i++) {
            ASSERT_NEAR(step[i].scaled, step[i].dot * 0.5, 1e-12);
            ASSERT_NEAR(step[i].shifted, step[i].scaled - row.row_max, 1e-12);
            ASSERT_NEAR(exp(step[i].shifted) / row.sum_exp, step[i].weight, 1e-12);
            ASSERT_NEAR(exp(step[i].scaled - row.log_sum), step[i].weight, 1e-12);
            ASSERT_NEAR(step[i].weight, map[step[i].key], 1e-6);
            assert_true(i == 0 || step[i].weight <= step[i - 1].weight);
            sum += step[i].weight;
        }
        ASSERT_NEAR(sum, 1.0, 1e-12);
    }
}

static void test_steps_by_another_rank(void **state)
{
    const float q[] = { 1, 1, 1 }, k[] = { 0, 0, 1 }, rank[] = { 0.2f, 0.9f, 0.2f };
    struct at_attention_step step[2];
    struct at_attention_row row;

    (void)state;
    assert_int_equal(
        at_attention_steps(step, 2, &row, q, k, 1, 3, 1, 1.0, NULL, 0, 3, 0, NULL, rank), 2);
    assert_int_equal(step[0].key, 1);
    assert_int_equal(step[1].key, 0); /* 0 and 2 are equal: the lower index */
    assert_true(isnan(step[0].stored) && isnan(row.weight_error));
    assert_int_equal(
        at_attention_steps(step, 2, &row, q, k, 1, 3, 1, 1.0, NULL, 0, 3, 0, NULL, NULL), 2);
    assert_int_equal(step[0].key, 2);
    assert_int_equal(
        at_attention_steps(step, 2, &row, q, k, 1, 3, 1, 1.0, NULL, 0, 1, 0, NULL, NULL), 1);
    ASSERT_NEAR(step[0].weight, 1.0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_cosine_map),
        cmocka_unit_test(test_rows_and_change),
        cmocka_unit_test(test_steps_give_the_weights),
        cmocka_unit_test(test_steps_by_another_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
