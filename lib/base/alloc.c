/*
 * alloc.c - see alloc.h. The handler and the test counter are the only writable globals in lib.
 */
#define _DEFAULT_SOURCE /* madvise() */
#include "base/alloc.h"

#include <limits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks of this size are given huge pages where the system has them: faulting in a map of 50 MB
   by pages of 4 kB costs more than computing it. */
enum { HUGE_PAGE = 2 << 20, HUGE_FROM = 2 * HUGE_PAGE };

static void (*failure_handler)(size_t bytes);
static long fail_after;

void at_alloc_keep_freed(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, INT_MAX);
    (void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

void at_alloc_on_failure(void (*handler)(size_t bytes))
{
    failure_handler = handler;
}

void at_alloc_fail_after(long n)
{
    fail_after = n;
}

/* True when the test hook wants this allocation to fail. */
static bool must_fail(void)
{
    return fail_after > 0 && --fail_after == 0;
}

void at_alloc_refused(size_t bytes)
{
    if (failure_handler)
        failure_handler(bytes);
    abort();
}

bool at_mul_size(size_t a, size_t b, size_t *out)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool at_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

void *at_realloc(void *p, size_t n, size_t size)
{
    size_t bytes;

    if (!at_mul_size(n, size, &bytes))
        at_alloc_refused(SIZE_MAX);
    p = must_fail() ? NULL : realloc(p, bytes ? bytes : 1);
    if (!p)
        at_alloc_refused(bytes);
    return p;
}

void *at_malloc(size_t n, size_t size)
{
    return at_realloc(NULL, n, size);
}

void *at_calloc(size_t n, size_t size)
{
    size_t bytes;
    void *p;

    if (!at_mul_size(n, size, &bytes))
        at_alloc_refused(SIZE_MAX);
    p = must_fail() ? NULL : calloc(bytes ? bytes : 1, 1);
    if (!p)
        at_alloc_refused(bytes);
    return p;
}

char *at_strndup(const char *s, size_t n)
{
    char *p = at_malloc(n + 1, 1);

    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *at_strdup(const char *s)
{
    return at_strndup(s, strlen(s));
}

char *at_asprintf(const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    AT_BUG_IF(n < 0);
    p = at_malloc((size_t)n + 1, 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

int at_try_alloc(void **out, size_t n, size_t size, const char *what, struct at_error *err)
{
    size_t bytes = 0;
    char *p = NULL;

    if (!at_mul_size(n, size, &bytes) || bytes > PTRDIFF_MAX)
        return at_fail(err, AT_ENOMEM, "cannot allocate memory for %s: size overflows", what);
    if (!must_fail())
        p = malloc(bytes ? bytes : 1);
    if (!p)
        return at_fail(err, AT_ENOMEM, "cannot allocate %.1f MB for %s", (double)bytes / 1e6, what);
#ifdef MADV_HUGEPAGE
    if (bytes >= HUGE_FROM) {
        char *first = at_align_up(p, HUGE_PAGE);
        size_t whole = (size_t)(p + bytes - first) / HUGE_PAGE * HUGE_PAGE;
        (void)madvise(first, whole, MADV_HUGEPAGE); /* a hint */
    }
#endif
    *out = p;
    return 0;
}
