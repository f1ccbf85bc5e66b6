/*
 * failio.c - an LD_PRELOAD library that makes one kind of file operation fail by file name.
 *
 * FAILIO=CALL:PART fails every CALL (open, fopen, write, fclose, rename) on a path that contains
 * PART: open and fopen with EACCES, the others with ENOSPC, as a full disk would. write means all
 * that is written to a file after fopen, by whatever call. fclose still closes, and fails for the
 * file that was opened last under a matching name. FAILIO=thread: no thread can be started.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *_Atomic matched;

static bool hit(const char *call, const char *path)
{
    const char *rule = getenv("FAILIO");
    size_t n = strlen(call);

    return rule && strncmp(rule, call, n) == 0 && rule[n] == ':' && strstr(path, rule + n + 1);
}

/* ISO C has no cast from dlsym's result to a function pointer; copying the bytes is the way. */
static void next(void *function, const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(function, &symbol, sizeof symbol);
}

/* stdio's own write cannot be replaced from here: its descriptor becomes a device that is full. */
static void fill(int fd)
{
    int full = open("/dev/full", O_WRONLY);

    if (full < 0 || dup2(full, fd) < 0)
        abort();
    close(full);
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if (hit("open", path)) {
        errno = EACCES;
        return -1;
    }
    next(&real, "open");
    return real(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *);
    FILE *f;

    if (hit("fopen", path)) {
        errno = EACCES;
        return NULL;
    }
    next(&real, "fopen");
    f = real(path, mode);
    if (f && hit("write", path))
        fill(fileno(f));
    if (hit("fclose", path))
        matched = f;
    return f;
}

int fclose(FILE *f)
{
    int (*real)(FILE *);
    bool fail = f && f == matched;
    int rc;

    next(&real, "fclose");
    rc = real(f);
    if (fail) {
        matched = NULL;
        errno = ENOSPC;
        rc = EOF;
    }
    return rc;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);

    if (hit("rename", to)) {
        errno = ENOSPC;
        return -1;
    }
    next(&real, "rename");
    return real(from, to);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    const char *rule = getenv("FAILIO");

    if (rule && strcmp(rule, "thread") == 0)
        return EAGAIN;
    next(&real, "pthread_create");
    return real(thread, attributes, start, arg);
}
