/*
 * test_draw_radar.c - structure of radar charts.
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
#include "draw/draw_radar.h"
#include "draw/scale.h"
#include "picture.h"

static const char *const names[] = { "Syntax",         "Semantics", "First-token (sink) focus",
                                     "Punctuation",    "Entities",  "Long-range",
                                     "Self-attention", "Balance",   "Flow change",
                                     "Confidence",     "Focus",     "Spread" };
static const char *const raw[] = { "0.31", "0.28", "0.08", "0.11", "n/a", "0.46",
                                   "0.02", "0.5",  "0.6",  "0.7",  "0.8", "0.9" };

static struct at_canvas *draw(size_t n_axes, const struct at_radar_series *series, size_t n,
                              double width_mm)
{
    struct at_radar r = { .title = "Head roles",
                          .subtitle = "a text",
                          .note = "scaled within the layer",
                          .n_axes = n_axes,
                          .axis_names = names,
                          .axis_details = n == 1 ? raw : NULL,
                          .series = series,
                          .n_series = n,
                          .width_mm = width_mm };

    return at_draw_radar(&r);
}

static void test_tidy(void **state)
{
    static const double values[12] = { 0.1, 0.9, 0.5, NAN, 1.5, -1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8 };
    struct at_radar_series series[25];
    (void)state;

    for (size_t k = 0; k < AT_COUNTOF(series); k++)
        series[k] = (struct at_radar_series){ "a head with a name", values };
    for (size_t n_axes = 3; n_axes <= 12; n_axes++)
        for (size_t n = 1; n <= 25; n += 8)
            for (double width = 85; width < 170; width += 75) {
                struct at_canvas *c = draw(n_axes, series, n, width);
                assert_true(at_canvas_width(c) <= width);
                picture_assert_tidy(c);
                at_canvas_free(c);
            }
}

/* However narrow it is asked for, the profile can be read: rings 10 mm and more in radius. */
static void test_narrow(void **state)
{
    static const double values[12] = { 0.1, 0.9, 0.5, 0.3, 0.4, 0.5, 0.6 };
    struct at_radar_series series = { "a head", values };
    (void)state;
    struct at_canvas *c = draw(7, &series, 1, 40);
    struct at_json *p = picture_read(c);
    const struct at_json *outer = picture_item(p, "rings", "path", 3);

    assert_true(picture_point(outer, 3 * 2 + 1) - picture_point(outer, 1) > 1.9 * 10);
    picture_assert_tidy(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* Corner i of the profile lies on the line from the centre to corner i of the outer ring, at its
   value. */
static void test_geometry(void **state)
{
    static const double values[] = { 0.25, 1, 0.5, 0, 0.75 };
    struct at_radar_series series = { "head", values };
    (void)state;
    struct at_canvas *c = draw(5, &series, 1, 160);
    struct at_json *p = picture_read(c);
    const struct at_json *ring = picture_item(p, "rings", "path", 3);
    const struct at_json *spoke = picture_item(p, "rings", "path", 4);
    const struct at_json *profile = picture_item(p, "profiles", "path", 1); /* 0 is the area */

    for (size_t i = 0; i < 10; i++) {
        double centre = picture_point(spoke, i % 2), outer = picture_point(ring, i);
        double want = centre + values[i / 2] * (outer - centre);
        assert_true(fabs(picture_point(profile, i) - want) < 2e-3); /* the dump rounds to 1e-3 */
    }
    assert_true(picture_has_text(p, "axis names", "First-token (sink) focus"));
    assert_true(picture_has_text(p, "axis names", "0.08"));
    assert_true(picture_has_text(p, "legend", "head"));
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* An undefined value has no corner, and its two neighbours are not joined past it. */
static void test_undefined(void **state)
{
    static const double values[] = { 0.5, NAN, 0.5, 0.5, 0.5 };
    struct at_radar_series series = { "head", values };
    (void)state;
    struct at_canvas *c = draw(5, &series, 1, 160);
    struct at_json *p = picture_read(c);

    assert_int_equal(picture_items(p, "profiles", "circle"), 4);
    assert_int_equal(picture_items(p, "profiles", "path"), 3);
    at_json_free(p);
    at_canvas_free(c);
}

static void test_pixel(void **state)
{
    static const double values[] = { 1, 1, 1, 1 };
    struct at_radar_series series = { "head", values };
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = draw(4, &series, 1, 160);
    struct at_json *p = picture_read(c);
    const struct at_json *corner = picture_item(p, "profiles", "circle", 1);

    snprintf(path, sizeof path, "/tmp/atlas-radar-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(picture_pixel(path, picture_number(corner, "x"), picture_number(corner, "y")),
                     at_categorical(0));
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy),     cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_geometry), cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
