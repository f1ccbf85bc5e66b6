/*
 * test_tree.c - the influence tree by hand and by law.
 */
#include "analysis/tree.h"

#include <math.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"

static const float MAP[] = {
    0.1f,  0.4f,  0.4f,  0.1f, /* 0 looks at 1 and 2 alike */
    0.6f,  0.1f,  0.2f,  0.1f, /* 1 looks at 0, then 2 */
    0.0f,  0.3f,  0.5f,  0.2f, /* 2 looks at itself, 1, 3, never 0 */
    0.25f, 0.25f, 0.25f, 0.25f,
};

struct want {
    size_t token, parent, depth;
    double weight, product;
};

static void check(const struct at_tree_nodes *got, const struct want *want, size_t n)
{
    assert_int_equal(got->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got->items[i].token, want[i].token);
        assert_int_equal(got->items[i].parent, want[i].parent);
        assert_int_equal(got->items[i].depth, want[i].depth);
        ASSERT_NEAR(got->items[i].weight, want[i].weight, 1e-7);
        ASSERT_NEAR(got->items[i].product, want[i].product, 1e-7);
    }
}

/* Ties go to the lower index; a token on the path is skipped, in another branch it may come
   again; the levels are 0 .. depth - 1. */
static void test_by_hand(void **state)
{
    static const struct want want[] = {
        { 0, 0, 0, 1.0, 1.0 },  { 1, 0, 1, 0.4, 0.4 },  { 2, 0, 1, 0.4, 0.4 },
        { 2, 1, 2, 0.2, 0.08 }, { 3, 1, 2, 0.1, 0.04 }, { 1, 2, 2, 0.3, 0.12 },
        { 3, 2, 2, 0.2, 0.08 },
    };
    struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_tree_nodes tree;

    (void)state;
    o.k = 2;
    assert_false(at_tree_grow(&tree, MAP, 4, NULL, NULL, 0, 0, &o));
    check(&tree, want, AT_COUNTOF(want));
    for (size_t i = 0; i < tree.n; i++)
        assert_true(isnan(tree.items[i].qk));
    at_array_release(&tree);
}

static void test_cap_and_least_weight(void **state)
{
    static const struct want capped[] = {
        { 0, 0, 0, 1.0, 1.0 }, { 1, 0, 1, 0.4, 0.4 }, { 2, 0, 1, 0.4, 0.4 }, { 2, 1, 2, 0.2, 0.08 }
    };
    static const struct want heavy[] = {
        { 0, 0, 0, 1.0, 1.0 }, { 1, 0, 1, 0.4, 0.4 }, { 2, 0, 1, 0.4, 0.4 }, { 1, 2, 2, 0.3, 0.12 }
    };
    struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_tree_nodes tree;

    (void)state;
    o.k = 2;
    o.max_nodes = 4;
    assert_true(at_tree_grow(&tree, MAP, 4, NULL, NULL, 0, 0, &o));
    check(&tree, capped, AT_COUNTOF(capped));
    at_array_release(&tree);
    o.max_nodes = 400;
    o.min_weight = 0.25;
    assert_false(at_tree_grow(&tree, MAP, 4, NULL, NULL, 0, 0, &o));
    check(&tree, heavy, AT_COUNTOF(heavy));
    at_array_release(&tree);
}

static void test_undefined_row_has_no_children(void **state)
{
    static const struct want want[] = { { 1, 0, 0, 1.0, 1.0 } };
    const float map[] = { 0.5f, 0.5f, NAN, NAN };
    struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_tree_nodes tree;

    (void)state;
    o.root = 1;
    assert_false(at_tree_grow(&tree, map, 2, NULL, NULL, 0, 0, &o));
    check(&tree, want, AT_COUNTOF(want));
    at_array_release(&tree);
}

/* Masked keys never appear, not even when too few visible ones are left. */
static void test_causal(void **state)
{
    static const struct want want[] = { { 1, 0, 0, 1.0, 1.0 }, { 0, 0, 1, 0.6, 0.6 } };
    struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_tree_nodes tree;

    (void)state;
    o.root = 1;
    o.is_causal = true;
    assert_false(at_tree_grow(&tree, MAP, 4, NULL, NULL, 0, 0, &o));
    check(&tree, want, AT_COUNTOF(want));
    at_array_release(&tree);
}

/* With the head's own rows, the softmax of qk over all keys gives the weights back. */
static void test_scores_give_the_weights(void **state)
{
    enum { T = 6, D = 3, STRIDE = 5 };
    float q[T * STRIDE], k[T * STRIDE], map[T * T];
    struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_tree_nodes tree;
    struct at_rng rng;
    double sum = 0.0;

    (void)state;
    at_rng_init(&rng, 2, 0);
    for (size_t i = 0; i < T * STRIDE; i++) {
        q[i] = (float)at_rng_normal(&rng);
        k[i] = (float)at_rng_normal(&rng);
    }
    for (size_t i = 0; i < T; i++) {
        double e[T], total = 0.0;
        for (size_t j = 0; j < T; j++) {
            double dot = 0.0;
            for (size_t d = 0; d < D; d++)
                dot += (double)q[i * STRIDE + d] * k[j * STRIDE + d];
            total += e[j] = exp(dot / sqrt(D));
        }
        for (size_t j = 0; j < T; j++)
            map[i * T + j] = (float)(e[j] / total);
        sum += i == 4 ? total : 0.0;
    }
    o.root = 4;
    o.k = T;
    o.depth = 2;
    assert_false(at_tree_grow(&tree, map, T, q, k, STRIDE, D, &o));
    assert_int_equal(tree.n, T); /* the root and all others */
    for (size_t i = 1; i < tree.n; i++)
        ASSERT_NEAR(exp(tree.items[i].qk) / sum, tree.items[i].weight, 1e-7);
    assert_true(isnan(tree.items[0].qk));
    at_array_release(&tree);
}

static void test_one_child_is_a_path(void **state)
{
    struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_tree_nodes tree;
    const float one = 1.0f;

    (void)state;
    o.k = 1;
    o.depth = 10;
    at_tree_grow(&tree, MAP, 4, NULL, NULL, 0, 0, &o);
    assert_int_equal(tree.n, 4); /* every token once */
    for (size_t i = 1; i < tree.n; i++) {
        const struct at_tree_node *n = &tree.items[i];
        assert_int_equal(n->parent, i - 1);
        ASSERT_NEAR(n->weight, MAP[tree.items[i - 1].token * 4 + n->token], 0);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(n->token, tree.items[j].token);
    }
    at_array_release(&tree);
    at_tree_grow(&tree, &one, 1, NULL, NULL, 0, 0, &o);
    assert_int_equal(tree.n, 1);
    at_array_release(&tree);
    o.k = 0;
    assert_false(at_tree_grow(&tree, MAP, 4, NULL, NULL, 0, 0, &o));
    assert_int_equal(tree.n, 1);
    at_array_release(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_cap_and_least_weight),
        cmocka_unit_test(test_undefined_row_has_no_children),
        cmocka_unit_test(test_causal),
        cmocka_unit_test(test_scores_give_the_weights),
        cmocka_unit_test(test_one_child_is_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
