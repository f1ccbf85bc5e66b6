/*
 * bench_backward.c - reverse mode and ablation beside the forward pass of the same rows.
 *
 *   bench_backward MODEL_DIR THREADS REPEATS T
 *
 * Prints CSV: the gradient at 64 points of one text of T tokens, as for integrated gradients, with
 * the target at one position; all heads removed one at a time, each layer's from what enters it,
 * for the final states of all positions and of one, and as `atlas faith` does it: with what enters
 * the layers, a target, the cosines of all final states and the KL of all predictions.
 * The ratios are of best times, taken in turns: to a forward pass of the same rows, and to one pass
 * for every head.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/path.h"
#include "bench.h"
#include "io/record.h"
#include "model/trace.h"
#include "session/head_effects.h"

enum { POINTS = 64 };

/* B copies of one text, and the last row of each. */
struct work {
    const struct at_model *m;
    struct at_pool *pool;
    size_t B, T, *start, *rows;
    int *ids;
    float *out, *d_input;
};

static void work_init(struct work *w, const struct at_model *m, struct at_pool *pool, size_t B,
                      size_t T)
{
    size_t C = m->config.width;

    *w = (struct work){ m,
                        pool,
                        B,
                        T,
                        at_calloc(B + 1, sizeof *w->start),
                        at_calloc(B, sizeof *w->rows),
                        at_calloc(B * T, sizeof *w->ids),
                        at_calloc(B * T * C, sizeof *w->out),
                        at_calloc(B * T * C, sizeof *w->d_input) };
    for (size_t b = 0; b < B; b++) {
        w->start[b + 1] = (b + 1) * T;
        w->rows[b] = (b + 1) * T - 1;
        for (size_t t = 0; t < T; t++)
            w->ids[b * T + t] = (int)((1000 + t * 7919 + b) % m->config.vocab);
    }
}

static void work_release(struct work *w)
{
    free(w->start);
    free(w->rows);
    free(w->ids);
    free(w->out);
    free(w->d_input);
}

static void check(int rc, const struct at_error *err)
{
    if (!rc)
        return;
    fprintf(stderr, "bench_backward: %s\n", err->text);
    exit(1);
}

static double forward(struct work *w, const struct at_forward_options *options)
{
    const struct at_batch batch = { w->B, w->start, w->ids, NULL };
    struct at_error err;
    double start = bench_now();

    check(at_forward(w->out, w->m, &batch, options, w->pool, &err), &err);
    return bench_now() - start;
}

static int ones(void *arg, const struct at_final_view *v, struct at_error *err)
{
    (void)arg;
    (void)err;
    for (size_t i = 0; i < v->N * v->C; i++)
        v->d_hidden[i] = 1.0f;
    return 0;
}

static double backward(struct work *w)
{
    const struct at_batch batch = { w->B, w->start, w->ids, NULL };
    const struct at_backward_options options = {
        .target = ones, .d_input = w->d_input, .final_rows = w->rows, .n_final_rows = w->B
    };
    struct at_error err;
    double start = bench_now();

    check(at_backward(w->m, &batch, &options, w->pool, &err), &err);
    return bench_now() - start;
}

/* Every head of every layer by itself: w has a text for each head of a layer. */
static double ablate(struct work *w, bool wants_all_rows)
{
    const struct at_config *c = &w->m->config;
    const struct at_batch batch = { w->B, w->start, NULL, NULL };
    size_t n = w->T * c->width, n_heads = c->n_layers * c->n_heads;
    float *gates = at_malloc(w->B * n_heads, sizeof *gates);
    struct at_head_edit *edits = at_calloc(w->B, sizeof *edits);
    struct at_trace t = { 0 };
    struct at_error err;
    double start = bench_now();

    check(at_trace_run(&t, w->m, w->ids, NULL, w->T, AT_CAP_HIDDEN, w->pool, &err), &err);
    for (size_t l = 0; l < c->n_layers; l++) {
        const struct at_change change = {
            .layer_input = t.hidden + l * n, .first_layer = l, .is_shared = true, .edits = edits
        };
        const struct at_forward_options options = {
            .change = &change,
            .final_rows = wants_all_rows ? NULL : w->rows,
            .n_final_rows = wants_all_rows ? 0 : w->B,
        };
        for (size_t b = 0; b < w->B; b++) {
            edits[b].gates = gates + b * n_heads;
            for (size_t i = 0; i < n_heads; i++)
                gates[b * n_heads + i] = i == l * c->n_heads + b ? 0.0f : 1.0f;
        }
        check(at_forward(w->out, w->m, &batch, &options, w->pool, &err), &err);
    }
    at_trace_release(&t);
    free(gates);
    free(edits);
    return bench_now() - start;
}

static void report(const struct work *w, const char *what, double best, double ratio)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("%s,%s,%zu,%zu,%.1f,%.3f,%ld\n", at_path_base(w->m->dir), what, w->T,
           at_pool_size(w->pool), best * 1e3, ratio, usage.ru_maxrss / 1024);
    fflush(stdout);
}

static void bench_gradients(const struct at_model *m, struct at_pool *pool, size_t repeats,
                            size_t T)
{
    double there = 1e9, both = 1e9;
    struct work w;

    work_init(&w, m, pool, POINTS, T);
    for (size_t r = 0; r < repeats; r++) {
        there = AT_MIN(there, forward(&w, NULL));
        both = AT_MIN(both, backward(&w));
    }
    report(&w, "forward", there, 1.0);
    report(&w, "gradients", both, both / there);
    work_release(&w);
}

/* Effects of every head, from the text alone. */
static double effects(const struct at_session *s, const struct work *single)
{
    const struct at_config *c = &s->model.config;
    struct at_target_term terms[] = { { single->T - 1, 7, 1.0 } };
    size_t row = single->T - 1, n = c->n_layers * c->n_heads;
    const struct at_aim aim = { .choice = AT_AIM_TOKEN, .how = AT_TARGET_TOKENS };
    struct at_probe_copy copy = { AT_NONE, { terms, 1 }, &row, 1 };
    int *segments = at_calloc(single->T, sizeof *segments);
    struct at_probe probe = { .s = s,
                              .aim = &aim,
                              .T = single->T,
                              .C = c->width,
                              .ids = single->ids,
                              .segments = segments,
                              .copies = &copy,
                              .n_copies = 1,
                              .batch_rows = AT_BACKWARD_ROWS };
    float *gates = at_malloc(n * n, sizeof *gates);
    struct at_head_edit *edits = at_calloc(n, sizeof *edits);
    struct at_head_effect *e = at_malloc(n, sizeof *e);
    struct at_head_ground ground;
    struct at_error err;
    double start = bench_now();

    for (size_t i = 0; i < n * n; i++)
        gates[i] = i / n == i % n ? 0.0f : 1.0f;
    for (size_t i = 0; i < n; i++)
        edits[i].gates = gates + i * n;
    check(at_head_ground_init(&ground, &probe, &err), &err);
    check(at_head_effects(e, &ground, edits, n, &err), &err);
    at_head_ground_release(&ground);
    free(segments);
    free(gates);
    free(edits);
    free(e);
    return bench_now() - start;
}

static void bench_ablation(const struct at_session *s, struct at_pool *pool, size_t repeats,
                           size_t T)
{
    const struct at_model *m = &s->model;
    size_t H = m->config.n_heads, n_heads = m->config.n_layers * H;
    double one = 1e9, all = 1e9, last = 1e9, told = 1e9;
    struct work single, heads;

    work_init(&single, m, pool, 1, T);
    work_init(&heads, m, pool, H, T);
    for (size_t r = 0; r < repeats; r++) {
        for (size_t i = 0; i < 5; i++)
            one = AT_MIN(one, forward(&single, NULL));
        all = AT_MIN(all, ablate(&heads, true));
        last = AT_MIN(last, ablate(&heads, false));
        told = AT_MIN(told, effects(s, &single));
    }
    report(&single, "forward of one text", one, 1.0);
    report(&heads, "ablation of every head", all, all / (one * (double)n_heads));
    report(&heads, "the same for one position", last, last / (one * (double)n_heads));
    report(&heads, "with impact and KL", told, told / (one * (double)n_heads));
    work_release(&single);
    work_release(&heads);
}

int main(int argc, char **argv)
{
    struct at_session_options options = { .precision = AT_PRECISION_FLOAT };
    struct at_session s;
    struct at_error err;

    bench_begin();
    if (argc != 5) {
        fprintf(stderr, "usage: bench_backward MODEL_DIR THREADS REPEATS T\n");
        return 2;
    }
    size_t repeats = strtoul(argv[3], NULL, 10), T = strtoul(argv[4], NULL, 10);
    struct at_pool *pool = at_pool_new(strtoul(argv[2], NULL, 10));
    options.pool = pool;
    check(at_session_open(&s, argv[1], &options, &err), &err);
    at_model_populate(&s.model, pool);
    printf("work,what,tokens,threads,best_ms,ratio,memory_mb\n");
    bench_gradients(&s.model, pool, repeats, T);
    bench_ablation(&s, pool, repeats, T);
    at_session_close(&s);
    at_pool_free(pool);
    return 0;
}
