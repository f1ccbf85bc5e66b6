/*
 * test_mixing.c - maps of how layers mix their tokens, against PyTorch in double precision, and
 * max-flows against scipy (fixtures/oracle/mixing, made by scripts/outside/make-map-oracles.py).
 */
#include "analysis/mixing.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/attention_flow.h"
#include "base/alloc.h"
#include "close.h"
#include "model_fixture.h"

static const unsigned ALL = (1u << AT_N_MIXING) - 1;

static const char *const keys[AT_N_MIXING] = {
    [AT_MIX_ATTENTION] = "attention",
    [AT_MIX_ROLLOUT] = "rollout",
    [AT_MIX_NORM] = "norm",
    [AT_MIX_NORM_RESIDUAL] = "norm_residual",
    [AT_MIX_NORM_RESIDUAL_LN] = "norm_residual_ln",
    [AT_MIX_VALUE_ZEROING] = "value_zeroing",
    [AT_MIX_ALTI] = "alti",
};

static const void *find(const struct at_tensors *o, const char *key)
{
    const struct at_tensor_view *t = at_tensors_find(o, key);

    if (!t)
        fail_msg("the oracle has no '%s'", key);
    return t->data;
}

/* Floats of a pass beside doubles: maps are ratios of lengths that are sums of some 20 terms, of
   models in which a layer makes values ten times larger; half precision weights are read exactly.
   A difference of cosines loses as many digits again. */
static double tolerance(size_t k)
{
    return k == AT_MIX_VALUE_ZEROING ? 1e-4 : 2e-5;
}

static int add_layer(void *x, const struct at_layer_view *view, struct at_error *err)
{
    return at_mixing_add(x, view, NULL, err);
}

static struct at_mixing mixing_of(const struct model_fixture *f)
{
    const size_t start[] = { 0, f->T };
    const struct at_batch batch = { 1, start, f->ids, f->segments };
    struct at_error err;
    struct at_mixing x;
    const struct at_forward_options options = { .want_attention = true,
                                                .on_layer = add_layer,
                                                .arg = &x };
    float *final = at_malloc(f->T * f->m.config.width, sizeof *final);

    must(at_mixing_begin(&x, &f->m, f->T, ALL, &err), &err);
    must(at_forward(final, &f->m, &batch, &options, NULL, &err), &err);
    must(at_mixing_finish(&x, NULL, &err), &err);
    free(final);
    return x;
}

static void check_text(const struct model_fixture *f, const struct at_tensors *oracle)
{
    struct at_error err;
    struct at_mixing x = mixing_of(f);
    double scores[MAX_LENGTH];
    const size_t at = f->T / 2;

    for (size_t k = 0; k < AT_N_MIXING; k++) {
        char key[64];
        if (!keys[k])
            continue;
        snprintf(key, sizeof key, "%zu/%s", f->T, keys[k]);
        ASSERT_CLOSE(x.map[k], find(oracle, key), x.L * x.T * x.T, tolerance(k), tolerance(k));
        snprintf(key, sizeof key, "%zu/scores/%s", f->T, keys[k]);
        must(at_mixing_scores(scores, &x, (enum at_mixing_map)k, &at, 1, NULL, &err), &err);
        ASSERT_CLOSE_D(scores, find(oracle, key), x.T, tolerance(k), tolerance(k));
    }
    at_mixing_release(&x);
    at_mixing_release(&x);
}

static void test_models(void **state)
{
    static const size_t lengths[] = { 1, 5, 9 };

    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct at_error err;
        struct at_tensors *oracle;
        struct model_fixture f;
        char *path = at_asprintf("fixtures/oracle/mixing/%s.safetensors", fixture_names[i]);
        fixture_open(&f, fixture_names[i]);
        must(at_tensors_open(&oracle, path, &err), &err);
        for (size_t t = 0; t < AT_COUNTOF(lengths); t++) {
            fixture_choose(&f, lengths[t]);
            check_text(&f, oracle);
        }
        at_tensors_close(oracle);
        fixture_close(&f);
        free(path);
    }
}

/* scipy's capacities are rounded to 2^-30, and a cut crosses at most a few hundred edges. */
static void test_flow(void **state)
{
    static const char *const names[] = { "plain", "sharp", "causal", "causal_sharp" };
    enum { L = 6, T = 11 };
    struct at_error err;
    struct at_tensors *oracle;
    struct at_pool *pool = at_pool_new(2);
    static float maps[L * T * T];
    double row[T];

    (void)state;
    must(at_tensors_open(&oracle, "fixtures/oracle/mixing/flow.safetensors", &err), &err);
    for (size_t n = 0; n < AT_COUNTOF(names); n++) {
        char key[64];
        const float *means;
        const double *want;
        snprintf(key, sizeof key, "%s/means", names[n]);
        means = find(oracle, key);
        snprintf(key, sizeof key, "%s/flow", names[n]);
        want = find(oracle, key);
        must(at_attention_flow_maps(maps, means, L, T, pool, &err), &err);
        ASSERT_CLOSE(maps, want, L * T * T, 3e-7, 0);
        for (size_t i = 0; i < T; i += 5) {
            must(at_attention_flow(row, means, T, L - 1, i, NULL, &err), &err);
            ASSERT_CLOSE_D(row, want + (L - 1) * T * T + i * T, T, 3e-7, 0);
        }
    }
    at_tensors_close(oracle);
    at_pool_free(pool);
}

/* Identity attention: nothing flows but straight down. */
static void test_flow_of_identity(void **state)
{
    enum { L = 3, T = 4 };
    float means[L * T * T] = { 0 };
    const double want[T] = { 0, 0, 1, 0 };
    struct at_error err;
    double row[T];

    (void)state;
    for (size_t l = 0; l < L; l++)
        for (size_t t = 0; t < T; t++)
            means[(l * T + t) * T + t] = 1.0f;
    must(at_attention_flow(row, means, T, L - 1, 2, NULL, &err), &err);
    ASSERT_CLOSE_D(row, want, T, 0, 0);
}

/* Laws: rows sum to 1, a causal model reads nothing that is to come. */
static void test_laws(void **state)
{
    static const enum at_mixing_map sums[] = { AT_MIX_ATTENTION, AT_MIX_ROLLOUT,
                                               AT_MIX_VALUE_ZEROING, AT_MIX_ALTI };
    struct model_fixture f;
    struct at_mixing x;

    (void)state;
    fixture_open(&f, "tiny-gpt2");
    x = mixing_of(&f);
    for (size_t k = 0; k < AT_N_MIXING; k++)
        for (size_t c = 0; c < x.L * x.T * x.T; c++)
            if (c % x.T > c / x.T % x.T)
                assert_true(x.map[k][c] == 0.0f);
    for (size_t k = 0; k < AT_COUNTOF(sums); k++)
        for (size_t r = 0; r < x.L * x.T; r++) {
            double sum = 0.0;
            for (size_t j = 0; j < x.T; j++)
                sum += x.map[sums[k]][r * x.T + j];
            ASSERT_NEAR(sum, 1.0, 1e-6);
        }
    at_mixing_release(&x);
    fixture_close(&f);
}

/* Of several positions every score is the mean. */
static void test_positions(void **state)
{
    static const size_t at[] = { 2, 7 };
    struct at_error err;
    struct model_fixture f;
    struct at_mixing x;
    double both[MAX_LENGTH], one[2][MAX_LENGTH];

    (void)state;
    fixture_open(&f, "tiny-bert");
    x = mixing_of(&f);
    for (int k = 0; k < AT_N_MIXING; k++) {
        must(at_mixing_scores(both, &x, (enum at_mixing_map)k, at, 2, NULL, &err), &err);
        for (size_t p = 0; p < 2; p++)
            must(at_mixing_scores(one[p], &x, (enum at_mixing_map)k, at + p, 1, NULL, &err), &err);
        for (size_t j = 0; j < x.T; j++)
            ASSERT_NEAR(both[j], 0.5 * (one[0][j] + one[1][j]), 1e-12);
    }
    at_mixing_release(&x);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),           cmocka_unit_test(test_flow),
        cmocka_unit_test(test_flow_of_identity), cmocka_unit_test(test_laws),
        cmocka_unit_test(test_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
