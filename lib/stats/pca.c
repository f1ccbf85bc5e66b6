/*
 * pca.c - see pca.h.
 *
 * The operator is the scatter matrix of the columns, or of the rows where these are fewer; it is
 * never formed.
 */
#include "stats/pca.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "stats/eigen.h"

struct table {
    const double *x; /* (N,d), centred */
    size_t N, d;
    double *rows, *columns; /* (N), (d) for products */
};

/* out (N) = X v */
static void times(double *out, const struct table *t, const double *v)
{
    for (size_t i = 0; i < t->N; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < t->d; j++)
            sum += t->x[i * t->d + j] * v[j];
        out[i] = sum;
    }
}

/* out (d) = X' u */
static void transposed_times(double *out, const struct table *t, const double *u)
{
    memset(out, 0, t->d * sizeof *out);
    for (size_t i = 0; i < t->N; i++)
        for (size_t j = 0; j < t->d; j++)
            out[j] += t->x[i * t->d + j] * u[i];
}

static void apply_columns(double *out, const double *v, size_t n, const void *arg)
{
    const struct table *t = arg;

    (void)n;
    times(t->rows, t, v);
    transposed_times(out, t, t->rows);
}

static void apply_rows(double *out, const double *u, size_t n, const void *arg)
{
    const struct table *t = arg;

    (void)n;
    transposed_times(t->columns, t, u);
    times(out, t, t->columns);
}

static double *centred(const double *x, size_t N, size_t d, double *total_out)
{
    double *c = at_malloc(N * d, sizeof *c), total = 0.0;

    for (size_t j = 0; j < d; j++) {
        double mean = 0.0;
        bool is_constant = true; /* then its mean may still be off by a rounding error */
        for (size_t i = 0; i < N; i++) {
            mean += x[i * d + j] / (double)N;
            is_constant &= x[i * d + j] == x[j];
        }
        for (size_t i = 0; i < N; i++) {
            c[i * d + j] = is_constant ? 0.0 : x[i * d + j] - mean;
            total += c[i * d + j] * c[i * d + j];
        }
    }
    *total_out = total;
    return c;
}

/* Largest loading positive. */
static void fix_sign(double *axis, size_t d)
{
    size_t most = 0;

    for (size_t j = 1; j < d; j++)
        if (fabs(axis[j]) > fabs(axis[most]) * (1.0 + 1e-9))
            most = j;
    for (size_t j = 0; j < d && axis[most] < 0.0; j++)
        if (j != most)
            axis[j] = -axis[j];
    axis[most] = fabs(axis[most]);
}

/* Unit axis in the columns from an eigenvector of the shorter side. */
static void make_axis(double *axis, const struct table *t, const double *vector)
{
    double length = 0.0;

    if (t->N < t->d)
        transposed_times(axis, t, vector);
    else
        memcpy(axis, vector, t->d * sizeof *axis);
    for (size_t j = 0; j < t->d; j++)
        length += axis[j] * axis[j];
    for (size_t j = 0; j < t->d; j++)
        axis[j] /= sqrt(length);
    fix_sign(axis, t->d);
}

void at_pca(double *scores, double *axes, double *ratio, const double *x, size_t N, size_t d,
            size_t K)
{
    enum { MAX_K = 16 };
    double total, values[MAX_K] = { 0 };
    double *c = centred(x, N, d, &total), *axis = at_malloc(N + 2 * d + 1, sizeof *axis);
    struct table t = { c, N, d, axis + d, axis + d + N };
    size_t side = AT_MIN(N, d), found = AT_MIN(K, side);
    double *vectors = at_calloc(found * side + 1, sizeof *vectors);

    AT_BUG_IF(K > MAX_K);
    if (total > 0.0)
        at_eigen_top(values, vectors, found, side, N < d ? apply_rows : apply_columns, &t);
    for (size_t k = 0; k < K; k++) {
        bool is_in_rank = k < found && values[k] > 1e-12 * total;
        memset(axis, 0, d * sizeof *axis);
        if (is_in_rank)
            make_axis(axis, &t, vectors + k * side);
        times(t.rows, &t, axis);
        for (size_t i = 0; i < N; i++)
            scores[i * K + k] = t.rows[i];
        if (axes)
            memcpy(axes + k * d, axis, d * sizeof *axis);
        if (ratio)
            ratio[k] = total > 0.0 ? (is_in_rank ? values[k] / total : 0.0) : NAN;
    }
    free(c);
    free(axis);
    free(vectors);
}

/* B = -1/2 J D2 J with D2 the squared distances, J the centring. */
struct centred_squares {
    const double *square;   /* (N,N) */
    const double *row_mean; /* (N) */
    double mean;
};

static void apply_squares(double *out, const double *v, size_t n, const void *arg)
{
    const struct centred_squares *c = arg;
    double sum_v = 0.0, sum_rv = 0.0;

    for (size_t j = 0; j < n; j++) {
        sum_v += v[j];
        sum_rv += c->row_mean[j] * v[j];
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < n; j++)
            sum += c->square[i * n + j] * v[j];
        out[i] = -0.5 * (sum - c->row_mean[i] * sum_v - sum_rv + c->mean * sum_v);
    }
}

void at_principal_coordinates(double *out, const double *distance, size_t N, size_t K)
{
    size_t found = AT_MIN(K, N);
    double *square = at_malloc(N * N + 1, sizeof *square), *mean = at_calloc(N + 1, sizeof *mean);
    double *values = at_calloc(found + 1, sizeof *values);
    double *vectors = at_calloc(found * N + 1, sizeof *vectors);
    struct centred_squares c = { square, mean, 0.0 };

    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            square[i * N + j] = distance[i * N + j] * distance[i * N + j];
            mean[i] += square[i * N + j] / (double)N;
        }
        c.mean += mean[i] / (double)N;
    }
    if (c.mean > 0.0)
        at_eigen_top(values, vectors, found, N, apply_squares, &c);
    for (size_t k = 0; k < K; k++) {
        bool is_real = k < found && values[k] > 1e-12 * c.mean;
        if (is_real)
            fix_sign(vectors + k * N, N);
        for (size_t i = 0; i < N; i++)
            out[i * K + k] = is_real ? vectors[k * N + i] * sqrt(values[k]) : 0.0;
    }
    free(square);
    free(mean);
    free(values);
    free(vectors);
}
