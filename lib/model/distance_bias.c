/*
 * distance_bias.c - see distance_bias.h.
 */
#include "model/distance_bias.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { FARTHEST = 128 };

size_t at_distance_range(long distance, size_t n)
{
    size_t half = n / 2, exact = half / 2, range = (size_t)labs(distance);

    if (range >= exact) {
        float share =
            logf((float)range / (float)exact) / (float)log((double)FARTHEST / (double)exact);
        range = AT_MIN(exact + (size_t)(share * (float)(half - exact)), half - 1);
    }
    return distance > 0 ? half + range : range;
}

void at_distance_bias(float *bias, const struct at_weight *table, size_t P)
{
    size_t H = table->n_in, n = table->n_out;
    float *row = at_malloc(H, sizeof *row);

    for (size_t d = 0; d < 2 * P - 1; d++) {
        at_weight_row(row, table, at_distance_range((long)d - (long)P + 1, n));
        for (size_t h = 0; h < H; h++)
            bias[h * (2 * P - 1) + d] = row[h];
    }
    free(row);
}
