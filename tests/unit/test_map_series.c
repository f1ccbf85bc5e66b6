/*
 * test_map_series.c - means and modes of a series of maps, against values worked by hand.
 */
#include "close.h"

#include <math.h>

#include "analysis/attn_metrics.h"
#include "analysis/map_series.h"

/* Two layers of two heads over two tokens. */
static const float layers[2][2 * 4] = {
    { 1.0f, 0.0f, 0.5f, 0.5f, 0.0f, 1.0f, 0.5f, 0.5f },
    { 0.25f, 0.75f, 1.0f, 0.0f, 0.75f, 0.25f, 1.0f, 0.0f },
};

static void add_both(struct at_map_series *s, enum at_matrix_mode mode)
{
    assert_int_equal(at_map_series_init(s, 2, mode, NULL), 0);
    at_map_series_add(s, layers[0], 2);
    at_map_series_add(s, layers[1], 2);
}

static void test_raw_means(void **state)
{
    const double layer[4] = { 0.5, 0.5, 1.0, 0.0 }, global[4] = { 0.5, 0.5, 0.75, 0.25 };
    struct at_map_series s;

    (void)state;
    add_both(&s, AT_RAW);
    ASSERT_CLOSE(at_map_series_layer(&s), layer, 4, 0.0, 0.0);
    ASSERT_CLOSE(at_map_series_global(&s), global, 4, 0.0, 0.0);
    assert_ptr_equal(at_map_series_head(&s, layers[1]), layers[1]);
    at_map_series_release(&s);
    at_map_series_release(&s);
}

static void test_columns(void **state)
{
    /* columns of the global mean sum to 1.25 and 0.75; the source adds 1e-8 to each sum */
    const double global[4] = { 0.5 / 1.25, 0.5 / 0.75, 0.75 / 1.25, 0.25 / 0.75 };
    struct at_map_series s;

    (void)state;
    add_both(&s, AT_COL);
    ASSERT_CLOSE(at_map_series_global(&s), global, 4, 1e-6, 0.0);
    at_map_series_release(&s);
}

static void test_rollout(void **state)
{
    /* M0 = [[.75,.25],[.25,.75]], M1 = [[.75,.25],[.5,.5]], R = M1 M0; rows + 1e-8 as the source */
    const double want[4] = { 0.625, 0.375, 0.5, 0.5 };
    struct at_map_series s;

    (void)state;
    add_both(&s, AT_ROLLOUT);
    ASSERT_CLOSE(at_map_series_layer(&s), want, 4, 1e-6, 0.0);
    ASSERT_CLOSE(at_map_series_global(&s), want, 4, 1e-6, 0.0);
    assert_null(at_map_series_head(&s, layers[1]));
    at_map_series_release(&s);
}

static void test_flow_change(void **state)
{
    const float other[4] = { 0.0f, 1.0f, 1.0f, 0.0f }, identity[4] = { 1.0f, 0.0f, 0.0f, 1.0f };
    struct at_map_series s;

    (void)state;
    assert_int_equal(at_map_series_init(&s, 2, AT_RAW, NULL), 0);
    at_map_series_add(&s, identity, 1);
    ASSERT_NEAR(at_map_series_flow_change(&s), 0.0, 0.0); /* one layer: nothing changed */
    at_map_series_add(&s, other, 1);
    /* disjoint supports: sqrt(ln 2), less what the clip at 1e-10 takes away */
    ASSERT_NEAR(at_map_series_flow_change(&s), sqrt(log(2.0)), 1e-6);
    at_map_series_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw_means),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_rollout),
        cmocka_unit_test(test_flow_change),
    };

    return cmocka_run_group_tests_name("map_series", tests, NULL, NULL);
}
