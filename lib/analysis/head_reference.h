/*
 * head_reference.h - what heads say in texts of a reference: the mean of their context over all
 * tokens of all texts, and the contexts of some of those tokens, drawn at random. Either can take
 * the place of a head that is removed.
 */
#ifndef ANALYSIS_HEAD_REFERENCE_H
#define ANALYSIS_HEAD_REFERENCE_H

#include <stddef.h>

#include "base/error.h"
#include "base/rng.h"
#include "session/session.h"

/* Tokens whose contexts are kept. */
enum { AT_REFERENCE_ROWS = 256 };

struct at_head_reference {
    size_t L, C; /* layers, and columns of a context: H * D */
    size_t n_texts, n_tokens;
    float *mean;   /* (L,C) */
    float *rows;   /* (n_rows,L,C) */
    size_t n_rows; /* tokens drawn without replacement, each with the same chance */
    double *sum;   /* (L,C) while texts are read */
    struct at_rng rng;
};

/*
 * at_head_reference_read - run the texts of a file, one per line, through the model.
 *
 * Errors    AT_ENOTFOUND, AT_EIO: a file that cannot be read or has no text; what a text that does
 *           not fit the model says: none is left out.
 * Memory    at_head_reference_release(), which accepts a zeroed struct; AT_REFERENCE_ROWS * L * C
 *           floats.
 */
AT_MUST_USE int at_head_reference_read(struct at_head_reference *out, const struct at_session *s,
                                       const char *path, uint64_t seed, struct at_error *err);
void at_head_reference_release(struct at_head_reference *r);

#endif
