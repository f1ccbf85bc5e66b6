/*
 * canvas_list.h - the recorded items, for canvas.c (records, dumps) and render.c (plays them).
 *
 * Not for the code that draws pictures: that is canvas.h.
 */
#ifndef DRAW_CANVAS_LIST_H
#define DRAW_CANVAS_LIST_H

#include "base/array.h"
#include "draw/canvas.h"
#include "draw/glyphs.h"

enum at_item_kind {
    AT_ITEM_RECT,   /* box */
    AT_ITEM_CIRCLE, /* centre x, y, radius w */
    AT_ITEM_PATH,   /* xy (n,2), closed or not */
    AT_ITEM_RIBBON, /* xy = x0 y0 h0 x1 y1 h1 */
    AT_ITEM_HATCH,  /* xy (n,2) */
    AT_ITEM_CELLS,  /* box, rgb (rows,cols) */
    AT_ITEM_TEXT,   /* anchor x, y */
};

struct at_item {
    enum at_item_kind kind;
    size_t group; /* index into at_canvas.groups */
    struct at_ink ink;
    double x, y, w, h;
    double *xy;
    size_t n;
    bool is_closed, is_vertical;
    uint32_t *rgb;
    size_t rows, cols;
    struct at_glyphs text;
    double angle_deg;
    double dx, dy; /* from the anchor to the baseline start, along and across the text */
};

struct at_canvas {
    double width_mm, height_mm;
    struct at_items AT_ARRAY(struct at_item) items;
    struct at_group_names AT_ARRAY(char *) groups; /* groups.items[0] is "" */
    struct at_typesetter *typesetter;
};

#endif
