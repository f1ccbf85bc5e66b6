/*
 * test_decimal.c - every number as the C library prints it.
 */
#include "base/decimal.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/rng.h"
#include "close.h"

static void check(double v)
{
    char got[AT_DECIMAL_MAX], want[64];
    size_t n = at_decimal_real(got, v);

    snprintf(want, sizeof want, "%.9g", v);
    if (strcmp(got, want) != 0)
        print_error("%a: got %s, want %s\n", v, got, want);
    assert_string_equal(got, want);
    assert_int_equal(n, strlen(want));
}

static void test_by_hand(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        { 0.0, "0" },
        { 1.0, "1" },
        { -2.5, "-2.5" },
        { 0.1f, "0.100000001" },
        { 100000000.5, "100000000" }, /* a tie goes to the even digit */
        { 100000001.5, "100000002" },
        { 999999999.5, "1e+09" },
        { 0.0001, "0.0001" },
        { 0.00001, "1e-05" },
        { 123456.789, "123456.789" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char got[AT_DECIMAL_MAX];
        at_decimal_real(got, cases[i].v);
        assert_string_equal(got, cases[i].text);
        check(cases[i].v);
    }
}

static void test_special_values(void **state)
{
    static const double values[] = { -0.0,  INFINITY, -INFINITY, 5e-324, 2.2250738585072014e-308,
                                     1e308, 1e-18,    1e9,       -1e22,  (double)NAN };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(values); i++)
        check(values[i]);
}

/* Doubles, floats, ties and the neighbours of every power of ten. */
static void test_against_the_c_library(void **state)
{
    struct at_rng r;

    (void)state;
    at_rng_init(&r, 1, 1);
    for (int i = 0; i < 20000; i++) {
        check(at_rng_double(&r));
        check((float)at_rng_double(&r));
        check(-pow(10, at_rng_double(&r) * 60 - 30));
        check((float)pow(10, at_rng_double(&r) * 30 - 20));
        check((double)at_rng_below(&r, 2000000000) * 0.5);
        check(ldexp((double)at_rng_below(&r, 1u << 30), -(int)at_rng_below(&r, 40)));
    }
    for (int power = -22; power < 12; power++) {
        double below = pow(10, power), above = below;
        for (int k = 0; k < 50; k++) {
            check(below = nextafter(below, 0.0));
            check(above = nextafter(above, INFINITY));
            check(pow(10, power) * (1.0 - 5e-10 * k));
        }
    }
}

static void test_integers(void **state)
{
    static const long long values[] = { 0, 7, -7, 10, 1234567890123, -100, LLONG_MAX, LLONG_MIN };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(values); i++) {
        char got[AT_DECIMAL_MAX], want[64];
        size_t n = at_decimal_int(got, values[i]);
        snprintf(want, sizeof want, "%lld", values[i]);
        assert_string_equal(got, want);
        assert_int_equal(n, strlen(want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_special_values),
        cmocka_unit_test(test_against_the_c_library),
        cmocka_unit_test(test_integers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
