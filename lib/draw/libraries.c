/*
 * libraries.c - what pictures are drawn with: how it gives up, and the versions.
 */
#include "draw/canvas.h"

#include <stdio.h>

#include <cairo.h>
#include <pango/pango.h>
#include <png.h>

/* A function in the place of a pointer to data, as GLib passes it on. */
union fatal_handler {
    void (*function)(const char *why);
    void *data;
};

static void on_log(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
    union fatal_handler handler = { .data = data };

    if (level & G_LOG_FLAG_FATAL)
        handler.function(message);
    else
        g_log_default_handler(domain, level, message, NULL);
}

void at_canvas_on_fatal(void (*handler)(const char *why))
{
    union fatal_handler h = { .function = handler };

    g_log_set_default_handler(on_log, h.data);
}

void at_canvas_libraries(char *buf, size_t n)
{
    snprintf(buf, n, "cairo %s, Pango %s, libpng %s", cairo_version_string(),
             pango_version_string(), png_get_libpng_ver(NULL));
}
