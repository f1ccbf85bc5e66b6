/*
 * mapfile.h - a whole file mapped read-only, with bounds-checked slices.
 */
#ifndef BASE_MAPFILE_H
#define BASE_MAPFILE_H

#include <stddef.h>

#include "base/error.h"

struct at_mapfile {
    const unsigned char *bytes; /* NULL for an empty file */
    size_t n;
};

/*
 * at_mapfile_open - map path for reading. A file that is open already, by this or another name, is
 * not mapped again: both have the same bytes, until the last of them is closed.
 *
 * Errors    AT_EIO, "cannot open '...': ..."; a directory or a device is refused too.
 * Memory    release with at_mapfile_close(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_mapfile_open(struct at_mapfile *out, const char *path, struct at_error *err);
void at_mapfile_close(struct at_mapfile *m);

/* at_mapfile_slice - pointer to n bytes at offset, or NULL when they are not all inside. */
const void *at_mapfile_slice(const struct at_mapfile *m, size_t offset, size_t n);

/*
 * at_mapfile_path_at - path of the file that is mapped at an address, or NULL.
 *
 * For a handler of SIGBUS, the signal that comes when a mapped file has become shorter and its
 * lost part is read; it may be called there, and in any thread. The answer lives until that file
 * is closed.
 */
const char *at_mapfile_path_at(const void *address);

/* at_populate - fault in n bytes at p, inside a map, all at once; a hint, never fails. */
void at_populate(const void *p, size_t n);

#endif
