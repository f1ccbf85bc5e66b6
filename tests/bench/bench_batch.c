/*
 * bench_batch.c - many short sentences: every map, all metrics of all heads.
 *
 *   bench_batch MODEL_DIR THREADS SENTENCES
 *
 * Sentences have 8 to 40 tokens. Prints CSV: tokens per second, and the share of what the matrix
 * products of the same rows alone would allow, by our kernels and, where it is installed, by
 * OpenBLAS.
 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/attn_metrics.h"
#include "base/alloc.h"
#include "base/path.h"
#include "bench.h"
#include "model/forward.h"
#include "ops/cpu.h"

enum { LONGEST = 40 };

/* The heads of one layer of one text, spread over the pool as the commands do. */
struct heads {
    const struct at_layer_view *view;
    struct at_attn_metrics *out; /* (H) */
    float *scratch;              /* (H, LONGEST * LONGEST) */
    struct at_pool *pool;
};

static void one_head(void *arg, size_t h, size_t slot)
{
    const struct heads *j = arg;
    size_t T = j->view->T;

    (void)slot;
    at_attn_metrics(&j->out[h], j->view->attention + h * T * T, T, (struct at_map_kind){ 0 },
                    j->scratch + h * LONGEST * LONGEST);
}

static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct heads *j = arg;

    (void)err;
    j->view = view;
    at_pool_run(j->pool, view->H, one_head, j);
    return 0;
}

static struct at_batch sentences(size_t B, size_t vocab)
{
    size_t *start = at_malloc(B + 1, sizeof *start);
    int *ids = at_malloc(B * LONGEST, sizeof *ids);

    start[0] = 0;
    for (size_t b = 0; b < B; b++)
        start[b + 1] = start[b] + 8 + b * 17 % (LONGEST - 8 + 1);
    for (size_t i = 0; i < start[B]; i++)
        ids[i] = (int)((1000 + i * 7919) % 19000 % vocab);
    return (struct at_batch){ B, start, ids, NULL };
}

/* Seconds for the products of one group of rows, all layers. */
static double products(const struct at_model *m, size_t N, struct at_pool *pool)
{
    size_t C = m->config.width, F = m->config.ffn_width;
    float *x = at_calloc(N * AT_MAX(C, F), sizeof *x),
          *y = at_calloc(N * AT_MAX(3 * C, F), sizeof *y);
    double start = bench_now();

    for (size_t l = 0; l < m->config.n_layers; l++) {
        const struct at_layer_weights *w = &m->weights.layer[l];
        const struct at_linear_part three[] = { { &w->q.w, NULL },
                                                { &w->k.w, NULL },
                                                { &w->v.w, NULL } };
        const struct at_linear_part one = { &w->qkv.w, NULL };
        bool is_one = w->qkv.w.data != NULL;
        at_linear_parts(y, x, is_one ? &one : three, is_one ? 1 : 3, N, AT_EPI_NONE, pool);
        at_linear(y, x, &w->attn_out.w, NULL, N, AT_EPI_NONE, pool);
        at_linear(y, x, &w->ffn_in.w, NULL, N, AT_EPI_NONE, pool);
        at_linear(y, x, &w->ffn_out.w, NULL, N, AT_EPI_NONE, pool);
    }
    double took = bench_now() - start;
    free(y);
    free(x);
    return took;
}

/* Tokens per second of the products alone; 0 when the kernels are not there. */
static double limit(const struct at_model *m, enum at_kernels kernels, struct at_pool *pool)
{
    double best = 1e9;

    if (at_cpu_select(kernels, NULL) != 0)
        return 0.0;
    for (int i = 0; i < 3; i++)
        best = AT_MIN(best, products(m, AT_GROUP_ROWS, pool));
    return AT_GROUP_ROWS / best;
}

static void measure(const struct at_model *m, struct at_pool *pool, size_t B)
{
    struct at_batch batch = sentences(B, m->config.vocab);
    size_t N = batch.start[B], H = m->config.n_heads;
    struct heads j = { NULL, at_malloc(H, sizeof *j.out), at_malloc(H * LONGEST * LONGEST, 4),
                       pool };
    struct at_forward_options options = { .want_attention = true, .on_layer = on_layer, .arg = &j };
    struct at_error err;
    double best = 1e9, own, blas;

    own = limit(m, AT_KERNELS_AUTO, pool);
    for (int i = 0; i < 2; i++) {
        double start = bench_now();
        if (at_forward(NULL, m, &batch, &options, pool, &err) != 0) {
            fprintf(stderr, "bench_batch: %s\n", err.text);
            exit(1);
        }
        best = AT_MIN(best, bench_now() - start);
    }
    blas = limit(m, AT_KERNELS_OPENBLAS, pool);
    printf("work,sentences,tokens,threads,tokens_per_s,share_of_own_products,share_of_openblas\n");
    printf("%s metrics,%zu,%zu,%zu,%.0f,%.2f,", at_path_base(m->dir), B, N, at_pool_size(pool),
           (double)N / best, (double)N / best / own);
    if (blas > 0.0)
        printf("%.2f", (double)N / best / blas);
    printf("\n");
    free(j.scratch);
    free(j.out);
}

int main(int argc, char **argv)
{
    struct at_model m;
    struct at_error err;

    bench_begin();
    if (argc != 4) {
        fprintf(stderr, "usage: bench_batch MODEL_DIR THREADS SENTENCES\n");
        return 2;
    }
    if (at_model_open(&m, argv[1], &err) != 0) {
        fprintf(stderr, "bench_batch: %s\n", err.text);
        return 1;
    }
    struct at_pool *pool = at_pool_new(strtoul(argv[2], NULL, 10));
    at_model_populate(&m, pool);
    measure(&m, pool, strtoul(argv[3], NULL, 10));
    at_pool_free(pool);
    at_model_close(&m);
    return 0;
}
