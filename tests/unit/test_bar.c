/*
 * test_bar.c - bias attention ratios: values by hand, laws (even attention gives 1, single tokens'
 * ratios sum to T), the null, calibration.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/bar.h"
#include "base/rng.h"
#include "close.h"

enum { L = 2, H = 3, T = 6 };

/* Random maps with rows that sum to 1, lower triangle only when causal. */
static float *random_maps(size_t n, size_t tokens, bool is_causal, uint64_t seed)
{
    float *maps = calloc(n * tokens * tokens, sizeof *maps);
    struct at_rng rng;

    at_rng_init(&rng, seed, 9);
    for (size_t r = 0; r < n * tokens; r++) {
        float *row = maps + r * tokens;
        size_t last = is_causal ? r % tokens + 1 : tokens;
        double sum = 0.0;
        for (size_t j = 0; j < last; j++) {
            row[j] = (float)exp(2.0 * at_rng_normal(&rng));
            sum += (double)row[j];
        }
        for (size_t j = 0; j < last; j++)
            row[j] = (float)((double)row[j] / sum);
    }
    return maps;
}

static void uniform_map(float *map, size_t tokens, bool is_causal)
{
    for (size_t i = 0; i < tokens; i++)
        for (size_t j = 0; j < tokens; j++)
            map[i * tokens + j] = !is_causal ? 1.0f / (float)tokens
                                  : j <= i   ? 1.0f / (float)(i + 1)
                                             : 0.0f;
}

static struct at_bar_ratios bar_of(const float *maps, size_t layers, size_t heads, size_t tokens,
                                   bool is_causal, const bool *flagged)
{
    struct at_bar_ratios b;
    struct at_error err;

    assert_int_equal(
        at_bar_init(&b, layers, heads, tokens, is_causal, flagged, AT_BAR_THRESHOLD, &err), 0);
    for (size_t l = 0; l < layers; l++)
        at_bar_add(&b, l, maps + l * heads * tokens * tokens);
    return b;
}

/* Two tokens of three flagged. Column sums 1.4, 0.9, 0.7: BAR = (1.4 + 0.7) / 2 = 1.05.
   Within B: rows 0 and 2 put .5+.3 and .6+.2 on it: 1.6 / 2 over 2/3 = 1.2. */
static void test_by_hand(void **state)
{
    const float map[9] = { .5f, .2f, .3f, .3f, .5f, .2f, .6f, .2f, .2f };
    const bool flagged[3] = { true, false, true };
    struct at_bar_ratios b = bar_of(map, 1, 1, 3, false, flagged);

    (void)state;
    ASSERT_NEAR(b.heads[0].bar, 1.05, 1e-7); /* float inputs */
    ASSERT_NEAR(b.heads[0].bsr, 1.2, 1e-7);
    ASSERT_NEAR(b.heads[0].max_weight, 0.6, 1e-7);
    ASSERT_NEAR(b.heads[0].bar_visible, b.heads[0].bar, 1e-15);
    assert_false(b.heads[0].is_specialised);
    assert_true(isnan(b.heads[0].p));
    at_bar_release(&b);
    at_bar_release(&b);
}

/* Even attention: 1 for any set; the causal one shows the position artefact in the plain ratio
   (harmonic number for the first token, 1/N for the last) and 1 in the visible one. */
static void test_uniform(void **state)
{
    const bool sets[4][T] = { { true },
                              { [T - 1] = true },
                              { [1] = true, [4] = true },
                              { true, true, true, true, true, true } };
    const double harmonic = 1 + 1 / 2. + 1 / 3. + 1 / 4. + 1 / 5. + 1 / 6.;
    float map[T * T];

    (void)state;
    for (size_t k = 0; k < 4; k++)
        for (int is_causal = 0; is_causal < 2; is_causal++) {
            struct at_bar_ratios b;
            uniform_map(map, T, is_causal);
            b = bar_of(map, 1, 1, T, is_causal, sets[k]);
            ASSERT_NEAR(b.heads[0].bar_visible, 1.0, 1e-6);
            ASSERT_NEAR(b.heads[0].bsr_visible, 1.0, 1e-6);
            if (!is_causal || k == 3)
                ASSERT_NEAR(b.heads[0].bar, 1.0, 1e-6);
            else if (k == 0)
                ASSERT_NEAR(b.heads[0].bar, harmonic, 1e-6);
            else if (k == 1)
                ASSERT_NEAR(b.heads[0].bar, 1.0 / T, 1e-6);
            at_bar_release(&b);
        }
}

/* Single-token ratios of a head sum to N; row 0 of a causal map is no maximum. */
static void test_laws(void **state)
{
    float *maps = random_maps(H, T, false, 1), *causal = random_maps(1, T, true, 2);
    const bool first[T] = { true };
    double sum[H] = { 0 };
    struct at_bar_ratios b;

    (void)state;
    for (size_t j = 0; j < T; j++) {
        bool flagged[T] = { false };
        flagged[j] = true;
        b = bar_of(maps, 1, H, T, false, flagged);
        for (size_t h = 0; h < H; h++)
            sum[h] += b.heads[h].bar;
        at_bar_release(&b);
    }
    for (size_t h = 0; h < H; h++)
        ASSERT_NEAR(sum[h], T, 1e-5);
    b = bar_of(causal, 1, 1, T, true, first);
    assert_true(causal[0] == 1.0f && b.heads[0].max_weight < 1.0);
    at_bar_release(&b);
    free(maps);
    free(causal);
}

static void test_nothing_flagged(void **state)
{
    float *maps = random_maps(L * H, T, false, 3);
    const bool none[T] = { false }, all[T] = { true, true, true, true, true, true };
    const bool special[T] = { true, [T - 1] = true };
    struct at_bar_ratios b = bar_of(maps, L, H, T, false, none);
    struct at_bar_significance s;
    struct at_bar_propagation p;
    double layers[L];

    (void)state;
    at_bar_propagation(&p, layers, &b);
    assert_int_equal(p.pattern, AT_BAR_NONE);
    assert_true(isnan(p.mean) && isnan(b.heads[0].bar) && !b.heads[0].is_specialised);
    at_bar_significance(&s, &b, special, 100, 0.05, 0, NULL);
    assert_int_equal(s.status, AT_BAR_NO_FLAGGED);
    assert_true(isnan(b.heads[0].p));
    at_bar_release(&b);
    b = bar_of(maps, L, H, T, false, all);
    ASSERT_NEAR(b.heads[4].bar, 1.0, 1e-6);
    at_bar_significance(&s, &b, special, 100, 0.05, 0, NULL);
    assert_int_equal(s.status, AT_BAR_NO_ROOM);
    at_bar_release(&b);
    free(maps);
}

static void test_propagation(void **state)
{
    const double up[3] = { 1.0, 1.1, 1.3 }, flat[3] = { 1.0, 3.0, 1.1 }, down[3] = { 2, 1, 1.7 };
    const double *const cases[3] = { up, flat, down };
    const enum at_bar_pattern want[3] = { AT_BAR_INCREASING, AT_BAR_STABLE, AT_BAR_DECREASING };
    const size_t peak[3] = { 2, 1, 0 };

    (void)state;
    for (size_t c = 0; c < 3; c++) {
        struct at_bar_head heads[3];
        struct at_bar_ratios b = { .L = 3, .H = 1, .T = 4, .n_flagged = 1, .heads = heads };
        struct at_bar_propagation p;
        double layers[3];
        for (size_t l = 0; l < 3; l++)
            heads[l].bar = cases[c][l];
        at_bar_propagation(&p, layers, &b);
        assert_int_equal(p.pattern, want[c]);
        assert_int_equal(p.peak_layer, peak[c]);
        ASSERT_NEAR(p.third[2], cases[c][2], 0);
        b.L = 1;
        at_bar_propagation(&p, layers, &b);
        assert_int_equal(p.pattern, AT_BAR_SINGLE_LAYER);
    }
}

/* p by listing every subset of the valid tokens here, against the module's exact answer, and the
   random answer within 4 of its own standard errors. */
static void test_significance(void **state)
{
    enum { N = 9 };
    float *maps = random_maps(L * H, N, false, 4);
    const bool flagged[N] = { [2] = true, [5] = true, [6] = true };
    const bool special[N] = { true, [N - 1] = true };
    struct at_bar_ratios b = bar_of(maps, L, H, N, false, flagged);
    struct at_bar_significance s;
    double exact[L * H];

    (void)state;
    at_bar_significance(&s, &b, special, 30000, 0.05, 0, NULL);
    assert_int_equal(s.status, AT_BAR_TESTED);
    assert_true(s.is_exact && s.n_valid == 7 && s.n_draws == 35);
    for (size_t h = 0; h < L * H; h++) {
        const double *c = b.received + h * N;
        size_t hits = 0;
        for (unsigned set = 0; set < 1u << N; set++) {
            double sum = 0.0;
            if (__builtin_popcount(set) != 3 || set & 1u || set & 1u << (N - 1))
                continue;
            for (size_t j = 0; j < N; j++)
                sum += set >> j & 1 ? c[j] : 0.0;
            hits += sum >= c[2] + c[5] + c[6] - 1e-9;
        }
        exact[h] = hits / 35.0;
        ASSERT_NEAR(b.heads[h].p, exact[h], 1e-15);
        assert_true(b.heads[h].mc_error == 0.0);
        assert_true(b.heads[h].q >= b.heads[h].p && b.heads[h].p_bonferroni >= b.heads[h].q);
    }
    at_bar_significance(&s, &b, special, 34, 0.05, 0, NULL);
    assert_false(s.is_exact);
    for (size_t h = 0; h < L * H; h++)
        ASSERT_NEAR(b.heads[h].p, exact[h], 4.0 * b.heads[h].mc_error + 1.0 / 35.0);
    at_bar_release(&b);
    free(maps);
}

/* The calibrated quantile against the sorted null ratios of one text, within a bin. */
static void test_calibration(void **state)
{
    enum { N = 8 };
    float *maps = random_maps(H, N, false, 5);
    const bool flagged[N] = { [3] = true }, special[N] = { true, [N - 1] = true };
    struct at_bar_ratios b = bar_of(maps, 1, H, N, false, flagged);
    struct at_bar_calibration c;
    struct at_error err;

    (void)state;
    assert_int_equal(at_bar_calibration_init(&c, H, &err), 0);
    assert_true(isnan(at_bar_quantile(&c, -1, 0.5)));
    at_bar_calibrate(&c, &b, special, 6000, 0);
    assert_true(c.n_texts == 1 && c.n_ratios == 6000 * H);
    for (long h = 0; h < H; h++) {
        const double *r = b.received + (size_t)h * N;
        double largest = 0.0, smallest = 1e9;
        for (size_t j = 1; j < N - 1; j++) {
            largest = fmax(largest, r[j]);
            smallest = fmin(smallest, r[j]);
        }
        /* Six values, each drawn a sixth of the time: the ends hold the outer quantiles. */
        ASSERT_NEAR(at_bar_quantile(&c, h, 0.95) / largest, 1.0, 0.0011);
        ASSERT_NEAR(at_bar_quantile(&c, h, 0.05) / smallest, 1.0, 0.0011);
    }
    at_bar_calibration_release(&c);
    at_bar_release(&b);
    free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),     cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_laws),        cmocka_unit_test(test_nothing_flagged),
        cmocka_unit_test(test_propagation), cmocka_unit_test(test_significance),
        cmocka_unit_test(test_calibration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
