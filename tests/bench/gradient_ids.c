/*
 * gradient_ids.c - gradients of a target of token ids through a model:
 * scripts/outside/check-gradients-against-torch compares the file with PyTorch's autograd.
 *
 *   gradient_ids MODEL-DIR OUT.safetensors [THREADS [attnlrp]] <IDS
 *
 * Standard input has one "id segment" pair per line. The target is ln p(token 7) in the middle less
 * half of ln p(token 11) at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/pool.h"
#include "bench.h"
#include "io/safetensors.h"
#include "model/target.h"

struct numbers AT_ARRAY(int);

enum part { WORDS, STATES, MAPS, CONTEXT, VALUE, N_PARTS };

/* What is written: layers come last to first, so all are kept. */
struct result {
    float *data[N_PARTS];
    size_t n[N_PARTS];
    double value;
};

static int keep(void *arg, const struct at_gradient_view *v, struct at_error *err)
{
    struct result *r = arg;
    size_t n = v->T * v->C, n_context = v->T * v->H * v->D, cells = v->H * v->T * v->T;

    (void)err;
    memcpy(r->data[STATES] + v->layer * n, v->d_input, n * sizeof(float));
    memcpy(r->data[CONTEXT] + v->layer * n_context, v->d_context, n_context * sizeof(float));
    memcpy(r->data[MAPS] + v->layer * cells, v->d_attention, cells * sizeof(float));
    return 0;
}

static int compute(struct result *r, const struct at_model *m, const struct numbers *ids,
                   const struct numbers *segments, enum at_rule rule, struct at_pool *pool,
                   struct at_error *err)
{
    size_t T = ids->n;
    const size_t start[] = { 0, T };
    const struct at_batch batch = { 1, start, ids->items, segments->items };
    const struct at_target_term terms[] = { { T / 2, 7, 1.0 }, { T - 1, 11, -0.5 } };
    const struct at_target target = { terms, AT_COUNTOF(terms) };
    struct at_targets t;
    int rc = at_targets_init(&t, m, AT_TARGET_TOKENS, &batch, &target, pool, err);

    if (rc)
        return rc;
    t.rule = rule;
    const struct at_backward_options options = { .target = at_targets_gradient,
                                                 .target_arg = &t,
                                                 .d_input = r->data[WORDS],
                                                 .on_layer = keep,
                                                 .arg = r,
                                                 .final_rows = t.rows,
                                                 .n_final_rows = t.n_rows,
                                                 .rule = rule };
    rc = at_backward(m, &batch, &options, pool, err);
    r->value = t.values[0];
    at_targets_release(&t);
    return rc;
}

static int write_all(const struct result *r, const struct at_config *c, size_t T, const char *path,
                     struct at_error *err)
{
    const size_t shapes[N_PARTS][4] = { { T, c->width },
                                        { c->n_layers, T, c->width },
                                        { c->n_layers, c->n_heads, T, T },
                                        { c->n_layers, T, at_query_width(c) },
                                        { 1 } };
    static const size_t ranks[] = { 2, 3, 4, 3, 1 };
    static const char *const names[] = { "d_words", "d_states", "d_attentions", "d_context",
                                         "value" };
    struct at_safetensors_writer *w;
    int rc = at_safetensors_create(&w, path, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < N_PARTS; i++)
        at_safetensors_declare(w, names[i], "F32", ranks[i], shapes[i]);
    rc = at_safetensors_begin(w, err);
    for (size_t i = 0; i < N_PARTS && !rc; i++)
        rc = at_safetensors_append(w, i, r->data[i], r->n[i] * sizeof(float), err);
    if (!rc)
        return at_safetensors_commit(w, err);
    at_safetensors_abort(w);
    return rc;
}

static int run(const char *dir, const char *path, const struct numbers *ids,
               const struct numbers *segments, enum at_rule rule, struct at_pool *pool,
               struct at_error *err)
{
    struct at_model m = { 0 };
    struct result r = { 0 };
    int rc = at_model_open(&m, dir, err);

    if (!rc) {
        const struct at_config *c = &m.config;
        size_t T = ids->n, rows = c->n_layers * T;
        const size_t n[N_PARTS] = { T * c->width, rows * c->width, rows * c->n_heads * T,
                                    rows * at_query_width(c), 1 };
        memcpy(r.n, n, sizeof n);
        for (size_t i = 0; i < N_PARTS; i++)
            r.data[i] = at_calloc(r.n[i], sizeof(float));
        rc = compute(&r, &m, ids, segments, rule, pool, err);
        r.data[VALUE][0] = (float)r.value;
    }
    if (!rc)
        rc = write_all(&r, &m.config, ids->n, path, err);
    for (size_t i = 0; i < N_PARTS; i++)
        free(r.data[i]);
    at_model_close(&m);
    return rc;
}

int main(int argc, char **argv)
{
    struct at_pool *pool = at_pool_new(argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
    struct numbers ids = { 0 }, segments = { 0 };
    struct at_error err = { .text = "MODEL-DIR OUT [THREADS] <IDS" };
    enum at_rule rule = argc > 4 ? AT_RULE_ATTNLRP : AT_RULE_GRADIENT;
    int id, segment, rc = 2;

    bench_begin();
    if (argc >= 3) {
        while (scanf("%d %d", &id, &segment) == 2) {
            *at_array_push(&ids) = id;
            *at_array_push(&segments) = segment;
        }
        rc = run(argv[1], argv[2], &ids, &segments, rule, pool, &err);
    }
    if (rc)
        fprintf(stderr, "gradient_ids: %s\n", err.text);
    at_array_release(&ids);
    at_array_release(&segments);
    at_pool_free(pool);
    return rc ? 1 : 0;
}
