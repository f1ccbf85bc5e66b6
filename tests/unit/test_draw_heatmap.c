/*
 * test_draw_heatmap.c - structure of heatmaps and their small multiples.
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
#include "draw/draw_heatmap.h"
#include "picture.h"

static const char *const words[] = { "[CLS]",
                                     "the",
                                     "doctor",
                                     "##ing",
                                     "中文",
                                     "العربية",
                                     "हिन्दी",
                                     "😀",
                                     " nurse",
                                     "",
                                     "தமிழ்",
                                     "\n",
                                     "https://example.org/a/very/long/path?with=query" };

static struct at_label *make_labels(size_t n)
{
    struct at_label *l = at_calloc(n, sizeof *l);

    for (size_t i = 0; i < n; i++)
        l[i] = (struct at_label){ .text = words[i % AT_COUNTOF(words)],
                                  .is_special = i % AT_COUNTOF(words) == 0,
                                  .mark = n == 40 && i % 7 == 3 ? 1 + i % 3 : 0 };
    return l;
}

static float *make_values(size_t n)
{
    float *v = at_malloc(n * n, sizeof *v);

    for (size_t k = 0; k < n * n; k++)
        v[k] = (float)(k % 97) / 96;
    return v;
}

static struct at_canvas *draw(size_t n, bool is_causal, double width_mm)
{
    static const char *const names[] = { "one", "two", "three" };
    struct at_label *labels = make_labels(n);
    float *values = make_values(n);
    struct at_heatmap h = { .title = "Attention of a head with a fairly long name, layer 3",
                            .subtitle = "a text · raw · tokens",
                            .x_name = "key: looks at",
                            .y_name = "query: looks from",
                            .unit = "attention weight",
                            .rows = n,
                            .cols = n,
                            .values = values,
                            .row_labels = labels,
                            .col_labels = labels,
                            .scale = at_scale_fit(AT_SEQUENTIAL, 0, values, n * n),
                            .is_causal = is_causal,
                            .show_values = true,
                            .mark_names = names,
                            .n_marks = n == 40 ? 3 : 0,
                            .width_mm = width_mm };
    struct at_canvas *c = at_draw_heatmap(&h);

    free(labels);
    free(values);
    return c;
}

static void test_tidy_at_every_size(void **state)
{
    static const size_t sizes[] = { 1, 2, 3, 5, 8, 12, 17, 40, 64, 120, 300, 512 };
    static const double widths[] = { 85, 160 };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(sizes); i++)
        for (size_t w = 0; w < AT_COUNTOF(widths); w++)
            for (int is_causal = 0; is_causal < 2; is_causal++) {
                struct at_canvas *c = draw(sizes[i], is_causal, widths[w]);
                assert_true(at_canvas_width(c) <= widths[w]);
                picture_assert_tidy(c);
                at_canvas_free(c);
            }
}

/* Layers by heads with numbers that need many digits, and a long unit: no closer to the edge than
   any other text. */
static void test_margin_at_the_bar(void **state)
{
    static const size_t sides[][2] = { { 1, 1 },  { 2, 2 },   { 6, 6 },
                                       { 2, 12 }, { 12, 12 }, { 48, 25 } };
    static const double widths[] = { 40, 85, 170 };
    static const char *const units[] = { "mean weight",
                                         "fraction of the largest possible entropy" };
    struct at_label *labels = make_labels(48);
    float *values = at_malloc(48 * 25, sizeof *values);
    (void)state;

    for (size_t k = 0; k < 48 * 25; k++)
        values[k] = (float)(0.000131 + 0.0043 * (double)(k % 4));
    for (size_t i = 0; i < AT_COUNTOF(sides) * AT_COUNTOF(widths) * AT_COUNTOF(units); i++) {
        size_t s = i / 2 % AT_COUNTOF(sides);
        struct at_heatmap h = { .title = "A score of every head",
                                .x_name = "head",
                                .y_name = "layer",
                                .unit = units[i % 2],
                                .rows = sides[s][0],
                                .cols = sides[s][1],
                                .values = values,
                                .row_labels = labels,
                                .col_labels = labels,
                                .scale = { .lo = 0.000131, .hi = 0.013031, .has_above = true },
                                .width_mm = widths[i / 2 / AT_COUNTOF(sides)] };
        struct at_canvas *c = at_draw_heatmap(&h);
        assert_true(picture_margin(c) >= 2.99); /* coordinates are rounded */
        ;
        assert_true(h.width_mm < 85 || at_canvas_width(c) <= h.width_mm);
        if (h.width_mm >= 85)
            picture_assert_tidy(c);
        at_canvas_free(c);
    }
    free(values);
    free(labels);
}

static void test_parts(void **state)
{
    (void)state;
    struct at_canvas *c = draw(40, true, 160);
    struct at_json *p = picture_read(c);

    assert_true(picture_has_text(p, "title", "fairly long name"));
    assert_true(picture_has_text(p, "axis names", "key: looks at"));
    assert_true(picture_has_text(p, "axis names", "query: looks from"));
    assert_int_equal(picture_items(p, "row labels", "text"), 40);
    assert_int_equal(picture_items(p, "column labels", "text"), 40);
    assert_true(picture_has_text(p, "colour bar", "attention weight"));
    assert_true(picture_has_text(p, "colour bar", "1"));
    assert_true(picture_has_text(p, "legend", "masked"));
    assert_true(picture_has_text(p, "legend", "two"));
    assert_int_equal(picture_items(p, "cells", "hatch"), 1);
    at_json_free(p);
    at_canvas_free(c);
}

/* Labels thin out: 2.3 mm a label at 5 pt, so 300 tokens on a page cannot all have one. */
static void test_thinning_is_stated(void **state)
{
    (void)state;
    struct at_canvas *c = draw(300, false, 160);
    struct at_json *p = picture_read(c);

    assert_int_equal(picture_items(p, "row labels", "text"), 30);
    assert_true(picture_has_text(p, "row labels", "290 "));
    assert_true(picture_has_text(p, "legend", "every 10th"));
    at_json_free(p);
    at_canvas_free(c);
}

/* Rows and columns of a long map thin out differently, and the legend says how each does. */
static void test_thinning_of_each_side(void **state)
{
    static const struct {
        size_t rows, cols;
        const char *text;
    } cases[] = {
        { 7, 290, "every 10th column is labelled" },
        { 290, 64, "every 5th row and every 2nd column is labelled" },
        { 100, 4, "every 2nd row is labelled" },
    };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        size_t n = cases[i].rows * cases[i].cols;
        struct at_label *labels = make_labels(290);
        float *values = at_calloc(n, sizeof *values);
        struct at_heatmap h = { .unit = "value",
                                .rows = cases[i].rows,
                                .cols = cases[i].cols,
                                .values = values,
                                .row_labels = labels,
                                .col_labels = labels,
                                .scale = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 },
                                .width_mm = 170 };
        struct at_canvas *c = at_draw_heatmap(&h);
        struct at_json *p = picture_read(c);
        if (!picture_has_text(p, "legend", cases[i].text))
            fail_msg("case %zu: %s", i,
                     at_json_text(at_json_get(picture_item(p, "legend", "text", 0), "text"), ""));
        assert_true(picture_has_text(p, "legend", "numbers count from 0"));
        at_json_free(p);
        at_canvas_free(c);
        free(values);
        free(labels);
    }
}

/* However narrow it is asked for, the cells have 15 mm. */
static void test_narrow(void **state)
{
    (void)state;
    struct at_canvas *c = draw(20, false, 40);
    struct at_json *p = picture_read(c);

    assert_true(picture_number(picture_item(p, "cells", "cells", 0), "w") > 14.9);
    picture_assert_tidy(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* A little less than nothing is written without a sign. */
static void test_no_negative_zero(void **state)
{
    static const float values[4] = { -0.001f, 0.5f, -1, 1 };
    struct at_label labels[2] = { { .text = "a" }, { .text = "b" } };
    struct at_heatmap h = { .unit = "value",
                            .rows = 2,
                            .cols = 2,
                            .values = values,
                            .row_labels = labels,
                            .col_labels = labels,
                            .scale = { .kind = AT_DIVERGING, .lo = -1, .hi = 1 },
                            .show_values = true,
                            .width_mm = 120 };
    struct at_canvas *c = at_draw_heatmap(&h);
    struct at_json *p = picture_read(c);
    (void)state;

    assert_true(picture_has_text(p, "values", "0.00"));
    assert_false(picture_has_text(p, "values", "-0.00"));
    assert_true(picture_has_text(p, "values", "-1.00"));
    at_json_free(p);
    at_canvas_free(c);
}

/* A NaN is a dot and its legend; a masked NaN is neither. */
static void test_undefined(void **state)
{
    float values[9] = { 0.5f, NAN, NAN, 0.25f, 0.75f, NAN, NAN, 0.1f, 1.5f };
    struct at_label labels[3] = { { .text = "a" }, { .text = "b" }, { .text = "c" } };
    struct at_heatmap h = { .rows = 3,
                            .cols = 3,
                            .values = values,
                            .row_labels = labels,
                            .col_labels = labels,
                            .unit = "weight",
                            .scale = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 },
                            .is_causal = true,
                            .width_mm = 120 };
    (void)state;
    struct at_canvas *c = at_draw_heatmap(&h);
    struct at_json *p = picture_read(c);

    assert_int_equal(picture_items(p, "cells", "circle"), 1);
    assert_true(picture_has_text(p, "legend", "undefined"));
    assert_true(picture_has_text(p, "colour bar", "≥ 1")); /* 1.5 is beyond the range */
    at_json_free(p);
    at_canvas_free(c);
}

/* Numbers in cells tell ten steps of the scale apart, however narrow it is. */
static void test_decimals(void **state)
{
    static const struct {
        double lo, hi;
        const char *text; /* of a value one tenth below hi */
    } cases[] = { { 0, 1, "0.90" },
                  { 0.001, 0.0057, "0.0052" },
                  { 0, 0.05, "0.045" },
                  { 0, 20, "18.0" },
                  { 0.9, 1, "0.990" } };
    struct at_label labels[2] = { { .text = "a" }, { .text = "b" } };
    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        double lo = cases[i].lo, hi = cases[i].hi;
        float values[4] = { (float)lo, (float)hi, (float)(hi - (hi - lo) / 10), (float)lo };
        struct at_heatmap h = { .unit = "weight",
                                .rows = 2,
                                .cols = 2,
                                .values = values,
                                .row_labels = labels,
                                .col_labels = labels,
                                .scale = { .kind = AT_SEQUENTIAL, .lo = lo, .hi = hi },
                                .show_values = true,
                                .width_mm = 120 };
        struct at_canvas *c = at_draw_heatmap(&h);
        struct at_json *p = picture_read(c);
        assert_true(picture_has_text(p, "values", cases[i].text));
        at_json_free(p);
        at_canvas_free(c);
    }
}

/* The first cell is the highest value, its right neighbour the lowest. */
static void test_pixels(void **state)
{
    float values[4] = { 1, 0, 0, 1 };
    struct at_label labels[2] = { { .text = "a" }, { .text = "b" } };
    struct at_heatmap h = { .rows = 2,
                            .cols = 2,
                            .values = values,
                            .row_labels = labels,
                            .col_labels = labels,
                            .unit = "weight",
                            .scale = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 },
                            .width_mm = 120 };
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = at_draw_heatmap(&h);
    struct at_json *p = picture_read(c);
    const struct at_json *cells = picture_item(p, "cells", "cells", 0);
    double x = picture_number(cells, "x"), y = picture_number(cells, "y");
    double w = picture_number(cells, "w"), ht = picture_number(cells, "h");

    snprintf(path, sizeof path, "/tmp/atlas-heatmap-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(picture_pixel(path, x + w * 0.25, y + ht * 0.25), at_scale_color(&h.scale, 1));
    assert_int_equal(picture_pixel(path, x + w * 0.75, y + ht * 0.25), at_scale_color(&h.scale, 0));
    unlink(path);
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

static struct at_canvas *draw_grid(size_t n_layers, size_t n_heads, size_t n)
{
    float *values = at_malloc(n_layers * n_heads * n * n, sizeof *values);
    struct at_heatmap_grid g = { .title = "All heads",
                                 .subtitle = "a text",
                                 .unit = "attention weight",
                                 .n_layers = n_layers,
                                 .n_heads = n_heads,
                                 .rows = n,
                                 .cols = n,
                                 .n_tokens = 512,
                                 .values = values,
                                 .scale = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 0.5 },
                                 .is_causal = true,
                                 .width_mm = 160 };

    for (size_t k = 0; k < n_layers * n_heads * n * n; k++)
        values[k] = (float)(k % 11) / 20;
    struct at_canvas *c = at_draw_heatmap_grid(&g);
    free(values);
    return c;
}

static void test_grid(void **state)
{
    static const size_t shapes[][2] = { { 1, 1 }, { 2, 2 }, { 12, 12 }, { 24, 16 }, { 48, 25 } };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(shapes); i++) {
        struct at_canvas *c = draw_grid(shapes[i][0], shapes[i][1], 8);
        struct at_json *p = picture_read(c);
        assert_int_equal(picture_groups(p, "panel "), shapes[i][0] * shapes[i][1]);
        assert_int_equal(picture_items(p, "layer numbers", "text"), shapes[i][0]);
        assert_int_equal(picture_items(p, "head numbers", "text"), shapes[i][1]);
        assert_true(picture_has_text(p, "note", "share one colour range"));
        assert_true(picture_has_text(p, "note", "512 x 512 tokens are reduced to 8 x 8"));
        picture_assert_tidy(c);
        at_json_free(p);
        at_canvas_free(c);
    }
}

static void test_thumbnail(void **state)
{
    static const float values[16] = { 1, 2, 3, 4, 5, 6, 7, 8, NAN, NAN, 1, 0, NAN, NAN, 0, 9 };
    float out[4];
    (void)state;

    at_thumbnail(out, 2, values, 4);
    assert_true(out[0] == 6 && out[1] == 8 && isnan(out[2]) && out[3] == 9);
    at_thumbnail(out, 1, values, 4);
    assert_true(out[0] == 9);
    float three[9];
    at_thumbnail(three, 3, values, 4); /* rows 0, 1, 2..3 */
    assert_true(three[0] == 1 && three[1] == 2 && three[2] == 4 && three[8] == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy_at_every_size),
        cmocka_unit_test(test_margin_at_the_bar),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_thinning_is_stated),
        cmocka_unit_test(test_thinning_of_each_side),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_no_negative_zero),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_thumbnail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
