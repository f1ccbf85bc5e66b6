/*
 * mapfile.c - see mapfile.h.
 *
 * Touching a mapped file page by page costs one fault each; MADV_POPULATE_READ (Linux 5.14) maps
 * a range in one call and is about twenty times cheaper for pages already in the page cache.
 */
#define _DEFAULT_SOURCE
#include "base/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

int at_mapfile_open(struct at_mapfile *out, const char *path, struct at_error *err)
{
    struct stat st;
    void *p = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */

    if (fd < 0)
        return at_fail(err, errno == ENOENT ? AT_ENOTFOUND : AT_EIO, "cannot open '%s': %s", path,
                       strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return at_fail(err, AT_EIO, "cannot open '%s': not a regular file", path);
    }
    if (st.st_size > 0) {
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED) {
            int why = errno;
            close(fd);
            return at_fail(err, AT_EIO, "cannot map '%s': %s", path, strerror(why));
        }
    }
    close(fd);
    *out = (struct at_mapfile){ p, (size_t)st.st_size };
    return 0;
}

void at_mapfile_close(struct at_mapfile *m)
{
    union {
        const unsigned char *bytes;
        void *p;
    } u = { .bytes = m->bytes };

    if (u.p)
        munmap(u.p, m->n);
    *m = (struct at_mapfile){ 0 };
}

const void *at_mapfile_slice(const struct at_mapfile *m, size_t offset, size_t n)
{
    if (!m->bytes || offset > m->n || n > m->n - offset)
        return NULL;
    return m->bytes + offset;
}

void at_populate(const void *p, size_t n)
{
    size_t into_page = (uintptr_t)p % (size_t)sysconf(_SC_PAGESIZE);
    union {
        const unsigned char *bytes;
        void *p;
    } u = { .bytes = (const unsigned char *)p - into_page };

    if (madvise(u.p, n + into_page, MADV_POPULATE_READ) != 0)
        (void)posix_madvise(u.p, n + into_page, POSIX_MADV_WILLNEED);
}
