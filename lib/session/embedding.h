/*
 * embedding.h - the vector that a sentence-transformer makes of a text, and how near it is to that
 * of a second one.
 */
#ifndef SESSION_EMBEDDING_H
#define SESSION_EMBEDDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "session/doc.h"

struct at_embedding {
    const char *pooling; /* "mean" */
    bool is_normalized;
    double *values; /* (n) */
    size_t n;
    double norm;      /* length before it is normalized */
    double norm_pair; /* of the second text; NaN without one */
    double cosine;    /* of both; NaN */
};
extern const struct at_record at_embedding_record; /* embedding of run.json */

/*
 * at_embedding_of - *out NULL when the session's model makes none, or s is NULL. hidden (T,C) are
 * the final states of doc. Of a pair each text goes through the model alone.
 *
 * Errors    AT_ENOMEM, and what at_forward() and the tokenizer say.      Memory  the arena's.
 */
AT_MUST_USE int at_embedding_of(const struct at_embedding **out, const struct at_session *s,
                                const struct at_doc *doc, const float *hidden,
                                struct at_arena *arena, struct at_error *err);

#endif
