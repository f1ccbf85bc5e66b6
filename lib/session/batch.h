/*
 * batch.h - token sequences put together for one pass of the model: the only place that says how
 * many are worth a pass.
 *
 * A batch is full with AT_BATCH_ROWS rows or AT_BATCH_TEXTS texts: enough to keep the products
 * busy, and no more texts than files may be open, since each can have two of its own.
 */
#ifndef SESSION_BATCH_H
#define SESSION_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "model/forward.h"
#include "text/tokenizer.h"

enum { AT_BATCH_ROWS = 1024, AT_BATCH_TEXTS = 64 };

struct at_batcher {
    size_t B, N, C; /* texts and rows so far; width of the model */
    size_t start[AT_BATCH_TEXTS + 1];
    int *ids, *segments; /* (N) */
    size_t cap;
    float *hidden; /* (N,C) or (n_final_rows,C) after at_batcher_run() */
};

/* at_batcher_add - the next text. add answers its number in the batch. */
size_t at_batcher_add(struct at_batcher *b, const struct at_tokens *tokens);
size_t at_batcher_add_ids(struct at_batcher *b, const int *ids, const int *segments, size_t T);
bool at_batcher_is_full(const struct at_batcher *b);
/* at_batcher_run - at_forward() over the batch with these options (NULL: none). wants_hidden: keep
   the final states in b->hidden until the next run. AT_ENOMEM, and what at_forward() says. */
AT_MUST_USE int at_batcher_run(struct at_batcher *b, const struct at_model *m,
                               const struct at_forward_options *options, bool wants_hidden,
                               struct at_pool *pool, struct at_error *err);
void at_batcher_clear(struct at_batcher *b);   /* no texts, the room is kept */
void at_batcher_release(struct at_batcher *b); /* accepts a zeroed struct */

#endif
