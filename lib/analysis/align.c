/*
 * align.c - see align.h.
 */
#include "analysis/align.h"

#include <string.h>

/* A pair of ranges still to be searched: a[a0,a1) against b[b0,b1). */
struct ranges {
    size_t a0, a1, b0, b1;
};

struct todo AT_ARRAY(struct ranges);

/*
 * Longest common stretch inside r. run[j + 1] is the length of the one that ends at the current
 * row and b[j]; going through j from the right keeps the row above readable in place.
 */
static struct at_block longest(const int *a, const int *b, struct ranges r, size_t *run)
{
    struct at_block best = { r.a0, r.b0, 0 };

    memset(run + r.b0, 0, (r.b1 - r.b0 + 1) * sizeof *run);
    for (size_t i = r.a0; i < r.a1; i++) {
        struct at_block row = { 0, 0, 0 }; /* longest that ends in this row, leftmost */
        for (size_t j = r.b1; j-- > r.b0;) {
            run[j + 1] = a[i] == b[j] ? run[j] + 1 : 0;
            if (run[j + 1] > 0 && run[j + 1] >= row.n)
                row = (struct at_block){ i + 1 - run[j + 1], j + 1 - run[j + 1], run[j + 1] };
        }
        if (row.n > best.n)
            best = row;
    }
    return best;
}

static void add_block(struct at_blocks *out, size_t first, struct at_block block)
{
    struct at_block *last = out->n > first ? &out->items[out->n - 1] : NULL;

    if (last && last->a + last->n == block.a && last->b + last->n == block.b)
        last->n += block.n;
    else
        *at_array_push(out) = block;
}

static int by_start(const void *a, const void *b)
{
    const struct at_block *x = a, *y = b;

    return (x->a > y->a) - (x->a < y->a);
}

void at_matching_blocks(struct at_blocks *out, const int *a, size_t n, const int *b, size_t m)
{
    size_t *run = at_calloc(m + 1, sizeof *run), first = out->n;
    struct at_blocks found = { 0 };
    struct todo todo = { 0 };

    *at_array_push(&todo) = (struct ranges){ 0, n, 0, m };
    while (todo.n > 0) {
        struct ranges r = todo.items[--todo.n];
        struct at_block hit = longest(a, b, r, run);
        if (hit.n == 0)
            continue;
        *at_array_push(&found) = hit;
        *at_array_push(&todo) = (struct ranges){ r.a0, hit.a, r.b0, hit.b };
        *at_array_push(&todo) = (struct ranges){ hit.a + hit.n, r.a1, hit.b + hit.n, r.b1 };
    }
    if (found.n > 0)
        qsort(found.items, found.n, sizeof *found.items, by_start);
    for (size_t i = 0; i < found.n; i++)
        add_block(out, first, found.items[i]);
    free(run);
    at_array_release(&found);
    at_array_release(&todo);
}
