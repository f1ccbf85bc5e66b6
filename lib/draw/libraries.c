/*
 * libraries.c - the versions of what pictures are drawn with.
 */
#include "draw/canvas.h"

#include <stdio.h>

#include <cairo.h>
#include <pango/pango.h>
#include <png.h>

void at_canvas_libraries(char *buf, size_t n)
{
    snprintf(buf, n, "cairo %s, Pango %s, libpng %s", cairo_version_string(),
             pango_version_string(), png_get_libpng_ver(NULL));
}
