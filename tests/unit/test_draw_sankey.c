/*
 * test_draw_sankey.c - structure of flow pictures.
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
#include "base/rng.h"
#include "draw/draw_sankey.h"
#include "draw/scale.h"
#include "picture.h"

static const char *const words[] = {
    "[CLS]", "the", "doctor", "##ing", "中文", "العربية",
    "हिन्दी", "😀",   " nurse", "",      "\n",   "https://example.org/a/very/long/path?with=query"
};

/* Every token looks at the first one and at two at random. */
static struct at_canvas *draw(size_t n, size_t n_focus, double width_mm)
{
    static const size_t focus[] = { 0, 1 };
    struct at_label *labels = at_calloc(n, sizeof *labels);
    struct at_sankey_link *links = at_calloc(3 * n, sizeof *links);
    struct at_rng rng;

    at_rng_init(&rng, n, 0);
    for (size_t i = 0; i < n; i++) {
        labels[i].text = words[i % AT_COUNTOF(words)];
        links[3 * i] = (struct at_sankey_link){ i, 0, 0.5 };
        for (size_t k = 1; k < 3; k++)
            links[3 * i + k] =
                (struct at_sankey_link){ i, at_rng_below(&rng, n), 0.05 * (double)k };
    }
    struct at_sankey s = { .title = "Flow",
                           .subtitle = "links above 0.04: all",
                           .n_sources = n,
                           .n_targets = n,
                           .source_labels = labels,
                           .target_labels = labels,
                           .source_name = "query: looks from",
                           .target_name = "key: looks at",
                           .links = links,
                           .n_links = 3 * n,
                           .focus = focus,
                           .n_focus = n_focus,
                           .width_mm = width_mm };
    struct at_canvas *c = at_draw_sankey(&s);
    free(labels);
    free(links);
    return c;
}

static void test_tidy_at_every_size(void **state)
{
    static const size_t sizes[] = { 1, 2, 3, 5, 40, 90, 120, 300, 512 };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        struct at_canvas *c = draw(sizes[i], sizes[i] > 2 ? 2 : 0, 160);
        picture_assert_tidy(c);
        assert_true(at_canvas_width(c) <= 160 && at_canvas_height(c) < 290);
        at_canvas_free(c);
    }
}

static double end(const struct at_json *ribbon, size_t i)
{
    return at_json_number(at_json_at(at_json_get(ribbon, "ends"), i), NAN);
}

/* However narrow it is asked for, ribbons have 15 mm to run. */
static void test_narrow(void **state)
{
    (void)state;
    struct at_canvas *c = draw(20, 0, 40);
    struct at_json *p = picture_read(c);
    const struct at_json *ribbon = picture_item(p, "ribbons", "ribbon", 0);

    assert_true(end(ribbon, 3) - end(ribbon, 0) > 15);
    picture_assert_tidy(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* Where two ribbons leave one token the upper one also arrives higher, and the other way round;
   widths are in proportion to weights. */
static void test_ribbons(void **state)
{
    static const struct at_sankey_link links[] = { { 0, 2, 0.2 }, { 0, 0, 0.5 }, { 0, 1, 0.1 },
                                                   { 1, 0, 0.4 }, { 2, 0, 0.3 }, { 2, 1, -1 },
                                                   { 1, 1, NAN } };
    struct at_label labels[3] = { { .text = "a" }, { .text = "b" }, { .text = "c" } };
    struct at_sankey s = { .n_sources = 3,
                           .n_targets = 3,
                           .source_labels = labels,
                           .target_labels = labels,
                           .links = links,
                           .n_links = 7,
                           .width_mm = 120 };
    (void)state;
    struct at_canvas *c = at_draw_sankey(&s);
    struct at_json *p = picture_read(c);
    const struct at_json *r[5];

    assert_int_equal(picture_items(p, "ribbons", "ribbon"), 5); /* not the last two */
    for (size_t i = 0; i < 5; i++) /* drawn by weight: 0.1 0.2 0.3 0.4 0.5 */
        r[i] = picture_item(p, "ribbons", "ribbon", i);
    double mm = end(r[4], 2) / 0.5;
    for (size_t i = 0; i < 5; i++) {
        assert_true(fabs(end(r[i], 2) - mm * 0.1 * (double)(i + 1)) < 2e-3); /* dump rounds */
        assert_true(end(r[i], 2) == end(r[i], 5));
    }
    /* from a: to a, b, c in this order, touching */
    assert_true(fabs(end(r[4], 1) + end(r[4], 2) - end(r[0], 1)) < 2e-3);
    assert_true(fabs(end(r[0], 1) + end(r[0], 2) - end(r[1], 1)) < 2e-3);
    /* into a: from a, b, c */
    assert_true(fabs(end(r[4], 4) + end(r[4], 5) - end(r[3], 4)) < 2e-3);
    assert_true(fabs(end(r[3], 4) + end(r[3], 5) - end(r[2], 4)) < 2e-3);
    assert_true(picture_number(r[4], "alpha") > picture_number(r[0], "alpha"));
    picture_assert_tidy(c);
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

static void test_focus_is_in_front(void **state)
{
    (void)state;
    struct at_canvas *c = draw(12, 2, 160);
    struct at_json *p = picture_read(c);
    size_t n = picture_items(p, "ribbons", "ribbon");

    assert_int_equal(n, 36);
    for (size_t i = 0; i < n; i++) {
        const char *rgb =
            at_json_text(at_json_get(picture_item(p, "ribbons", "ribbon", i), "rgb"), "");
        if (i < n - 6)
            assert_string_equal(rgb, "#a0a0a0");
        else
            assert_string_not_equal(rgb, "#a0a0a0");
    }
    assert_true(picture_has_text(p, "note", "in bold"));
    at_json_free(p);
    at_canvas_free(c);
}

static void test_labels_that_have_no_room_are_counted(void **state)
{
    (void)state;
    struct at_canvas *c = draw(300, 0, 160);
    struct at_json *p = picture_read(c);
    size_t shown =
        picture_items(p, "source labels", "text") + picture_items(p, "target labels", "text");
    char text[64];

    snprintf(text, sizeof text, "%zu lighter tokens have no label", 600 - shown);
    assert_true(shown > 150 && shown < 300);
    assert_true(picture_has_text(p, "note", text));
    assert_true(picture_has_text(p, "target labels", "0 [CLS]")); /* all look at it */
    at_json_free(p);
    at_canvas_free(c);
}

/* Heads have names of their own. */
static void test_heads(void **state)
{
    struct at_label labels[100] = { { .text = NULL } };
    struct at_sankey_link link = { 3, 4, 0.8 };
    struct at_sankey s = { .n_sources = 100,
                           .n_targets = 100,
                           .source_labels = labels,
                           .target_labels = labels,
                           .links = &link,
                           .n_links = 1,
                           .are_heads = true,
                           .unit = "score",
                           .width_mm = 160 };
    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(labels); i++)
        labels[i].text = "L1H2";
    struct at_canvas *c = at_draw_sankey(&s);
    struct at_json *p = picture_read(c);

    assert_false(picture_has_text(p, "source labels", " L1H2"));
    assert_true(picture_has_text(p, "source labels", "L1H2"));
    assert_true(picture_has_text(p, "width key", "score "));
    at_json_free(p);
    at_canvas_free(c);
}

/* Where a label stands; NaN: nowhere. */
static double label_y(const struct at_json *p, const char *group, const char *text)
{
    for (size_t i = 0; i < picture_items(p, group, "text"); i++) {
        const struct at_json *item = picture_item(p, group, "text", i);
        if (!strcmp(at_json_text(at_json_get(item, "text"), ""), text))
            return at_json_number(at_json_get(item, "y"), NAN);
    }
    return NAN;
}

/* One token draws nearly everything and takes half the height: labels of the others stand at their
   own nodes, far below it. Focus and marked tokens keep theirs however light they are. */
static void test_labels_near_their_nodes(void **state)
{
    enum { N = 200 };
    static const size_t focus[] = { 150 };
    struct at_label labels[N];
    struct at_sankey_link links[N];
    char names[N][16];
    (void)state;

    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "t%zu", i);
        labels[i] = (struct at_label){ .text = names[i], .mark = i == 151 };
        links[i] = (struct at_sankey_link){ i, 0, i == 150 || i == 151 ? 0.01 : 0.9 };
    }
    struct at_sankey s = { .title = "Flow",
                           .n_sources = N,
                           .n_targets = N,
                           .source_labels = labels,
                           .target_labels = labels,
                           .links = links,
                           .n_links = N,
                           .focus = focus,
                           .n_focus = 1,
                           .width_mm = 160 };
    struct at_canvas *c = at_draw_sankey(&s);
    struct at_json *p = picture_read(c);

    assert_true(isfinite(label_y(p, "source labels", "150 t150")));
    assert_true(isfinite(label_y(p, "source labels", "151 t151")));
    assert_true(isfinite(label_y(p, "target labels", "150 t150")));
    assert_true(isfinite(label_y(p, "target labels", "151 t151")));
    double sink = label_y(p, "target labels", "0 t0"), next = label_y(p, "target labels", "1 t1");
    assert_true(next - sink > 40); /* mm: half of the sink's bar */
    at_json_free(p);
    at_canvas_free(c);
}

static void test_nothing_kept(void **state)
{
    struct at_label labels[2] = { { .text = "a" }, { .text = "b" } };
    struct at_sankey s = { .title = "Flow",
                           .n_sources = 2,
                           .n_targets = 2,
                           .source_labels = labels,
                           .target_labels = labels,
                           .width_mm = 120 };
    (void)state;
    struct at_canvas *c = at_draw_sankey(&s);
    struct at_json *p = picture_read(c);

    assert_int_equal(picture_items(p, "ribbons", "ribbon"), 0);
    assert_true(picture_has_text(p, "note", "No link is kept"));
    picture_assert_tidy(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* The middle of a single straight ribbon of weight 1 has the first colour at 0.7. */
static void test_pixel(void **state)
{
    static const struct at_sankey_link link = { 0, 0, 1 };
    struct at_label label = { .text = "a" };
    struct at_sankey s = { .n_sources = 1,
                           .n_targets = 1,
                           .source_labels = &label,
                           .target_labels = &label,
                           .links = &link,
                           .n_links = 1,
                           .width_mm = 120 };
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = at_draw_sankey(&s);
    struct at_json *p = picture_read(c);
    const struct at_json *r = picture_item(p, "ribbons", "ribbon", 0);

    snprintf(path, sizeof path, "/tmp/atlas-flow-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    unsigned got = picture_pixel(path, (end(r, 0) + end(r, 3)) / 2, end(r, 1) + end(r, 2) / 2);
    for (int shift = 0; shift <= 16; shift += 8) {
        double want = 255 + 0.7 * ((double)(0x332288 >> shift & 255) - 255);
        if (fabs((double)(got >> shift & 255) - want) > 1.51) /* 8-bit rounding twice */
            fail_msg("%06x, want %.1f at bit %d", got, want, shift);
    }
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy_at_every_size),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_ribbons),
        cmocka_unit_test(test_focus_is_in_front),
        cmocka_unit_test(test_labels_that_have_no_room_are_counted),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_labels_near_their_nodes),
        cmocka_unit_test(test_nothing_kept),
        cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
