/*
 * capture_ids.c - token ids through a model, all captured: scripts/outside/check-against-torch
 * compares the file with PyTorch.
 *
 *   capture_ids MODEL-DIR OUT.safetensors [THREADS] <IDS
 *
 * Standard input has one "id segment" pair per line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/pool.h"
#include "bench.h"
#include "model/capture.h"
#include "model/lm_head.h"

struct numbers AT_ARRAY(int);

static int on_embedded(void *arg, size_t text, const float *embedded, size_t T,
                       struct at_error *err)
{
    (void)text;
    (void)T;
    return at_capture_add_embedded(arg, embedded, err);
}

static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    return at_capture_add(arg, view, err);
}

static int add_logits(struct at_capture_writer *w, const struct at_model *m, const float *hidden,
                      size_t T, struct at_pool *pool, struct at_error *err)
{
    float *logits = at_malloc(T * m->config.vocab, sizeof *logits);
    int rc = at_lm_logits(logits, m, hidden, T, pool, err);

    if (!rc)
        rc = at_capture_add_logits(w, logits, T, err);
    free(logits);
    return rc;
}

static int capture(const struct at_model *m, const struct numbers *ids,
                   const struct numbers *segments, const char *path, struct at_pool *pool,
                   struct at_error *err)
{
    unsigned keep = AT_CAP_ATTENTION | AT_CAP_HIDDEN | AT_CAP_QKV | AT_CAP_CONTEXT | AT_CAP_MID |
                    AT_CAP_FFN | AT_CAP_LOGITS;
    const size_t start[] = { 0, ids->n };
    const struct at_batch batch = { 1, start, ids->items, segments->items };
    const struct at_dims dims = at_config_dims(&m->config, ids->n);
    const struct at_capture_meta meta = { .family = m->config.family->model_type };
    struct at_capture_writer *w;
    float *hidden = at_malloc(ids->n * m->config.width, sizeof *hidden);
    int rc = at_capture_create(&w, path, &dims, keep, &meta, ids->items, segments->items, err);

    if (!rc) {
        const struct at_forward_options options = {
            .want_attention = true, .on_embedded = on_embedded, .on_layer = on_layer, .arg = w
        };
        rc = at_forward(hidden, m, &batch, &options, pool, err);
        if (!rc)
            rc = add_logits(w, m, hidden, ids->n, pool, err);
        if (rc)
            at_capture_abort(w);
        else
            rc = at_capture_commit(w, hidden, err);
    }
    free(hidden);
    return rc;
}

int main(int argc, char **argv)
{
    struct at_pool *pool = at_pool_new(argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
    struct numbers ids = { 0 }, segments = { 0 };
    struct at_model m = { 0 };
    struct at_error err = { 0 };
    int id, segment, rc = 2;

    bench_begin();
    if (argc >= 3) {
        while (scanf("%d %d", &id, &segment) == 2) {
            *at_array_push(&ids) = id;
            *at_array_push(&segments) = segment;
        }
        rc = at_model_open(&m, argv[1], &err);
        if (!rc) {
            at_model_populate(&m, pool);
            rc = capture(&m, &ids, &segments, argv[2], pool, &err);
        }
    }
    if (rc)
        fprintf(stderr, "capture_ids: %s\n", rc == 2 ? "MODEL-DIR OUT [THREADS] <IDS" : err.text);
    at_model_close(&m);
    at_array_release(&ids);
    at_array_release(&segments);
    at_pool_free(pool);
    return rc ? 1 : 0;
}
