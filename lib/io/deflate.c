/*
 * deflate.c - see deflate.h; the only file that sees zlib.
 */
#include "io/deflate.h"

#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/attr.h"

void at_deflate(unsigned char **out, size_t *n_out, const unsigned char *bytes, size_t n)
{
    enum { LEVEL = 6, WINDOW_BITS = 15, MEMORY = 9 };
    z_stream z = { 0 };
    uLong room;

    /* Numbers repeat themselves little: Z_FILTERED looks less for repeats and packs them better. */
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY, Z_FILTERED) != Z_OK)
        at_alloc_refused(n);
    room = deflateBound(&z, (uLong)n);
    AT_BUG_IF(room > UINT_MAX);
    *out = at_malloc(room, 1);
    z.next_in = bytes;
    z.avail_in = (uInt)n;
    z.next_out = *out;
    z.avail_out = (uInt)room;
    AT_BUG_IF(deflate(&z, Z_FINISH) != Z_STREAM_END);
    *n_out = z.total_out;
    deflateEnd(&z);
}
