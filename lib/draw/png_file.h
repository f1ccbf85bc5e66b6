/*
 * png_file.h - pixels to a PNG file through libpng. Inside draw only.
 */
#ifndef DRAW_PNG_FILE_H
#define DRAW_PNG_FILE_H

#include <stddef.h>

#include "draw/canvas.h"

/*
 * at_png_write - (h,w) pixels, 4 bytes each as cairo's RGB24 (native 0x00RRGGBB words).
 *
 * Errors    AT_EIO; AT_EFORMAT with libpng's words.
 */
AT_MUST_USE int at_png_write(const char *path, const unsigned char *pixels, size_t w, size_t h,
                             size_t stride, double dpi, const struct at_canvas_meta *meta,
                             size_t n_meta, struct at_error *err);

#endif
