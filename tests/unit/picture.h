/*
 * picture.h - questions that tests ask a drawing, answered from its dump alone.
 */
#ifndef TESTS_PICTURE_H
#define TESTS_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"
#include "io/json.h"

/* picture_read - the dump of a canvas, parsed; at_json_free() it. */
struct at_json *picture_read(const struct at_canvas *c);

/* picture_groups - how many groups have a name that begins with prefix. */
size_t picture_groups(const struct at_json *picture, const char *prefix);

/* picture_items - how many items of a kind are in groups whose name begins with prefix. */
size_t picture_items(const struct at_json *picture, const char *prefix, const char *kind);

/* picture_has_text - a text item that contains part, in groups whose name begins with prefix. */
bool picture_has_text(const struct at_json *picture, const char *prefix, const char *part);

/* picture_item - the k-th item of a kind in groups whose name begins with prefix; NULL if none. */
const struct at_json *picture_item(const struct at_json *picture, const char *prefix,
                                   const char *kind, size_t k);

/* picture_number - of an item: "x", "w" ...; picture_point - coordinate i of its points. */
double picture_number(const struct at_json *item, const char *key);
double picture_point(const struct at_json *item, size_t i);

/* picture_margin - from the text that reaches furthest to the right to the edge. */
double picture_margin(const struct at_canvas *c);

/* picture_overlaps - texts that overlap another one, and items that leave the canvas. */
size_t picture_overlaps(const struct at_canvas *c);

/* picture_assert_tidy - no overlaps; says which if there are. */
#define picture_assert_tidy(c) assert_int_equal(picture_overlaps(c), 0)

/* picture_pixel - 0xRRGGBB of the PNG at a place in mm. */
unsigned picture_pixel(const char *png_path, double x_mm, double y_mm);

/* picture_assert_repeatable - every format, written twice, has the same bytes. */
void picture_assert_repeatable(const struct at_canvas *c);

#endif
