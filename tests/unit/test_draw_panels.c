/*
 * test_draw_panels.c - structure of bars side by side, of bands behind lines, and of pages that are
 * made of pictures.
 */
#include "draw/draw_panels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "draw/draw_lines.h"
#include "picture.h"

enum { N = 140, PANELS = 14 };
static const char *const words[] = { "nurse", "السعودية", "护士", "##ing", "a", "unbelievably" };

static struct at_canvas *draw(size_t n, size_t n_panels, double width_mm)
{
    static const char *const names[] = { "ig", "leave_one_out_mask", "value_zeroing" };
    static double values[N];
    static size_t numbers[N];
    static struct at_label rows[N];
    static struct at_panel panels[PANELS];
    const struct at_panels p = { .title = "Attributions",
                                 .subtitle = "why",
                                 .note = "a scale for each panel",
                                 .rows = rows,
                                 .numbers = numbers,
                                 .n = n,
                                 .panels = panels,
                                 .n_panels = n_panels,
                                 .width_mm = width_mm };

    for (size_t i = 0; i < N; i++) {
        values[i] = i % 11 == 3 ? NAN : (double)(i % 7) - 2.0;
        numbers[i] = i;
        rows[i] = (struct at_label){ .text = words[i % AT_COUNTOF(words)] };
    }
    for (size_t k = 0; k < PANELS; k++)
        panels[k] = (struct at_panel){ names[k % AT_COUNTOF(names)], values };
    return at_draw_panels(&p);
}

static void test_tidy(void **state)
{
    static const size_t sizes[] = { 1, 5, 40, N };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++)
        for (size_t k = 1; k <= PANELS; k += 13) {
            struct at_canvas *c = draw(sizes[i], k, 170);
            picture_assert_tidy(c);
            at_canvas_free(c);
        }
}

/* Bars grow from 0 to their side; what is undefined is a dot, and 0 has no bar. */
static void test_bars(void **state)
{
    struct at_canvas *c = draw(7, 1, 120);
    struct at_json *picture = picture_read(c);
    const struct at_json *low = picture_item(picture, "ig", "rect", 0);
    const struct at_json *high = picture_item(picture, "ig", "rect", 4);
    double zero = picture_point(picture_item(picture, "ig", "path", 0), 0);

    (void)state;
    assert_int_equal(picture_items(picture, "ig", "rect"), 5); /* -2 -1 0 nan 2 3 4 */
    assert_int_equal(picture_items(picture, "ig", "circle"), 1);
    assert_true(fabs(picture_number(low, "x") + picture_number(low, "w") - zero) < 0.01);
    assert_true(fabs(picture_number(high, "x") - zero) < 0.01);
    assert_true(fabs(picture_number(high, "w") - 2.0 * picture_number(low, "w")) < 0.01);
    assert_true(picture_has_text(picture, "ig", "-2"));
    at_json_free(picture);
    at_canvas_free(c);
}

/* The band is a polygon under the line, and only where both of its ends are. */
static void test_band(void **state)
{
    static const double x[] = { 1, 5, 10, 20 }, y[] = { 0, 1, 2, 3 };
    static const double lo[] = { -1, 0, 1, NAN }, hi[] = { 1, 2, 3, NAN };
    const struct at_line_series series = { "random", AT_LINE_BAND, x, y, lo, hi, 4 };
    const struct at_line_plot l = { .title = "Curves",
                                    .series = &series,
                                    .n_series = 1,
                                    .y_reference = NAN,
                                    .x_marked = NAN,
                                    .width_mm = 100 };
    struct at_canvas *c = at_draw_lines(&l);
    struct at_json *picture = picture_read(c);

    (void)state;
    picture_assert_tidy(c);
    assert_int_equal(picture_items(picture, "bands", "path"), 1);
    at_json_free(picture);
    at_canvas_free(c);
}

/* A picture on a page is the same picture, moved. */
static void test_page(void **state)
{
    struct at_canvas *alone = draw(7, 1, 120), *page = at_canvas_new(210, 297);
    struct at_json *was = picture_read(alone), *is;
    const struct at_json *a, *b;

    (void)state;
    at_canvas_place(page, alone, "bars", 30, 50);
    is = picture_read(page);
    a = picture_item(was, "ig", "rect", 0);
    b = picture_item(is, "bars ig", "rect", 0);
    assert_true(fabs(picture_number(b, "x") - picture_number(a, "x") - 30) < 0.01);
    assert_true(fabs(picture_number(b, "y") - picture_number(a, "y") - 50) < 0.01);
    assert_int_equal(picture_items(is, "bars ig", "rect"), picture_items(was, "ig", "rect"));
    picture_assert_tidy(page);
    picture_assert_repeatable(page);
    at_json_free(was);
    at_json_free(is);
    at_canvas_free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_band),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
