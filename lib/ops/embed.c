/*
 * embed.c - see embed.h.
 */
#include "ops/embed.h"

#include <stdlib.h>

#include "base/alloc.h"

void at_embed(float *out, const struct at_weight *table, const int *ids, size_t N)
{
    for (size_t i = 0; i < N; i++) {
        AT_BUG_IF(ids[i] < 0);
        at_weight_row(out + i * table->n_in, table, (size_t)ids[i]);
    }
}

void at_embed_add(float *out, const struct at_weight *table, const int *ids, size_t N)
{
    size_t C = table->n_in;
    float *row = at_malloc(C, sizeof *row);

    for (size_t i = 0; i < N; i++) {
        AT_BUG_IF(ids[i] < 0);
        at_weight_row(row, table, (size_t)ids[i]);
        for (size_t c = 0; c < C; c++)
            out[i * C + c] += row[c];
    }
    free(row);
}
