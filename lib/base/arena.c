/*
 * arena.c - see arena.h. Blocks double in size.
 *
 * A reset keeps the first block and the largest of the others: scratch that takes two would
 * otherwise allocate and free the second at every turn of a loop.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { ALIGN = 64, FIRST_BLOCK = 16 * 1024 };

struct at_arena_block {
    struct at_arena_block *older;
    void *room;  /* as it was allocated, */
    char *bytes; /* and aligned */
    size_t cap;
    size_t used; /* bytes handed out */
};

static void block_free(struct at_arena_block *b)
{
    if (b)
        free(b->room);
    free(b);
}

static struct at_arena_block *block_new(struct at_arena *a, size_t need)
{
    struct at_arena_block *b;
    size_t cap = a->top ? a->top->cap * 2 : FIRST_BLOCK;
    size_t padded;
    void *room;

    if (cap > (size_t)64 << 20)
        cap = (size_t)64 << 20;
    if (cap < need)
        cap = need;
    b = at_malloc(1, sizeof *b);
    AT_BUG_IF(!at_add_size(cap, ALIGN, &padded));
    room = at_malloc(padded, 1);
    *b = (struct at_arena_block){ a->top, room, at_align_up(room, ALIGN), cap, 0 };
    return b;
}

static void push_block(struct at_arena *a, size_t need)
{
    struct at_arena_block *b = a->spare;

    if (b && b->cap >= need)
        *b = (struct at_arena_block){ a->top, b->room, b->bytes, b->cap, 0 };
    else
        b = block_new(a, need);
    if (b == a->spare)
        a->spare = NULL;
    a->top = b;
}

/* Keep the larger of the block and the spare one. */
static void pop_block(struct at_arena *a)
{
    struct at_arena_block *b = a->top;

    a->top = b->older;
    if (a->spare && a->spare->cap > b->cap) {
        block_free(b);
        return;
    }
    block_free(a->spare);
    a->spare = b;
}

void *at_arena_alloc(struct at_arena *a, size_t n, size_t size)
{
    size_t bytes, padded;
    void *p;

    AT_BUG_IF(!at_mul_size(n, size, &bytes) || !at_add_size(bytes, ALIGN - 1, &padded));
    padded = padded / ALIGN * ALIGN;
    if (!a->top || a->top->cap - a->top->used < padded)
        push_block(a, padded);
    p = a->top->bytes + a->top->used;
    a->top->used += padded;
    return p;
}

void *at_arena_calloc(struct at_arena *a, size_t n, size_t size)
{
    void *p = at_arena_alloc(a, n, size);

    memset(p, 0, n * size);
    return p;
}

char *at_arena_strndup(struct at_arena *a, const char *s, size_t n)
{
    char *p = at_arena_alloc(a, n + 1, 1);

    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *at_arena_strdup(struct at_arena *a, const char *s)
{
    return at_arena_strndup(a, s, strlen(s));
}

char *at_arena_printf(struct at_arena *a, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    AT_BUG_IF(n < 0);
    p = at_arena_alloc(a, (size_t)n + 1, 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void at_arena_reset(struct at_arena *a)
{
    while (a->top && a->top->older)
        pop_block(a);
    if (a->top)
        a->top->used = 0;
}

void at_arena_release(struct at_arena *a)
{
    while (a->top)
        pop_block(a);
    block_free(a->spare);
    *a = (struct at_arena){ 0 };
}
