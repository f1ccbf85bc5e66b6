/*
 * picture.c - see picture.h.
 */
#include "picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/strbuf.h"

struct at_json *picture_read(const struct at_canvas *c)
{
    struct at_strbuf b = { 0 };
    struct at_error err = { 0 };
    struct at_json *root = NULL;

    at_canvas_dump(c, &b);
    if (at_json_parse(&root, at_strbuf_str(&b), b.n, &err))
        fail_msg("the dump is not JSON: %s", err.text);
    at_strbuf_release(&b);
    return root;
}

static bool begins(const struct at_json *group, const char *prefix)
{
    return strncmp(at_json_text(at_json_get(group, "name"), "?"), prefix, strlen(prefix)) == 0;
}

static bool is_kind(const struct at_json *item, const char *kind)
{
    return strcmp(at_json_text(at_json_get(item, "kind"), "?"), kind) == 0;
}

/* The next item of a picture, whatever its group; state starts as { 0 }. */
struct walk {
    size_t group, item;
};

static const struct at_json *next_item(struct walk *w, const struct at_json *picture,
                                       const char *prefix)
{
    const struct at_json *groups = at_json_get(picture, "groups"), *group;

    for (; (group = at_json_at(groups, w->group)); w->group++, w->item = 0) {
        const struct at_json *items = at_json_get(group, "items");
        if (begins(group, prefix) && w->item < at_json_count(items))
            return at_json_at(items, w->item++);
    }
    return NULL;
}

size_t picture_groups(const struct at_json *picture, const char *prefix)
{
    const struct at_json *groups = at_json_get(picture, "groups");
    size_t n = 0;

    for (size_t i = 0; i < at_json_count(groups); i++)
        n += begins(at_json_at(groups, i), prefix);
    return n;
}

const struct at_json *picture_item(const struct at_json *picture, const char *prefix,
                                   const char *kind, size_t k)
{
    const struct at_json *item;

    for (struct walk w = { 0 }; (item = next_item(&w, picture, prefix));)
        if (is_kind(item, kind) && k-- == 0)
            break;
    return item;
}

size_t picture_items(const struct at_json *picture, const char *prefix, const char *kind)
{
    const struct at_json *item;
    size_t n = 0;

    for (struct walk w = { 0 }; (item = next_item(&w, picture, prefix));)
        n += is_kind(item, kind);
    return n;
}

bool picture_has_text(const struct at_json *picture, const char *prefix, const char *part)
{
    const struct at_json *item;

    for (struct walk w = { 0 }; (item = next_item(&w, picture, prefix));)
        if (strstr(at_json_text(at_json_get(item, "text"), ""), part))
            return true;
    return false;
}

double picture_number(const struct at_json *item, const char *key)
{
    return at_json_number(at_json_get(item, key), NAN);
}

double picture_point(const struct at_json *item, size_t i)
{
    return at_json_number(at_json_at(at_json_get(item, "points"), i), NAN);
}

/* A turned box by its corners. */
struct box {
    double xy[8];
    const char *text;
};

static void project(double *lo, double *hi, const struct box *b, double nx, double ny)
{
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int i = 0; i < 4; i++) {
        double d = b->xy[2 * i] * nx + b->xy[2 * i + 1] * ny;
        *lo = fmin(*lo, d);
        *hi = fmax(*hi, d);
    }
}

/* Separating axes: two turned boxes are apart when they are along the normal of some side. The
   slack is less than anybody sees: antialiasing alone takes 0.1 mm. */
static bool overlap(const struct box *a, const struct box *b)
{
    const double slack = 0.1;
    const struct box *both[] = { a, b };

    for (int k = 0; k < 2; k++)
        for (int side = 0; side < 2; side++) {
            const double *p = both[k]->xy + 2 * side;
            double nx = p[3] - p[1], ny = p[0] - p[2], length = hypot(nx, ny);
            double a_lo, a_hi, b_lo, b_hi;
            if (length == 0)
                return false; /* no ink */
            project(&a_lo, &a_hi, a, nx / length, ny / length);
            project(&b_lo, &b_hi, b, nx / length, ny / length);
            if (a_hi < b_lo + slack || b_hi < a_lo + slack)
                return false;
        }
    return true;
}

static struct box box_of(const struct at_json *item)
{
    struct box b = { .text = at_json_text(at_json_get(item, "text"), "") };

    for (size_t i = 0; i < 8; i++)
        b.xy[i] = at_json_number(at_json_at(at_json_get(item, "corners"), i), NAN);
    return b;
}

static bool is_inside(const double *xy, size_t n, double w, double h)
{
    for (size_t i = 0; i < n; i++)
        if (!(xy[2 * i] >= 0 && xy[2 * i] <= w && xy[2 * i + 1] >= 0 && xy[2 * i + 1] <= h))
            return false;
    return true;
}

/* By its points, or by its box: circles and ribbons have no w and h and pass with their origin. */
static bool is_item_inside(const struct at_json *item, double w, double h)
{
    size_t n = at_json_count(at_json_get(item, "points"));

    if (is_kind(item, "ribbon"))
        return true;
    for (size_t i = 0; i + 1 < n; i += 2)
        if (!is_inside((double[]){ picture_point(item, i), picture_point(item, i + 1) }, 1, w, h))
            return false;
    if (n)
        return true;
    double x = picture_number(item, "x"), y = picture_number(item, "y");
    double dx = at_json_number(at_json_get(item, "w"), 0);
    double dy = at_json_number(at_json_get(item, "h"), 0);
    return is_inside((double[]){ x, y, x + dx, y + dy }, 2, w, h);
}

/* The texts of a picture; counts what is outside on the way. */
static struct box *collect(size_t *n_out, size_t *outside_out, const struct at_json *root)
{
    double w = picture_number(root, "width"), h = picture_number(root, "height");
    struct box *boxes = NULL;
    const struct at_json *item;
    size_t n = 0, outside = 0;

    for (struct walk walk = { 0 }; (item = next_item(&walk, root, ""));)
        if (is_kind(item, "text")) {
            boxes = at_realloc(boxes, n + 1, sizeof *boxes);
            boxes[n] = box_of(item);
            if (!is_inside(boxes[n].xy, 4, w, h)) {
                print_message("'%s' at %g, %g leaves %g x %g\n", boxes[n].text, boxes[n].xy[0],
                              boxes[n].xy[1], w, h);
                outside++;
            }
            n++;
        } else if (!is_item_inside(item, w, h)) {
            struct at_strbuf b = { 0 };
            at_json_dump(&b, item, 0, 6);
            print_message("outside %g x %g: %.200s\n", w, h, at_strbuf_str(&b));
            at_strbuf_release(&b);
            outside++;
        }
    *n_out = n;
    *outside_out = outside;
    return boxes;
}

size_t picture_overlaps(const struct at_canvas *c)
{
    struct at_json *root = picture_read(c);
    size_t n, bad;
    struct box *boxes = collect(&n, &bad, root);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (overlap(&boxes[i], &boxes[k])) {
                print_message("'%s' at %g, %g is over '%s' at %g, %g\n", boxes[i].text,
                              boxes[i].xy[0], boxes[i].xy[1], boxes[k].text, boxes[k].xy[0],
                              boxes[k].xy[1]);
                bad++;
                break;
            }
    free(boxes);
    at_json_free(root);
    return bad;
}

double picture_margin(const struct at_canvas *c)
{
    struct at_json *root = picture_read(c);
    double right = 0, width = picture_number(root, "width");
    size_t n, outside;
    struct box *boxes = collect(&n, &outside, root);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 4; k++)
            right = fmax(right, boxes[i].xy[2 * k]);
    free(boxes);
    at_json_free(root);
    return width - right;
}

unsigned picture_pixel(const char *png_path, double x_mm, double y_mm)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    unsigned rgb;

    assert_true(png_image_begin_read_from_file(&image, png_path));
    image.format = PNG_FORMAT_RGB;
    unsigned char *pixels = at_malloc(PNG_IMAGE_SIZE(image), 1);
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    size_t x = (size_t)(x_mm / 25.4 * 200), y = (size_t)(y_mm / 25.4 * 200);
    assert_true(x < image.width && y < image.height);
    const unsigned char *p = pixels + 3 * (y * image.width + x);
    rgb = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
    free(pixels);
    return rgb;
}

void picture_assert_repeatable(const struct at_canvas *c)
{
    for (int format = AT_PNG; format <= AT_SVG_TEXT; format++) {
        char path[64];
        struct at_digest digest[2];
        struct at_error err = { 0 };
        snprintf(path, sizeof path, "/tmp/atlas-picture-%ld", (long)getpid());
        for (int k = 0; k < 2; k++) {
            assert_int_equal(at_canvas_write(c, path, (enum at_format)format, 150, NULL, 0, &err),
                             0);
            assert_int_equal(at_digest_file(&digest[k], path, &err), 0);
            unlink(path);
        }
        assert_string_equal(digest[0].hex, digest[1].hex);
    }
}
