/*
 * rollout.c - see rollout.h.
 */
#include "analysis/rollout.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "ops/gemm.h"

void at_map_mean(float *out, const float *maps, size_t n, size_t T)
{
    enum { BLOCK = 1024 }; /* cells whose sums stay in the first cache */
    double sum[BLOCK];
    size_t cells = T * T;

    for (size_t first = 0; first < cells; first += BLOCK) {
        size_t m = AT_MIN((size_t)BLOCK, cells - first);
        memset(sum, 0, sizeof sum);
        for (size_t h = 0; h < n; h++)
            for (size_t c = 0; c < m; c++)
                sum[c] += maps[h * cells + first + c];
        for (size_t c = 0; c < m; c++)
            out[first + c] = (float)(sum[c] / (double)n);
    }
}

void at_column_normalize(float *out, const float *map, size_t T)
{
    double *sum = at_calloc(T, sizeof *sum);

    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < T; j++)
            sum[j] += map[i * T + j];
    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < T; j++)
            out[i * T + j] = (float)(map[i * T + j] / (sum[j] + 1e-8));
    free(sum);
}

/* Row i of 0.5 A + 0.5 I, divided by its sum. */
static void residual_row(float *out, const float *row, size_t i, size_t T)
{
    double sum = 1.0; /* of 2 M's row: the identity's share */

    for (size_t j = 0; j < T; j++)
        sum += row[j];
    for (size_t j = 0; j < T; j++)
        out[j] = (float)((row[j] + (i == j ? 1.0 : 0.0)) / sum);
}

void at_rollout_step(float *out, const float *mean, const float *previous, size_t T)
{
    float *m = previous ? at_malloc(T * T, sizeof *m) : out;

    AT_BUG_IF(out == previous);
    for (size_t i = 0; i < T; i++)
        residual_row(m + i * T, mean + i * T, i, T);
    if (!previous)
        return;
    at_matmul(out, T, m, T, previous, T, 0, T, T, T);
    free(m);
}
