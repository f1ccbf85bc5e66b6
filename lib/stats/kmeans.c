/*
 * kmeans.c - see kmeans.h.
 */
#include "stats/kmeans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/rng.h"

enum { N_JUMPS = 8 };

struct job {
    const double *x;
    size_t N, d, k;
    const struct at_kmeans_options *options;
    int *label;       /* (n_restarts, N) */
    double *centroid; /* (n_restarts, k, d) */
    double *inertia;  /* (n_restarts) */
};

/* Working memory of one run. */
struct run {
    const struct job *job;
    int *label;
    double *centroid;
    double *nearest;       /* (N) squared distance to the nearest centroid */
    double *trial;         /* (2N) the same with a candidate more: best so far, and at hand */
    size_t *size;          /* (k) */
    double *centroid_kept; /* (k,d) while a jump is tried */
    int *label_kept;       /* (N) */
};

static double square(const double *a, const double *b, size_t d)
{
    double sum = 0.0;

    for (size_t j = 0; j < d; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

/* A row drawn with probability proportional to its squared distance. */
static size_t draw(const double *nearest, size_t N, double total, struct at_rng *rng)
{
    double at = at_rng_double(rng) * total;
    size_t last = 0;

    for (size_t i = 0; i < N; i++) {
        if (nearest[i] > 0.0) {
            last = i;
            at -= nearest[i];
            if (at < 0.0)
                break;
        }
    }
    return last;
}

/* trial = distances with row c as one more centroid; answers their sum. */
static double try_row(double *trial, const struct run *r, size_t c)
{
    const struct job *job = r->job;
    double sum = 0.0;

    for (size_t i = 0; i < job->N; i++) {
        double s = square(job->x + i * job->d, job->x + c * job->d, job->d);
        sum += trial[i] = AT_MIN(r->nearest[i], s);
    }
    return sum;
}

/* Greedy k-means++: of 2 + ln k drawn candidates the one that helps most. Answers how many starts
   there are: fewer than k when there are fewer different rows. */
static size_t choose_starts(struct run *r, struct at_rng *rng)
{
    const struct job *job = r->job;
    size_t n_trials = 2 + (size_t)log((double)job->k), row = at_rng_below(rng, job->N);

    for (size_t i = 0; i < job->N; i++)
        r->nearest[i] = INFINITY;
    for (size_t c = 0; c < job->k; c++) {
        double *at_hand = r->trial, *best = r->trial + job->N, total;
        total = c ? INFINITY : try_row(best, r, row);
        for (size_t t = 0; c && t < n_trials; t++) {
            double sum = 0.0, got;
            for (size_t i = 0; i < job->N; i++)
                sum += r->nearest[i];
            if (!(sum > 0.0))
                return c;
            size_t candidate = draw(r->nearest, job->N, sum, rng);
            got = try_row(at_hand, r, candidate);
            if (got < total) {
                double *swap = best;
                best = at_hand;
                at_hand = swap;
                total = got;
                row = candidate;
            }
        }
        memcpy(r->nearest, best, job->N * sizeof *best);
        memcpy(r->centroid + c * job->d, job->x + row * job->d, job->d * sizeof *job->x);
    }
    return job->k;
}

/* Each row to its nearest of k centroids; answers whether any label changed. */
static int assign(struct run *r, size_t k)
{
    const struct job *job = r->job;
    int has_changed = 0;

    for (size_t i = 0; i < job->N; i++) {
        int label = 0;
        double least = INFINITY;
        for (size_t c = 0; c < k; c++) {
            double s = square(job->x + i * job->d, r->centroid + c * job->d, job->d);
            if (s < least) {
                least = s;
                label = (int)c;
            }
        }
        r->nearest[i] = least;
        has_changed |= r->label[i] != label;
        r->label[i] = label;
    }
    return has_changed;
}

/* A cluster that lost all its rows starts anew at the row that is worst off. */
static void refill(struct run *r, size_t c)
{
    const struct job *job = r->job;
    size_t worst = 0;

    for (size_t i = 1; i < job->N; i++)
        if (r->nearest[i] > r->nearest[worst])
            worst = i;
    r->nearest[worst] = 0.0;
    memcpy(r->centroid + c * job->d, job->x + worst * job->d, job->d * sizeof *job->x);
}

static void update(struct run *r, size_t k)
{
    const struct job *job = r->job;

    memset(r->centroid, 0, k * job->d * sizeof *r->centroid);
    memset(r->size, 0, k * sizeof *r->size);
    for (size_t i = 0; i < job->N; i++) {
        size_t c = (size_t)r->label[i];
        r->size[c]++;
        for (size_t j = 0; j < job->d; j++)
            r->centroid[c * job->d + j] += job->x[i * job->d + j];
    }
    for (size_t c = 0; c < k; c++) {
        for (size_t j = 0; j < job->d && r->size[c]; j++)
            r->centroid[c * job->d + j] /= (double)r->size[c];
        if (!r->size[c])
            refill(r, c);
    }
}

/* Hartigan's exchange: a row leaves for another cluster when that makes the inertia smaller, the
   shift of both means counted. Where Lloyd's method stands still this often goes on; it never makes
   things worse. Answers whether any row moved. */
static int exchange(struct run *r, size_t k)
{
    const struct job *job = r->job;
    size_t d = job->d;
    int has_moved = 0;

    for (size_t i = 0; i < job->N; i++) {
        size_t own = (size_t)r->label[i], best = own;
        double n = (double)r->size[own], least;
        if (r->size[own] < 2)
            continue;
        /* what its leaving saves, less a margin for rounding */
        least = square(job->x + i * d, r->centroid + own * d, d) * n / (n - 1.0) * (1.0 - 1e-12);
        for (size_t c = 0; c < k; c++) {
            double m = (double)r->size[c];
            double cost = square(job->x + i * d, r->centroid + c * d, d) * m / (m + 1.0);
            if (c != own && cost < least) {
                least = cost;
                best = c;
            }
        }
        if (best == own)
            continue;
        for (size_t j = 0; j < d; j++) {
            double x = job->x[i * d + j], *from = &r->centroid[own * d + j];
            double *to = &r->centroid[best * d + j];
            *from -= (x - *from) / (n - 1.0);
            *to += (x - *to) / ((double)r->size[best] + 1.0);
        }
        r->size[own]--;
        r->size[best]++;
        r->label[i] = (int)best;
        has_moved = 1;
    }
    return has_moved;
}

static double inertia_of(struct run *r)
{
    const struct job *job = r->job;
    double sum = 0.0;

    for (size_t i = 0; i < job->N; i++)
        sum += square(job->x + i * job->d, r->centroid + (size_t)r->label[i] * job->d, job->d);
    return sum;
}

/* Lloyd's method, then exchanges, to a standstill; answers the inertia. */
static double settle(struct run *r, size_t k)
{
    size_t most = r->job->options->max_iterations;

    for (size_t it = 0; it < most && assign(r, k); it++)
        update(r, k);
    update(r, k);
    for (size_t it = 0; it < most && exchange(r, k); it++)
        update(r, k); /* means afresh, without the rounding of the moves */
    return inertia_of(r);
}

/* One centroid jumps to a row drawn at random; where that settles lower it is kept (Franti 2018).
   Only here a centroid can get over a group that stands between it and where it is needed. */
static double try_jump(struct run *r, size_t k, double inertia, struct at_rng *rng)
{
    const struct job *job = r->job;
    size_t c = at_rng_below(rng, k), row = at_rng_below(rng, job->N);
    double *centroid = r->centroid_kept, got;

    memcpy(centroid, r->centroid, k * job->d * sizeof *centroid);
    memcpy(r->label_kept, r->label, job->N * sizeof *r->label);
    memcpy(r->centroid + c * job->d, job->x + row * job->d, job->d * sizeof *job->x);
    got = settle(r, k);
    if (got < inertia)
        return got;
    memcpy(r->centroid, centroid, k * job->d * sizeof *centroid);
    memcpy(r->label, r->label_kept, job->N * sizeof *r->label);
    return inertia;
}

static void run_task(void *arg, size_t task, size_t slot)
{
    struct job *job = arg;
    size_t N = job->N, k;
    double *memory = at_malloc(3 * N + job->k * job->d, sizeof *memory), inertia;
    struct run r = { .job = job,
                     .label = job->label + task * N,
                     .centroid = job->centroid + task * job->k * job->d,
                     .nearest = memory,
                     .trial = memory + N,
                     .centroid_kept = memory + 3 * N,
                     .label_kept = at_malloc(N, sizeof *r.label_kept),
                     .size = at_malloc(job->k, sizeof *r.size) };
    struct at_rng rng;

    (void)slot;
    at_rng_init(&rng, job->options->seed, job->k << 32 | task);
    k = choose_starts(&r, &rng);
    for (size_t i = 0; i < N; i++)
        r.label[i] = -1;
    inertia = settle(&r, k);
    for (int jump = 0; jump < N_JUMPS && k > 1 && inertia > 0.0; jump++)
        inertia = try_jump(&r, k, inertia, &rng);
    job->inertia[task] = inertia;
    free(memory);
    free(r.label_kept);
    free(r.size);
}

/* Labels numbered by first appearance; the means of the clusters by their new number. */
static void number(int *label_out, double *centroid_out, const struct job *job, const int *label)
{
    int *renamed = at_malloc(job->k, sizeof *renamed), n = 0;
    size_t *size = at_calloc(job->k, sizeof *size);

    for (size_t c = 0; c < job->k; c++)
        renamed[c] = -1;
    for (size_t i = 0; i < job->N; i++) {
        if (renamed[label[i]] < 0)
            renamed[label[i]] = n++;
        label_out[i] = renamed[label[i]];
        size[label_out[i]]++;
    }
    if (centroid_out) {
        memset(centroid_out, 0, job->k * job->d * sizeof *centroid_out);
        for (size_t i = 0; i < job->N * job->d; i++)
            centroid_out[(size_t)label_out[i / job->d] * job->d + i % job->d] += job->x[i];
        for (size_t c = 0; c < job->k * job->d; c++)
            centroid_out[c] /= (double)size[c / job->d]; /* 0/0 is NaN: no rows */
    }
    free(renamed);
    free(size);
}

double at_kmeans(int *label, double *centroid, const double *x, size_t N, size_t d, size_t k,
                 const struct at_kmeans_options *options, struct at_pool *pool)
{
    size_t n = AT_MAX(options->n_restarts, (size_t)1), best = 0;
    struct job job = { x, N, d, k, options, NULL, NULL, NULL };
    double inertia;

    AT_BUG_IF(k == 0 || k > N);
    job.label = at_malloc(n * N, sizeof *job.label);
    job.centroid = at_malloc(n * k * d + n, sizeof *job.centroid);
    job.inertia = job.centroid + n * k * d;
    at_pool_run(pool, n, run_task, &job);
    for (size_t r = 1; r < n; r++)
        if (job.inertia[r] < job.inertia[best])
            best = r;
    inertia = job.inertia[best];
    number(label, centroid, &job, job.label + best * N);
    free(job.label);
    free(job.centroid);
    return inertia;
}
