/*
 * test_draw_bars.c - structure of bars with intervals and of box plots.
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
#include "draw/draw_bars.h"
#include "draw/draw_boxes.h"
#include "draw/scale.h"
#include "picture.h"

static const char *const names[] = { "mother", "software developer", "السعودية", "中国",
                                     "a target with a name that is far too long for its column" };
static const char *const categories[] = { "gender", "race" };

static struct at_canvas *draw_bars(const struct at_bar *bars, size_t n)
{
    struct at_bars b = { .title = "Scores",
                         .subtitle = "StereoSet",
                         .value_name = "stereotype score (%)",
                         .bars = bars,
                         .n = n,
                         .axis_lo = 0,
                         .axis_hi = 100,
                         .reference = 50,
                         .reference_name = "no preference",
                         .interval_name = "95 % interval",
                         .category_names = categories,
                         .n_categories = 2,
                         .width_mm = 160 };

    return at_draw_bars(&b);
}

static void test_tidy_bars(void **state)
{
    static const size_t sizes[] = { 0, 1, 4, 40, 80, 250 };
    struct at_bar bars[250];
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(bars); i++)
        bars[i] = (struct at_bar){ names[i % 5],
                                   i % 9 ? (double)(i % 100) : NAN,
                                   (double)(i % 100) - 10,
                                   (double)(i % 100) + 10,
                                   i % 2,
                                   i % 4 ? "n = 120" : NULL };
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        struct at_canvas *c = draw_bars(bars, sizes[i]);
        picture_assert_tidy(c);
        at_canvas_free(c);
    }
}

/* Bars of 25 and 50 on an axis from 0 to 100; whiskers at the ends of the interval. */
static void test_bars(void **state)
{
    static const struct at_bar bars[] = { { "a", 25, 20, 40, 0, "n = 7" },
                                          { "b", 50, NAN, NAN, 1, NULL },
                                          { "c", NAN, 1, 2, 0, NULL } };
    (void)state;
    struct at_canvas *c = draw_bars(bars, 3);
    struct at_json *p = picture_read(c);
    const struct at_json *a = picture_item(p, "bars", "rect", 0);
    const struct at_json *b = picture_item(p, "bars", "rect", 1);
    const struct at_json *whisker = picture_item(p, "bars", "path", 0);
    const struct at_json *reference = picture_item(p, "reference", "path", 0);
    double x = picture_number(a, "x"), unit = picture_number(a, "w") / 25;

    assert_int_equal(picture_items(p, "bars", "rect"), 3);        /* two bars and a square marker */
    assert_true(fabs(picture_number(b, "w") - 50 * unit) < 5e-3); /* rounding of 25 units */
    assert_true(fabs(picture_point(whisker, 0) - (x + 20 * unit)) < 5e-3);
    assert_true(fabs(picture_point(whisker, 2) - (x + 40 * unit)) < 5e-3);
    assert_true(fabs(picture_point(reference, 0) - (x + 50 * unit)) < 5e-3);
    assert_true(picture_has_text(p, "bars", "n/a"));
    assert_true(picture_has_text(p, "details", "n = 7"));
    assert_true(picture_has_text(p, "legend", "95 % interval"));
    assert_true(picture_has_text(p, "legend", "no preference"));
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

static struct at_canvas *draw_boxes(const struct at_box *boxes, size_t n)
{
    struct at_boxes b = { .title = "Features",
                          .subtitle = "StereoSet",
                          .note = "whiskers: within 1.5 boxes",
                          .value_name = "feature",
                          .boxes = boxes,
                          .n = n,
                          .reference = 0,
                          .reference_name = "no difference",
                          .category_names = categories,
                          .n_categories = 2,
                          .width_mm = 160 };

    return at_draw_boxes(&b);
}

static void test_boxes(void **state)
{
    static const double outliers[] = { 10, -10 };
    static const struct at_box boxes[] = {
        { "a", -2, -1, 0.5, 1, 2, outliers, 2, 0, "p = 0.01 *" },
        { "b", 0, 0, 0, 0, 0, NULL, 0, 1, NULL },
        { "c", NAN, NAN, NAN, NAN, NAN, NULL, 0, 0, NULL },
    };
    (void)state;
    struct at_canvas *c = draw_boxes(boxes, 3);
    struct at_json *p = picture_read(c);
    const struct at_json *box = picture_item(p, "boxes", "rect", 0);
    const struct at_json *median = picture_item(p, "boxes", "path", 4);
    double x = picture_number(box, "x"), unit = picture_number(box, "w") / 2;

    assert_true(fabs(picture_point(median, 0) - (x + 1.5 * unit)) < 2e-3);
    assert_int_equal(picture_items(p, "boxes", "circle"), 2);
    assert_true(picture_has_text(p, "boxes", "n/a"));
    picture_assert_tidy(c);
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
    c = draw_boxes(NULL, 0);
    picture_assert_tidy(c);
    at_canvas_free(c);
}

/* Names that are too long for their column and differ in one place only are told apart, wherever
   that is, in bars and in boxes, with room for the plot and nothing on anything else. */
static void test_long_names(void **state)
{
    static const struct {
        const char *before, *after;
        double width_mm;
    } cases[] = {
        { "A quite long category of stereotypes that people hold about others ", "", 160 },
        { "A quite long category of stereotypes that people hold about others ", "", 90 },
        { "", " is a quite long category of stereotypes that people hold", 160 },
        { "A quite long category ", " of stereotypes that people hold", 160 },
        { "السعودية والصين وفرنسا ومصر والمغرب والجزائر وتونس والأردن ولبنان ", "", 160 },
    };
    char name[20][128];
    struct at_bar bars[20];
    struct at_box boxes[20];
    (void)state;

    for (size_t i = 0; i < 2 * AT_COUNTOF(cases); i++) {
        double width = cases[i / 2].width_mm;
        struct at_bars b = {
            .bars = bars, .n = 20, .axis_lo = 0, .axis_hi = 100, .reference = NAN, .width_mm = width
        };
        struct at_boxes x = { .boxes = boxes, .n = 20, .reference = NAN, .width_mm = width };
        for (size_t k = 0; k < 20; k++) {
            snprintf(name[k], sizeof name[k], "%s%02zu%s", cases[i / 2].before, k,
                     cases[i / 2].after);
            bars[k] = (struct at_bar){ name[k], 50, 40, 60, 0, "n = 12" };
            boxes[k] = (struct at_box){ name[k], 0, 1, 2, 3, 4, NULL, 0, 0, "n = 12" };
        }
        struct at_canvas *c = i % 2 ? at_draw_bars(&b) : at_draw_boxes(&x);
        struct at_json *p = picture_read(c);
        picture_assert_tidy(c);
        for (size_t k = 0; k < 20; k++) {
            char number[8];
            const struct at_json *label = picture_item(p, "row labels", "text", k);
            snprintf(number, sizeof number, "%02zu", k);
            if (!*cases[i / 2].after) /* the end is to be seen */
                assert_false(at_json_truth(at_json_get(label, "elided"), true));
            assert_non_null(strstr(at_json_text(at_json_get(label, "text"), ""), number));
        }
        at_json_free(p);
        at_canvas_free(c);
    }
}

static const char *rgb_of(const struct at_json *item)
{
    return at_json_text(at_json_get(item, "rgb"), "?");
}

/* Categories 0, 8, 16 ... share the circle: each has a colour of its own, in bar and legend. */
static void test_many_categories(void **state)
{
    const char *many[64];
    struct at_bar bars[64];
    struct at_bars b = { .title = "Scores",
                         .bars = bars,
                         .n = 64,
                         .axis_lo = 0,
                         .axis_hi = 100,
                         .reference = NAN,
                         .category_names = many,
                         .n_categories = 64,
                         .width_mm = 160 };
    struct at_canvas *c;
    struct at_json *p;
    (void)state;

    for (size_t i = 0; i < 64; i++) {
        many[i] = "some category";
        bars[i] = (struct at_bar){ "a", 50, NAN, NAN, i, NULL };
    }
    c = at_draw_bars(&b);
    p = picture_read(c);
    assert_int_equal(picture_items(p, "legend", "circle"), 8);
    for (size_t i = 0; i < 8; i++) {
        const char *rgb = rgb_of(picture_item(p, "legend", "circle", i));
        assert_string_equal(rgb, rgb_of(picture_item(p, "bars", "circle", i)));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rgb, rgb_of(picture_item(p, "legend", "circle", k)));
    }
    picture_assert_tidy(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* The middle of the bar has the first colour at opacity 0.55. */
static void test_pixel(void **state)
{
    static const struct at_bar bar = { "a", 80, NAN, NAN, 0, NULL };
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = draw_bars(&bar, 1);
    struct at_json *p = picture_read(c);
    const struct at_json *r = picture_item(p, "bars", "rect", 0);

    snprintf(path, sizeof path, "/tmp/atlas-bars-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    unsigned rgb = picture_pixel(path, picture_number(r, "x") + 5, picture_number(r, "y") + 1);
    for (int shift = 0; shift <= 16; shift += 8) {
        double want = 255 + 0.55 * ((double)(at_categorical(0) >> shift & 255) - 255);
        assert_true(fabs((double)(rgb >> shift & 255) - want) <= 1.01);
    }
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy_bars),       cmocka_unit_test(test_bars),
        cmocka_unit_test(test_boxes),           cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_many_categories), cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
