/*
 * digest.c - see digest.h. The only file that sees libmd.
 *
 * Files are read in pieces rather than mapped: a mapped capture of half a gigabyte would count as
 * memory of the process while it is hashed.
 */
#define _DEFAULT_SOURCE /* libmd's header wants the BSD integer types */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <sha2.h>

enum { PIECE = 64 << 10 };

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
    unsigned char piece[PIECE];
    struct at_digest d;
    SHA2_CTX c;
    ssize_t n;
    int why = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return at_fail(err, errno == ENOENT ? AT_ENOTFOUND : AT_EIO, "cannot open '%s': %s", path,
                       strerror(errno));
    SHA256Init(&c);
    while ((n = read(fd, piece, sizeof piece)) > 0)
        SHA256Update(&c, piece, (size_t)n);
    if (n < 0)
        why = errno;
    close(fd);
    if (why)
        return at_fail(err, AT_EIO, "cannot read '%s': %s", path, strerror(why));
    SHA256End(&c, d.hex);
    *out = d;
    return 0;
}
