/*
 * digest.c - see digest.h. The only file that sees libmd.
 */
#define _DEFAULT_SOURCE /* libmd's header wants the BSD integer types */
#include "base/digest.h"

#include <sys/types.h>
#include <sha2.h>

#include "base/mapfile.h"

struct at_digest at_digest_bytes(const void *bytes, size_t n)
{
    struct at_digest d;
    SHA2_CTX c;

    SHA256Init(&c);
    SHA256Update(&c, bytes, n);
    SHA256End(&c, d.hex);
    return d;
}

int at_digest_file(struct at_digest *out, const char *path, struct at_error *err)
{
    struct at_mapfile m;
    int rc = at_mapfile_open(&m, path, err);

    if (rc)
        return rc;
    *out = at_digest_bytes(m.bytes, m.n);
    at_mapfile_close(&m);
    return 0;
}
