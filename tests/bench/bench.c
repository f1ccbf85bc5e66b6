/*
 * bench.c - see bench.h.
 */
#include "bench.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "ops/cpu.h"
#include "ops/kernel.h"

enum { ROUNDS = 20, BYTES = 256 << 20, TILES = 8000 };

void bench_begin(void)
{
    const char *name = getenv("ATLAS_KERNELS");
    struct at_error err;

    at_alloc_keep_freed();
    if (name && *name && at_cpu_select_by_name(name, &err)) {
        fprintf(stderr, "ATLAS_KERNELS: %s\n", err.text);
        exit(1);
    }
}

double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void bench_sort(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare);
}

struct work {
    const struct at_kernel *kernel;
    const uint64_t *memory;
    size_t n_words, n_threads;
    uint64_t *sums; /* (n_threads) so that nothing is optimised away */
};

/* The tile itself on operands in the first-level cache: what arithmetic allows. */
static void multiply(void *arg, size_t task, size_t slot)
{
    const struct work *w = arg;
    size_t mr = w->kernel->mr, nr = w->kernel->nr;
    _Alignas(64) float a[AT_MR_MAX * AT_KC] = { 0 }, b[AT_NR_MAX * AT_KC] = { 0 };
    float c[AT_MR_MAX * AT_NR_MAX];
    struct at_tile_out out = { c, nr, mr, nr, AT_KC, false, NULL };

    (void)slot;
    for (int i = 0; i < TILES; i++)
        w->kernel->tile(&out, a, b, AT_F32, nr, AT_KC, NULL, NULL);
    w->sums[task] += c[0] > 0.0f;
}

static void read_memory(void *arg, size_t task, size_t slot)
{
    const struct work *w = arg;
    size_t n = w->n_words / w->n_threads;
    const uint64_t *p = w->memory + task * n;
    uint64_t sum[8] = { 0 };

    (void)slot;
    for (size_t i = 0; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            sum[j] += p[i + j];
    for (size_t j = 0; j < 8; j++)
        w->sums[task] += sum[j];
}

static double best_time(struct at_pool *pool, at_task_fn fn, struct work *w)
{
    double best = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        double start = bench_now();
        at_pool_run(pool, w->n_threads, fn, w);
        best = AT_MIN(best, bench_now() - start);
    }
    return best;
}

struct bench_limits bench_measure_limits(struct at_pool *pool)
{
    size_t n = at_pool_size(pool);
    void *memory = at_malloc(BYTES, 1);
    uint64_t *sums = at_calloc(n, sizeof *sums);
    struct work w = { at_kernel(), memory, BYTES / sizeof(uint64_t), n, sums };

    memset(memory, 1, BYTES);
    double tile = 2.0 * (double)(w.kernel->mr * w.kernel->nr) * AT_KC * TILES;
    struct bench_limits limits = { (double)n * tile / best_time(pool, multiply, &w),
                                   (double)BYTES / best_time(pool, read_memory, &w) };
    free(sums);
    free(memory);
    return limits;
}
