/*
 * naive.c - see naive.h.
 */
#include "naive.h"

#include <math.h>

#include "base/attr.h"

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

void naive_attention(double *map, double *context, const double *q, const double *k,
                     const double *v, size_t T, size_t D, size_t n_queries, const size_t *visible,
                     double scale)
{
    for (size_t i = 0; i < n_queries; i++) {
        double *row = map + i * T;
        for (size_t j = 0; j < T; j++) {
            row[j] = 0.0;
            for (size_t d = 0; d < D; d++)
                row[j] += scale * q[i * D + d] * k[j * D + d];
        }
        naive_softmax(row, row, visible[i]);
        for (size_t j = visible[i]; j < T; j++)
            row[j] = 0.0;
        for (size_t d = 0; d < D; d++) {
            context[i * D + d] = 0.0;
            for (size_t j = 0; j < T; j++)
                context[i * D + d] += row[j] * v[j * D + d];
        }
    }
}

void naive_layernorm(double *out, const double *x, const double *gain, const double *bias,
                     double eps, size_t C)
{
    double mean = 0.0, var = 0.0;

    for (size_t c = 0; c < C; c++)
        mean += x[c] / (double)C;
    for (size_t c = 0; c < C; c++)
        var += (x[c] - mean) * (x[c] - mean) / (double)C;
    for (size_t c = 0; c < C; c++)
        out[c] = (x[c] - mean) / sqrt(var + eps) * gain[c] + bias[c];
}

double naive_gelu_erf(double x)
{
    return 0.5 * x * erfc(-x * sqrt(0.5));
}

double naive_gelu_tanh(double x)
{
    return x / (1.0 + exp(-2.0 * sqrt(2.0 / AT_PI) * (x + 0.044715 * x * x * x)));
}
