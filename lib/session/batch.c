/*
 * batch.c - see batch.h.
 */
#include "session/batch.h"

#include <stdlib.h>

#include "base/alloc.h"

/* Room for the next text of T rows; answers its first row. */
static size_t make_room(struct at_batcher *b, size_t T)
{
    size_t want = b->N + T;

    AT_BUG_IF(b->B == AT_BATCH_TEXTS);
    if (want > b->cap) {
        b->cap = AT_MAX(want, 2 * b->cap);
        b->ids = at_realloc(b->ids, b->cap, sizeof *b->ids);
        b->segments = at_realloc(b->segments, b->cap, sizeof *b->segments);
    }
    b->N = want;
    b->start[++b->B] = want;
    return want - T;
}

size_t at_batcher_add(struct at_batcher *b, const struct at_tokens *tokens)
{
    size_t row = make_room(b, tokens->n);

    for (size_t i = 0; i < tokens->n; i++, row++) {
        b->ids[row] = tokens->items[i].id;
        b->segments[row] = tokens->items[i].segment;
    }
    return b->B - 1;
}

size_t at_batcher_add_ids(struct at_batcher *b, const int *ids, const int *segments, size_t T)
{
    size_t row = make_room(b, T);

    for (size_t i = 0; i < T; i++, row++) {
        b->ids[row] = ids[i];
        b->segments[row] = segments ? segments[i] : 0;
    }
    return b->B - 1;
}

bool at_batcher_is_full(const struct at_batcher *b)
{
    return b->B == AT_BATCH_TEXTS || b->N >= AT_BATCH_ROWS;
}

int at_batcher_run(struct at_batcher *b, const struct at_model *m,
                   const struct at_forward_options *options, bool wants_hidden,
                   struct at_pool *pool, struct at_error *err)
{
    const struct at_batch batch = { b->B, b->start, b->ids, b->segments };
    size_t n_rows = options && options->final_rows ? options->n_final_rows : b->N;
    void *hidden = NULL;
    int rc = 0;

    free(b->hidden);
    b->hidden = NULL;
    b->C = m->config.width;
    if (b->B == 0)
        return 0;
    if (wants_hidden)
        rc = at_try_alloc(&hidden, n_rows * b->C, sizeof *b->hidden, "hidden states", err);
    b->hidden = hidden;
    return rc ? rc : at_forward(b->hidden, m, &batch, options, pool, err);
}

void at_batcher_clear(struct at_batcher *b)
{
    b->B = b->N = 0;
}

void at_batcher_release(struct at_batcher *b)
{
    free(b->ids);
    free(b->segments);
    free(b->hidden);
    *b = (struct at_batcher){ 0 };
}
