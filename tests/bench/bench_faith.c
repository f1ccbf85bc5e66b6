/*
 * bench_faith.c - integrated gradients of a text beside a forward pass of the same rows.
 *
 *   bench_faith MODEL_DIR THREADS REPEATS T
 *
 * Prints CSV: the seconds of 64 nodes and of both ends of the way, as `atlas faith --steps 64` has
 * them, with the target at one position, and of a forward pass of 64 such texts with the last layer
 * at that position; best of REPEATS, taken in turns; the ratio; the most memory the process had.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "analysis/attribution.h"
#include "base/alloc.h"
#include "bench.h"

enum { NODES = 64 };

static void check(int rc, const struct at_error *err)
{
    if (!rc)
        return;
    fprintf(stderr, "bench_faith: %s\n", err->text);
    exit(1);
}

/* A text of T tokens: ids of its own, whatever they are in the vocabulary. */
static void make_doc(struct at_doc *doc, size_t T, size_t vocab)
{
    *doc = (struct at_doc){ 0 };
    doc->tokens.items = at_calloc(T, sizeof *doc->tokens.items);
    doc->tokens.n = T;
    for (size_t t = 0; t < T; t++)
        doc->tokens.items[t].id = (int)((1000 + t * 7919) % vocab);
}

static double forward(const struct at_session *s, const struct at_doc *doc)
{
    size_t T = doc->tokens.n, *start = at_calloc(NODES + 1, sizeof *start);
    size_t *rows = at_calloc(NODES, sizeof *rows);
    int *ids = at_calloc(NODES * T, sizeof *ids);
    float *out = at_calloc(NODES * s->model.config.width, sizeof *out);
    const struct at_batch batch = { NODES, start, ids, NULL };
    const struct at_forward_options options = { .final_rows = rows, .n_final_rows = NODES };
    struct at_error err;
    double begun;

    for (size_t b = 0; b < NODES; b++) {
        start[b + 1] = (b + 1) * T;
        rows[b] = (b + 1) * T - 1;
        for (size_t t = 0; t < T; t++)
            ids[b * T + t] = doc->tokens.items[t].id;
    }
    begun = bench_now();
    check(at_forward(out, &s->model, &batch, &options, s->pool, &err), &err);
    begun = bench_now() - begun;
    free(start);
    free(rows);
    free(ids);
    free(out);
    return begun;
}

static double integrate(struct at_probe *p, const struct at_doc *doc)
{
    const struct at_attribution_options options = { .n_steps = NODES,
                                                    .baseline = AT_BASELINE_ZERO };
    struct at_explained e = { .probe = p, .doc = doc, .options = &options, .T = doc->tokens.n };
    double *scores = at_calloc(e.T, sizeof *scores), begun = bench_now();
    struct at_error err;

    check(at_method_ig.run(scores, &e, &err), &err);
    free(scores);
    return bench_now() - begun;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_faith MODEL_DIR THREADS REPEATS T\n");
        return 2;
    }
    size_t T = strtoul(argv[4], NULL, 10), repeats = strtoul(argv[3], NULL, 10);
    const struct at_session_options so = { .n_threads = strtoul(argv[2], NULL, 10) };
    const struct at_aim_options ao = { .choice = AT_AIM_TOKEN };
    const size_t last = T - 1;
    const struct at_probe_options po = { .positions = &last, .n_positions = 1 };
    struct at_arena arena = { 0 };
    struct at_session s;
    struct at_aim aim;
    struct at_doc doc;
    struct at_probe p;
    struct at_error err;
    struct rusage usage;
    double best[2] = { 1e30, 1e30 };

    bench_begin();
    check(at_session_open(&s, argv[1], &so, &err), &err);
    make_doc(&doc, T, s.model.config.vocab);
    check(at_aim_init(&aim, &s, &ao, &arena, &err), &err);
    check(at_probe_init(&p, &s, &aim, &doc, &po, &err), &err);
    for (size_t r = 0; r < repeats; r++) {
        double there = forward(&s, &doc), both = integrate(&p, &doc);
        best[0] = AT_MIN(best[0], there);
        best[1] = AT_MIN(best[1], both);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("tokens,nodes,forward_s,integrated_gradients_s,ratio,peak_mb\n");
    printf("%zu,%d,%.4f,%.4f,%.3f,%ld\n", T, NODES, best[0], best[1], best[1] / best[0],
           usage.ru_maxrss / 1024);
    at_probe_release(&p);
    at_tokens_release(&doc.tokens);
    at_arena_release(&arena);
    at_session_close(&s);
    return 0;
}
