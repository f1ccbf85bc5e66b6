/*
 * naive.c - see naive.h.
 */
#include "naive.h"

#include <math.h>

void naive_linear(double *out, const double *x, const double *w, const double *bias, size_t N,
                  size_t M, size_t K)
{
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < M; m++) {
            double sum = bias ? bias[m] : 0.0;
            for (size_t k = 0; k < K; k++)
                sum += x[n * K + k] * w[m * K + k];
            out[n * M + m] = sum;
        }
}

void naive_softmax(double *out, const double *x, size_t n)
{
    double max = -INFINITY, sum = 0.0;

    for (size_t i = 0; i < n; i++)
        max = fmax(max, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += out[i] = exp(x[i] - max);
    for (size_t i = 0; i < n; i++)
        out[i] /= sum;
}
