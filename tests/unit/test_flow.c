/*
 * test_flow.c - which links are kept, how much they carry, which are strongest.
 */
#include "analysis/flow.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"

static const float MAP[] = { 0.5f, 0.3f, 0.2f, 0.04f, 0.9f, 0.06f, 0.25f, 0.25f, 0.5f };

static void check_links(const struct at_links *got, const size_t want[][2], size_t n)
{
    assert_int_equal(got->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got->items[i].query, want[i][0]);
        assert_int_equal(got->items[i].key, want[i][1]);
        ASSERT_NEAR(got->items[i].weight, MAP[want[i][0] * 3 + want[i][1]], 0);
    }
}

/* 0.04 is not above 0.04, whatever its nearest float is. */
static void test_threshold_is_strict(void **state)
{
    static const size_t want[][2] = { { 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 1 },
                                      { 1, 2 }, { 2, 0 }, { 2, 1 }, { 2, 2 } };
    struct at_flow f;

    (void)state;
    at_flow_links(&f, MAP, 3, false, 0.04);
    check_links(&f.links, want, AT_COUNTOF(want));
    assert_int_equal(f.n_total, 9);
    ASSERT_NEAR(f.mass_total, 3.0, 1e-7);
    ASSERT_NEAR(f.mass_kept, 2.96, 1e-7);
    at_flow_release(&f);
    at_flow_release(&f);
}

static void test_causal_counts_visible_cells(void **state)
{
    static const size_t want[][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 } };
    struct at_flow f;

    (void)state;
    at_flow_links(&f, MAP, 3, true, 0.3);
    check_links(&f.links, want, AT_COUNTOF(want));
    assert_int_equal(f.n_total, 6);
    ASSERT_NEAR(f.mass_total, 0.5 + 0.94 + 1.0, 1e-7);
    at_flow_release(&f);
}

/* A row that is not defined has no links, and does not disturb the order of the others. */
static void test_undefined_row(void **state)
{
    static const size_t want[][2] = { { 0, 0 }, { 2, 2 }, { 0, 1 }, { 2, 0 }, { 2, 1 }, { 0, 2 } };
    float map[9];
    struct at_flow f;
    struct at_links v;

    (void)state;
    for (size_t i = 0; i < 9; i++)
        map[i] = i / 3 == 1 ? NAN : MAP[i];
    at_flow_links(&f, map, 3, false, 0.04);
    assert_int_equal(f.links.n, 6);
    assert_int_equal(f.n_total, 6);
    ASSERT_NEAR(f.mass_total, 2.0, 1e-7);
    at_flow_release(&f);
    for (size_t n = 1; n < 10; n++) {
        at_strongest_links(&v, map, 3, false, n);
        check_links(&v, want, AT_MIN(n, AT_COUNTOF(want)));
        at_array_release(&v);
    }
}

static void test_strongest(void **state)
{
    static const size_t want[][2] = { { 1, 1 }, { 0, 0 }, { 2, 2 }, { 0, 1 }, { 2, 0 }, { 2, 1 } };
    static const size_t causal[][2] = {
        { 1, 1 }, { 0, 0 }, { 2, 2 }, { 2, 0 }, { 2, 1 }, { 1, 0 }
    };
    struct at_links v;

    (void)state;
    for (size_t n = 0; n <= AT_COUNTOF(want); n++) {
        at_strongest_links(&v, MAP, 3, false, n);
        check_links(&v, want, n);
        at_array_release(&v);
    }
    at_strongest_links(&v, MAP, 3, true, 100);
    check_links(&v, causal, AT_COUNTOF(causal));
    at_array_release(&v);
}

static int by_strength(const void *a, const void *b)
{
    const struct at_link *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return x->query * 20 + x->key < y->query * 20 + y->key ? -1 : 1;
}

static void test_strongest_against_sorting(void **state)
{
    enum { T = 20 };
    float map[T * T];
    struct at_link all[T * T];
    struct at_links v;
    struct at_rng rng;

    (void)state;
    at_rng_init(&rng, 8, 0);
    for (size_t c = 0; c < T * T; c++) {
        map[c] = (float)at_rng_below(&rng, 50); /* many ties */
        all[c] = (struct at_link){ c / T, c % T, map[c] };
    }
    qsort(all, T * T, sizeof *all, by_strength);
    for (size_t n = 1; n <= T * T; n += 37) {
        at_strongest_links(&v, map, T, false, n);
        assert_int_equal(v.n, n);
        for (size_t i = 0; i < n; i++)
            assert_true(v.items[i].query == all[i].query && v.items[i].key == all[i].key);
        at_array_release(&v);
    }
}

/* Even attention over three tokens, and more where that leaves more links than are wanted. */
static void test_threshold_of_a_map(void **state)
{
    struct at_flow f;
    double threshold;

    (void)state;
    ASSERT_NEAR(at_flow_threshold(MAP, 3, false, 9), 1.0 / 3, 0);
    threshold = at_flow_threshold(MAP, 3, false, 2);
    at_flow_links(&f, MAP, 3, false, threshold);
    assert_int_equal(f.links.n, 1); /* two weigh 0.5: neither is above it */
    at_flow_release(&f);
    ASSERT_NEAR(at_flow_threshold(MAP, 1, true, 1), 1.0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threshold_is_strict),
        cmocka_unit_test(test_causal_counts_visible_cells),
        cmocka_unit_test(test_undefined_row),
        cmocka_unit_test(test_threshold_of_a_map),
        cmocka_unit_test(test_strongest),
        cmocka_unit_test(test_strongest_against_sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
