/*
 * embed.h - rows of an embedding table, gathered and summed.
 */
#ifndef OPS_EMBED_H
#define OPS_EMBED_H

#include <stddef.h>

#include "ops/tensor.h"

/*
 * at_embed - out row i = row ids[i] of the table; at_embed_add adds it to what is there.
 *
 * Shapes    out (N, n_in); table (n_out, n_in), out-major, F32, F16 or BF16.
 * Errors    an id outside the table is a bug: the caller checks what comes from users.
 */
void at_embed(float *out, const struct at_weight *table, const int *ids, size_t N);
void at_embed_add(float *out, const struct at_weight *table, const int *ids, size_t N);

#endif
