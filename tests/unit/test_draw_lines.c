/*
 * test_draw_lines.c - structure of line charts and axes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "draw/draw_lines.h"
#include "draw/scale.h"
#include "picture.h"

static const double x[] = { 0, 1, 2, 3, 4, 5 }, y[] = { 1, 2, NAN, 1.5, 0.5, 1 },
                    lo[] = { 0.5, 1, 0, 1, 0, 0.9 }, hi[] = { 1.5, 3, 0, 2, 1, 1.1 },
                    flat[] = { 7, 7, 7, 7, 7, 7 };

static struct at_canvas *draw(const struct at_line_series *series, size_t n, double width_mm)
{
    struct at_line_plot l = { .title = "Layers",
                              .subtitle = "a text",
                              .x_name = "layer",
                              .y_name = "mean BAR",
                              .is_x_count = true,
                              .series = series,
                              .n_series = n,
                              .y_reference = 1,
                              .reference_name = "uniform",
                              .x_marked = 3,
                              .width_mm = width_mm };

    return at_draw_lines(&l);
}

static void test_tidy(void **state)
{
    static const double big[] = { 1e6, 2e6, 3e6, -1e6, 0, 5 }, tiny[] = { 1e-7, 2e-7, 0, 0, 0, 0 };
    static const double *const cases[] = { y, flat, big, tiny };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++)
        for (size_t n = 0; n <= 6; n++)
            for (double width = 85; width < 170; width += 75) {
                struct at_line_series s = {
                    "a series", AT_LINE_MARKED, x, cases[i], NULL, NULL, n
                };
                struct at_canvas *c = draw(&s, 1, width);
                picture_assert_tidy(c);
                at_canvas_free(c);
            }
}

/* Values that differ in their last digits are drawn as a straight line, and no number is cut. */
static void test_rounding_errors(void **state)
{
    static const double almost[] = { 1 + 2e-9, 1, 1 - 3e-9, 1, 1 + 1e-9, 1 };
    static const struct at_line_series series = { "a", AT_LINE_MARKED, x, almost, NULL, NULL, 6 };
    (void)state;
    struct at_canvas *c = draw(&series, 1, 160);
    struct at_json *p = picture_read(c);
    double first = picture_number(picture_item(p, "series", "circle", 0), "y");

    assert_false(picture_has_text(p, "axes", "\xe2\x80\xa6"));
    assert_true(picture_has_text(p, "axes", "1.0000"));
    for (size_t i = 0; i < picture_items(p, "axes", "text"); i++)
        assert_false(
            at_json_truth(at_json_get(picture_item(p, "axes", "text", i), "elided"), true));
    for (size_t i = 1; i < 6; i++) /* in mm: a hundredth is far below what is seen */
        assert_true(fabs(picture_number(picture_item(p, "series", "circle", i), "y") - first) <
                    0.01);
    at_json_free(p);
    at_canvas_free(c);
}

static void test_parts(void **state)
{
    static const struct at_line_series series[] = {
        { "bert", AT_LINE_MARKED, x, y, lo, hi, 6 },
        { "trend", AT_LINE_PLAIN, x, flat, NULL, NULL, 6 },
        { "points", AT_LINE_POINTS, x, flat, NULL, NULL, 6 },
    };
    (void)state;
    struct at_canvas *c = draw(series, 3, 160);
    struct at_json *p = picture_read(c);

    /* 5 defined points; error bars of 3 strokes each; two runs; the trend; points as triangles */
    assert_int_equal(picture_items(p, "series", "circle"), 5);
    assert_int_equal(picture_items(p, "series", "path"), 5 * 3 + 2 + 1 + 6);
    assert_true(picture_has_text(p, "legend", "bert"));
    assert_true(picture_has_text(p, "legend", "uniform"));
    assert_true(picture_has_text(p, "axis names", "mean BAR"));
    assert_false(picture_has_text(p, "axes", "0.5")); /* layers are whole, and y reaches 7 */
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* The third y tick is where its number says: ticks and data use the same transform. */
static void test_places(void **state)
{
    static const double at[] = { 0, 10 }, v[] = { 0, 4 };
    struct at_line_series s = { "s", AT_LINE_MARKED, at, v, NULL, NULL, 2 };
    (void)state;
    struct at_canvas *c = draw(&s, 1, 160);
    struct at_json *p = picture_read(c);
    const struct at_json *first = picture_item(p, "series", "circle", 0);
    const struct at_json *last = picture_item(p, "series", "circle", 1);
    const struct at_json *reference = picture_item(p, "reference", "path", 0);
    double y0 = picture_number(first, "y"), y4 = picture_number(last, "y");

    assert_true(y4 < y0); /* upwards */
    assert_true(fabs(picture_point(reference, 1) - (y0 + (y4 - y0) / 4)) < 2e-3);
    at_json_free(p);
    at_canvas_free(c);
}

static void test_pixel(void **state)
{
    struct at_line_series s = { "s", AT_LINE_MARKED, x, flat, NULL, NULL, 6 };
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = draw(&s, 1, 160);
    struct at_json *p = picture_read(c);
    const struct at_json *point = picture_item(p, "series", "circle", 2);

    snprintf(path, sizeof path, "/tmp/atlas-lines-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(picture_pixel(path, picture_number(point, "x"), picture_number(point, "y")),
                     at_categorical(0));
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy),  cmocka_unit_test(test_rounding_errors),
        cmocka_unit_test(test_parts), cmocka_unit_test(test_places),
        cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
