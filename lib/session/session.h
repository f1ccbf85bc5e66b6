/*
 * session.h - a model that is open: its weights, its tokenizer, and what is true of every text that
 * goes through it. Fixed once it is open; a caller may hold several.
 *
 *   struct at_session s;
 *   int rc = at_session_open(&s, "bert-base-uncased", NULL, &err);
 *   ...
 *   at_session_close(&s);
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "model/weights.h"
#include "session/pooling.h"
#include "text/tokenizer.h"

enum at_precision { AT_PRECISION_AUTO, AT_PRECISION_FLOAT, AT_PRECISION_DOUBLE };

struct at_session_options {
    enum at_precision precision;
    struct at_pool *pool; /* threads to share; NULL: n_threads of its own */
    size_t n_threads;     /* 0: one per processor */
    /* prefix_space - asked once the model is known: does its byte-level tokenizer read texts as if
       a space stood before them? NULL, or false: as the tokenizer's own files say. */
    bool (*prefix_space)(const struct at_config *config);
};

struct at_session {
    const char *name; /* as pictures and documents call the model: the last part of spec */
    const char *spec; /* what was asked for, a name or a directory */
    struct at_model model;
    struct at_tokenizer *tokenizer;
    struct at_pool *pool;
    bool owns_pool;
    struct at_pooling pooling; /* of a sentence-transformer; else zeros */
    struct at_arena arena;     /* what lives as long as the session */
};

/*
 * at_session_open - find a model by name or directory (session/find.h), open it and its tokenizer,
 * and see that they belong together. options NULL: the defaults. spec may end in slashes.
 *
 * Errors    as at_model_find(), at_model_open(), at_tokenizer_open(); AT_EFORMAT when the
 *           vocabulary does not fit the embedding.
 * Memory    at_session_close(), which accepts a zeroed struct; nothing to close after a failure.
 */
AT_MUST_USE int at_session_open(struct at_session *out, const char *spec,
                                const struct at_session_options *options, struct at_error *err);
void at_session_close(struct at_session *s);

/* at_session_takes_masks - does the model say what a masked position may hold: it is not causal,
   has a masked-language head, and its tokenizer has a mask token? */
bool at_session_takes_masks(const struct at_session *s);

#endif
