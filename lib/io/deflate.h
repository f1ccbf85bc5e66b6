/*
 * deflate.h - bytes made smaller, in zlib's format (RFC 1950), which browsers undo by themselves.
 */
#ifndef IO_DEFLATE_H
#define IO_DEFLATE_H

#include <stddef.h>

/* at_deflate - n bytes; *out of *n_out bytes is the caller's. */
void at_deflate(unsigned char **out, size_t *n_out, const unsigned char *bytes, size_t n);

#endif
