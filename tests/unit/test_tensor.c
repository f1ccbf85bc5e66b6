/*
 * test_tensor.c - the three types of weights, every half there is.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/kernel.h"
#include "paths.h"

/* IEEE 754 binary16 by its definition. */
static double half_value(unsigned h)
{
    int sign = h & 0x8000 ? -1 : 1, exponent = h >> 10 & 31, fraction = h & 1023;

    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    if (exponent == 0)
        return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static void widen_all(void *arg)
{
    enum { N = 65536 };
    uint16_t *all = at_malloc(N, sizeof *all);
    float *f16 = at_malloc(N, sizeof *f16), *bf16 = at_malloc(N, sizeof *bf16);

    (void)arg;
    for (unsigned i = 0; i < N; i++)
        all[i] = (uint16_t)i;
    at_kernel()->widen(f16, all, AT_F16, N - 3); /* not a whole number of vectors */
    at_kernel()->widen(bf16, all, AT_BF16, N - 3);
    at_to_f32(f16 + N - 3, all + N - 3, AT_F16, 3);
    at_to_f32(bf16 + N - 3, all + N - 3, AT_BF16, 3);
    for (unsigned i = 0; i < N; i++) {
        uint32_t bits;
        double want = half_value(i);
        assert_true(isnan(want) ? isnan(f16[i]) : (double)f16[i] == want);
        memcpy(&bits, &bf16[i], sizeof bits);
        assert_true(isnan(bf16[i]) || bits == i << 16);
    }
    free(bf16);
    free(f16);
    free(all);
}

static void test_every_half(void **state)
{
    (void)state;
    for_each_path(widen_all, NULL);
}

static void test_rows_and_names(void **state)
{
    static const uint16_t data[] = { 0x3c00, 0x4000, 0xbc00, 0x7bff, 1, 0x8000 };
    const struct at_weight w = { data, AT_F16, AT_OUT_MAJOR, 2, 3, 0 };
    float row[3];

    (void)state;
    at_weight_row(row, &w, 1);
    assert_true(row[0] == 65504.0f && row[1] == 0x1p-24f && row[2] == 0.0f && signbit(row[2]));
    assert_string_equal(at_dtype_name(AT_BF16), "BF16");
    assert_int_equal(at_dtype_size(AT_F32), 4);
    assert_int_equal(at_dtype_size(AT_BF16), 2);
}

/* Of six numbers as 3 outputs of 2 inputs, either way round, the first two outputs. */
static void test_first_outputs(void **state)
{
    static const float data[] = { 1, 2, 3, 4, 5, 6 };
    const struct at_weight by_out = { data, AT_F32, AT_OUT_MAJOR, 3, 2, 0 };
    const struct at_weight by_in = { data, AT_F32, AT_IN_MAJOR, 3, 2, 0 };
    struct at_weight first = at_weight_first(&by_out, 2);
    float row[2];

    (void)state;
    assert_int_equal(first.n_out, 2);
    assert_int_equal(at_weight_pitch(&first), 2);
    at_weight_row(row, &first, 1);
    assert_true(row[0] == 3.0f && row[1] == 4.0f);
    first = at_weight_first(&by_in, 2);
    assert_int_equal(first.n_out, 2);
    assert_int_equal(at_weight_pitch(&first), 3);
    first = at_weight_first(&first, 1);
    assert_int_equal(first.n_out, 1);
    assert_int_equal(at_weight_pitch(&first), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half),
        cmocka_unit_test(test_rows_and_names),
        cmocka_unit_test(test_first_outputs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
