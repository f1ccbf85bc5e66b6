/*
 * array.h - typed growable array by macro.
 *
 *   struct links AT_ARRAY(struct link);
 *   struct links v = { 0 };
 *   *at_array_push(&v) = (struct link){ ... };
 *   for (size_t i = 0; i < v.n; i++) use(v.items[i]);
 *   at_array_release(&v);
 *
 * A zeroed struct is an empty array. Growth doubles and may move the items.
 */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>
#include <stdlib.h>

#include "base/alloc.h"

#define AT_ARRAY(type)                                                                             \
    {                                                                                              \
        type *items;                                                                               \
        size_t n, cap;                                                                             \
    }

/* at_array_reserve - room for at least want items. */
#define at_array_reserve(v, want)                                                                  \
    ((v)->items = at_array_grow((v)->items, (want), &(v)->cap, sizeof *(v)->items))

/* at_array_push - pointer to a new last item, not cleared. */
#define at_array_push(v) (at_array_reserve((v), (v)->n + 1), &(v)->items[(v)->n++])

#define at_array_release(v) (free((v)->items), (v)->items = NULL, (v)->n = (v)->cap = 0)

static inline void *at_array_grow(void *items, size_t want, size_t *cap, size_t size)
{
    if (want <= *cap)
        return items;
    *cap = AT_MAX(AT_MAX(want, (size_t)8), *cap * 2);
    return at_realloc(items, *cap, size);
}

#endif
