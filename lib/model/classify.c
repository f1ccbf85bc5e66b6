/*
 * classify.c - see classify.h.
 */
#include "model/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/numbers.h"
#include "ops/gemm.h"

size_t at_label_group(const char *label)
{
    const char *colon = strchr(label, ':');

    return colon ? (size_t)(colon - label) : 0;
}

static bool same_group(const char *a, const char *b)
{
    size_t n = at_label_group(a);

    return n == at_label_group(b) && memcmp(a, b, n) == 0;
}

size_t *at_label_leaders(const struct at_config *c)
{
    size_t *leader = at_malloc(c->n_labels, sizeof *leader);

    for (size_t i = 0; i < c->n_labels; i++)
        for (leader[i] = 0; !same_group(c->labels[leader[i]], c->labels[i]);)
            leader[i]++;
    return leader;
}

/* Softmax of one row within each group; max and sum have room for n. */
static void softmax_groups(float *row, const size_t *leader, double *max, double *sum, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        max[i] = -INFINITY;
        sum[i] = 0.0;
    }
    for (size_t i = 0; i < n; i++)
        max[leader[i]] = fmax(max[leader[i]], (double)row[i]);
    for (size_t i = 0; i < n; i++)
        sum[leader[i]] += exp((double)row[i] - max[leader[i]]);
    for (size_t i = 0; i < n; i++)
        row[i] = (float)(exp((double)row[i] - max[leader[i]]) / sum[leader[i]]);
}

int at_classify(float *out, const struct at_model *m, const float *hidden, size_t N,
                bool is_multi_label, struct at_pool *pool, struct at_error *err)
{
    const struct at_dense *d = &m->weights.classifier;
    size_t n = m->config.n_labels;

    if (!d->w.data)
        return at_fail(err, AT_ENOTFOUND, "the model has no token classifier");
    at_linear(out, hidden, &d->w, d->b.data, N, AT_EPI_NONE, pool);
    if (!at_all_finite(out, N * n))
        return at_no_numbers(m, "the logits of its classifier are not finite", err);
    if (is_multi_label) {
        for (size_t i = 0; i < N * n; i++)
            out[i] = (float)(1.0 / (1.0 + exp(-(double)out[i])));
        return 0;
    }
    size_t *leader = at_label_leaders(&m->config);
    double *scratch = at_malloc(2 * n, sizeof *scratch);
    for (size_t i = 0; i < N; i++)
        softmax_groups(out + i * n, leader, scratch, scratch + n, n);
    free(scratch);
    free(leader);
    return 0;
}

int at_class_logits(float *out, const struct at_model *m, const float *state, struct at_pool *pool,
                    struct at_error *err)
{
    const struct at_dense *before = &m->weights.class_dense, *d = &m->weights.text_classifier;
    float *raised = NULL;

    if (!d->w.data)
        return at_fail(err, AT_ENOTFOUND, "the model has no classifier of whole texts");
    if (before->w.data) {
        raised = at_malloc(before->w.n_out, sizeof *raised);
        at_linear(raised, state, &before->w, before->b.data, 1, m->config.family->class_activation,
                  pool);
    }
    at_linear(out, raised ? raised : state, &d->w, d->b.data, 1, AT_EPI_NONE, pool);
    free(raised);
    if (!at_all_finite(out, m->config.n_labels))
        return at_no_numbers(m, "the logits of its classifier are not finite", err);
    return 0;
}
