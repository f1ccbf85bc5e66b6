/*
 * test_draw_label.c - measuring text, thinning labels, marks of pieces.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "draw/draw_label.h"
#include "draw/resample.h"
#include "picture.h"

static void test_width(void **state)
{
    double small = at_text_width("attention", 6), large = at_text_width("attention", 12);
    (void)state;

    /* outlines scale exactly without hinting; positions are rounded to 1/1024 pt */
    assert_true(fabs(large - 2 * small) < 0.01);
    assert_true(at_text_width("attention attention", 12) > 2 * large);
    assert_true(at_text_width("", 12) == 0);
}

/* 5 pt with 1.3 lines is 2.293 mm. */
static void test_step(void **state)
{
    static const struct {
        double pitch, max_pt;
        size_t step;
    } cases[] = {
        { 10, 7.5, 1 },   { 2.3, 7.5, 1 },  { 2.2, 7.5, 2 },    { 1.0, 7.5, 5 },
        { 0.4, 7.5, 10 }, { 0.2, 7.5, 20 }, { 0.01, 7.5, 500 }, { 3, 4, 1 },
    };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        double size;
        assert_int_equal(at_label_step(&size, cases[i].pitch, cases[i].max_pt), cases[i].step);
        assert_true(size >= 5 && size <= fmax(cases[i].max_pt, 5));
        assert_true(size * 25.4 / 72 <= (double)cases[i].step * cases[i].pitch);
    }
}

static void test_marks_of_pieces(void **state)
{
    static const struct {
        struct at_label label;
        size_t index;
        const char *shown;
    } cases[] = {
        { { .text = "word" }, 0, "word" },
        { { .text = " word" }, 0, "·word" },
        { { .text = "" }, 0, "·" },
        { { .text = "##ing", .is_continuation = true }, 7, "7 ##ing" },
        { { .text = "ing", .is_continuation = true }, 0, "##ing" },
        { { .text = "[CLS]", .is_special = true }, 0, "[CLS]" },
        { { .text = "\n" }, 0, "↵" },
        { { .text = "12" }, 12, "12" }, /* an axis of numbers */
        { { .text = "12" }, 120, "120 12" },
        /* the number stays to the left of a text from the right, its mark to the right of it */
        { { .text = "\xd9\x84", .is_continuation = true },
          7,
          "7 \xe2\x80\x8e\xe2\x81\xa8##\xd9\x84\xe2\x81\xa9" },
        { { .text = "\xd9\x84", .is_continuation = true }, 0, "##\xd9\x84" },
    };
    struct at_text_style style = { .size_pt = 7 };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_canvas *c = at_canvas_new(60, 10);
        const size_t *index = cases[i].index ? &cases[i].index : NULL;
        at_label_draw(c, 5, 5, &cases[i].label, index, &style);
        struct at_json *p = picture_read(c);
        assert_true(picture_has_text(p, "", cases[i].shown));
        at_json_free(p);
        at_canvas_free(c);
        assert_true(at_label_length(&cases[i].label, index, 7) > 0);
    }
}

/* Worked by hand: two at 5 move to 4.5 and 5.5; a third at 5.2 pushes all of them; ends hold. */
static void test_spread(void **state)
{
    static const struct {
        size_t n;
        double y[4], want[4];
    } cases[] = {
        { 1, { 3 }, { 3 } },
        { 2, { 5, 5 }, { 4.5, 5.5 } },
        { 3, { 5, 5, 5.3 }, { 4.1, 5.1, 6.1 } },
        { 3, { 1, 5, 9 }, { 1, 5, 9 } },
        { 3, { 0, 0, 5 }, { 0, 1, 5 } },
        { 3, { 9.8, 9.9, 10 }, { 8, 9, 10 } },
    };
    double many[30] = { 0 };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        double y[4];
        memcpy(y, cases[i].y, sizeof y);
        at_label_spread(y, cases[i].n, 1, 0, 10);
        for (size_t k = 0; k < cases[i].n; k++)
            assert_true(fabs(y[k] - cases[i].want[k]) < 1e-12);
    }
    at_label_spread(many, 30, 1, 0, 10); /* no room: evenly */
    assert_true(many[0] == 0 && fabs(many[29] - 10) < 1e-12);
}

static void test_resampling(void **state)
{
    static const uint32_t cells[] = { 0x000000, 0xffffff, 0x404040, 0xc0c0c0 };
    uint32_t out[36];
    (void)state;

    at_resample_cells(out, 4, 4, 4, cells, 2, 2); /* whole pixels: copies */
    assert_int_equal(out[0], 0x000000);
    assert_int_equal(out[2], 0xffffff);
    assert_int_equal(out[15], 0xc0c0c0);
    at_resample_cells(out, 3, 3, 1, cells, 1, 2); /* the middle pixel covers half of each */
    assert_int_equal(out[0], 0x000000);
    assert_int_equal(out[1], 0x808080);
    assert_int_equal(out[2], 0xffffff);
    at_resample_cells(out, 1, 1, 1, cells, 2, 2); /* (0 + 255 + 64 + 192) / 4 = 127.75 */
    assert_int_equal(out[0], 0x808080);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),           cmocka_unit_test(test_step),
        cmocka_unit_test(test_marks_of_pieces), cmocka_unit_test(test_spread),
        cmocka_unit_test(test_resampling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
