/*
 * bench_forward.c - the forward pass with every attention map captured in memory, and no more.
 *
 *   bench_forward MODEL_DIR THREADS REPEATS T...
 *   bench_forward MODEL_DIR THREADS -
 *
 * The first form prints CSV: best and median time, and the best one's share of what this machine
 * could do at all (arithmetic measured on tiles in the first-level cache, memory by reading;
 * whichever binds). The second reads a T at a time from standard input and answers with the
 * milliseconds of one pass, so that another program can take turns with it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "bench.h"
#include "model/forward.h"
#include "ops/cpu.h"

/* Of the products of one pass. The last layer ends with its maps: queries and keys. */
static double n_weights(const struct at_config *c)
{
    double C = (double)c->width, Q = (double)at_query_width(c), K = (double)at_key_width(c);
    double n_ffn = at_family_has(c->family, AT_FFN_GATE) ? 3.0 : 2.0;

    return ((double)c->n_layers - 1.0) * C * (2.0 * Q + 2.0 * K + n_ffn * (double)c->ffn_width) +
           C * (Q + K);
}

/* Cells of a map that a layer's queries see: all, half of them, or those in its window. */
static double visible(const struct at_config *c, size_t layer, double T)
{
    double W = c->windows && c->windows[layer] ? fmin((double)c->windows[layer], T) : T;

    return c->is_causal ? W * T - W * W / 2.0 : T * T;
}

/* Multiply-adds of one pass, counted as two. */
static double flops(const struct at_config *c, size_t T)
{
    double sum = 2.0 * (double)T * n_weights(c);

    for (size_t l = 0; l < c->n_layers; l++) /* scores, and but in the last layer their values */
        sum += (l + 1 < c->n_layers ? 2.0 : 1.0) * 2.0 * (double)at_query_width(c) *
               visible(c, l, (double)T);
    return sum;
}

/* Room for the maps of all layers, kept from pass to pass as a program with many texts would. */
struct room {
    float *maps; /* (L,H,T,T) */
    size_t cells, T;
    const struct at_config *config;
};

static float *map_room(void *arg, size_t text, size_t layer)
{
    const struct room *r = arg;

    (void)text;
    return r->maps + layer * r->config->n_heads * r->T * r->T;
}

static void make_room(struct room *r, size_t T)
{
    size_t cells = r->config->n_layers * r->config->n_heads * T * T;
    struct at_error err;
    void *block;

    r->T = T;
    if (cells <= r->cells)
        return;
    free(r->maps);
    if (at_try_alloc(&block, cells, sizeof(float), "the maps", &err) != 0) {
        fprintf(stderr, "bench_forward: %s\n", err.text);
        exit(1);
    }
    r->maps = block;
    r->cells = cells;
    memset(block, 0, cells * sizeof(float));
}

static double one_pass(const struct at_model *m, size_t T, struct room *room, struct at_pool *pool)
{
    const struct at_forward_options options = { .want_attention = true,
                                                .map_room = map_room,
                                                .arg = room };
    const size_t start_of[] = { 0, T };
    int *ids = at_malloc(T, sizeof *ids);
    struct at_error err;

    make_room(room, T);
    for (size_t i = 0; i < T; i++)
        ids[i] = (int)((1000 + i * 7919) % 19000 % m->config.vocab);
    double start = bench_now();
    if (at_forward(NULL, m, &(struct at_batch){ 1, start_of, ids, NULL }, &options, pool, &err)) {
        fprintf(stderr, "bench_forward: %s\n", err.text);
        exit(1);
    }
    double took = bench_now() - start;
    free(ids);
    return took;
}

static void table(const struct at_model *m, struct at_pool *pool, size_t repeats, char **lengths)
{
    struct bench_limits limits = bench_measure_limits(pool);
    struct room room = { .config = &m->config };

    printf("work,tokens,threads,kernels,best_ms,median_ms,gflops,share_of_limit\n");
    for (; *lengths; lengths++) {
        size_t T = strtoul(*lengths, NULL, 10);
        double *took = at_malloc(repeats, sizeof *took);
        one_pass(m, T, &room, pool);
        for (size_t r = 0; r < repeats; r++)
            took[r] = one_pass(m, T, &room, pool);
        bench_sort(took, repeats);
        double least =
            AT_MAX(flops(&m->config, T) / limits.flops, 4.0 * n_weights(&m->config) / limits.bytes);
        printf("%s,%zu,%zu,%s,%.2f,%.2f,%.1f,%.2f\n", at_path_base(m->dir), T, at_pool_size(pool),
               at_cpu_kernels_name(at_cpu_selected()), took[0] * 1e3, took[repeats / 2] * 1e3,
               flops(&m->config, T) / took[0] * 1e-9, least / took[0]);
        fflush(stdout);
        free(took);
    }
    free(room.maps);
}

static void serve(const struct at_model *m, struct at_pool *pool)
{
    struct room room = { .config = &m->config };
    char line[32];

    while (fgets(line, sizeof line, stdin)) {
        printf("%.3f\n", one_pass(m, strtoul(line, NULL, 10), &room, pool) * 1e3);
        fflush(stdout);
    }
    free(room.maps);
}

int main(int argc, char **argv)
{
    struct at_model m;
    struct at_error err;

    bench_begin();
    if (argc < 4) {
        fprintf(stderr, "usage: bench_forward MODEL_DIR THREADS REPEATS T... | -\n");
        return 2;
    }
    if (at_model_open(&m, argv[1], &err) != 0) {
        fprintf(stderr, "bench_forward: %s\n", err.text);
        return 1;
    }
    struct at_pool *pool = at_pool_new(strtoul(argv[2], NULL, 10));
    at_model_populate(&m, pool);
    if (!strcmp(argv[3], "-"))
        serve(&m, pool);
    else
        table(&m, pool, strtoul(argv[3], NULL, 10), argv + 4);
    at_pool_free(pool);
    at_model_close(&m);
    return 0;
}
