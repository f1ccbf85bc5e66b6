/*
 * test_metric_info.c - ranks at their edges, and a table that is complete.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/attn_metrics.h"
#include "analysis/metric_info.h"

static void test_table_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++) {
        const struct at_metric_text *m = &at_metric_texts[i];
        if (i < AT_N_METRICS)
            assert_string_equal(at_metric_key(i), at_metric_fields[i].key);
        assert_true(m->title && m->unit && m->formula && m->range && m->high && m->low);
        assert_true(m->source && *m->source);
        assert_true(m->has_bands == (m->band_label[0] && m->band_label[1] && m->band_label[2]));
        assert_ptr_equal(at_metric_text_find(at_metric_key(i)), m);
    }
    assert_ptr_equal(at_metric_text_find("flow-change"), &at_metric_texts[AT_N_METRICS]);
    assert_null(at_metric_text_find("flow"));
    assert_null(at_metric_text_find("flow_changes"));
    assert_null(at_metric_text_find(""));
}

static void test_rank(void **state)
{
    const double values[] = { 3.0, 1.0, 2.0, 2.0 }, some[] = { NAN, 1.0, 2.0 };

    (void)state;
    ASSERT_NEAR(at_rank_percent(1.0, values, 4), 0.0, 0.0);
    ASSERT_NEAR(at_rank_percent(2.0, values, 4), 25.0, 0.0);
    ASSERT_NEAR(at_rank_percent(3.0, values, 4), 75.0, 0.0); /* 100 (H-1)/H at most */
    ASSERT_NEAR(at_rank_percent(2.0, some, 3), 50.0, 0.0);
    ASSERT_NEAR(at_rank_percent(NAN, values, 4), NAN, 0.0);
    ASSERT_NEAR(at_rank_percent(1.0, values, 0), NAN, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_complete),
        cmocka_unit_test(test_rank),
    };

    return cmocka_run_group_tests_name("metric_info", tests, NULL, NULL);
}
