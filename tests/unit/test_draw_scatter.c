/*
 * test_draw_scatter.c - structure of scatter pictures and silhouette panels.
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
#include "base/rng.h"
#include "draw/draw_scatter.h"
#include "draw/scale.h"
#include "picture.h"

static const char *const categories[] = { "syntax", "sink", "long-range" };

static struct at_canvas *draw(size_t n, bool has_silhouettes, double width_mm)
{
    struct at_scatter_point *points = at_calloc(AT_MAX(n, (size_t)1), sizeof *points);
    struct at_rng rng;

    at_rng_init(&rng, 1, n);
    for (size_t i = 0; i < n; i++)
        points[i] = (struct at_scatter_point){ .x = at_rng_normal(&rng),
                                               .y = at_rng_normal(&rng),
                                               .weight = at_rng_double(&rng),
                                               .category = i % 3,
                                               .name = i % 2 ? "L10 H11" : "مركز",
                                               .is_marked = !has_silhouettes && i % 20 == 0,
                                               .silhouette = at_rng_double(&rng) - 0.3 };
    if (n > 10)
        points[7].x = NAN;
    struct at_scatter s = { .title = "Heads",
                            .subtitle = "all texts",
                            .x_name = "x",
                            .y_name = "y",
                            .points = points,
                            .n = n,
                            .category_names = categories,
                            .n_categories = 3,
                            .mark_name = has_silhouettes ? NULL : "Pareto-optimal",
                            .joins_marked = !has_silhouettes,
                            .has_ticks = !has_silhouettes,
                            .has_silhouettes = has_silhouettes,
                            .x_reference = has_silhouettes ? NAN : 0,
                            .y_reference = NAN,
                            .width_mm = width_mm };
    struct at_canvas *c = at_draw_scatter(&s);
    free(points);
    return c;
}

static void test_tidy(void **state)
{
    static const size_t sizes[] = { 0, 1, 2, 12, 144, 1200 };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(sizes); i++)
        for (int panel = 0; panel < 2; panel++)
            for (double width = 110; width < 170; width += 50) {
                struct at_canvas *c = draw(sizes[i], panel, width);
                picture_assert_tidy(c);
                at_canvas_free(c);
            }
}

/* All points in one place: ticks at the very ends of the axes, whose numbers stay on the page. */
static void test_same_place(void **state)
{
    static const struct at_scatter_point points[] = { { .name = "a" }, { .name = "b" } };
    struct at_scatter s = { .points = points,
                            .n = 2,
                            .has_ticks = true,
                            .x_reference = NAN,
                            .y_reference = NAN,
                            .width_mm = 170 };
    struct at_canvas *c = at_draw_scatter(&s);
    (void)state;

    picture_assert_tidy(c);
    at_canvas_free(c);
}

/* The same word in one place is named once; a dashed line strikes no name out. */
static void test_names(void **state)
{
    static const struct at_scatter_point points[] = {
        { .x = 0, .y = 1, .name = "the" },  { .x = 0, .y = 1, .name = "the" },
        { .x = 0, .y = 1, .name = "the" },  { .x = 1, .y = 0, .name = "cat" },
        { .x = 2, .y = -1, .name = "the" },
    };
    struct at_scatter s = { .points = points,
                            .n = AT_COUNTOF(points),
                            .has_ticks = true,
                            .x_reference = NAN,
                            .y_reference = 0,
                            .width_mm = 170 };
    struct at_canvas *c = at_draw_scatter(&s);
    struct at_json *p = picture_read(c);
    const struct at_json *cat;
    (void)state;

    assert_int_equal(picture_items(p, "names", "text"), 3);
    assert_true(picture_has_text(p, "names",
                                 "the \xc3\x97"
                                 "3"));
    cat = picture_item(p, "names", "text", 1);
    assert_string_equal(at_json_text(at_json_get(cat, "text"), ""), "cat");
    double line = picture_point(picture_item(p, "reference", "path", 0), 1);
    double top = at_json_number(at_json_at(at_json_get(cat, "corners"), 1), NAN);
    double bottom = at_json_number(at_json_at(at_json_get(cat, "corners"), 5), NAN);
    assert_true(bottom < line || top > line);
    at_json_free(p);
    at_canvas_free(c);
}

/* However narrow it is asked for, points and panel have room. */
static void test_narrow(void **state)
{
    (void)state;
    for (int panel = 0; panel < 2; panel++) {
        struct at_canvas *c = draw(12, panel, 40);
        picture_assert_tidy(c);
        at_canvas_free(c);
    }
}

static void test_parts(void **state)
{
    char text[64];
    (void)state;
    struct at_canvas *c = draw(300, false, 160);
    struct at_json *p = picture_read(c);
    size_t names = picture_items(p, "names", "text");

    /* 299 points, of which every third is a circle, and a ring around each of 15 */
    assert_int_equal(picture_items(p, "points", "circle"), 100 + 15);
    assert_true(names > 20 && names < 299);
    snprintf(text, sizeof text, "%zu names had no room", 299 - names);
    assert_true(picture_has_text(p, "legend", text));
    assert_true(picture_has_text(p, "legend", "1 point undefined"));
    assert_true(picture_has_text(p, "legend", "Pareto-optimal"));
    assert_int_equal(picture_items(p, "frontier", "path"), 14);
    at_json_free(p);
    at_canvas_free(c);
}

/* Two categories: means 0.5 and 0.1 by hand, mean of all (0.9 + 0.5 + 0.1 + 0.4 - 0.2) / 5. */
static void test_silhouettes(void **state)
{
    static const struct at_scatter_point points[] = {
        { .x = 0, .y = 0, .category = 0, .silhouette = 0.1 },
        { .x = 1, .y = 0, .category = 0, .silhouette = 0.9 },
        { .x = 2, .y = 0, .category = 1, .silhouette = -0.2 },
        { .x = 3, .y = 0, .category = 1, .silhouette = 0.4 },
        { .x = 4, .y = 0, .category = 0, .silhouette = 0.5 },
    };
    struct at_scatter s = { .points = points,
                            .n = 5,
                            .category_names = categories,
                            .n_categories = 2,
                            .has_silhouettes = true,
                            .x_reference = NAN,
                            .y_reference = NAN,
                            .width_mm = 160 };
    (void)state;
    struct at_canvas *c = at_draw_scatter(&s);
    struct at_json *p = picture_read(c);

    assert_true(picture_has_text(p, "silhouettes", "0.50"));
    assert_true(picture_has_text(p, "silhouettes", "0.10"));
    assert_true(picture_has_text(p, "silhouettes", "mean 0.34"));
    /* outlines: sorted from the largest bar down, 0.9 > 0.5 > 0.1 to the right of zero */
    const struct at_json *outline = picture_item(p, "silhouettes", "path", 0);
    double zero = picture_point(outline, 0), unit = (picture_point(outline, 2) - zero) / 0.9;
    assert_true(unit > 0);
    assert_true(fabs(picture_point(outline, 6) - zero - 0.5 * unit) < 2e-3);
    assert_true(fabs(picture_point(outline, 10) - zero - 0.1 * unit) < 2e-3);
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

static void test_pixel(void **state)
{
    static const struct at_scatter_point points[] = { { .x = 0, .y = 0, .weight = 1 },
                                                      { .x = 1, .y = 1, .weight = 1 } };
    struct at_scatter s = { .points = points,
                            .n = 2,
                            .category_names = categories,
                            .n_categories = 1,
                            .x_reference = NAN,
                            .y_reference = NAN,
                            .width_mm = 160 };
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = at_draw_scatter(&s);
    struct at_json *p = picture_read(c);
    const struct at_json *point = picture_item(p, "points", "circle", 0);

    snprintf(path, sizeof path, "/tmp/atlas-scatter-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    unsigned rgb = picture_pixel(path, picture_number(point, "x"), picture_number(point, "y"));
    for (int shift = 0; shift <= 16; shift += 8) { /* opacity 0.75 on white */
        double want = 255 + 0.75 * ((double)(at_categorical(0) >> shift & 255) - 255);
        assert_true(fabs((double)(rgb >> shift & 255) - want) <= 1.01);
    }
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy),  cmocka_unit_test(test_same_place),
        cmocka_unit_test(test_names), cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_parts), cmocka_unit_test(test_silhouettes),
        cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
