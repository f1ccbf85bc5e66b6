/*
 * deflate.c - see deflate.h; the only file that sees zlib.
 */
#include "io/deflate.h"

#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"

void at_deflate(unsigned char **out, size_t *n_out, const unsigned char *bytes, size_t n)
{
    enum { LEVEL = 6 };
    uLong room = compressBound((uLong)n);
    unsigned char *p = at_malloc(room, 1);
    int rc = compress2(p, &room, bytes, (uLong)n, LEVEL);

    if (rc != Z_OK) /* the room is enough, so this is memory */
        at_alloc_refused(room);
    *out = p;
    *n_out = room;
}
