/*
 * test_decoder_ops.c - what the layers of decoders are made of beside BERT's: norms by the root
 * mean square, ReLU, turned heads, windows of attention and keys that heads share; by their
 * definitions in double, on every set of kernels.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/layernorm.h"
#include "ops/precise.h"
#include "ops/rotary.h"
#include "paths.h"

/* n normal numbers, with low parts of 0 behind them. */
static float *numbers(size_t n, uint64_t seed, double spread)
{
    struct at_rng rng;
    float *x = at_calloc(2 * n, sizeof *x);

    at_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(spread * at_rng_normal(&rng));
    return x;
}

/* n values of pairs, or floats when lo is 0, as doubles. */
static double *values(const float *x, size_t lo, size_t n)
{
    double *out = at_malloc(n, sizeof *out);

    for (size_t i = 0; i < n; i++)
        out[i] = lo ? at_pair(x + i, lo) : (double)x[i];
    return out;
}

/* ---- norms ---- */

static double scale_of(const float *x, const float *more, size_t C)
{
    double sum = 0.0;

    for (size_t c = 0; c < C; c++)
        sum += ((double)x[c] + (double)more[c]) * ((double)x[c] + (double)more[c]);
    return 1.0 / sqrt(sum / (double)C + 1e-6);
}

static void check_norm(size_t C)
{
    float *x = numbers(C, 1, 3.0), *more = numbers(C, 2, 1.0), *gain = numbers(C, 3, 1.0);
    float *dy = numbers(C, 4, 1.0), *none = at_calloc(C, 4), *out = at_malloc(2 * C, 4);
    double *want = at_malloc(C, sizeof *want), scale = scale_of(x, more, C), moment = 0.0;

    for (size_t c = 0; c < C; c++)
        want[c] = ((double)x[c] + (double)more[c]) * scale * (double)gain[c];
    at_rmsnorm(out, x, more, gain, 1e-6, 1, C, NULL);
    ASSERT_CLOSE(out, want, C, 2e-6, 1e-6);
    at_precise_norm(out, x, more, C, gain, NULL, 1e-6, 1, C, NULL);
    double *got = values(out, C, C);
    ASSERT_CLOSE_D(got, want, C, 1e-12, 1e-12);
    scale = scale_of(x, none, C);
    for (size_t c = 0; c < C; c++)
        moment += (double)dy[c] * (double)gain[c] * (double)x[c] * scale / (double)C;
    for (int is_fixed = 0; is_fixed < 2; is_fixed++) {
        enum at_rule rule = is_fixed ? AT_RULE_ATTNLRP : AT_RULE_GRADIENT;
        for (size_t c = 0; c < C; c++)
            want[c] = scale * ((double)dy[c] * (double)gain[c] -
                               (is_fixed ? 0.0 : (double)x[c] * scale * moment)) +
                      (double)more[c];
        at_rmsnorm_back(out, dy, x, more, gain, 1e-6, rule, 1, C, NULL);
        ASSERT_CLOSE(out, want, C, 3e-6, 1e-6);
        at_precise_rms_norm_back(out, dy, x, more, C, gain, 1e-6, rule, 1, C, NULL);
        free(got);
        got = values(out, C, C);
        ASSERT_CLOSE_D(got, want, C, 1e-12, 1e-12);
    }
    free(x), free(more), free(gain), free(dy), free(none), free(out), free(want), free(got);
}

static void norms(void *arg)
{
    static const size_t widths[] = { 1, 2, 7, 16, 33, 100, 576 };

    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(widths); i++)
        check_norm(widths[i]);
}

/* ---- activations and products ---- */

static void relu_and_products(void *arg)
{
    float x[] = { -3.0f, -0.0f, 0.0f, 1e-30f, 2.0f, -1e30f, 5.0f, -2.0f, 7.0f }, out[18], dx[18];
    float ones[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    const size_t n = AT_COUNTOF(x);

    (void)arg;
    for (int is_double = 0; is_double < 2; is_double++) {
        float pair[18] = { 0 };
        memcpy(pair, x, sizeof x);
        if (is_double) {
            at_precise_activate(out, pair, n, n, AT_EPI_RELU, NULL);
            at_precise_activate_back(dx, ones, pair, 0, n, AT_EPI_RELU, AT_RULE_GRADIENT, NULL);
        } else {
            at_activate(out, pair, n, AT_EPI_RELU, NULL);
            at_activate_back(dx, ones, pair, n, AT_EPI_RELU, AT_RULE_GRADIENT, NULL);
        }
        for (size_t i = 0; i < n; i++)
            assert_true(out[i] == (x[i] > 0.0f ? x[i] : 0.0f));
        for (size_t i = 0; i < n && !is_double; i++)
            assert_true(x[i] == 1e-30f || dx[i] == (x[i] > 0.0f ? 1.0f : 0.0f));
    }
    at_multiply(out, x, x, n, NULL);
    for (size_t i = 0; i < n; i++)
        assert_true(out[i] == x[i] * x[i]);
}

/* ---- turned heads ---- */

static void turns(void *arg)
{
    enum { N = 37, H = 3, D = 10, DIMS = 6, STRIDE = H * D + 5 };
    float angle[DIMS / 2] = { 1.0f, 0.3f, 0.01f };
    const struct at_rotary rotary = { DIMS, angle, 1.5f };
    float *table = at_malloc(N * DIMS, sizeof *table), *x = numbers(N * STRIDE, 1, 1.0);
    float *was = numbers(N * STRIDE, 1, 1.0);
    int position[N];

    (void)arg;
    at_rotary_table(table, &rotary, N);
    for (int i = 0; i < N; i++)
        position[i] = (i * 7) % N;
    for (int is_double = 0; is_double < 2; is_double++) {
        struct at_rotary_rows rows = { x, STRIDE, N, H, D, DIMS, position, table };
        for (int is_back = 0; is_back < 2; is_back++) {
            if (is_double)
                at_precise_turn(&rows, N * STRIDE, is_back);
            else
                at_rotary_turn(&rows, is_back, NULL);
            for (size_t i = 0; i < N && !is_back; i++)
                for (size_t c = 0; c < STRIDE; c++) {
                    size_t d = c % D, half = DIMS / 2, k = d % half, at = i * STRIDE + c;
                    double a = (double)((float)position[i] * angle[k]), want = (double)was[at];
                    if (c < H * D && d < half)
                        want = 1.5 * ((double)was[at] * cos(a) - (double)was[at + half] * sin(a));
                    else if (c < H * D && d < DIMS)
                        want = 1.5 * ((double)was[at] * cos(a) + (double)was[at - half] * sin(a));
                    ASSERT_NEAR((double)x[at], want, 2e-6);
                }
        }
        for (size_t i = 0; i < N * STRIDE; i++) { /* back again, but for the scale */
            bool is_turned = i % STRIDE < H * D && i % STRIDE % D < DIMS;
            ASSERT_NEAR((double)x[i], (double)was[i] * (is_turned ? 2.25 : 1.0), 5e-6);
        }
        memcpy(x, was, 2 * N * STRIDE * sizeof *x);
    }
    free(table), free(x), free(was);
}

static void test_order_of_heads(void **state)
{
    enum { N = 20, H = 3, D = 5, WIDTH = 3 * H * D };
    float *x = at_malloc(N * WIDTH, sizeof *x);

    (void)state;
    for (size_t i = 0; i < N * WIDTH; i++)
        x[i] = (float)i;
    at_heads_apart(x, N, H, D, NULL);
    for (size_t i = 0; i < N * WIDTH; i++) {
        size_t c = i % WIDTH, part = c / (H * D), h = c / D % H;
        assert_true(x[i] == (float)(i / WIDTH * WIDTH + (3 * h + part) * D + c % D));
    }
    at_heads_together(x, N, H, D, NULL);
    for (size_t i = 0; i < N * WIDTH; i++)
        assert_true(x[i] == (float)i);
    free(x);
}

/* ---- windows, and keys that heads share ---- */

struct text {
    size_t T, H, D, group, window;
};

static const struct text texts[] = { { 1, 2, 8, 2, 1 },   { 9, 4, 5, 2, 3 },
                                     { 12, 3, 7, 3, 1 },  { 40, 2, 8, 1, 17 },
                                     { 33, 6, 4, 2, 0 },  { 150, 2, 16, 2, 64 },
                                     { 300, 2, 8, 2, 5 }, { 290, 1, 8, 1, 270 } };

/* All by the definitions: (T,H*D) context and dq, (T,K*D) dk and dv, (H,T,T) maps. */
struct result {
    double *map, *context, *d_map, *dq, *dk, *dv;
};

static struct result results(const struct text *t)
{
    size_t Q = t->T * t->H * t->D, cells = t->H * t->T * t->T;

    return (struct result){ at_calloc(cells, 8), at_calloc(Q, 8), at_calloc(cells, 8),
                            at_calloc(Q, 8),     at_calloc(Q, 8), at_calloc(Q, 8) };
}

static void release(struct result *r)
{
    free(r->map), free(r->context), free(r->d_map), free(r->dq), free(r->dk), free(r->dv);
}

/* One query of one head; rows of x are queries, keys and values. */
static void one_query(struct result *r, const struct text *t, const float *x, const float *dy,
                      size_t h, size_t i)
{
    size_t D = t->D, Q = t->H * D, K = Q / t->group, stride = Q + 2 * K, key = h / t->group * D;
    size_t first = t->window && i >= t->window ? i + 1 - t->window : 0;
    double *map = r->map + (h * t->T + i) * t->T, *d_map = r->d_map + (h * t->T + i) * t->T;
    double sum = 0.0, mean = 0.0, root = sqrt((double)D);

    for (size_t j = first; j <= i; j++) {
        double score = 0.0;
        for (size_t d = 0; d < D; d++)
            score += (double)x[i * stride + h * D + d] * (double)x[j * stride + Q + key + d];
        sum += map[j] = exp(score / root);
    }
    for (size_t j = first; j <= i; j++) {
        map[j] /= sum;
        for (size_t d = 0; d < D; d++) {
            double v = (double)x[j * stride + Q + K + key + d];
            double g = (double)dy[i * Q + h * D + d];
            r->context[i * Q + h * D + d] += map[j] * v;
            d_map[j] += g * v;
            r->dv[j * K + key + d] += map[j] * g;
        }
        mean += map[j] * d_map[j];
    }
    for (size_t j = first; j <= i; j++) {
        double ds = map[j] * (d_map[j] - mean) / root;
        for (size_t d = 0; d < D; d++) {
            r->dq[i * Q + h * D + d] += ds * (double)x[j * stride + Q + key + d];
            r->dk[j * K + key + d] += ds * (double)x[i * stride + h * D + d];
        }
    }
}

static void compare(const float *got, size_t lo, const double *want, size_t n)
{
    double *x = values(got, lo, n);

    ASSERT_CLOSE_D(x, want, n, lo ? 1e-9 : 2e-5, lo ? 1e-9 : 1e-5);
    free(x);
}

static void check_attention(const struct text *t, const struct result *want, const float *x,
                            const float *dy, bool is_double)
{
    size_t T = t->T, D = t->D, Q = t->H * D, K = Q / t->group, stride = Q + 2 * K;
    size_t n = T * stride, cells = t->H * T * T, lo = is_double ? n : 0;
    const struct at_attention_in in = { .q = x,
                                        .k = x + Q,
                                        .v = x + Q + K,
                                        .q_stride = stride,
                                        .k_stride = stride,
                                        .v_stride = stride,
                                        .T = T,
                                        .H = t->H,
                                        .D = D,
                                        .group = t->group,
                                        .n_queries = T,
                                        .is_causal = true,
                                        .window = t->window };
    float *map = at_malloc(2 * cells, 4), *d_map = map + cells, *context = at_malloc(2 * n, 4);
    float *dq = at_malloc(2 * n, 4), *dk = dq + T * Q, *dv = dk + T * K;
    const struct at_attention_out out = { map, context, Q, false };
    const struct at_attention_back back = { map, dy, d_map, dq, dk, dv, Q, Q, K };

    if (is_double) {
        at_precise_attention(&out, &in, n, 1, NULL);
        at_precise_attention_back(&back, &in, n, 1, NULL);
    } else {
        at_attention(&out, &in, 1, NULL);
        at_attention_back(&back, &in, 1, NULL);
    }
    ASSERT_CLOSE(map, want->map, cells, 1e-6, 1e-5);
    ASSERT_CLOSE(d_map, want->d_map, cells, 1e-5, 1e-5);
    for (size_t i = 0; i < cells; i++)
        assert_true(want->map[i] > 0.0 || map[i] == 0.0f);
    compare(context, lo, want->context, T * Q);
    compare(dq, lo, want->dq, T * Q);
    compare(dk, lo, want->dk, T * K);
    compare(dv, lo, want->dv, T * K);
    free(map), free(context), free(dq);
}

static void attention(void *arg)
{
    (void)arg;
    for (size_t k = 0; k < AT_COUNTOF(texts); k++) {
        const struct text *t = &texts[k];
        size_t Q = t->H * t->D, n = t->T * (Q + 2 * Q / t->group);
        float *x = numbers(n, 1, 1.0), *dy = numbers(n, 2, 1.0);
        struct result want = results(t);
        for (size_t row = 0; row < t->H * t->T; row++)
            one_query(&want, t, x, dy, row / t->T, row % t->T);
        check_attention(t, &want, x, dy, false);
        check_attention(t, &want, x, dy, true);
        release(&want);
        free(x), free(dy);
    }
}

/* ---- on every set of kernels ---- */

static void test_norms(void **state)
{
    (void)state;
    for_each_path(norms, NULL);
}

static void test_relu_and_products(void **state)
{
    (void)state;
    for_each_path(relu_and_products, NULL);
}

static void test_turns(void **state)
{
    (void)state;
    for_each_path(turns, NULL);
}

static void test_attention(void **state)
{
    (void)state;
    for_each_path(attention, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms),     cmocka_unit_test(test_relu_and_products),
        cmocka_unit_test(test_turns),     cmocka_unit_test(test_order_of_heads),
        cmocka_unit_test(test_attention),
    };

    return cmocka_run_group_tests_name("decoder ops", tests, NULL, NULL);
}
