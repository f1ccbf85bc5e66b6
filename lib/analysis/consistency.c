/*
 * consistency.c - see consistency.h.
 */
#include "analysis/consistency.h"

#include <math.h>

void at_received(double *out, const float *map, size_t T, bool is_causal)
{
    for (size_t j = 0; j < T; j++)
        out[j] = 0.0;
    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < T; j++)
            out[j] += (double)map[i * T + j];
    for (size_t j = 0; j < T; j++)
        out[j] /= (double)(is_causal ? T - j : T);
}

static double sum_of(const double *x, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

static struct at_consistency_head compare_head(const struct at_blocks *blocks, const double *a,
                                               size_t T_a, const double *b, size_t T_b)
{
    double dot = 0.0, aa = 0.0, bb = 0.0, swapped = sum_of(a, T_a) - sum_of(b, T_b);
    struct at_consistency_head h = { 0 };

    for (size_t k = 0; k < blocks->n; k++)
        for (size_t i = 0; i < blocks->items[k].n; i++) {
            double x = a[blocks->items[k].a + i], y = b[blocks->items[k].b + i];
            dot += x * y;
            aa += x * x;
            bb += y * y;
            h.delta_aligned += fabs(x - y);
            swapped -= x - y; /* what is left belongs to the swapped tokens */
        }
    h.cosine = aa > 0.0 && bb > 0.0 ? dot / sqrt(aa * bb) : NAN;
    h.delta_swap = fabs(swapped);
    h.total_delta = h.delta_swap + h.delta_aligned;
    h.concentration = h.total_delta > 1e-10 ? h.delta_swap / h.total_delta : 0.0;
    return h;
}

void at_consistency(struct at_consistency *out, struct at_consistency_head *heads, size_t n_heads,
                    const double *received_a, const int *ids_a, size_t T_a,
                    const double *received_b, const int *ids_b, size_t T_b)
{
    double cosine = 0.0, concentration = 0.0, n = 0.0;

    *out = (struct at_consistency){ .mean_cosine = NAN, .mean_concentration = NAN };
    at_matching_blocks(&out->blocks, ids_a, T_a, ids_b, T_b);
    for (size_t k = 0; k < out->blocks.n; k++)
        out->n_aligned += out->blocks.items[k].n;
    out->n_swap_a = T_a - out->n_aligned;
    out->n_swap_b = T_b - out->n_aligned;
    for (size_t h = 0; h < n_heads; h++) {
        heads[h] = compare_head(&out->blocks, received_a + h * T_a, T_a, received_b + h * T_b, T_b);
        concentration += heads[h].concentration;
        if (!isnan(heads[h].cosine)) {
            cosine += heads[h].cosine;
            n++;
        }
    }
    if (out->n_aligned == 0 || n_heads == 0)
        return;
    out->mean_cosine = n > 0.0 ? cosine / n : NAN;
    out->mean_concentration = concentration / (double)n_heads;
}

void at_consistency_release(struct at_consistency *c)
{
    at_array_release(&c->blocks);
}
