/*
 * gemm.c - see gemm.h.
 */
#include "ops/gemm.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "ops/activation.h"

static float weight_at(const struct at_weight *w, size_t out, size_t in)
{
    size_t i = w->layout == AT_OUT_MAJOR ? out * w->n_in + in : in * w->n_out + out;
    float f;

    at_to_f32(&f, (const char *)w->data + i * at_dtype_size(w->dtype), w->dtype, 1);
    return f;
}

struct job {
    float *out;
    size_t out_stride;
    const float *x;
    const struct at_weight *w;
    const float *bias;
    size_t N;
    enum at_epilogue epilogue;
};

static float finish(float y, float before, enum at_epilogue epilogue)
{
    switch (epilogue) {
    case AT_EPI_GELU_ERF:
        at_gelu_erf(&y, &y, 1);
        break;
    case AT_EPI_GELU_TANH:
        at_gelu_tanh(&y, &y, 1);
        break;
    case AT_EPI_TANH:
        at_tanh(&y, &y, 1);
        break;
    case AT_EPI_ADD:
        y += before;
        break;
    case AT_EPI_NONE:
        break;
    }
    return y;
}

/* One output column for all rows. */
static void column(void *arg, size_t m, size_t slot)
{
    const struct job *job = arg;
    size_t K = job->w->n_in;
    float *w = at_malloc(K, sizeof *w);

    (void)slot;
    for (size_t k = 0; k < K; k++)
        w[k] = weight_at(job->w, m, k);
    for (size_t n = 0; n < job->N; n++) {
        float sum[8] = { 0 };
        size_t k = 0;
        for (; k + 8 <= K; k += 8)
            for (size_t i = 0; i < 8; i++)
                sum[i] += job->x[n * K + k + i] * w[k + i];
        for (; k < K; k++)
            sum[0] += job->x[n * K + k] * w[k];
        float y = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
        float *out = &job->out[n * job->out_stride + m];
        *out = finish(y + (job->bias ? job->bias[m] : 0.0f), *out, job->epilogue);
    }
    free(w);
}

void at_linear_parts(float *out, const float *x, const struct at_linear_part *parts, size_t n_parts,
                     size_t N, enum at_epilogue epilogue, struct at_pool *pool)
{
    size_t stride = 0;

    for (size_t p = 0; p < n_parts; p++)
        stride += parts[p].w->n_out;
    for (size_t p = 0; p < n_parts; p++) {
        struct job job = { out, stride, x, parts[p].w, parts[p].bias, N, epilogue };
        at_pool_run(pool, job.w->n_out, column, &job);
        out += job.w->n_out;
    }
}

void at_linear(float *out, const float *x, const struct at_weight *w, const float *bias, size_t N,
               enum at_epilogue epilogue, struct at_pool *pool)
{
    struct at_linear_part part = { w, bias };

    at_linear_parts(out, x, &part, 1, N, epilogue, pool);
}

void at_matmul(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
               int is_b_transposed, size_t M, size_t N, size_t K)
{
    for (size_t m = 0; m < M; m++)
        for (size_t n = 0; n < N; n++) {
            double sum = 0.0;
            for (size_t k = 0; k < K; k++)
                sum += (double)a[m * lda + k] *
                       (double)(is_b_transposed ? b[n * ldb + k] : b[k * ldb + n]);
            c[m * ldc + n] = (float)sum;
        }
}
