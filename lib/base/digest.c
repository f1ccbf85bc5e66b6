/*
 * digest.c - see digest.h. The only file that sees libmd.
 *
 * Captures are hundreds of megabytes and their digest is in the manifest, so whole blocks go to the
 * processor's own SHA instructions where it has them; libmd does the beginning and the end.
 */
#define _DEFAULT_SOURCE /* libmd's header wants the BSD integer types */
#include "base/digest.h"

#include <sys/types.h>
#include <sha2.h>

#include "base/mapfile.h"
#include "base/sha256_x86.h"

struct at_digest at_digest_bytes(const void *bytes, size_t n)
{
    struct at_digest d;
    const unsigned char *p = bytes;
    SHA2_CTX c;

    SHA256Init(&c);
    if (n >= SHA256_BLOCK_LENGTH && at_sha256_x86_usable()) {
        size_t blocks = n / SHA256_BLOCK_LENGTH;
        at_sha256_x86(c.state.st32, p, blocks);
        c.bitcount[0] = (uint64_t)blocks * SHA256_BLOCK_LENGTH * 8;
        p += blocks * SHA256_BLOCK_LENGTH;
        n %= SHA256_BLOCK_LENGTH;
    }
    SHA256Update(&c, p, n);
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
