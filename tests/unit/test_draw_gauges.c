/*
 * test_draw_gauges.c - structure of gauges.
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
#include "draw/draw_gauges.h"
#include "picture.h"

static const struct at_gauge rows[] = {
    { "Confidence (max)",
      0.62,
      0,
      1,
      0.2,
      0.5,
      { "low", "medium", "high" },
      0.41,
      0.35,
      "above 83 % of the layer",
      2 },
    { "A metric with a very long name indeed, longer than its column",
      0.1,
      0,
      0.8,
      0.15,
      0.4,
      { "low", "medium", "high" },
      0.1,
      0.1,
      "above 8 % of the heads of the whole model",
      2 },
    { "Distribution",
      0.081,
      0,
      0.05,
      0.005,
      0.02,
      { "low", "medium", "high" },
      0.01,
      0.012,
      NULL,
      3 },
    { "Balance", NAN, 0, 1, 0.15, 0.4, { "low", "medium", "high" }, NAN, NAN, NULL, 2 },
    { "No bands", 0.5, 0, 1, NAN, NAN, { NULL, NULL, NULL }, NAN, NAN, NULL, 1 },
    { "Reversed", 0.75, 0, 1, 0.3, 0.7, { "focused", "moderate", "diffuse" }, NAN, NAN, NULL, 2 },
};

static struct at_canvas *draw(double width_mm)
{
    struct at_gauges g = { .title = "Metrics",
                           .subtitle = "a text",
                           .note = "raw attention only",
                           .rows = rows,
                           .n = AT_COUNTOF(rows),
                           .mean_name = "mean of the layer",
                           .baseline_name = "neutral sentences",
                           .width_mm = width_mm };

    return at_draw_gauges(&g);
}

static void test_tidy(void **state)
{
    (void)state;
    for (double width = 100; width <= 200; width += 20) {
        struct at_canvas *c = draw(width);
        picture_assert_tidy(c);
        at_canvas_free(c);
    }
}

/* However narrow it is asked for, a track is 15 mm long. */
static void test_narrow(void **state)
{
    (void)state;
    struct at_canvas *c = draw(40);
    struct at_json *p = picture_read(c);

    assert_true(picture_number(picture_item(p, "No bands", "rect", 0), "w") > 15);
    picture_assert_tidy(c);
    at_json_free(p);
    at_canvas_free(c);
}

static void test_words(void **state)
{
    (void)state;
    struct at_canvas *c = draw(160);
    struct at_json *p = picture_read(c);

    assert_true(picture_has_text(p, "Confidence (max)", "0.62  high"));
    assert_true(picture_has_text(p, "Confidence (max)", "above 83 %"));
    assert_true(picture_has_text(p, "A metric", "0.10  low"));
    assert_true(picture_has_text(p, "Distribution", "0.081  high"));
    assert_true(picture_has_text(p, "Balance", "n/a"));
    assert_true(picture_has_text(p, "No bands", "0.5"));
    assert_true(picture_has_text(p, "Reversed", "diffuse"));
    assert_true(picture_has_text(p, "legend", "mean of the layer"));
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* The pointer's tip stands at the value: 0.62 of the track. A value beyond the scale has its
   pointer at the end and an arrow; an undefined one has none. */
static void test_pointer(void **state)
{
    (void)state;
    struct at_canvas *c = draw(160);
    struct at_json *p = picture_read(c);
    const struct at_json *zone = picture_item(p, "Confidence (max)", "rect", 0);
    const struct at_json *track = picture_item(p, "Confidence (max)", "rect", 3);
    double x = picture_number(track, "x"), w = picture_number(track, "w");

    assert_true(fabs(picture_number(zone, "w") - 0.2 * w) < 2e-3);
    size_t n = picture_items(p, "Confidence (max)", "path");
    const struct at_json *line = picture_item(p, "Confidence (max)", "path", n - 1);
    assert_true(fabs(picture_point(line, 0) - (x + 0.62 * w)) < 2e-3);
    n = picture_items(p, "Distribution", "path");
    const struct at_json *arrow = picture_item(p, "Distribution", "path", n - 1);
    assert_true(picture_point(arrow, 2) > x + w);
    assert_int_equal(picture_items(p, "Balance", "path"), 2); /* the limits of the bands */
    at_json_free(p);
    at_canvas_free(c);
}

static void test_pixel(void **state)
{
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = draw(160);
    struct at_json *p = picture_read(c);
    const struct at_json *last = picture_item(p, "Balance", "rect", 2);

    snprintf(path, sizeof path, "/tmp/atlas-gauges-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(picture_pixel(path, picture_number(last, "x") + picture_number(last, "w") / 2,
                                   picture_number(last, "y") + 1),
                     0xc4c4c4); /* the darkest tone is the last band */
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy),    cmocka_unit_test(test_narrow), cmocka_unit_test(test_words),
        cmocka_unit_test(test_pointer), cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
