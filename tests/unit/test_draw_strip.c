/*
 * test_draw_strip.c - structure of text strips, direction of lines.
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
#include "base/digest.h"
#include "draw/draw_strip.h"
#include "draw/draw_label.h"
#include "draw/scale.h"
#include "picture.h"

static const char *const categories[] = { "generalisation", "unfairness", "stereotype" };

static struct at_canvas *draw(const struct at_strip_token *tokens, size_t n,
                              const struct at_scale *scale)
{
    struct at_strip s = { .title = "Text",
                          .subtitle = "thresholds",
                          .tokens = tokens,
                          .n = n,
                          .category_names = categories,
                          .n_categories = scale ? 0 : 3,
                          .intensity_name = "score",
                          .scale = scale,
                          .width_mm = 160 };

    return at_draw_strip(&s);
}

static void test_tidy(void **state)
{
    static const char address[] = "https://example.org/a/very/long/path?with=query#"
                                  "and/a/fragment/that/goes/on/and/on/beyond/the/line";
    static const char *const words[] = { "[CLS]",   "the",   "doctor", "##ing",  "中文",
                                         "العربية", "हिन्दी", "😀",      " nurse", "",
                                         "\n",      ",",     address };
    struct at_scale scale = { .kind = AT_DIVERGING, .lo = -1, .hi = 1 };
    struct at_strip_token tokens[512];
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(tokens); i++)
        tokens[i] = (struct at_strip_token){ .text = words[i % AT_COUNTOF(words)],
                                             .is_continuation = i % AT_COUNTOF(words) == 3,
                                             .marks = (unsigned)i % 8,
                                             .intensity = i % 5 ? (double)(i % 10) / 10 : NAN };
    for (size_t n = 0; n <= 512; n = n ? 2 * n : 1)
        for (int has_scale = 0; has_scale < 2; has_scale++) {
            struct at_canvas *c = draw(tokens, n, has_scale ? &scale : NULL);
            struct at_json *p = picture_read(c);
            assert_int_equal(picture_items(p, "tokens", "text"), n);
            picture_assert_tidy(c);
            at_json_free(p);
            at_canvas_free(c);
        }
}

static double left(const struct at_json *picture, size_t token)
{
    const struct at_json *item = picture_item(picture, "tokens", "text", token);

    return at_json_number(at_json_at(at_json_get(item, "corners"), 0), NAN);
}

/* Texts are drawn from left to right; this is their order. */
static void assert_order(const struct at_strip_token *tokens, size_t n, const char *const *want)
{
    struct at_canvas *c = draw(tokens, n, NULL);
    struct at_json *p = picture_read(c);

    for (size_t i = 0; i < n; i++) {
        const struct at_json *item = picture_item(p, "tokens", "text", i);
        assert_string_equal(at_json_text(at_json_get(item, "text"), ""), want[i]);
        if (i)
            assert_true(left(p, i) > left(p, i - 1));
    }
    at_json_free(p);
    at_canvas_free(c);
}

static void test_direction(void **state)
{
    static const struct at_strip_token latin[] = { { .text = "one" }, { .text = "שלום" },
                                                   { .text = "," },   { .text = "עולם" },
                                                   { .text = "two" }, { .text = "." } };
    static const char *const latin_order[] = { "one", "עולם", ",", "שלום", "two", "." };
    static const struct at_strip_token arabic[] = { { .text = "كانت" },
                                                    { .text = "BERT" },
                                                    { .text = "GPT-2" },
                                                    { .text = "متعبة" },
                                                    { .text = "جدا" } };
    static const char *const arabic_order[] = { "جدا", "متعبة", "BERT", "GPT-2", "كانت" };
    /* numbers run to the right everywhere, in one piece or several; brackets enclose */
    static const struct at_strip_token hebrew[] = {
        { .text = "המחיר" },
        { .text = "(" },
        { .text = "3", .is_continuation = true },
        { .text = ".", .is_continuation = true },
        { .text = "50", .is_continuation = true },
        { .text = ")", .is_continuation = true },
        { .text = "של" },
        { .text = "iPhone" },
        { .text = "15" },
        { .text = ",", .is_continuation = true },
        { .text = "GPT" },
        { .text = "-", .is_continuation = true },
        { .text = "2", .is_continuation = true },
        { .text = "היום" },
        { .text = "10" },
        { .text = "20" },
    };
    static const char *const hebrew_order[] = { "20",  "10", "היום", "iPhone", "15", ",",
                                                "GPT", "-",  "2",    "של",     "(",  "3",
                                                ".",   "50", ")",    "המחיר" };
    (void)state;

    assert_order(latin, 6, latin_order);
    assert_order(arabic, 5, arabic_order);
    assert_order(hebrew, 16, hebrew_order);
    assert_int_equal(at_text_direction("abc"), AT_FROM_LEFT);
    assert_int_equal(at_text_direction("- عربي abc"), AT_FROM_RIGHT);
    assert_int_equal(at_text_direction("12, 😀"), AT_NEUTRAL);
    assert_int_equal(at_text_direction(""), AT_NEUTRAL);
}

/* Categories show as tint, underline and a shape each; pieces stand close to their word. */
static void test_marks(void **state)
{
    static const struct at_strip_token tokens[] = {
        { .text = " plain" },
        { .text = "stereo", .marks = 4 },
        { .text = "##typ", .is_continuation = true, .marks = 7 },
        { .text = "[SEP]", .is_special = true }
    };
    (void)state;
    struct at_canvas *c = draw(tokens, 4, NULL);
    struct at_json *p = picture_read(c);

    /* tints and underlines of two tokens, and a square among the shapes */
    assert_int_equal(picture_items(p, "tokens", "rect"), 2 * 2 + 1);
    assert_int_equal(picture_items(p, "tokens", "circle"), 1);
    assert_int_equal(picture_items(p, "tokens", "path"), 2); /* triangles */
    assert_true(picture_has_text(p, "tokens", "typ"));
    assert_false(picture_has_text(p, "tokens", "##"));
    assert_true(picture_has_text(p, "legend", "deeper tint: higher score"));
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* The digest of a picture of nothing but a text. */
static struct at_digest digest_of_text(const char *text)
{
    struct at_canvas *c = at_canvas_new(40, 10);
    struct at_text_style style = { .size_pt = 12, .h = AT_ANCHOR_MIDDLE };
    struct at_digest digest;
    struct at_error err = { 0 };
    char path[64];

    snprintf(path, sizeof path, "/tmp/atlas-strip-%ld.png", (long)getpid());
    at_canvas_text(c, 20, 2, text, &style);
    assert_string_equal(at_canvas_missing_glyphs(c), "");
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 150, NULL, 0, &err), 0);
    assert_int_equal(at_digest_file(&digest, path, &err), 0);
    unlink(path);
    at_canvas_free(c);
    return digest;
}

/* Signs in one piece also change places where text runs from the right. */
static void test_mirrored(void **state)
{
    static const struct {
        const char *text, *seen;
    } cases[] = { { ")", "(" },   { ").", ".(" }, { "()", "()" },
                  { "->", "<-" }, { "?!", "!?" }, { "(\xc2\xab", "\xc2\xbb)" },
                  { "", "" } };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *mirrored = at_text_mirrored(cases[i].text);
        assert_string_equal(digest_of_text(mirrored).hex, digest_of_text(cases[i].seen).hex);
        free(mirrored);
    }
}

static void test_pixel(void **state)
{
    static const struct at_strip_token token = { .text = "word", .intensity = 1 };
    struct at_scale scale = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 };
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = draw(&token, 1, &scale);
    struct at_json *p = picture_read(c);
    const struct at_json *box = picture_item(p, "tokens", "rect", 0);

    snprintf(path, sizeof path, "/tmp/atlas-strip-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(
        picture_pixel(path, picture_number(box, "x") + 0.4, picture_number(box, "y") + 0.4),
        at_scale_color(&scale, 1));
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidy),  cmocka_unit_test(test_direction),
        cmocka_unit_test(test_marks), cmocka_unit_test(test_mirrored),
        cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
