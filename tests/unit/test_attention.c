/*
 * test_attention.c - maps and contexts of ragged batches on every set of kernels.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "naive.h"
#include "ops/attention.h"
#include "paths.h"

struct text {
    size_t T, H, D;
    bool is_causal;
    float scale;
    size_t n_queries; /* 0 for all */
    size_t queries[4];
};

static const struct text texts[] = {
    { 1, 2, 8, false, 0.0f, 0, { 0 } },         { 5, 3, 4, true, 0.0f, 0, { 0 } },
    { 16, 2, 64, false, 0.0f, 0, { 0 } },       { 37, 2, 64, true, 0.0f, 0, { 0 } },
    { 40, 1, 7, false, 0.5f, 0, { 0 } },        { 131, 1, 20, true, 0.0f, 0, { 0 } },
    { 300, 1, 33, true, 0.0f, 0, { 0 } },       { 300, 2, 64, false, 0.0f, 0, { 0 } },
    { 20, 2, 16, true, 1.0f, 3, { 0, 7, 19 } }, { 20, 2, 16, false, 0.0f, 2, { 3, 4 } },
};

/* q, k and v side by side, as a projection leaves them; sharpened so that maps are not flat. */
static float *projections(const struct text *t)
{
    struct at_rng rng;
    size_t n = t->T * 3 * t->H * t->D;
    float *x = at_malloc(n, sizeof *x);

    at_rng_init(&rng, t->T, 3);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(1.5 * at_rng_normal(&rng));
    return x;
}

static void column(double *out, const float *x, size_t stride, const size_t *rows, size_t n,
                   size_t D)
{
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < D; d++)
            out[i * D + d] = (double)x[(rows ? rows[i] : i) * stride + d];
}

/* skew: floats between the map and where malloc() would have it, to reach every alignment. */
static void check_text(const struct text *t, bool keeps_map, bool is_for_later, size_t skew,
                       struct at_pool *pool)
{
    size_t C = t->H * t->D, T = t->T, nq = t->n_queries ? t->n_queries : T;
    const size_t *rows = t->n_queries ? t->queries : NULL;
    float *x = projections(t), *q = at_malloc(nq * C, sizeof *q);
    float *map_room = at_malloc(t->H * nq * T + skew, sizeof *map_room), *map = map_room + skew;
    float *context = at_malloc(nq * (C + 1), sizeof *context), *got = at_malloc(nq * t->D, 4);
    double *want_map = at_malloc(nq * T, 8), *want = at_malloc(nq * t->D, 8);
    double *q64 = at_malloc(nq * t->D, 8), *k64 = at_malloc(T * t->D, 8),
           *v64 = at_malloc(T * t->D, 8);
    size_t *visible = at_malloc(nq, sizeof *visible);

    for (size_t i = 0; i < nq; i++) {
        visible[i] = t->is_causal ? (rows ? rows[i] : i) + 1 : T;
        for (size_t c = 0; c < C; c++)
            q[i * C + c] = x[(rows ? rows[i] : i) * 3 * C + c];
    }
    struct at_attention_in in = { .q = q,
                                  .k = x + C,
                                  .v = x + 2 * C,
                                  .q_stride = C,
                                  .k_stride = 3 * C,
                                  .v_stride = 3 * C,
                                  .T = T,
                                  .H = t->H,
                                  .D = t->D,
                                  .n_queries = nq,
                                  .query_rows = rows,
                                  .is_causal = t->is_causal,
                                  .scale = t->scale };
    struct at_attention_out out = { keeps_map ? map : NULL, context, C + 1, is_for_later };
    at_attention(&out, &in, 1, pool);
    for (size_t h = 0; h < t->H; h++) {
        column(q64, x + h * t->D, 3 * C, rows, nq, t->D);
        column(k64, x + C + h * t->D, 3 * C, NULL, T, t->D);
        column(v64, x + 2 * C + h * t->D, 3 * C, NULL, T, t->D);
        naive_attention(want_map, want, q64, k64, v64, T, t->D, nq, visible,
                        t->scale != 0.0f ? (double)t->scale : 1.0 / sqrt((double)t->D));
        for (size_t i = 0; i < nq; i++)
            for (size_t d = 0; d < t->D; d++)
                got[i * t->D + d] = context[i * (C + 1) + h * t->D + d];
        /* scores up to 30 in float: weights to 1e-5, the bound of the whole pass */
        if (keeps_map)
            ASSERT_CLOSE(map + h * nq * T, want_map, nq * T, 5e-6, 0);
        ASSERT_CLOSE(got, want, nq * t->D, 2e-5, 0);
        for (size_t i = 0; keeps_map && i < nq; i++)
            for (size_t j = visible[i]; j < T; j++)
                assert_true(map[(h * nq + i) * T + j] == 0.0f);
    }
    void *all[] = { x, q, map_room, context, got, want_map, want, q64, k64, v64, visible };
    for (size_t i = 0; i < AT_COUNTOF(all); i++)
        free(all[i]);
}

static void all_texts(void *arg)
{
    for (size_t i = 0; i < AT_COUNTOF(texts); i++) {
        check_text(&texts[i], true, false, 0, arg);
        check_text(&texts[i], true, true, i, arg);
        check_text(&texts[i], false, false, 0, arg);
    }
}

static void test_against_the_twin(void **state)
{
    struct at_pool *pool = at_pool_new(2);

    (void)state;
    for_each_path(all_texts, NULL);
    for_each_path(all_texts, pool);
    at_pool_free(pool);
}

/* A text in a batch has the bits it has alone. */
static void test_batch(void **state)
{
    enum { C = 16 };
    static const size_t lengths[] = { 3, 200, 1, 30 }, start[] = { 0, 3, 203, 204, 234 };
    struct text whole = { 234, 2, 8, false, 0.0f, 0, { 0 } };
    struct at_pool *pool = at_pool_new(2);
    float *x = projections(&whole), *maps[4], batched[234 * C], alone[200 * C];
    struct at_attention_in in[4];
    struct at_attention_out out[4];

    (void)state;
    for (size_t b = 0; b < 4; b++) {
        float *row = x + start[b] * 3 * C;
        in[b] = (struct at_attention_in){ .q = row,
                                          .k = row + C,
                                          .v = row + 2 * C,
                                          .q_stride = 3 * C,
                                          .k_stride = 3 * C,
                                          .v_stride = 3 * C,
                                          .T = lengths[b],
                                          .H = 2,
                                          .D = 8,
                                          .n_queries = lengths[b] };
        maps[b] = at_malloc(2 * lengths[b] * lengths[b], sizeof(float));
        out[b] = (struct at_attention_out){ maps[b], batched + start[b] * C, C, b % 2 };
    }
    at_attention(out, in, 4, pool);
    for (size_t b = 0; b < 4; b++) {
        struct at_attention_out single = { NULL, alone, C, false };
        at_attention(&single, &in[b], 1, NULL);
        assert_memory_equal(alone, batched + start[b] * C, lengths[b] * C * sizeof(float));
        free(maps[b]);
    }
    free(x);
    at_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_the_twin),
        cmocka_unit_test(test_batch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
