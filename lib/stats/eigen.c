/*
 * eigen.c - see eigen.h.
 */
#include "stats/eigen.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/rng.h"

/* The Krylov basis and the tridiagonal matrix it makes of A. */
struct lanczos {
    size_t n, m;          /* length and number of basis vectors */
    double *basis;        /* (cap,n) */
    double *alpha, *beta; /* (cap) diagonal; beta[j] joins j and j + 1 */
    size_t cap;
    double scale;  /* a bound on what A does to a unit vector */
    size_t n_flat; /* random directions in a row that turned out to be eigenvectors */
    struct at_rng rng;
};

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Take out of x what lies in the basis, twice: once leaves rounding errors of the first size. */
static void orthogonalize(double *x, const struct lanczos *l)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t j = 0; j < l->m; j++) {
            const double *v = l->basis + j * l->n;
            double c = dot(x, v, l->n);
            for (size_t i = 0; i < l->n; i++)
                x[i] -= c * v[i];
        }
    }
}

static void grow(struct lanczos *l)
{
    if (l->m < l->cap)
        return;
    l->cap = AT_MIN(l->n, AT_MAX(2 * l->cap, (size_t)32));
    l->basis = at_realloc(l->basis, l->cap * l->n, sizeof *l->basis);
    l->alpha = at_realloc(l->alpha, l->cap, sizeof *l->alpha);
    l->beta = at_realloc(l->beta, l->cap, sizeof *l->beta);
}

/* Add x / |x| to the basis. */
static void push(struct lanczos *l, const double *x, double length)
{
    grow(l);
    for (size_t i = 0; i < l->n; i++)
        l->basis[l->m * l->n + i] = x[i] / length;
    l->m++;
}

/* Add a direction that the basis does not have yet. */
static void push_new(struct lanczos *l, double *x)
{
    double length;

    do {
        for (size_t i = 0; i < l->n; i++)
            x[i] = at_rng_normal(&l->rng);
        orthogonalize(x, l);
        length = sqrt(dot(x, x, l->n));
    } while (!(length > 1e-8));
    push(l, x, length);
}

/* Turn the plane (p,q) so that a[p][q] = 0. */
static void rotate(double *a, double *v, size_t m, size_t p, size_t q)
{
    double theta = (a[q * m + q] - a[p * m + p]) / (2.0 * a[p * m + q]);
    double t = copysign(1.0, theta) / (fabs(theta) + sqrt(theta * theta + 1.0));
    double c = 1.0 / sqrt(t * t + 1.0), s = t * c;

    for (size_t k = 0; k < m; k++) {
        double x = a[k * m + p], y = a[k * m + q];
        a[k * m + p] = c * x - s * y;
        a[k * m + q] = s * x + c * y;
    }
    for (size_t k = 0; k < m; k++) {
        double x = a[p * m + k], y = a[q * m + k];
        a[p * m + k] = c * x - s * y;
        a[q * m + k] = s * x + c * y;
    }
    for (size_t k = 0; k < m; k++) {
        double x = v[p * m + k], y = v[q * m + k];
        v[p * m + k] = c * x - s * y;
        v[q * m + k] = s * x + c * y;
    }
}

/* Cyclic Jacobi: a (m,m) becomes diagonal, the rows of v its eigenvectors. */
static void jacobi(double *a, double *v, size_t m)
{
    double scale = 0.0;

    memset(v, 0, m * m * sizeof *v);
    for (size_t i = 0; i < m; i++)
        v[i * m + i] = 1.0;
    for (size_t i = 0; i < m * m; i++)
        scale = fmax(scale, fabs(a[i]));
    for (int sweep = 0; sweep < 60; sweep++) {
        bool is_done = true;
        for (size_t p = 0; p < m; p++) {
            for (size_t q = p + 1; q < m; q++) {
                if (fabs(a[p * m + q]) <= 1e-17 * scale)
                    continue;
                rotate(a, v, m, p, q);
                is_done = false;
            }
        }
        if (is_done)
            return;
    }
}

/* Eigenpairs of the tridiagonal matrix: order_out (m) lists them by value descending. */
static void solve_small(const struct lanczos *l, double *a, double *v, size_t *order_out)
{
    size_t m = l->m;

    memset(a, 0, m * m * sizeof *a);
    for (size_t j = 0; j < m; j++) {
        a[j * m + j] = l->alpha[j];
        if (j + 1 < m)
            a[j * m + j + 1] = a[(j + 1) * m + j] = l->beta[j];
    }
    jacobi(a, v, m);
    for (size_t j = 0; j < m; j++) {
        size_t i = j;
        for (; i > 0 && a[order_out[i - 1] * (m + 1)] < a[j * (m + 1)]; i--)
            order_out[i] = order_out[i - 1];
        order_out[i] = j;
    }
}

/* The wanted pairs, when the last ones are good enough or nothing is left to add. */
static bool take_pairs(double *values, double *vectors, size_t K, const struct lanczos *l)
{
    size_t m = l->m;
    double *a = at_malloc(2 * m * m, sizeof *a), *v = a + m * m, residual = 0.0, scale = 0.0;
    size_t *order = at_malloc(m, sizeof *order);
    bool is_good;

    solve_small(l, a, v, order);
    for (size_t k = 0; k < m; k++)
        scale = fmax(scale, fabs(a[k * (m + 1)]));
    for (size_t k = 0; k < K; k++)
        residual = fmax(residual, fabs(l->beta[m - 1] * v[order[k] * m + m - 1]));
    is_good = m == l->n || residual <= 1e-11 * scale;
    for (size_t k = 0; k < K && is_good; k++) {
        values[k] = a[order[k] * (m + 1)];
        memset(vectors + k * l->n, 0, l->n * sizeof *vectors);
        for (size_t j = 0; j < m; j++)
            for (size_t i = 0; i < l->n; i++)
                vectors[k * l->n + i] += v[order[k] * m + j] * l->basis[j * l->n + i];
    }
    free(a);
    free(order);
    return is_good;
}

/* One more basis vector: the rest x of the last product, or a new direction when there is none. */
static void step(struct lanczos *l, double *x, at_symmetric_fn apply, const void *arg)
{
    double length = l->m ? l->beta[l->m - 1] : 0.0, *v;
    size_t j = l->m;

    if (length > 0.0)
        push(l, x, length);
    else
        push_new(l, x);
    v = l->basis + j * l->n;
    apply(x, v, l->n, arg);
    l->alpha[j] = dot(x, v, l->n);
    orthogonalize(x, l);
    l->beta[j] = sqrt(dot(x, x, l->n));
    l->scale = fmax(l->scale, fabs(l->alpha[j]) + l->beta[j]);
    if (l->beta[j] <= 1e-13 * l->scale)
        l->beta[j] = 0.0; /* rounding noise is no direction */
    /* A random direction that A only stretches: so does it every direction not yet in the basis. */
    l->n_flat = length > 0.0 || l->beta[j] > 0.0 ? 0 : l->n_flat + 1;
}

void at_eigen_top(double *values, double *vectors, size_t K, size_t n, at_symmetric_fn apply,
                  const void *arg)
{
    struct lanczos l = { .n = n };
    double *x = at_malloc(n + 1, sizeof *x);
    size_t check = AT_MAX(2 * K, (size_t)16);
    bool is_done = K == 0;

    AT_BUG_IF(K > n);
    at_rng_init(&l.rng, 1, 0);
    while (!is_done) {
        step(&l, x, apply, arg);
        /* With beta 0 the residual is 0 too, but says nothing about directions not yet seen. */
        if (l.m == n || l.n_flat == K || (l.m >= check && l.beta[l.m - 1] > 0.0)) {
            is_done = take_pairs(values, vectors, K, &l);
            check = 2 * l.m;
        }
    }
    free(l.basis);
    free(l.alpha);
    free(l.beta);
    free(x);
}
