/*
 * png_file.c - see png_file.h.
 */
#include "draw/png_file.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/alloc.h"
#include "base/path.h"

/* What libpng's callbacks need. */
struct sink {
    struct at_outfile file;
    int why;           /* errno of a failed write */
    char message[128]; /* libpng's own complaint */
};

static void on_error(png_structp png, png_const_charp message)
{
    struct sink *sink = png_get_error_ptr(png);

    strncpy(sink->message, message, sizeof sink->message - 1);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_write(png_structp png, png_bytep bytes, size_t n)
{
    struct sink *sink = png_get_io_ptr(png);

    if (fwrite(bytes, 1, n, sink->file.f) == n)
        return;
    sink->why = errno;
    png_error(png, "write failed");
}

static void on_flush(png_structp png)
{
    (void)png;
}

static void add_text(png_structp png, png_infop info, const struct at_canvas_meta *meta, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* libpng takes char * but copies both */
        char *key = at_strdup(meta[i].key), *value = at_strdup(meta[i].value);
        png_text text = { .compression = PNG_ITXT_COMPRESSION_NONE, .key = key, .text = value };
        png_set_text(png, info, &text, 1);
        free(key);
        free(value);
    }
}

static void put_rows(png_structp png, unsigned char *row, const unsigned char *pixels, size_t w,
                     size_t h, size_t stride)
{
    for (size_t y = 0; y < h; y++) {
        for (size_t x = 0; x < w; x++) {
            uint32_t p;
            memcpy(&p, pixels + y * stride + x * sizeof p, sizeof p);
            row[3 * x] = (unsigned char)(p >> 16);
            row[3 * x + 1] = (unsigned char)(p >> 8);
            row[3 * x + 2] = (unsigned char)p;
        }
        png_write_row(png, row);
    }
}

int at_png_write(const char *path, const unsigned char *pixels, size_t w, size_t h, size_t stride,
                 double dpi, const struct at_canvas_meta *meta, size_t n_meta, struct at_error *err)
{
    struct sink sink = { 0 };
    int rc = at_outfile_open(&sink.file, path, err);
    if (rc)
        return rc;

    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    unsigned char *row = at_malloc(w, 3);
    if (!info) {
        snprintf(sink.message, sizeof sink.message, "libpng could not start");
    } else if (!setjmp(png_jmpbuf(png))) {
        png_uint_32 per_metre = (png_uint_32)lround(dpi / 0.0254);
        png_set_write_fn(png, &sink, on_write, on_flush);
        png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, 8, PNG_COLOR_TYPE_RGB,
                     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
        png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
        /* plots are runs of equal pixels: deflate alone finds them, and faster than with filters */
        png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
        png_set_compression_level(png, 6);
        add_text(png, info, meta, n_meta);
        png_write_info(png, info);
        put_rows(png, row, pixels, w, h, stride);
        png_write_end(png, info);
    }
    png_destroy_write_struct(&png, &info);
    free(row);
    if (!sink.message[0])
        return at_outfile_commit(&sink.file, err);
    at_outfile_abort(&sink.file);
    if (sink.why)
        return at_fail(err, AT_EIO, "cannot write '%s': %s", path, strerror(sink.why));
    return at_fail(err, AT_EFORMAT, "cannot write '%s': %s", path, sink.message);
}
