/*
 * arena.h - bump allocator for everything that shares one lifetime.
 *
 *   struct at_arena text = { 0 };
 *   int *ids = at_arena_alloc(&text, n, sizeof *ids);
 *   at_arena_reset(&text);      everything is gone, some memory kept for the next round
 *   at_arena_release(&text);    may be called twice
 *
 * A zeroed struct is an empty arena. Blocks are 64-byte aligned and not cleared. Pointers stay
 * valid until a reset or the release.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"

struct at_arena {
    struct at_arena_block *top;   /* newest block; older ones are chained behind it */
    struct at_arena_block *spare; /* one that a reset emptied, kept for the next need */
};

AT_MUST_USE void *at_arena_alloc(struct at_arena *a, size_t n, size_t size);
AT_MUST_USE void *at_arena_calloc(struct at_arena *a, size_t n, size_t size);
AT_MUST_USE char *at_arena_strdup(struct at_arena *a, const char *s);
AT_MUST_USE char *at_arena_strndup(struct at_arena *a, const char *s, size_t n);
AT_MUST_USE char *at_arena_printf(struct at_arena *a, const char *fmt, ...) AT_PRINTF(2, 3);
void at_arena_reset(struct at_arena *a);
void at_arena_release(struct at_arena *a);

#endif
