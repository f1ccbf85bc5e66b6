/*
 * digest.h - SHA-256 as lower-case hex, for the manifest, cache keys and fixtures. Over libmd.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

#include "base/error.h"

struct at_digest {
    char hex[65];
};

struct at_digest at_digest_bytes(const void *bytes, size_t n);

/* at_digest_file - AT_EIO or AT_ENOTFOUND when path cannot be read. */
AT_MUST_USE int at_digest_file(struct at_digest *out, const char *path, struct at_error *err);

#endif
