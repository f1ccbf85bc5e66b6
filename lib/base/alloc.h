/*
 * alloc.h - checked size arithmetic and allocation.
 *
 * Small blocks never come back NULL: when the system refuses, the failure handler is called (the
 * command line installs one that reports and exits) and, without one or if it returns, the program
 * aborts. Large blocks whose size depends on the input (captured maps, logits) go through
 * at_try_alloc(), which answers AT_ENOMEM and names the bytes it wanted. Free with free().
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* at_mul_size, at_add_size - *out = a * b, a + b; false (and *out untouched) on overflow. */
AT_MUST_USE bool at_mul_size(size_t a, size_t b, size_t *out);
AT_MUST_USE bool at_add_size(size_t a, size_t b, size_t *out);

/* at_malloc, at_calloc, at_realloc - n elements of the given size; overflow counts as refusal. */
AT_MUST_USE void *at_malloc(size_t n, size_t size);
AT_MUST_USE void *at_calloc(size_t n, size_t size);
AT_MUST_USE void *at_realloc(void *p, size_t n, size_t size);
AT_MUST_USE char *at_strdup(const char *s);
AT_MUST_USE char *at_strndup(const char *s, size_t n);
AT_MUST_USE char *at_asprintf(const char *fmt, ...) AT_PRINTF(1, 2);

/*
 * at_try_alloc - a large block, aligned as malloc() does, not cleared.
 *
 * No stricter than that: a block that was freed and is asked for again is found only when its size
 * is all that matters, and one that the caches still hold is worth more than its alignment.
 *
 * Errors    AT_ENOMEM, "cannot allocate 604 MB for <what>"; *out untouched.
 * Memory    *out is the caller's; free() it.
 */
AT_MUST_USE int at_try_alloc(void **out, size_t n, size_t size, const char *what,
                             struct at_error *err);

/* at_align_up - p, or the first address after it that is a multiple of n, a power of two. */
static inline void *at_align_up(void *p, size_t n)
{
    return (char *)p + (-(uintptr_t)p & (n - 1));
}

/*
 * at_alloc_keep_freed - from now on free() keeps large blocks for later allocations.
 *
 * For programs that run one text after the other, at their start: the system clears every page it
 * hands out, and the buffers of a pass are the same size again and again. Does nothing with a C
 * library that has no such switch.
 */
void at_alloc_keep_freed(void);

/* at_alloc_on_failure - called with the size that was refused; should not return. */
void at_alloc_on_failure(void (*handler)(size_t bytes));

/* at_alloc_refused - what the functions above do when they fail, for blocks others allocate. */
AT_NORETURN void at_alloc_refused(size_t bytes);

/* at_alloc_fail_after - for tests: the n-th allocation from now fails (0 = never). */
void at_alloc_fail_after(long n);

#endif
