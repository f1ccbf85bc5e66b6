/*
 * test_draw_bubbles.c - structure of bubble matrices.
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
#include "draw/draw_bubbles.h"
#include "picture.h"

static const char *const sentences[] = {
    "The doctor told the nurse to come in, and then left again.", "She was tired.",
    "护士已经工作了十二个小时。", "كانت الممرضة متعبة جدا.", ""
};

static struct at_canvas *draw(size_t n, const float *values, double width_mm)
{
    const char **labels = at_malloc(n, sizeof *labels);
    struct at_bubbles b = { .title = "Sentences",
                            .subtitle = "all heads",
                            .x_name = "key: sentence looked at",
                            .y_name = "query: sentence looking",
                            .unit = "share of attention",
                            .n = n,
                            .values = values,
                            .labels = labels,
                            .scale = at_scale_fit(AT_SEQUENTIAL, 0, values, n * n),
                            .width_mm = width_mm };

    for (size_t i = 0; i < n; i++)
        labels[i] = sentences[i % AT_COUNTOF(sentences)];
    struct at_canvas *c = at_draw_bubbles(&b);
    free(labels);
    return c;
}

static void test_tidy(void **state)
{
    static const size_t sizes[] = { 1, 2, 5, 12, 40, 100 };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(sizes); i++)
        for (double width = 90; width < 170; width += 70) {
            size_t n = sizes[i];
            float *values = at_malloc(n * n, sizeof *values);
            for (size_t k = 0; k < n * n; k++)
                values[k] = (float)(k % 13) / 13;
            struct at_canvas *c = draw(n, values, width);
            picture_assert_tidy(c);
            at_canvas_free(c);
            free(values);
        }
}

/* Areas are in proportion to values: a quarter of the value has half the radius. */
static void test_areas(void **state)
{
    static const float values[] = { 0.8f, 0.2f, 0, NAN };
    (void)state;
    struct at_canvas *c = draw(2, values, 160);
    struct at_json *p = picture_read(c);
    double large = picture_number(picture_item(p, "bubbles", "circle", 0), "r");
    double small = picture_number(picture_item(p, "bubbles", "circle", 2), "r");

    assert_true(fabs(small - large / 2) < 2e-3); /* the dump rounds */
    assert_true(picture_has_text(p, "bubbles", "0.80"));
    assert_true(picture_has_text(p, "bubbles", "0.00"));
    assert_int_equal(picture_items(p, "bubbles", "text"), 3); /* a dot has no number */
    assert_true(picture_has_text(p, "legend", "undefined"));
    assert_true(picture_has_text(p, "colour bar", "share of attention"));
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

static void test_pixel(void **state)
{
    static const float value = 1;
    struct at_scale scale = at_scale_fit(AT_SEQUENTIAL, 0, &value, 1);
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = draw(1, &value, 160);
    struct at_json *p = picture_read(c);
    const struct at_json *circle = picture_item(p, "bubbles", "circle", 0);

    snprintf(path, sizeof path, "/tmp/atlas-bubbles-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(picture_pixel(path, picture_number(circle, "x"),
                                   picture_number(circle, "y") + 3), /* under the number */
                     at_scale_color(&scale, 1));
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy),
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
