/*
 * cka.c - see cka.h. Columns are centred first, which the criterion does not see, so that large
 * means do not eat the digits of the products.
 */
#include "stats/cka.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "ops/gemm.h"

/* out (N,N) = the products of centred rows, diagonal 0; sums (N) of its rows; answers their sum. */
static double gram(float *out, double *sums, const float *x, size_t C, size_t N)
{
    float *centred = at_malloc(N * C, sizeof *centred);
    double *mean = at_calloc(C, sizeof *mean), total = 0.0;

    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < C; c++)
            mean[c] += (double)x[i * C + c];
    for (size_t c = 0; c < C; c++)
        mean[c] /= (double)N;
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < C; c++)
            centred[i * C + c] = (float)((double)x[i * C + c] - mean[c]);
    at_matmul(out, N, centred, C, centred, C, 1, N, N, C);
    for (size_t i = 0; i < N; i++) {
        sums[i] = 0.0;
        out[i * N + i] = 0.0f;
        for (size_t j = 0; j < N; j++)
            sums[i] += (double)out[i * N + j];
        total += sums[i];
    }
    free(centred);
    free(mean);
    return total;
}

struct side {
    float *gram;  /* (N,N) */
    double *sums; /* (N) of its rows */
    double total;
};

static double hsic(const struct side *k, const struct side *l, size_t N)
{
    double trace = 0.0, cross = 0.0, n = (double)N;

    for (size_t i = 0; i < N; i++) {
        double row = 0.0;
        for (size_t j = 0; j < N; j++)
            row += (double)k->gram[i * N + j] * (double)l->gram[i * N + j];
        trace += row;
        cross += k->sums[i] * l->sums[i];
    }
    return (trace + k->total * l->total / ((n - 1) * (n - 2)) - 2.0 * cross / (n - 2)) /
           (n * (n - 3));
}

void at_hsic_add(struct at_hsic *h, const float *x, size_t Cx, const float *y, size_t Cy, size_t N)
{
    struct side k, l;

    if (N < 4)
        return;
    k = (struct side){ .gram = at_malloc(N * N, sizeof *k.gram),
                       .sums = at_malloc(N, sizeof *k.sums) };
    l = (struct side){ .gram = at_malloc(N * N, sizeof *l.gram),
                       .sums = at_malloc(N, sizeof *l.sums) };
    k.total = gram(k.gram, k.sums, x, Cx, N);
    l.total = gram(l.gram, l.sums, y, Cy, N);
    h->xy += hsic(&k, &l, N);
    h->xx += hsic(&k, &k, N);
    h->yy += hsic(&l, &l, N);
    h->n_batches++;
    free(k.gram);
    free(k.sums);
    free(l.gram);
    free(l.sums);
}

double at_cka(const struct at_hsic *h)
{
    double norm = h->xx * h->yy;

    return h->n_batches && h->xx > 0.0 && h->yy > 0.0 && norm > 0.0 ? h->xy / sqrt(norm) : NAN;
}
