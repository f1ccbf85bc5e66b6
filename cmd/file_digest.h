/*
 * file_digest.h - SHA-256 of input files, remembered between runs.
 *
 * Hashing half a gigabyte of weights takes longer than running them, so digests of large files are
 * kept in $XDG_CACHE_HOME/atlas/digests (default ~/.cache), one small file per (device, inode,
 * size, time of change). A cache that cannot be read or written is no error.
 */
#ifndef CMD_FILE_DIGEST_H
#define CMD_FILE_DIGEST_H

#include "base/digest.h"
#include "io/tensors.h"

/* file_digest - AT_EIO or AT_ENOTFOUND when path cannot be read or is no regular file: a pipe's
   bytes are for the one that reads it. */
AT_MUST_USE int file_digest(struct at_digest *out, const char *path, struct at_error *err);

/* weights_digest - of a model's one file, or of the digests of all its shards in their order. */
AT_MUST_USE int weights_digest(struct at_digest *out, const struct at_tensors *files,
                               struct at_error *err);

/* cache_dir - "$XDG_CACHE_HOME/atlas/<name>", created; NULL when there is no place. Free it. */
char *cache_dir(const char *name);

#endif
