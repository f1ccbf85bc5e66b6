/*
 * test_cpu.c - the choice of kernels, and what is said about it.
 */
#include "close.h"

#include <string.h>

#include "base/attr.h"
#include "ops/cpu.h"

static void test_a_choice_is_made(void **state)
{
    (void)state;
    assert_int_not_equal(at_cpu_selected(), AT_KERNELS_AUTO);
    assert_int_equal(at_cpu_select(AT_KERNELS_PORTABLE, NULL), 0);
    assert_int_equal(at_cpu_selected(), AT_KERNELS_PORTABLE);
    assert_int_equal(at_cpu_select(AT_KERNELS_AUTO, NULL), 0);
    assert_int_not_equal(at_cpu_selected(), AT_KERNELS_AUTO);
}

static void test_names(void **state)
{
    struct at_error err;

    (void)state;
    assert_int_equal(at_cpu_select_by_name("portable", &err), 0);
    assert_int_equal(at_cpu_selected(), AT_KERNELS_PORTABLE);
    assert_int_equal(at_cpu_select_by_name("mmx", &err), AT_ENOTFOUND);
    assert_string_equal(err.text,
                        "no kernels 'mmx', want auto, portable, avx2, avx512 or openblas");
    assert_int_equal(at_cpu_selected(), AT_KERNELS_PORTABLE); /* a failure changes nothing */
    assert_int_equal(at_cpu_select_by_name("auto", &err), 0);
    for (int i = AT_KERNELS_AUTO; i <= AT_KERNELS_OPENBLAS; i++)
        if (at_cpu_select_by_name(at_cpu_kernels_name((enum at_kernels)i), &err) != 0)
            assert_int_equal(err.code, AT_ENOTFOUND);
    assert_int_equal(at_cpu_select(AT_KERNELS_AUTO, NULL), 0);
}

static void test_descriptions(void **state)
{
    char text[160], blas[96], cut[8];

    (void)state;
    assert_int_equal(at_cpu_select(AT_KERNELS_PORTABLE, NULL), 0);
    at_cpu_describe(text, sizeof text);
    assert_non_null(strstr(text, "; kernels portable"));
    at_cpu_describe(cut, sizeof cut);
    assert_memory_equal(cut, text, sizeof cut - 1);
    at_cpu_describe_openblas(blas, sizeof blas);
    assert_memory_equal(blas, "OpenBLAS ", 9);
    if (at_cpu_select(AT_KERNELS_OPENBLAS, NULL) == 0) {
        at_cpu_describe(text, sizeof text);
        assert_non_null(strstr(text, blas));
    }
    assert_int_equal(at_cpu_select(AT_KERNELS_AUTO, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_choice_is_made),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_descriptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
