/*
 * arena.h - bump allocator for everything that shares one lifetime.
 *
 *   struct at_arena text = { 0 };
 *   int *ids = at_arena_alloc(&text, n, sizeof *ids);
 *   size_t mark = at_arena_mark(&text);
 *   ...                                    scratch
 *   at_arena_reset(&text, mark);           everything since the mark is gone
 *   at_arena_release(&text);               may be called twice
 *
 * A zeroed struct is an empty arena. Blocks are 64-byte aligned and not cleared. Pointers stay
 * valid until a reset below them or the release.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"

struct at_arena {
    struct at_arena_block *top;   /* newest block; older ones are chained behind it */
    struct at_arena_block *spare; /* the last one a reset emptied, kept for the next need */
    size_t used;                  /* bytes handed out in all blocks, the value of a mark */
};

AT_MUST_USE void *at_arena_alloc(struct at_arena *a, size_t n, size_t size);
AT_MUST_USE void *at_arena_calloc(struct at_arena *a, size_t n, size_t size);
AT_MUST_USE char *at_arena_strdup(struct at_arena *a, const char *s);
AT_MUST_USE char *at_arena_strndup(struct at_arena *a, const char *s, size_t n);
AT_MUST_USE char *at_arena_printf(struct at_arena *a, const char *fmt, ...) AT_PRINTF(2, 3);
size_t at_arena_mark(const struct at_arena *a);
void at_arena_reset(struct at_arena *a, size_t mark);
void at_arena_release(struct at_arena *a);

#endif
