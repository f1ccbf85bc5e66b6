/*
 * tsne.c - see tsne.h.
 *
 * The gradient 4 sum_j (p_ij - q_ij) num_ij (y_i - y_j), with num = 1 / (1 + d^2) and q = num / Z,
 * is split into attraction and repulsion, so that one walk over the pairs serves both and Z. Pairs
 * are done in float, sixteen at a time; everything that is summed up over rows, and the steps, are
 * in double. Each row is one thread's work from end to end.
 */
#include "stats/tsne.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"

enum { LANES = 16, ROWS_PER_TASK = 16, EXAGGERATED = 250 };
typedef float vfloat __attribute__((vector_size(LANES * sizeof(float))));

#define EXAGGERATION 12.0
#define LEAST_P      2.2e-16 /* of a joint probability, as in scikit-learn */
#define FAR_AWAY     1e15f   /* where the padding points are: they push nobody */

struct tsne {
    size_t N, padded; /* padded: N rounded up to whole lanes */
    double log_perplexity;
    const double *distance; /* (N,N) */
    float *p;               /* (N, padded) */
    float *x, *y;           /* (padded) */
    double *attraction;     /* (N,2) sum of p num (y_i - y_j) */
    double *repulsion;      /* (N,2) sum of num^2 (y_i - y_j) */
    double *z;              /* (N) sum of num over the others */
};

/* Entropy of exp(-beta d) over the others of a row, and its slope in ln beta. */
static double entropy_at(double beta, double *slope_out, double *row, const double *square,
                         size_t N, size_t self, double least)
{
    double sum = 0.0, first = 0.0, second = 0.0;

    for (size_t j = 0; j < N; j++) {
        double d = square[j] - least;
        row[j] = j == self ? 0.0 : exp(-beta * d);
        sum += row[j];
        first += row[j] * d;
        second += row[j] * d * d;
    }
    for (size_t j = 0; j < N; j++)
        row[j] /= sum;
    first /= sum;
    *slope_out = -beta * beta * (second / sum - first * first);
    return log(sum) + beta * first;
}

/* Conditional probabilities of a row: Newton's method in ln beta inside a shrinking bracket. */
static void conditional_row(double *row, const double *square, const struct tsne *t, size_t self)
{
    double least = INFINITY, mean = 0.0, low = -INFINITY, high = INFINITY, at;

    for (size_t j = 0; j < t->N; j++) {
        least = j == self ? least : fmin(least, square[j]);
        mean += square[j] / (double)t->N;
    }
    at = mean > least ? -log(mean - least) : 0.0;
    for (int i = 0; i < 100; i++) {
        double slope, h = entropy_at(exp(at), &slope, row, square, t->N, self, least);
        double miss = h - t->log_perplexity, next = at - miss / slope;
        if (fabs(miss) < 1e-7)
            return;
        if (miss > 0.0)
            low = at;
        else
            high = at;
        if (!(next > low && next < high && fabs(next - at) < 3.0))
            next = isinf(high) ? at + 1.0 : isinf(low) ? at - 1.0 : 0.5 * (low + high);
        if (next == at || fabs(next) > 700.0)
            return; /* as near as it gets: many equal points, or perplexity N - 1 */
        at = next;
    }
}

static void probability_task(void *arg, size_t task, size_t slot)
{
    struct tsne *t = arg;
    size_t first = task * ROWS_PER_TASK, end = AT_MIN(first + ROWS_PER_TASK, t->N);
    double *row = at_malloc(2 * t->N, sizeof *row), *square = row + t->N;

    (void)slot;
    for (size_t i = first; i < end; i++) {
        for (size_t j = 0; j < t->N; j++)
            square[j] = t->distance[i * t->N + j] * t->distance[i * t->N + j];
        conditional_row(row, square, t, i);
        for (size_t j = 0; j < t->N; j++)
            t->p[i * t->padded + j] = (float)row[j];
    }
    free(row);
}

/* Joint probabilities from conditional ones, in place. */
static void symmetrize(struct tsne *t)
{
    for (size_t i = 0; i < t->N; i++) {
        for (size_t j = 0; j < i; j++) {
            float *a = &t->p[i * t->padded + j], *b = &t->p[j * t->padded + i];
            double joint = ((double)*a + *b) / (2.0 * (double)t->N);
            *a = *b = (float)AT_MAX(joint, LEAST_P);
        }
        t->p[i * t->padded + i] = 0.0f;
    }
}

static double sum_of_lanes(const vfloat *v)
{
    double sum = 0.0;

    for (int k = 0; k < LANES; k++)
        sum += (double)(*v)[k];
    return sum;
}

/* What all points do to point i; the point itself adds 1 to z, taken off here. */
AT_CLONES static void pull_and_push(struct tsne *t, size_t i)
{
    vfloat z = { 0 }, ax = { 0 }, ay = { 0 }, rx = { 0 }, ry = { 0 }, x, y, p;
    const float *row = t->p + i * t->padded;

    for (size_t j = 0; j < t->padded; j += LANES) {
        memcpy(&x, t->x + j, sizeof x);
        memcpy(&y, t->y + j, sizeof y);
        memcpy(&p, row + j, sizeof p);
        vfloat dx = t->x[i] - x, dy = t->y[i] - y;
        vfloat num = 1.0f / (1.0f + (dx * dx + dy * dy));
        z += num;
        p *= num;
        ax += p * dx;
        ay += p * dy;
        num *= num;
        rx += num * dx;
        ry += num * dy;
    }
    t->z[i] = sum_of_lanes(&z) - 1.0;
    t->attraction[2 * i] = sum_of_lanes(&ax);
    t->attraction[2 * i + 1] = sum_of_lanes(&ay);
    t->repulsion[2 * i] = sum_of_lanes(&rx);
    t->repulsion[2 * i + 1] = sum_of_lanes(&ry);
}

static void force_task(void *arg, size_t task, size_t slot)
{
    struct tsne *t = arg;

    (void)slot;
    for (size_t i = task * ROWS_PER_TASK; i < AT_MIN((task + 1) * ROWS_PER_TASK, t->N); i++)
        pull_and_push(t, i);
}

static double normalizer(const struct tsne *t)
{
    double z = 0.0;

    for (size_t i = 0; i < t->N; i++)
        z += t->z[i];
    return z;
}

static double divergence(const struct tsne *t, const double *at)
{
    double z = normalizer(t), kl = 0.0;

    for (size_t i = 0; i < t->N; i++) {
        for (size_t j = 0; j < t->N; j++) {
            double dx = at[2 * i] - at[2 * j], dy = at[2 * i + 1] - at[2 * j + 1];
            double p = t->p[i * t->padded + j];
            if (i != j)
                kl += p * log(p * z * (1.0 + dx * dx + dy * dy));
        }
    }
    return AT_MAX(kl, 0.0); /* p is in float: a perfect map may be 1e-7 beyond */
}

static void all_forces(struct tsne *t, const double *at, struct at_pool *pool)
{
    enum { WORTH_THREADS = 200 }; /* rows; below, a round of threads costs more than it saves */
    size_t n_tasks = (t->N + ROWS_PER_TASK - 1) / ROWS_PER_TASK;

    for (size_t i = 0; i < t->N; i++) {
        t->x[i] = (float)at[2 * i];
        t->y[i] = (float)at[2 * i + 1];
    }
    at_pool_run(t->N < WORTH_THREADS ? NULL : pool, n_tasks, force_task, t);
}

/* Gradient descent with momentum and gains (Jacobs 1988), from rest. state (4 N): gains, steps. */
static void descend(double *at, struct tsne *t, size_t n_iterations, double exaggeration,
                    double momentum, double *state, struct at_pool *pool)
{
    size_t n = 2 * t->N;
    double rate = AT_MAX((double)t->N / EXAGGERATION / 4.0, 50.0);
    double *gain = state, *step = state + n;

    for (size_t k = 0; k < n; k++) {
        gain[k] = 1.0;
        step[k] = 0.0;
    }
    for (size_t it = 0; it < n_iterations; it++) {
        double z;
        all_forces(t, at, pool);
        z = normalizer(t);
        for (size_t k = 0; k < n; k++) {
            double slope = 4.0 * (exaggeration * t->attraction[k] - t->repulsion[k] / z);
            gain[k] = step[k] * slope < 0.0 ? gain[k] + 0.2 : AT_MAX(gain[k] * 0.8, 0.01);
            step[k] = momentum * step[k] - rate * gain[k] * slope;
            at[k] += step[k];
        }
    }
}

/* Start from a map scaled so that its first coordinate deviates by 1e-4; 0 when it is a point. */
static int start_from(double *at, const double *start, size_t N)
{
    double mean[2] = { 0 }, sd = 0.0;

    for (size_t k = 0; k < 2 * N; k++)
        mean[k % 2] += start[k] / (double)N;
    for (size_t i = 0; i < N; i++)
        sd += (start[2 * i] - mean[0]) * (start[2 * i] - mean[0]) / (double)N;
    for (size_t k = 0; k < 2 * N; k++)
        at[k] = sd > 0.0 ? (start[k] - mean[k % 2]) / sqrt(sd) * 1e-4 : 0.0;
    return sd > 0.0;
}

static void centre(double *at, size_t N)
{
    double mean[2] = { 0 };

    for (size_t k = 0; k < 2 * N; k++)
        mean[k % 2] += at[k] / (double)N;
    for (size_t k = 0; k < 2 * N; k++)
        at[k] -= mean[k % 2];
}

struct at_tsne_fit at_tsne(double *out, const double *distance, const double *start, size_t N,
                           const struct at_tsne_options *options, struct at_pool *pool)
{
    double most = N > 1 ? (double)(N - 1) : 1.0, wanted = options->perplexity;
    double ordinary = AT_MAX(AT_MIN(30.0, most / 3.0), 1.0);
    struct at_tsne_fit fit = { AT_MIN(wanted > 0.0 ? wanted : ordinary, most), 0.0 };
    size_t early, padded = (N + LANES - 1) / LANES * LANES;
    struct tsne t = {
        N, padded, log(fit.perplexity), distance, NULL, NULL, NULL, NULL, NULL, NULL
    };
    double *state;

    if (!start_from(out, start, N))
        return fit;
    t.p = at_calloc((N + 2) * padded, sizeof *t.p);
    t.x = t.p + N * padded;
    t.y = t.x + padded;
    state = at_calloc(9 * N, sizeof *state);
    t.attraction = state + 4 * N;
    t.repulsion = state + 6 * N;
    t.z = state + 8 * N;
    for (size_t j = N; j < padded; j++)
        t.x[j] = t.y[j] = FAR_AWAY;
    at_pool_run(pool, (N + ROWS_PER_TASK - 1) / ROWS_PER_TASK, probability_task, &t);
    symmetrize(&t);
    early = AT_MIN(options->n_iterations, (size_t)EXAGGERATED);
    descend(out, &t, early, EXAGGERATION, 0.5, state, pool);
    descend(out, &t, options->n_iterations - early, 1.0, 0.8, state, pool);
    all_forces(&t, out, pool);
    fit.kl = divergence(&t, out);
    centre(out, N);
    free(t.p);
    free(state);
    return fit;
}
