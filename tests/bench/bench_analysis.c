/*
 * bench_analysis.c - the analyses alone, on made-up maps: metrics and scores of 144 heads,
 * significance of attention to flagged tokens of 384, and clusters of up to 1,200.
 *
 *   bench_analysis THREADS
 *
 * Prints CSV: what, tokens, heads, best and median milliseconds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/bar.h"
#include "analysis/head_clusters.h"
#include "base/alloc.h"
#include "base/attr.h"
#include "base/rng.h"
#include "bench.h"

enum { H = 144, ROUNDS = 7 };

struct maps {
    size_t T;
    bool is_causal;
    float *maps, *scratch; /* (H,T,T), (slots,T,T) */
    unsigned char *marks;  /* (T) */
    struct at_attn_metrics metrics[H];
};

/* Rows like a trained head's: a softmax of normal scores, sharper in some heads. */
static void fill(struct maps *m, struct at_rng *rng)
{
    for (size_t r = 0; r < H * m->T; r++) {
        float *row = m->maps + r * m->T;
        size_t n = m->is_causal ? r % m->T + 1 : m->T;
        double sharpness = 1.0 + (double)(r / m->T % 5), sum = 0.0;
        for (size_t j = 0; j < m->T; j++) {
            row[j] = j < n ? (float)exp(sharpness * at_rng_normal(rng)) : 0.0f;
            sum += row[j];
        }
        for (size_t j = 0; j < n; j++)
            row[j] = (float)(row[j] / sum);
    }
}

static void metrics_task(void *arg, size_t head, size_t slot)
{
    struct maps *m = arg;
    size_t cells = m->T * m->T;
    struct at_map_kind kind = { m->is_causal, !m->is_causal };

    at_attn_metrics(&m->metrics[head], m->maps + head * cells, m->T, kind,
                    m->scratch + slot * cells);
}

static void report(const char *what, size_t T, size_t heads, double *seconds)
{
    bench_sort(seconds, ROUNDS);
    printf("%s,%zu,%zu,%.3f,%.3f\n", what, T, heads, seconds[0] * 1e3, seconds[ROUNDS / 2] * 1e3);
}

static void bench_maps(size_t T, bool is_causal, struct at_pool *pool)
{
    struct maps m = { .T = T, .is_causal = is_causal };
    double metrics[ROUNDS], scores[ROUNDS], out[H * AT_N_HEAD_SCORES];
    struct at_rng rng;

    m.maps = at_malloc(H * T * T, sizeof *m.maps);
    m.scratch = at_malloc(at_pool_size(pool) * T * T, sizeof *m.scratch);
    m.marks = at_malloc(T, sizeof *m.marks);
    at_rng_init(&rng, 1, 0);
    fill(&m, &rng);
    for (size_t i = 0; i < T; i++)
        m.marks[i] = (unsigned char)at_rng_below(&rng, 16);
    for (int r = 0; r < ROUNDS; r++) {
        double start = bench_now();
        at_pool_run(pool, H, metrics_task, &m);
        metrics[r] = bench_now() - start;
        start = bench_now();
        at_head_scores(out, m.maps, H, T, (struct at_map_kind){ is_causal, !is_causal }, m.marks,
                       pool);
        scores[r] = bench_now() - start;
    }
    report(is_causal ? "metrics causal" : "metrics", T, H, metrics);
    report(is_causal ? "scores causal" : "scores", T, H, scores);
    free(m.maps);
    free(m.scratch);
    free(m.marks);
}

static void bench_clusters(size_t n, struct at_pool *pool)
{
    double seconds[ROUNDS], *scores = at_malloc(n * AT_N_HEAD_SCORES, sizeof *scores);
    struct at_cluster_options options = AT_CLUSTER_OPTIONS_INIT;
    struct at_rng rng;

    at_rng_init(&rng, 2, 0);
    for (size_t i = 0; i < n * AT_N_HEAD_SCORES; i++)
        scores[i] = at_rng_double(&rng) + (i % AT_N_HEAD_SCORES == i / AT_N_HEAD_SCORES % 5);
    for (int r = 0; r < ROUNDS; r++) {
        struct at_clusters c;
        double start = bench_now();
        if (at_cluster_heads(&c, scores, NULL, n, &options, pool, NULL) != 0)
            continue;
        seconds[r] = bench_now() - start;
        at_clusters_release(&c);
    }
    report("cluster", 0, n, seconds);
    free(scores);
}

/* 30,000 permutations for the 24 x 16 heads of a large model, a tenth of the tokens flagged. */
static void bench_significance(size_t T, struct at_pool *pool)
{
    enum { LAYERS = 24, HEADS = 16, N = LAYERS * HEADS };
    bool *flagged = at_calloc(T, sizeof *flagged), *special = at_calloc(T, sizeof *special);
    struct at_bar_significance s;
    struct at_bar_ratios b;
    double seconds[ROUNDS];
    struct at_rng rng;

    for (size_t i = 5; i < T; i += 10)
        flagged[i] = true;
    special[0] = special[T - 1] = true;
    if (at_bar_init(&b, LAYERS, HEADS, T, false, flagged, AT_BAR_THRESHOLD, NULL) != 0)
        return;
    at_rng_init(&rng, 3, 0);
    for (size_t i = 0; i < N * T; i++)
        b.received[i] = at_rng_double(&rng); /* all that the test looks at */
    for (int r = 0; r < ROUNDS; r++) {
        double start = bench_now();
        at_bar_significance(&s, &b, special, 30000, 0.05, 0, pool);
        seconds[r] = bench_now() - start;
    }
    report("significance", T, N, seconds);
    at_bar_release(&b);
    free(flagged);
    free(special);
}

int main(int argc, char **argv)
{
    static const size_t lengths[] = { 16, 128, 512 }, counts[] = { 36, 144, 384, 1200 };
    struct at_pool *pool = at_pool_new(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);

    printf("what,tokens,heads,best_ms,median_ms\n");
    for (size_t i = 0; i < AT_COUNTOF(lengths); i++)
        for (int causal = 0; causal < 2; causal++)
            bench_maps(lengths[i], causal, pool);
    for (size_t i = 0; i < AT_COUNTOF(lengths); i++)
        bench_significance(lengths[i], pool);
    for (size_t i = 0; i < AT_COUNTOF(counts); i++)
        bench_clusters(counts[i], pool);
    at_pool_free(pool);
    return 0;
}
