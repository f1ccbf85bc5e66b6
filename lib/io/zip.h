/*
 * zip.h - the members of a zip archive in memory, where they lie.
 *
 * Only what can be read in place: members that are stored. ZIP64 is understood; compressed and
 * encrypted members and archives in several parts are not, and compressed ones are refused by name
 * when they are asked for. Reference: PKWARE APPNOTE.TXT 6.3.
 */
#ifndef IO_ZIP_H
#define IO_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"

struct at_zip_member {
    const char *name; /* (name_bytes), not terminated */
    size_t name_bytes;
    size_t header; /* offset of the local header */
    size_t bytes;
    uint32_t crc;
    unsigned method, flags;
};

struct at_zip {
    const unsigned char *bytes; /* the archive: the caller's */
    size_t n;
    size_t directory;                              /* offset of the central directory */
    struct AT_ARRAY(struct at_zip_member) members; /* in order of name */
};

/*
 * at_zip_open - read the central directory of n bytes.
 *
 * Errors    AT_EFORMAT: no end record, an entry that leaves the archive, a name given twice.
 * Memory    at_zip_close(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_zip_open(struct at_zip *out, const unsigned char *bytes, size_t n,
                            struct at_error *err);
void at_zip_close(struct at_zip *z);

/* at_zip_find - by the whole name, or NULL. */
const struct at_zip_member *at_zip_find(const struct at_zip *z, const char *name,
                                        size_t name_bytes);

/*
 * at_zip_data - where a member's bytes lie; (m->bytes) of them.
 *
 * Errors    AT_EFORMAT: compressed or encrypted, a local header that says something else, data that
 *           leave the archive.
 */
AT_MUST_USE int at_zip_data(const unsigned char **out, const struct at_zip *z,
                            const struct at_zip_member *m, struct at_error *err);

/* at_zip_is_intact - have the member's bytes the checksum that the directory gives? */
bool at_zip_is_intact(const struct at_zip_member *m, const unsigned char *data);

#endif
