/*
 * attention.c - see attention.h.
 */
#include "ops/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/gemm.h"
#include "ops/softmax.h"

struct job {
    const struct at_attention_out *out;
    const struct at_attention_in *in;
    size_t H;
};

static void one_row(const struct at_attention_in *in, float *row, float *context, size_t h,
                    size_t i)
{
    const float *k = in->k + h * in->D, *v = in->v + h * in->D, *q = in->q + h * in->D;
    size_t token = in->query_rows ? in->query_rows[i] : i;
    size_t n = in->is_causal ? token + 1 : in->T;
    float scale = in->scale != 0.0f ? in->scale : (float)(1.0 / sqrt((double)in->D));

    at_matmul(row, n, q + i * in->q_stride, in->D, k, in->k_stride, 1, 1, n, in->D);
    for (size_t j = 0; j < n; j++)
        row[j] *= scale;
    at_softmax_rows(row, n, 1, n, NULL);
    memset(row + n, 0, (in->T - n) * sizeof *row);
    at_matmul(context, in->D, row, n, v, in->v_stride, 0, 1, in->D, n);
}

static void one_head(void *arg, size_t task, size_t slot)
{
    const struct job *job = arg;
    size_t b = task / job->H, h = task % job->H;
    const struct at_attention_in *in = &job->in[b];
    const struct at_attention_out *out = &job->out[b];
    float *scratch = out->map ? NULL : at_malloc(in->T, sizeof *scratch);

    (void)slot;
    for (size_t i = 0; i < in->n_queries; i++) {
        float *row = out->map ? out->map + (h * in->n_queries + i) * in->T : scratch;
        one_row(in, row, out->context + i * out->context_stride + h * in->D, h, i);
    }
    free(scratch);
}

void at_attention(const struct at_attention_out *out, const struct at_attention_in *in, size_t B,
                  struct at_pool *pool)
{
    struct job job = { out, in, B ? in[0].H : 0 };

    at_pool_run(pool, B * job.H, one_head, &job);
}
