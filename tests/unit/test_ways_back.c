/*
 * test_ways_back.c - the kernels of reverse mode against finite differences in double of the naive
 * twins of their forward forms: in double to 1e-10, in float on every set of kernels.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "naive.h"
#include "ops/activation.h"
#include "ops/gemm.h"
#include "ops/kernel.h"
#include "ops/layernorm.h"
#include "ops/precise.h"
#include "paths.h"

/* What is differentiated: a number from n inputs. */
typedef double (*number_fn)(const double *x, const void *arg);

/* Its gradient by central differences over seven points. */
static void differences(double *out, double *x, size_t n, double step, number_fn f, const void *arg)
{
    static const double shares[] = { 45.0 / 60, -9.0 / 60, 1.0 / 60 };

    for (size_t i = 0; i < n; i++) {
        double here = x[i];
        out[i] = 0.0;
        for (int k = 0; k < 3; k++) {
            x[i] = here + (k + 1) * step;
            double right = f(x, arg), up = x[i];
            x[i] = here - (k + 1) * step;
            out[i] += shares[k] * (right - f(x, arg)) * 2.0 * (k + 1) / (up - x[i]);
        }
        x[i] = here;
    }
}

/* n normal numbers that are floats. */
static double *numbers(size_t n, uint64_t seed, double mean, double spread)
{
    struct at_rng rng;
    double *x = at_malloc(n, sizeof *x);

    at_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)(float)(mean + spread * at_rng_normal(&rng));
    return x;
}

/* The same as floats, with low parts of 0 behind them. */
static float *pairs(const double *x, size_t n)
{
    float *out = at_calloc(2 * n, sizeof *out);

    for (size_t i = 0; i < n; i++)
        out[i] = (float)x[i];
    return out;
}

static double *values(const float *x, size_t n)
{
    double *out = at_malloc(n, sizeof *out);

    for (size_t i = 0; i < n; i++)
        out[i] = at_pair(x + i, n);
    return out;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* ---- products ---- */

/* dX = dY W in either layout, against the sum written out. */
static void check_product(size_t N, size_t n_out, size_t n_in, enum at_layout layout)
{
    double *w = numbers(n_out * n_in, 1, 0.0, 1.0), *dy = numbers(N * n_out, 2, 0.0, 1.0);
    double *flipped = at_malloc(n_out * n_in, sizeof *flipped);
    double *want = at_malloc(N * n_in, sizeof *want);
    float *weights = pairs(w, n_out * n_in), *dy_f = pairs(dy, N * n_out);
    float *dx = at_malloc(N * n_in, sizeof *dx);

    for (size_t i = 0; i < n_out; i++) /* w is (n_out, n_in) or (n_in, n_out) */
        for (size_t j = 0; j < n_in; j++)
            flipped[j * n_out + i] = layout == AT_OUT_MAJOR ? w[i * n_in + j] : w[j * n_out + i];
    naive_linear(want, dy, flipped, NULL, N, n_in, n_out);
    const struct at_weight weight = {
        .data = weights, .layout = layout, .n_out = n_out, .n_in = n_in
    };
    struct at_weight back = at_weight_transposed(&weight);
    at_linear(dx, dy_f, &back, NULL, N, AT_EPI_NONE, NULL);
    ASSERT_CLOSE(dx, want, N * n_in, 2e-5, 1e-5); /* sums of up to 100 products of size 1 */
    struct at_weight again = at_weight_transposed(&back);
    assert_int_equal(again.layout, weight.layout);
    assert_int_equal(again.n_out, n_out);
    free(w), free(dy), free(flipped), free(want), free(weights), free(dy_f), free(dx);
}

static void products(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        check_product(1, 5, 9, i ? AT_OUT_MAJOR : AT_IN_MAJOR);
        check_product(20, 100, 33, i ? AT_OUT_MAJOR : AT_IN_MAJOR);
    }
}

/* ---- norms ---- */

struct norm {
    size_t C;
    const double *gain, *bias, *factor;
};

static double norm_number(const double *x, const void *arg)
{
    const struct norm *n = arg;
    double out[128];

    naive_layernorm(out, x, n->gain, n->bias, 1e-5, n->C);
    return dot(out, n->factor, n->C);
}

static void check_norm(size_t C, double mean)
{
    double *x = numbers(C, 1, mean, 1.0), *gain = numbers(C, 2, 1.0, 0.3);
    double *bias = numbers(C, 3, 0.0, 1.0), *dy = numbers(C, 4, 0.0, 1.0);
    double *more = numbers(C, 5, 0.0, 1.0), *want = at_malloc(C, sizeof *want);
    float *x_f = pairs(x, C), *gain_f = pairs(gain, C), *dy_f = pairs(dy, C);
    float *more_f = pairs(more, C), *dx = at_malloc(2 * C, sizeof *dx);
    const struct norm n = { C, gain, bias, dy };

    differences(want, x, C, 1e-3, norm_number, &n);
    at_precise_norm_back(dx, dy_f, x_f, NULL, C, gain_f, 1e-5, AT_RULE_GRADIENT, 1, C, NULL);
    double *got = values(dx, C);
    ASSERT_CLOSE_D(got, want, C, 1e-10, 1e-10);
    at_layernorm_back(dx, dy_f, x_f, NULL, gain_f, 1e-5, AT_RULE_GRADIENT, 1, C, NULL);
    ASSERT_CLOSE(dx, want, C, 3e-6 * (1.0 + mean), 1e-5); /* x - mean loses what the mean has */
    for (size_t c = 0; c < C; c++)
        want[c] += more[c];
    at_layernorm_back(dx, dy_f, x_f, more_f, gain_f, 1e-5, AT_RULE_GRADIENT, 1, C, NULL);
    ASSERT_CLOSE(dx, want, C, 3e-6 * (1.0 + mean), 1e-5);
    at_layernorm_back(dy_f, dy_f, x_f, more_f, gain_f, 1e-5, AT_RULE_GRADIENT, 1, C,
                      NULL); /* in place */
    assert_memory_equal(dy_f, dx, C * sizeof *dx);
    free(got), free(x), free(gain), free(bias), free(dy), free(more), free(want);
    free(x_f), free(gain_f), free(dy_f), free(more_f), free(dx);
}

static void norms(void *arg)
{
    static const size_t widths[] = { 2, 3, 16, 17, 33, 100 };

    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(widths); i++)
        check_norm(widths[i], 0.0);
    check_norm(100, 100.0);
}

/* Rows are shared out over threads, and added to what is there. */
static void test_rows_of_norms(void **state)
{
    enum { N = 50, C = 40 };
    double *x = numbers(N * C, 1, 0.0, 1.0), *gain = numbers(C, 2, 1.0, 0.3);
    float *x_f = pairs(x, N * C), *gain_f = pairs(gain, C), *dx = at_malloc(2 * N * C, 4);
    float *row = at_malloc(2 * C, 4);
    struct at_pool *pool = at_pool_new(2);

    (void)state;
    at_layernorm_back(dx, x_f, x_f, x_f, gain_f, 1e-5, AT_RULE_GRADIENT, N, C, pool);
    for (size_t i = 0; i < N; i++) {
        at_layernorm_back(row, x_f + i * C, x_f + i * C, x_f + i * C, gain_f, 1e-5,
                          AT_RULE_GRADIENT, 1, C, NULL);
        assert_memory_equal(row, dx + i * C, C * sizeof *row);
    }
    free(x), free(gain), free(x_f), free(gain_f), free(dx), free(row);
    at_pool_free(pool);
}

/* ---- activations ---- */

static double gelu_erf(const double *x, const void *arg)
{
    return *(const double *)arg * naive_gelu_erf(*x);
}

static double gelu_tanh(const double *x, const void *arg)
{
    return *(const double *)arg * naive_gelu_tanh(*x);
}

static double tanh_of(const double *x, const void *arg)
{
    return *(const double *)arg * tanh(*x);
}

static double silu_of(const double *x, const void *arg)
{
    return *(const double *)arg * *x / (1.0 + exp(-*x));
}

static void activations(void *arg)
{
    enum { N = 1205 }; /* from -15 to 15, whole vectors and a rest */
    static const struct {
        enum at_epilogue form;
        number_fn f;
    } forms[] = { { AT_EPI_GELU_ERF, gelu_erf },
                  { AT_EPI_GELU_TANH, gelu_tanh },
                  { AT_EPI_SILU, silu_of },
                  { AT_EPI_TANH, tanh_of } };
    static float x[2 * N], dy[2 * N], dx[2 * N];
    static double want[N];

    (void)arg;
    for (size_t k = 0; k < AT_COUNTOF(forms); k++) {
        for (size_t i = 0; i < N; i++) {
            double here = (double)(x[i] = (float)i * 0.025f - 15.0f), factor;
            dy[i] = (float)(i % 5) - 2.0f;
            factor = (double)dy[i];
            differences(&want[i], &here, 1, 2e-3, forms[k].f, &factor);
        }
        at_precise_activate_back(dx, dy, x, N, N, forms[k].form, AT_RULE_GRADIENT, NULL);
        double *got = values(dx, N);
        ASSERT_CLOSE_D(got, want, N, 1e-10, 1e-10);
        free(got);
        at_activate_back(dx, dy, x, N, forms[k].form, AT_RULE_GRADIENT, NULL);
        ASSERT_CLOSE(dx, want, N, 6e-7, 1e-6); /* slopes near 1 whose tail has that error */
        at_activate_back(dy, dy, x, N, forms[k].form, AT_RULE_GRADIENT, NULL); /* in place */
        assert_memory_equal(dy, dx, N * sizeof *dx);
    }
}

/* Far out GELU is x or 0 and its slope 1 or 0, whatever the formula's parts do there. */
static void far_out(void *arg)
{
    static const float x[] = { 40.0f, -40.0f, 1e10f, -1e10f, 3e38f, -3e38f, 1e-40f, -1e-40f, 0.0f };
    static const double want[] = { 1, 0, 1, 0, 1, 0, 0.5, 0.5, 0.5 };
    float ones[AT_COUNTOF(x)], dx[AT_COUNTOF(x)], nan = NAN;

    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(x); i++)
        ones[i] = 1.0f;
    at_activate_back(dx, ones, x, AT_COUNTOF(x), AT_EPI_GELU_ERF, AT_RULE_GRADIENT, NULL);
    ASSERT_CLOSE(dx, want, AT_COUNTOF(x), 1e-7, 0);
    at_activate_back(dx, ones, x, AT_COUNTOF(x), AT_EPI_GELU_TANH, AT_RULE_GRADIENT, NULL);
    ASSERT_CLOSE(dx, want, AT_COUNTOF(x), 1e-7, 0);
    at_activate_back(dx, ones, &nan, 1, AT_EPI_GELU_ERF, AT_RULE_GRADIENT, NULL);
    assert_true(isnan(dx[0]));
    at_activate_back(dx, ones, &nan, 1, AT_EPI_GELU_TANH, AT_RULE_GRADIENT, NULL);
    assert_true(isnan(dx[0]));
}

/* ---- the rules of AttnLRP ---- */

/* An activation's output over its input in place of its slope; a norm by a constant: the double
   path is checked against PyTorch (test_target.c), so the others are against it. */
static void relevance(void *arg)
{
    enum { N = 605, C = 55 };
    static const enum at_epilogue forms[] = { AT_EPI_GELU_ERF, AT_EPI_GELU_TANH, AT_EPI_TANH };
    static double (*const twins[])(double) = { naive_gelu_erf, naive_gelu_tanh, tanh };
    static float x[2 * N], dy[2 * N], dx[2 * N], gain[C];
    static double want[N];
    double *got;

    (void)arg;
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)i * 0.05f - 15.0f;
        dy[i] = (float)(i % 5) - 2.0f;
        gain[i % C] = (float)(i % 7) / 4.0f;
    }
    for (size_t k = 0; k < AT_COUNTOF(forms); k++) {
        for (size_t i = 0; i < N; i++)
            want[i] =
                (double)dy[i] * (fabs((double)x[i]) > 1e-6 ? twins[k]((double)x[i]) / (double)x[i]
                                 : k < 2                   ? 0.5
                                                           : 1.0);
        at_precise_activate_back(dx, dy, x, N, N, forms[k], AT_RULE_ATTNLRP, NULL);
        got = values(dx, N);
        ASSERT_CLOSE_D(got, want, N, 1e-10, 1e-10);
        free(got);
        at_activate_back(dx, dy, x, N, forms[k], AT_RULE_ATTNLRP, NULL);
        ASSERT_CLOSE(dx, want, N, 6e-7, 1e-6);
    }
    at_precise_norm_back(dx, dy, x, x, N, gain, 1e-5, AT_RULE_ATTNLRP, N / C, C, NULL);
    got = values(dx, N);
    at_layernorm_back(dx, dy, x, x, gain, 1e-5, AT_RULE_ATTNLRP, N / C, C, NULL);
    ASSERT_CLOSE(dx, got, N / C * C, 1e-5, 1e-5);
    free(got);
}

static void test_relevance(void **state)
{
    (void)state;
    for_each_path(relevance, NULL);
}

/* ---- attention ---- */

struct text {
    size_t T, H, D;
    bool is_causal;
    float scale;
    const unsigned char *is_hidden;
};

static const unsigned char hidden[40] = { [0] = 1, [3] = 1, [7] = 1 };
static const struct text texts[] = {
    { 1, 2, 8, false, 0.0f, NULL },    { 5, 3, 4, true, 0.0f, NULL },
    { 12, 2, 7, false, 0.5f, NULL },   { 17, 1, 20, true, 0.0f, NULL },
    { 12, 2, 5, false, 0.0f, hidden }, { 9, 1, 5, true, 0.0f, hidden },
};
/* Several blocks of queries, which would take differences too long. */
static const struct text long_texts[] = { { 131, 2, 20, true, 0.0f, NULL },
                                          { 300, 1, 64, false, 0.0f, NULL },
                                          { 270, 2, 33, true, 0.0f, NULL },
                                          { 40, 2, 33, false, 0.0f, hidden } };

static double scale_of(const struct text *t)
{
    return t->scale != 0.0f ? (double)t->scale : 1.0 / sqrt((double)t->D);
}

/* One head of a text: its rows q, k, v (T,D) one after the other, and factors (T,D) of its
   context. */
struct head {
    const struct text *t;
    const double *factor;
};

/* map (T,T) of a head, hidden keys and all. */
static void head_map(double *map, const double *x, const struct text *t)
{
    const double *q = x, *k = x + t->T * t->D;

    for (size_t i = 0; i < t->T; i++) {
        size_t n = t->is_causal ? i + 1 : t->T;
        double sum = 0.0;
        for (size_t j = 0; j < t->T; j++) {
            bool is_seen = j < n && !(t->is_hidden && t->is_hidden[j]);
            map[i * t->T + j] =
                is_seen ? exp(scale_of(t) * dot(q + i * t->D, k + j * t->D, t->D)) : 0.0;
            sum += map[i * t->T + j];
        }
        for (size_t j = 0; j < t->T && sum > 0.0; j++)
            map[i * t->T + j] /= sum;
    }
}

static double head_number(const double *x, const void *arg)
{
    const struct head *h = arg;
    size_t T = h->t->T, D = h->t->D;
    double map[40 * 40], sum = 0.0;

    head_map(map, x, h->t);
    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < T; j++)
            sum += map[i * T + j] * dot(h->factor + i * D, x + (2 * T + j) * D, D);
    return sum;
}

/* The gradients of a text by both paths: floats, then pairs whose low parts lie n behind. */
struct result {
    size_t n;
    float *q, *k, *v, *map; /* (T,C) three times, (H,T,T) */
};

static struct result go_back(const struct text *t, const float *x, const float *d_context,
                             bool is_double)
{
    size_t C = t->H * t->D, n = t->T * 3 * C;
    struct result r = { .n = n, .q = at_calloc(2 * n, 4), .map = at_calloc(t->H * t->T * t->T, 4) };
    const struct at_attention_in in = { .q = x,
                                        .k = x + C,
                                        .v = x + 2 * C,
                                        .q_stride = 3 * C,
                                        .k_stride = 3 * C,
                                        .v_stride = 3 * C,
                                        .T = t->T,
                                        .H = t->H,
                                        .D = t->D,
                                        .n_queries = t->T,
                                        .is_hidden = t->is_hidden,
                                        .is_causal = t->is_causal,
                                        .scale = t->scale };
    float *map = at_malloc(t->H * t->T * t->T, sizeof *map);
    struct at_attention_out out = { map, NULL, 0, false };

    r.k = r.q + t->T * C;
    r.v = r.k + t->T * C;
    const struct at_attention_back back = { map, d_context, r.map, r.q, r.k, r.v, C, C, C };
    at_attention(&out, &in, 1, NULL);
    if (is_double)
        at_precise_attention_back(&back, &in, n, 1, NULL);
    else
        at_attention_back(&back, &in, 1, NULL);
    free(map);
    return r;
}

/* Rows of one head, (T,D), of pairs or floats. */
static double *head_rows(const float *rows, size_t lo, const struct text *t, size_t head,
                         size_t stride)
{
    double *out = at_malloc(t->T * t->D, sizeof *out);

    for (size_t i = 0; i < t->T; i++)
        for (size_t d = 0; d < t->D; d++) {
            const float *x = rows + i * stride + head * t->D + d;
            out[i * t->D + d] = lo ? at_pair(x, lo) : (double)*x;
        }
    return out;
}

static void check_head(const struct text *t, size_t head, const float *x, const float *d_context,
                       const struct result *got, double tol)
{
    size_t C = t->H * t->D, n = t->T * t->D, cells = t->T * t->T, lo = tol < 1e-8 ? got->n : 0;
    double *in = at_malloc(3 * n, sizeof *in), *want = at_malloc(3 * n, sizeof *want);
    double *factor = head_rows(d_context, 0, t, head, C), *d_map = at_calloc(cells, sizeof *d_map);
    const struct head h = { t, factor };

    for (size_t i = 0; i < 3; i++) {
        double *part = head_rows(x + i * C, 0, t, head, 3 * C);
        memcpy(in + i * n, part, n * sizeof *in);
        free(part);
    }
    differences(want, in, 3 * n, 1e-3, head_number, &h);
    for (size_t i = 0; i < 3; i++) {
        const float *rows[] = { got->q, got->k, got->v };
        double *part = head_rows(rows[i], lo, t, head, C);
        ASSERT_CLOSE_D(part, want + i * n, n, tol, tol);
        free(part);
    }
    for (size_t i = 0; i < t->T; i++)
        for (size_t j = 0; j < (t->is_causal ? i + 1 : t->T); j++)
            d_map[i * t->T + j] = dot(factor + i * t->D, in + 2 * n + j * t->D, t->D);
    ASSERT_CLOSE(got->map + head * cells, d_map, cells, 1e-5, 1e-6);
    free(in), free(want), free(factor), free(d_map);
}

static void attention(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(texts); i++) {
        const struct text *t = &texts[i];
        size_t C = t->H * t->D;
        double *x = numbers(t->T * 3 * C, 1, 0.0, 0.8), *factor = numbers(t->T * C, 2, 0.0, 1.0);
        float *x_f = pairs(x, t->T * 3 * C), *d_context = at_calloc(4 * t->T * 3 * C, 4);
        for (size_t k = 0; k < t->T * C; k++)
            d_context[k] = (float)factor[k];
        for (int is_double = 0; is_double < 2; is_double++) {
            struct result r = go_back(t, x_f, d_context, is_double);
            for (size_t h = 0; h < t->H; h++)
                check_head(t, h, x_f, d_context, &r, is_double ? 1e-10 : 1e-5);
            free(r.q), free(r.map);
        }
        free(x), free(factor), free(x_f), free(d_context);
    }
}

/* Blocks of queries, against the other path. */
static void long_attention(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < AT_COUNTOF(long_texts); i++) {
        const struct text *t = &long_texts[i];
        size_t C = t->H * t->D, n = t->T * C;
        double *x = numbers(3 * n, 1, 0.0, 1.0), *factor = numbers(n, 2, 0.0, 1.0);
        float *x_f = pairs(x, 3 * n), *d_context = at_calloc(6 * n, 4);
        for (size_t k = 0; k < n; k++)
            d_context[k] = (float)factor[k];
        struct result got = go_back(t, x_f, d_context, false);
        struct result want = go_back(t, x_f, d_context, true);
        double *all = values(want.q, 3 * n);
        ASSERT_CLOSE(got.q, all, 3 * n, 5e-5, 1e-5); /* sums of 300 terms of size 1 */
        for (size_t k = 0; k < t->H * t->T * t->T; k++)
            ASSERT_NEAR((double)got.map[k], (double)want.map[k], 2e-5);
        free(x), free(factor), free(x_f), free(d_context), free(all);
        free(got.q), free(got.map), free(want.q), free(want.map);
    }
}

/* ---- on every set of kernels ---- */

static void test_products(void **state)
{
    (void)state;
    for_each_path(products, NULL);
}

static void test_norms(void **state)
{
    (void)state;
    for_each_path(norms, NULL);
}

static void test_activations(void **state)
{
    (void)state;
    for_each_path(activations, NULL);
    for_each_path(far_out, NULL);
}

static void test_attention(void **state)
{
    (void)state;
    for_each_path(attention, NULL);
}

static void test_long_attention(void **state)
{
    (void)state;
    for_each_path(long_attention, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),       cmocka_unit_test(test_norms),
        cmocka_unit_test(test_rows_of_norms),  cmocka_unit_test(test_activations),
        cmocka_unit_test(test_attention),      cmocka_unit_test(test_relevance),
        cmocka_unit_test(test_long_attention),
    };

    return cmocka_run_group_tests_name("ways back", tests, NULL, NULL);
}
