/*
 * test_scale.c - colours, ticks and the colour bar.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "draw/scale.h"
#include "picture.h"

/* CIE L* of an sRGB colour, from the definitions (IEC 61966-2-1, CIE 15): 0 black, 100 white. */
static double lightness(uint32_t rgb)
{
    static const double weight[] = { 0.2126, 0.7152, 0.0722 };
    double y = 0;

    for (int i = 0; i < 3; i++) {
        double v = (rgb >> (16 - 8 * i) & 255) / 255.0;
        y += weight[i] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : y * 24389.0 / 27;
}

/* Perceptually even: equal steps of value are equal steps of lightness. The whole way is 85 units
   of L*; steps of a tenth may differ by 2 of their 8.5 (OKLab, which the anchors follow, and L*
   are two models of the same thing). */
static void test_sequential_is_even(void **state)
{
    struct at_scale s = { .kind = AT_SEQUENTIAL, .lo = -1, .hi = 3 };
    double whole = 100 - lightness(at_scale_color(&s, 3));
    (void)state;

    assert_int_equal(at_scale_color(&s, -1), 0xffffff);
    assert_true(whole > 80);
    for (int k = 1; k <= 10; k++) {
        double step = lightness(at_scale_color(&s, -1 + 0.4 * (k - 1))) -
                      lightness(at_scale_color(&s, -1 + 0.4 * k));
        assert_true(fabs(step - whole / 10) < 2);
    }
}

static void test_diverging_is_balanced(void **state)
{
    struct at_scale s = { .kind = AT_DIVERGING, .lo = 0, .hi = 4, .neutral = 1 };
    (void)state;

    assert_int_equal(at_scale_color(&s, 1), 0xffffff);
    for (int k = 1; k <= 10; k++) { /* equally far on both sides is equally dark */
        double below = lightness(at_scale_color(&s, 1 - 0.1 * k));
        double above = lightness(at_scale_color(&s, 1 + 0.1 * k));
        assert_true(fabs(below - above) < 3);
        assert_true(below < 100 - 2 * k);
    }
    /* blue below, orange above */
    assert_true((at_scale_color(&s, 0) & 255) > (at_scale_color(&s, 0) >> 16));
    assert_true((at_scale_color(&s, 2) & 255) < (at_scale_color(&s, 2) >> 16));
}

static void test_color_edges(void **state)
{
    struct at_scale s = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 };
    struct at_scale flat = { .kind = AT_SEQUENTIAL, .lo = 2, .hi = 2 };
    struct at_scale point = { .kind = AT_DIVERGING, .lo = 2, .hi = 2, .neutral = 2 };
    (void)state;

    assert_int_equal(at_scale_color(&s, -5), at_scale_color(&s, 0));
    assert_int_equal(at_scale_color(&s, INFINITY), at_scale_color(&s, 1));
    assert_int_equal(at_scale_color(&s, NAN), AT_COLOR_UNDEFINED);
    assert_int_not_equal(AT_COLOR_UNDEFINED, at_scale_color(&s, 0));
    assert_int_equal(at_scale_color(&flat, 2), 0xffffff);
    assert_int_equal(at_scale_color(&point, 2), 0xffffff);
    assert_int_equal(at_categorical(0), at_categorical(8));
    for (size_t i = 0; i < 64; i++) /* categories of one shape differ in colour */
        for (size_t k = i % 8; k < i; k += 8)
            assert_int_not_equal(at_category_color(i), at_category_color(k));
}

static void test_fit(void **state)
{
    static const float weights[] = { 0.01f, NAN, 0.393f, 0.2f }, ratios[] = { 0.2f, 1.5f, 4.3f },
                       none[] = { NAN, INFINITY }, differences[] = { -0.5f, 0.25f };
    struct at_scale s;
    (void)state;

    s = at_scale_fit(AT_SEQUENTIAL, 0, weights, 4);
    assert_true(s.lo == 0 && fabs(s.hi - 0.4) < 1e-12); /* the next round number */
    s = at_scale_fit(AT_DIVERGING, 1, ratios, 3);
    assert_true(s.lo == 0 && fabs(s.hi - 4.5) < 1e-6 && s.neutral == 1);
    s = at_scale_fit(AT_DIVERGING, 0, differences, 2);
    assert_true(s.lo == -0.5 && s.hi == 0.5);
    s = at_scale_fit(AT_SEQUENTIAL, 0, none, 2);
    assert_true(s.lo == 0 && s.hi == 1);
    s = at_scale_fit(AT_SEQUENTIAL, 0, NULL, 0);
    assert_true(s.lo == 0 && s.hi == 1);
}

/* Ends are round numbers, outside the values; rounding errors of floats are not. */
static void test_round(void **state)
{
    static const struct {
        struct at_scale of;
        double lo, hi;
    } cases[] = {
        { { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 0.0257 }, 0, 0.03 },
        { { .kind = AT_SEQUENTIAL, .lo = 0.0136, .hi = 0.965 }, 0, 1 },
        { { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1.0000001 }, 0, 1 },
        { { .kind = AT_SEQUENTIAL, .lo = -0.32, .hi = 0.11 }, -0.35, 0.15 },
        { { .kind = AT_DIVERGING, .lo = -0.93, .hi = 0.2 }, -1, 1 },
        { { .kind = AT_SEQUENTIAL, .steps = AT_LOG, .lo = 0.003, .hi = 40 }, 0.001, 100 },
    };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_scale s = cases[i].of;
        at_scale_round(&s);
        if (fabs(s.lo - cases[i].lo) > 1e-9 || fabs(s.hi - cases[i].hi) > 1e-9)
            fail_msg("case %zu: %g to %g, want %g to %g", i, s.lo, s.hi, cases[i].lo, cases[i].hi);
    }
}

/* A quarter of the range is half way up a square-root scale, and each power of ten is as far from
   the next on a logarithmic one, on both sides of a neutral value as well. */
static void test_steps(void **state)
{
    const struct at_scale plain = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 },
                          root = { .kind = AT_SEQUENTIAL, .steps = AT_SQRT, .lo = 0, .hi = 1 },
                          log = { .kind = AT_SEQUENTIAL, .steps = AT_LOG, .lo = 0.01, .hi = 1 },
                          even = { .kind = AT_DIVERGING, .lo = -1, .hi = 1 },
                          ratio = { .kind = AT_DIVERGING,
                                    .steps = AT_LOG,
                                    .lo = 0.25,
                                    .hi = 4,
                                    .neutral = 1 };
    (void)state;

    assert_int_equal(at_scale_color(&root, 0.25), at_scale_color(&plain, 0.5));
    assert_int_equal(at_scale_color(&root, 0), at_scale_color(&plain, 0));
    assert_int_equal(at_scale_color(&log, 0.1), at_scale_color(&plain, 0.5));
    assert_int_equal(at_scale_color(&log, 0), at_scale_color(&plain, 0));
    assert_int_equal(at_scale_color(&ratio, 2), at_scale_color(&even, 0.5));
    assert_int_equal(at_scale_color(&ratio, 0.5), at_scale_color(&even, -0.5));
}

/* One large value does not make all others pale. */
static void test_unflatten(void **state)
{
    static const float alike[] = { 0.3f, 0.5f, 0.9f, NAN },
                       one_large[] = { 0.03f, 0.05f, 0.04f, 1 },
                       far_larger[] = { 0.003f, 0.002f, 0.0f, 0.004f, 1 };
    struct at_scale s = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 };
    (void)state;

    at_scale_unflatten(&s, alike, 4);
    assert_int_equal(s.steps, AT_LINEAR);
    at_scale_unflatten(&s, one_large, 4);
    assert_int_equal(s.steps, AT_SQRT);
    assert_true(s.lo == 0);
    at_scale_unflatten(&s, far_larger, 5);
    assert_int_equal(s.steps, AT_LOG);
    assert_true(fabs(s.lo - 0.001) < 1e-12 && s.hi == 1);
}

static void test_fit_map(void **state)
{
    static const float causal[] = { 1, 0, 0, 0.3f, 0.2f, 0, 0.2f, 0.39f, 0.1f };
    static const float one[] = { 1 };
    static const float sink[] = { 0.9f, 0.03f, 0.03f, 0.04f, 0.9f, 0.03f, 0.03f, 0.04f,
                                  0.9f, 0.03f, 0.03f, 0.04f, 0.9f, 0.03f, 0.03f, 0.04f };
    struct at_scale s;
    (void)state;

    s = at_scale_fit_map(causal, 3, true);
    assert_true(s.lo == 0 && fabs(s.hi - 0.4) < 1e-12);
    s = at_scale_fit_map(causal, 3, false);
    assert_true(s.lo == 0 && s.hi == 1);
    s = at_scale_fit_map(one, 1, true);
    assert_true(s.hi == 1);
    s = at_scale_fit_map(sink, 4, false);
    assert_int_equal(s.steps, AT_SQRT);
}

static void test_ticks(void **state)
{
    static const struct {
        double lo, hi;
        size_t max, n;
        double first, last;
    } cases[] = {
        { 0, 1, 6, 6, 0, 1 },
        { 0, 1, 5, 3, 0, 1 },
        { 0, 0.07, 8, 8, 0, 0.07 },
        { -1, 1, 5, 5, -1, 1 },
        { 0.3, 0.9, 4, 3, 0.4, 0.8 },
        { 0, 1234, 6, 3, 0, 1000 },
        { 5, 5, 4, 1, 5, 5 },
        { 0, NAN, 4, 0, 0, 0 },
        { 1e-9, 3e-9, 6, 5, 1e-9, 3e-9 },
        { -0.05, 0.05, 3, 3, -0.05, 0.05 },
        { 1, 1 + 4 * DBL_EPSILON, 8, 1, 1, 1 }, /* a single value but for its last bits */
    };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        double t[16];
        size_t n = at_ticks(t, cases[i].max, cases[i].lo, cases[i].hi);
        if (n != cases[i].n)
            fail_msg("case %zu: %zu ticks, want %zu", i, n, cases[i].n);
        if (!n)
            continue;
        double eps = 1e-9 * (cases[i].hi - cases[i].lo);
        assert_true(fabs(t[0] - cases[i].first) <= eps);
        assert_true(fabs(t[n - 1] - cases[i].last) <= eps);
    }
}

static void test_tick_text(void **state)
{
    char text[32];
    (void)state;

    at_tick_text(text, sizeof text, 0.30000000000000004, 0.1);
    assert_string_equal(text, "0.3");
    at_tick_text(text, sizeof text, 1500, 500);
    assert_string_equal(text, "1500");
    at_tick_text(text, sizeof text, -0.0, 0.25);
    assert_string_equal(text, "0.0");
    at_tick_text(text, sizeof text, 1.5e-12, 5e-13);
    assert_string_equal(text, "1.5e-12");
    at_tick_text(text, sizeof text, 0.0, 5e-13);
    assert_string_equal(text, "0");
    at_tick_text(text, sizeof text, 0.5, 0.0); /* a tick alone */
    assert_string_equal(text, "0.5");
    at_tick_text(text, sizeof text, -2e12, 1e12);
    assert_string_equal(text, "-2e+12");
    at_tick_text(text, sizeof text, 1.0000005, 5e-7);
    assert_string_equal(text, "1.0000005");
    at_tick_text(text, sizeof text, -5.131e-7, 1e-10);
    assert_string_equal(text, "-5.131e-07");
}

/* The ends of a bar are told apart however close they are. */
static void test_small_text(void **state)
{
    static const struct {
        double v;
        int n_digits;
        const char *text;
    } cases[] = {
        { 0.004, 1, "0.004" },
        { 0.0037, 2, "0.0037" },
        { 0.5, 1, "0.5" },
        { -0.0004, 1, "-0.0004" },
        { 0.00001, 1, "0.00001" },
        { 0.000009, 1, "9e-06" },
        { 0, 1, "0" },
    };
    char text[32];
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        at_small_text(text, sizeof text, cases[i].v, cases[i].n_digits);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_colorbar_ends(void **state)
{
    static const struct {
        double lo, hi;
        const char *lo_text, *hi_text;
    } cases[] = {
        { 0, 0.123456, "0", "0.123" },
        { 0.9995, 1.0005, "0.9995", "1.0005" },
        { 1 - 1e-6, 1 + 1e-6, "0.999999", "1.000001" },
        { 0.1234, 0.1235, "0.1234", "0.1235" },
        { 0, 1e-12, "0", "1e-12" },
    };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_scale s = { .lo = cases[i].lo, .hi = cases[i].hi };
        struct at_canvas *c = at_canvas_new(40, 80);
        at_colorbar(c, 5, 10, 60, &s, NULL);
        struct at_json *p = picture_read(c);
        size_t n = picture_items(p, "colour bar", "text");
        const struct at_json *lo = picture_item(p, "colour bar", "text", 0);
        const struct at_json *hi = picture_item(p, "colour bar", "text", n - 1);
        assert_string_equal(at_json_text(at_json_get(lo, "text"), ""), cases[i].lo_text);
        assert_string_equal(at_json_text(at_json_get(hi, "text"), ""), cases[i].hi_text);
        at_json_free(p);
        at_canvas_free(c);
    }
}

/* A single tick between the ends says where it is: half of the range is 0.5, not 0. */
static void test_colorbar_single_tick(void **state)
{
    struct at_scale s = { .lo = -0.0986018902, .hi = 1.20246208 };
    struct at_canvas *c = at_canvas_new(40, 80);
    (void)state;

    at_colorbar(c, 5, 10, 24, &s, NULL);
    struct at_json *p = picture_read(c);
    assert_int_equal(picture_items(p, "colour bar", "text"), 3);
    assert_string_equal(
        at_json_text(at_json_get(picture_item(p, "colour bar", "text", 1), "text"), ""), "0.5");
    at_json_free(p);
    at_canvas_free(c);
}

static void test_colorbar(void **state)
{
    struct at_scale s = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 0.35, .has_above = true };
    const struct at_scale root = { .kind = AT_SEQUENTIAL, .steps = AT_SQRT, .lo = 0, .hi = 1 };
    struct at_canvas *c = at_canvas_new(40, 80);
    (void)state;

    at_colorbar(c, 5, 10, 60, &s, "attention weight");
    picture_assert_tidy(c);
    struct at_json *p = picture_read(c);
    assert_true(picture_has_text(p, "colour bar", "≥ 0.35"));
    assert_true(picture_has_text(p, "colour bar", "attention weight"));
    assert_int_equal(picture_items(p, "colour bar", "cells"), 1);
    at_json_free(p);
    at_canvas_free(c);

    c = at_canvas_new(40, 80); /* what is not linear says so, with ticks where they belong */
    at_colorbar(c, 5, 10, 60, &root, "attention weight");
    picture_assert_tidy(c);
    p = picture_read(c);
    assert_true(picture_has_text(p, "colour bar", "attention weight, square-root scale"));
    assert_true(picture_has_text(p, "colour bar", "0.02"));
    assert_true(picture_has_text(p, "colour bar", "0.5"));
    at_json_free(p);
    at_canvas_free(c);
}

/* What a bar says it takes is what it takes, and a unit as long as this is told in full. */
static void test_colorbar_width(void **state)
{
    static const struct {
        double lo, hi, h;
        bool has_below;
        const char *unit;
        const char *lines[3];
    } cases[] = {
        { 0, 1, 60, false, "nats", { "nats" } },
        { 0.00013, 0.152, 24, false, "mean weight", { "mean weight" } },
        { -1.23e-5, 1.23e-5, 24, true, NULL, { NULL } },
        { 0.1234, 0.1235, 60, true, "", { NULL } },
        { 0.332,
          0.876,
          26,
          false,
          "fraction of the largest possible entropy",
          { "fraction of the largest", "possible entropy" } },
        { 0.332,
          0.876,
          60,
          false,
          "fraction of the largest possible entropy",
          { "fraction of the largest possible entropy" } },
        { 0, 1, 24, false, "Donaudampfschifffahrtsgesellschaft", { "Donau" } },
    };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_scale s = { .lo = cases[i].lo,
                              .hi = cases[i].hi,
                              .has_below = cases[i].has_below };
        double w = at_colorbar_width(&s, cases[i].h, cases[i].unit);
        struct at_canvas *c = at_canvas_new(2 + w, cases[i].h + 3);
        at_colorbar(c, 2, 1.5, cases[i].h, &s, cases[i].unit);
        picture_assert_tidy(c); /* nothing leaves the canvas, nor the height of the bar */
        struct at_json *p = picture_read(c);
        for (size_t k = 0; k < AT_COUNTOF(cases[i].lines) && cases[i].lines[k]; k++)
            assert_true(picture_has_text(p, "colour bar", cases[i].lines[k]));
        at_json_free(p);
        at_canvas_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequential_is_even),
        cmocka_unit_test(test_diverging_is_balanced),
        cmocka_unit_test(test_color_edges),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_fit_map),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_unflatten),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_tick_text),
        cmocka_unit_test(test_small_text),
        cmocka_unit_test(test_colorbar_ends),
        cmocka_unit_test(test_colorbar_single_tick),
        cmocka_unit_test(test_colorbar),
        cmocka_unit_test(test_colorbar_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
