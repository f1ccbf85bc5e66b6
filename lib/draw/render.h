/*
 * render.h - the recorded items on a cairo surface, for the writers of file formats.
 *
 * Inside draw only. A status is a cairo_status_t, 0 when nothing went wrong.
 */
#ifndef DRAW_RENDER_H
#define DRAW_RENDER_H

#include <stdbool.h>

#include "draw/canvas_list.h"

struct _cairo_surface;

static const double at_pt_per_mm = 72.0 / 25.4;

/* at_play - items first to end - 1 in order, over a white page when first is 0; answers the first
   thing that went wrong. Raster surfaces get images for their own pixels. */
unsigned at_play(const struct at_canvas *c, size_t first, size_t end,
                 struct _cairo_surface *surface, double units_per_mm, bool is_raster);

/* at_svg_make - the picture as SVG; title may be NULL. text_stays: letters as text that can be
   found and edited and needs fonts, not as outlines. */
unsigned at_svg_make(struct at_strbuf *out, const struct at_canvas *c, const char *title,
                     bool text_stays);

#endif
