/*
 * test_draw_tree.c - the tidy layout by its laws, and the structure of tree pictures.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "draw/draw_tree.h"
#include "draw/tidy_tree.h"
#include "picture.h"

enum { MAX_N = 400 };

/* A tree grown at random, numbered level by level so that siblings are neighbours. */
static size_t grow(size_t *parent, size_t *depth, struct at_rng *rng, size_t max_children)
{
    size_t n = 1;

    parent[0] = depth[0] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = at_rng_below(rng, max_children + 1); k-- > 0 && n < MAX_N; n++) {
            parent[n] = i;
            depth[n] = depth[i] + 1;
        }
    return n;
}

/* Laws of the layout on random trees; numbered by level, neighbours on a level are consecutive. */
static void test_laws(void **state)
{
    size_t parent[MAX_N], depth[MAX_N];
    double x[MAX_N];
    struct at_rng rng;
    (void)state;

    at_rng_init(&rng, 11, 0);
    for (int round = 0; round < 300; round++) {
        size_t n = grow(parent, depth, &rng, 1 + (size_t)round % 6);
        double least = INFINITY;
        at_tidy_tree(x, parent, n);
        for (size_t i = 0; i < n; i++) {
            double first = NAN, last = NAN;
            least = fmin(least, x[i]);
            if (i && depth[i] == depth[i - 1]) /* apart, and in order; 1e-9 for sums of shifts */
                assert_true(x[i] - x[i - 1] >= 1 - 1e-9);
            for (size_t k = i + 1; k < n; k++)
                if (parent[k] == i) {
                    first = isnan(first) ? x[k] : first;
                    last = x[k];
                }
            if (!isnan(first))
                assert_true(fabs(x[i] - (first + last) / 2) < 1e-9);
        }
        assert_true(least == 0);
    }
}

/* The mirror image of a tree is laid out as the mirror image of its layout. */
static void test_mirror(void **state)
{
    size_t parent[MAX_N], depth[MAX_N], mirror_parent[MAX_N], image[MAX_N];
    double x[MAX_N], y[MAX_N], most = 0;
    struct at_rng rng;
    (void)state;

    at_rng_init(&rng, 12, 0);
    size_t n = grow(parent, depth, &rng, 4);
    while (n < 50)
        n = grow(parent, depth, &rng, 4);
    for (size_t from = 0, to; from < n; from = to) { /* turn every level round */
        for (to = from; to < n && depth[to] == depth[from]; to++)
            ;
        for (size_t i = from; i < to; i++)
            image[i] = from + to - 1 - i;
    }
    for (size_t i = 0; i < n; i++)
        mirror_parent[image[i]] = image[parent[i]];
    at_tidy_tree(x, parent, n);
    at_tidy_tree(y, mirror_parent, n);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, x[i]);
    for (size_t i = 0; i < n; i++)
        assert_true(fabs(y[image[i]] - (most - x[i])) < 1e-9);
}

/* Worked by hand: the root has a leaf, a node with three leaves, and a leaf; the outer leaves go
   right above the outer grandchildren's neighbours. */
static void test_by_hand(void **state)
{
    static const size_t parent[] = { 0, 0, 0, 0, 2, 2, 2 };
    static const double want[] = { 1, 0, 1, 2, 0, 1, 2 };
    double x[7];
    (void)state;

    at_tidy_tree(x, parent, 7);
    for (size_t i = 0; i < 7; i++)
        assert_true(fabs(x[i] - want[i]) < 1e-12);
    at_tidy_tree(x, parent, 1);
    assert_true(x[0] == 0);
}

static struct at_canvas *draw(size_t k, size_t levels)
{
    static const char *const words[] = {
        "doctor", "##ing", "中文", "العربية", "हिन्दी", "😀", "https://example.org/a/very/long/path"
    };
    struct at_tree_shape_node *nodes = at_calloc(2000, sizeof *nodes);
    size_t n = 1, level = 1, from = 0;

    for (nodes[0].label.text = "root", nodes[0].product = 1; level < levels; level++) {
        size_t to = n;
        for (size_t i = from; i < to; i++)
            for (size_t j = 0; j < k; j++, n++)
                nodes[n] = (struct at_tree_shape_node){
                    .parent = i,
                    .label = { .text = words[n % AT_COUNTOF(words)] },
                    .weight = 1.0 / (double)(j + 2),
                    .product = nodes[i].product / (double)(j + 2),
                };
        from = to;
    }
    struct at_tree_shape t = {
        .title = "Tree", .subtitle = "a text", .nodes = nodes, .n = n, .width_mm = 160
    };
    struct at_canvas *c = at_draw_tree(&t);
    free(nodes);
    return c;
}

static void test_tidy_pictures(void **state)
{
    static const size_t shapes[][2] = {
        { 1, 1 }, { 3, 3 }, { 3, 5 }, { 20, 3 }, { 2, 7 }, { 1, 12 }
    };
    (void)state;

    for (size_t i = 0; i < AT_COUNTOF(shapes); i++) {
        struct at_canvas *c = draw(shapes[i][0], shapes[i][1]);
        picture_assert_tidy(c);
        at_canvas_free(c);
    }
}

static void test_parts(void **state)
{
    (void)state;
    struct at_canvas *c = draw(3, 3);
    struct at_json *p = picture_read(c);

    assert_int_equal(picture_items(p, "links", "path"), 12);
    assert_int_equal(picture_items(p, "weights", "text"), 12);
    assert_int_equal(picture_items(p, "nodes", "text"), 13 + 9); /* labels, and 9 products */
    assert_true(picture_has_text(p, "weights", "0.333"));
    assert_true(picture_has_text(p, "nodes", "0.167")); /* 1/2 * 1/3 */
    assert_true(picture_has_text(p, "levels", "hop 2"));
    assert_true(picture_has_text(p, "note", "product of the weights"));
    /* the root alone has a thick border: fill, border, fill, border ... */
    const struct at_json *border = picture_item(p, "nodes", "rect", 1);
    assert_true(picture_number(border, "line") >
                2 * picture_number(picture_item(p, "nodes", "rect", 3), "line"));
    picture_assert_repeatable(c);
    at_json_free(p);
    at_canvas_free(c);
}

/* Inside the root's box, left of its label. */
static void test_pixel(void **state)
{
    struct at_error err = { 0 };
    char path[64];
    (void)state;
    struct at_canvas *c = draw(3, 2);
    struct at_json *p = picture_read(c);
    const struct at_json *box = picture_item(p, "nodes", "rect", 0);

    snprintf(path, sizeof path, "/tmp/atlas-tree-%ld.png", (long)getpid());
    assert_int_equal(at_canvas_write(c, path, AT_PNG, 200, NULL, 0, &err), 0);
    assert_int_equal(picture_pixel(path, picture_number(box, "x") + 0.6,
                                   picture_number(box, "y") + picture_number(box, "h") / 2),
                     0xfff1d6);
    unlink(path);
    at_json_free(p);
    at_canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laws),    cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_by_hand), cmocka_unit_test(test_tidy_pictures),
        cmocka_unit_test(test_parts),   cmocka_unit_test(test_pixel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
