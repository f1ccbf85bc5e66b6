/*
 * test_canvas.c - the drawing list, what is written from it, and the helper that reads its dump.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/mapfile.h"
#include "draw/canvas.h"
#include "picture.h"

static const struct at_text_style plain = { .size_pt = 8, .rgb = 0 };
static char folder[] = "/tmp/atlas-canvas-XXXXXX";

/* One of everything, with a name, so that nothing is left out of the writers. */
static struct at_canvas *one_of_each(void)
{
    static const double triangle[] = { 5, 40, 15, 40, 10, 48 };
    static const uint32_t cells[] = { 0xff0000, 0x00ff00, 0x0000ff, 0xffff00 };
    struct at_canvas *c = at_canvas_new(100, 60);
    struct at_text_style turned = { .size_pt = 8, .angle_deg = 90, .rgb = 0x202020 };

    at_canvas_group(c, "shapes");
    at_canvas_rect(c, 5, 5, 10, 10, at_fill(0x336699));
    at_canvas_line(c, 20, 5, 30, 15,
                   (struct at_ink){ .alpha = 0.5, .width_mm = 0.3, .is_dashed = true });
    at_canvas_circle(c, 40, 10, 4, at_stroke(0xaa0000, 0.2));
    at_canvas_polygon(c, triangle, 3, at_fill(0x00aa00));
    at_canvas_polyline(c, triangle, 3, at_stroke(0, 0.2));
    at_canvas_hatch(c, triangle, 3, at_stroke(0x808080, 0.1));
    at_canvas_ribbon(c, 50, 5, 5, 70, 15, 2, false, at_fill(0x5500aa));
    at_canvas_ribbon(c, 50, 30, 5, 70, 50, 2, true, at_fill(0x5500aa));
    at_canvas_group(c, "cells");
    at_canvas_cells(c, 75, 5, 20, 20, cells, 2, 2);
    at_canvas_group(c, "text");
    at_canvas_text(c, 5, 30, "plain é 中文 العربية हिन्दी", &plain);
    at_canvas_text(c, 45, 50, "turned 😀", &turned);
    at_canvas_paragraph(c, 72, 30, 25, 2, "a paragraph that takes two lines at least", &plain);
    return c;
}

static char *in_folder(const char *name)
{
    return at_asprintf("%s/%s", folder, name);
}

static void test_dump(void **state)
{
    struct at_canvas *c = one_of_each();
    struct at_json *p = picture_read(c);
    (void)state;

    assert_int_equal(picture_groups(p, ""), 3);
    assert_int_equal(picture_items(p, "shapes", "path"), 3);
    assert_int_equal(picture_items(p, "shapes", "ribbon"), 2);
    assert_int_equal(picture_items(p, "shapes", "hatch"), 1);
    assert_int_equal(picture_items(p, "text", "text"), 3);
    assert_true(picture_has_text(p, "text", "العربية"));
    assert_false(picture_has_text(p, "shapes", "plain"));
    assert_true(picture_number(p, "width") == 100);
    at_json_free(p);
    picture_assert_tidy(c);
    picture_assert_repeatable(c);
    at_canvas_free(c);
}

/* Two canvases with the same calls give the same files: no pointers, counters or dates get in. */
static void test_equal_drawings_are_equal_bytes(void **state)
{
    (void)state;
    for (int format = AT_PNG; format <= AT_PDF; format++) {
        char *path = in_folder("same");
        struct at_mapfile file[2];
        struct at_error err = { 0 };
        for (int k = 0; k < 2; k++) {
            struct at_canvas *c = one_of_each();
            assert_int_equal(at_canvas_write(c, path, (enum at_format)format, 100, NULL, 0, &err),
                             0);
            assert_int_equal(at_mapfile_open(&file[k], path, &err), 0);
            unlink(path); /* the map stays */
            at_canvas_free(c);
        }
        assert_int_equal(file[0].n, file[1].n);
        assert_memory_equal(file[0].bytes, file[1].bytes, file[0].n);
        at_mapfile_close(&file[0]);
        at_mapfile_close(&file[1]);
        free(path);
    }
}

static bool contains(const char *path, const char *what)
{
    struct at_mapfile m;
    struct at_error err = { 0 };
    size_t n = strlen(what);
    bool found = false;

    assert_int_equal(at_mapfile_open(&m, path, &err), 0);
    for (size_t i = 0; i + n <= m.n && !found; i++)
        found = memcmp(m.bytes + i, what, n) == 0;
    at_mapfile_close(&m);
    return found;
}

/* Letters that stay text: in their order among shapes, with font, length, colour and direction. */
static void test_svg_text(void **state)
{
    struct at_text_style style = { .size_pt = 9, .is_bold = true, .rgb = 0x123456 };
    struct at_canvas *c = at_canvas_new(100, 60);
    struct at_error err = { 0 };
    char *text = in_folder("t.svg"), *paths = in_folder("p.svg");
    (void)state;

    at_canvas_rect(c, 1, 1, 50, 20, at_fill(0xff0000));
    at_canvas_text(c, 10, 10, "<Fish> & chips", &style);
    at_canvas_rect(c, 1, 1, 5, 5, at_fill(0x00ff00));
    style.is_bold = false;
    style.angle_deg = 90;
    at_canvas_text(c, 30, 30, "\xd9\x82\xd8\xb7\xd8\xa9", &style);
    style.max_mm = 12;
    at_canvas_text(c, 40, 30, "a text that is too long for its place", &style);
    at_canvas_hatch(c, (double[]){ 60, 10, 70, 10, 70, 20 }, 3, at_stroke(0, 0.1));
    at_canvas_text(c, 80, 30, "\xf0\x9f\x98\x80", &style); /* an emoji stays a picture */
    at_canvas_hatch(c, (double[]){ 60, 30, 70, 30, 70, 40 }, 3, at_stroke(0, 0.1));
    assert_int_equal(at_canvas_write(c, text, AT_SVG_TEXT, 200, NULL, 0, &err), 0);
    assert_int_equal(at_canvas_write(c, paths, AT_SVG, 200, NULL, 0, &err), 0);
    assert_true(contains(text, ">&lt;Fish&gt; &amp; chips</text>"));
    assert_true(contains(text, "font-weight=\"bold\" fill=\"#123456\">&lt;Fish"));
    assert_true(contains(text, "font-size=\"36.00\"")); /* 9 pt, four units each */
    assert_true(contains(text, " rotate(-90)"));
    assert_true(contains(text, "direction=\"rtl\""));
    assert_true(contains(text, ">\xd9\x82\xd8\xb7\xd8\xa9</text>"));
    assert_true(contains(text, ">\xe2\x80\xa6</text>"));
    assert_false(contains(text, "for its place"));
    assert_false(contains(text, "<symbol"));
    assert_false(contains(paths, "<text"));
    assert_true(contains(paths, "<symbol"));
    assert_true(contains(text, "id=\"clip") && contains(text, "url(#clip"));
    picture_assert_repeatable(c);
    unlink(text);
    unlink(paths);
    free(text);
    free(paths);
    at_canvas_free(c);
}

static void test_svg_and_pdf(void **state)
{
    const struct at_canvas_meta meta[] = { { "Title", "heads & <tails>" } };
    struct at_canvas *c = one_of_each();
    struct at_error err = { 0 };
    char *svg = in_folder("a.svg"), *pdf = in_folder("a.pdf");
    (void)state;

    assert_int_equal(at_canvas_write(c, svg, AT_SVG, 200, meta, 1, &err), 0);
    assert_true(contains(svg, "<title>heads &amp; &lt;tails&gt;</title>"));
    assert_true(contains(svg, "width=\"100.000mm\" height=\"60.000mm\""));
    assert_true(contains(svg, "id=\"surface0\"") || contains(svg, "id=\"image0\""));
    assert_int_equal(at_canvas_write(c, pdf, AT_PDF, 200, meta, 1, &err), 0);
    assert_true(contains(pdf, "%PDF-1."));
    assert_false(contains(pdf, "/CreationDate (D:"));
    /* 100 x 60 mm in points */
    assert_true(contains(pdf, "/MediaBox [ 0 0 283.464567 170.07874 ]"));
    free(svg);
    free(pdf);
    at_canvas_free(c);
}

/* Size, resolution and text chunks as libpng reads them back. */
static void test_png(void **state)
{
    const struct at_canvas_meta meta[] = { { "Title", "a title" }, { "Text", "中文 and more" } };
    struct at_canvas *c = one_of_each();
    struct at_error err = { 0 };
    char *path = in_folder("a.png");
    (void)state;

    assert_int_equal(at_canvas_write(c, path, AT_PNG, 254, meta, 2, &err), 0);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, f);
    png_read_info(png, info);
    assert_int_equal(png_get_image_width(png, info), 1000); /* 10 pixels a mm */
    assert_int_equal(png_get_image_height(png, info), 600);
    assert_int_equal(png_get_x_pixels_per_meter(png, info), 10000);
    png_textp text;
    int n = 0;
    png_get_text(png, info, &text, &n);
    assert_int_equal(n, 2);
    assert_string_equal(text[0].key, "Title");
    assert_string_equal(text[1].text, "中文 and more");
    png_destroy_read_struct(&png, &info, NULL);
    fclose(f);

    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(picture_pixel(path, 10, 10), 0x336699);
    assert_int_equal(picture_pixel(path, 80, 10), 0xff0000);
    assert_int_equal(picture_pixel(path, 90, 20), 0xffff00);
    assert_int_equal(picture_pixel(path, 99, 1), 0xffffff);
    free(path);
    at_canvas_free(c);
}

static void test_failures_leave_nothing(void **state)
{
    struct at_canvas *c = one_of_each();
    struct at_error err = { 0 };
    (void)state;

    for (int format = AT_PNG; format <= AT_PDF; format++) {
        char *path = in_folder("no/such/dir.png");
        assert_int_equal(at_canvas_write(c, path, (enum at_format)format, 200, NULL, 0, &err),
                         AT_EIO);
        assert_non_null(strstr(err.text, "cannot write"));
        free(path);
    }
    char *big = in_folder("big.png");
    assert_int_equal(at_canvas_write(c, big, AT_PNG, 1e6, NULL, 0, &err), AT_ERANGE);
    assert_int_not_equal(access(big, F_OK), 0);
    free(big);
    at_canvas_free(c);
}

/* A file system that is full: the error comes late, when buffers are flushed. */
static void test_disk_full(void **state)
{
    struct at_canvas *c = one_of_each();
    struct at_error err = { 0 };
    char *path = in_folder("full.png"), *tmp = at_asprintf("%s.tmp-%ld", path, (long)getpid());
    (void)state;

    for (int format = AT_PNG; format <= AT_PDF; format++) {
        assert_int_equal(symlink("/dev/full", tmp), 0);
        assert_int_equal(at_canvas_write(c, path, (enum at_format)format, 200, NULL, 0, &err),
                         AT_EIO);
        assert_non_null(strstr(err.text, "No space left"));
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_not_equal(access(tmp, F_OK), 0);
    }
    free(path);
    free(tmp);
    at_canvas_free(c);
}

/* Bytes that are not UTF-8, control characters and unassigned code points are shown, not obeyed. */
static void test_hostile_text(void **state)
{
    struct at_canvas *c = at_canvas_new(100, 60);
    (void)state;

    at_canvas_text(c, 5, 10, "bad \xff\xfe byte", &plain);
    at_canvas_text(c, 5, 20, "line\nbreak\tand \x01", &plain);
    at_canvas_text(c, 5, 30, "", &plain);
    assert_string_equal(at_canvas_missing_glyphs(c), "");
    at_canvas_text(c, 5, 40, "no glyph \xf3\xb0\x80\x80 here", &plain); /* U+F0000, private use */
    assert_string_equal(at_canvas_missing_glyphs(c), "no font has U+F0000");
    struct at_json *p = picture_read(c);
    assert_true(picture_has_text(p, "", "bad \xef\xbf\xbd\xef\xbf\xbd byte"));
    assert_true(picture_has_text(p, "", "line↵break⇥and"));
    assert_true(picture_has_text(p, "", "no glyph \xef\xbf\xbd here"));
    at_json_free(p);
    at_canvas_free(c);
}

/* What no font has is replaced when it is seen; behind an ellipsis it is not. */
static void test_noncharacters(void **state)
{
    struct at_canvas *c = at_canvas_new(100, 60);
    struct at_text_style narrow = { .size_pt = 8, .max_mm = 20 };
    struct at_error err = { 0 };
    (void)state;

    at_canvas_text(c, 5, 10, "seen \xef\xbf\xbf, \xf0\x9f\xbf\xbe", &plain);
    at_canvas_text(c, 5, 20, "much longer than there is room for \xef\xbf\xbf", &narrow);
    at_canvas_text(c, 5, 30, "much longer than there is room for \xef\xb7\x90", &narrow);
    assert_string_equal(at_canvas_missing_glyphs(c), "");
    for (int format = AT_PNG; format <= AT_PDF; format++) {
        char *path = in_folder("odd");
        assert_int_equal(at_canvas_write(c, path, (enum at_format)format, 100, NULL, 0, &err), 0);
        unlink(path);
        free(path);
    }
    at_canvas_free(c);
}

static void test_elision(void **state)
{
    struct at_canvas *c = at_canvas_new(100, 60);
    struct at_text_style narrow = { .size_pt = 8, .max_mm = 20, .h = AT_ANCHOR_END };
    (void)state;

    at_canvas_text(c, 50, 10, "https://example.org/a/very/long/path", &narrow);
    at_canvas_text(c, 50, 20, "كلمة طويلة جدا جدا جدا جدا جدا", &narrow);
    at_canvas_text(c, 50, 30, "short", &narrow);
    struct at_json *p = picture_read(c);
    for (size_t i = 0; i < 3; i++) {
        const struct at_json *item = picture_item(p, "", "text", i);
        const struct at_json *corners = at_json_get(item, "corners");
        double left = at_json_number(at_json_at(corners, 0), NAN);
        double right = at_json_number(at_json_at(corners, 2), NAN);
        assert_int_equal(at_json_truth(at_json_get(item, "elided"), false), i < 2);
        assert_true(left >= 29.5 && right <= 50.5);
        assert_true(right > 49.8); /* ends at its anchor, elided or not */
    }
    at_json_free(p);
    at_canvas_free(c);
}

/* The helper behind all "nothing overlaps" tests must see an overlap, turned or not. */
static void test_overlaps_are_seen(void **state)
{
    struct at_text_style turned = { .size_pt = 8, .angle_deg = 45 };
    struct at_canvas *c = at_canvas_new(100, 60);
    (void)state;

    at_canvas_text(c, 10, 20, "first", &plain);
    at_canvas_text(c, 10, 24, "second", &plain);
    assert_int_equal(picture_overlaps(c), 0);
    at_canvas_text(c, 30, 30, "aslant", &turned);
    at_canvas_text(c, 34, 32, "beside", &turned);
    assert_int_equal(picture_overlaps(c), 0);
    at_canvas_text(c, 33, 28, "x", &plain);
    assert_int_equal(picture_overlaps(c), 1);
    at_canvas_text(c, 15, 24, "third", &plain);
    assert_int_equal(picture_overlaps(c), 2);
    at_canvas_text(c, 98, 24, "leaves", &plain);
    assert_int_equal(picture_overlaps(c), 3);
    at_canvas_free(c);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "a.svg", "a.pdf", "a.png" };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        char *path = in_folder(names[i]);
        unlink(path);
        free(path);
    }
    return rmdir(folder); /* fails if anything was left behind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dump),
        cmocka_unit_test(test_equal_drawings_are_equal_bytes),
        cmocka_unit_test(test_svg_and_pdf),
        cmocka_unit_test(test_svg_text),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_failures_leave_nothing),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_noncharacters),
        cmocka_unit_test(test_elision),
        cmocka_unit_test(test_overlaps_are_seen),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
