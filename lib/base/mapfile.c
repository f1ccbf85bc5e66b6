/*
 * mapfile.c - see mapfile.h.
 *
 * Touching a mapped file page by page costs one fault each; MADV_POPULATE_READ (Linux 5.14) maps
 * a range in one call and is about twenty times cheaper for pages already in the page cache.
 *
 * What is mapped is remembered in a small fixed table: so that a file that is open already, under
 * whatever name, is not mapped again, and a signal handler can tell which file an address belongs
 * to. Its entries are atomic for the handler; threads that open and close files take turns.
 */
#define _DEFAULT_SOURCE
#include "base/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

enum { MAX_MAPPED = 256 }; /* more than these are neither shared nor told by name */

struct mapped {
    uintptr_t start;
    size_t n, n_users;
    dev_t device;
    ino_t inode;
    char path[];
};

static struct mapped *_Atomic table[MAX_MAPPED];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void *pointer_to(uintptr_t start)
{
    union {
        uintptr_t start;
        void *p;
    } u = { .start = start };

    return u.p;
}

/* One more user of the file, if it is mapped and has the length it had then; else NULL. */
static void *share(const struct stat *st)
{
    for (size_t i = 0; i < MAX_MAPPED; i++) {
        struct mapped *one = atomic_load(&table[i]);
        if (one && one->inode == st->st_ino && one->device == st->st_dev &&
            one->n == (size_t)st->st_size) {
            one->n_users++;
            return pointer_to(one->start);
        }
    }
    return NULL;
}

static void remember(const void *p, const struct stat *st, const char *path)
{
    size_t n = strlen(path) + 1;
    struct mapped *one = at_malloc(sizeof *one + n, 1), *none = NULL;

    *one = (struct mapped){ (uintptr_t)p, (size_t)st->st_size, 1, st->st_dev, st->st_ino };
    memcpy(one->path, path, n);
    for (size_t i = 0; i < MAX_MAPPED; i++, none = NULL)
        if (atomic_compare_exchange_strong(&table[i], &none, one))
            return;
    free(one);
}

/* True when this was the last user. */
static bool forget(const struct at_mapfile *m)
{
    for (size_t i = 0; i < MAX_MAPPED; i++) {
        struct mapped *one = atomic_load(&table[i]);
        if (one && one->start == (uintptr_t)m->bytes) {
            if (--one->n_users > 0)
                return false;
            atomic_store(&table[i], NULL);
            free(one);
            break;
        }
    }
    return true;
}

const char *at_mapfile_path_at(const void *address)
{
    for (size_t i = 0; i < MAX_MAPPED; i++) {
        const struct mapped *one = atomic_load(&table[i]);
        if (one && (uintptr_t)address - one->start < one->n)
            return one->path;
    }
    return NULL;
}

/* The bytes of a file that is not empty, or NULL with errno. */
static void *map(int fd, const struct stat *st, const char *path)
{
    void *p;

    pthread_mutex_lock(&turn);
    p = share(st);
    if (!p) {
        p = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            p = NULL;
        else
            remember(p, st, path);
    }
    pthread_mutex_unlock(&turn);
    return p;
}

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
        p = map(fd, &st, path);
        if (!p) {
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
    if (m->bytes) {
        bool is_last;
        pthread_mutex_lock(&turn);
        is_last = forget(m);
        pthread_mutex_unlock(&turn);
        if (is_last)
            munmap(pointer_to((uintptr_t)m->bytes), m->n);
    }
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
