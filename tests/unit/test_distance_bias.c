/*
 * test_distance_bias.c - which range a distance is in, against relative_position_bucket() of
 * transformers 5.24 in float32 for 32 ranges, and where a bias lies.
 */
#include "close.h"

#include "base/attr.h"
#include "model/distance_bias.h"

/* The first distance of each range behind the query, the last of 112 and more. */
static const long first[] = { 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91 };

static void test_ranges(void **state)
{
    (void)state;
    assert_int_equal(at_distance_range(0, 32), 0);
    for (long d = 1, range = 0; d < 600; d++) {
        while (range < (long)AT_COUNTOF(first) && d >= first[range])
            range++;
        assert_int_equal(at_distance_range(-d, 32), range);
        assert_int_equal(at_distance_range(d, 32), 16 + range);
    }
}

static void test_places(void **state)
{
    enum { P = 4, H = 2 };
    float values[32 * H], bias[H * (2 * P - 1)];
    const struct at_weight table = {
        .data = values, .dtype = AT_F32, .layout = AT_OUT_MAJOR, .n_out = 32, .n_in = H
    };

    (void)state;
    for (size_t i = 0; i < 32 * H; i++)
        values[i] = (float)i;
    at_distance_bias(bias, &table, P);
    for (long d = -3; d <= 3; d++)
        for (size_t h = 0; h < H; h++)
            assert_true(bias[h * (2 * P - 1) + (size_t)(d + 3)] ==
                        values[at_distance_range(d, 32) * H + h]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests_name("distance_bias", tests, NULL, NULL);
}
