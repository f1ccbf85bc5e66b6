/*
 * test_head_effects.c - what removing heads does, against PyTorch (fixtures/oracle/ablation, made
 * by scripts/outside/make-ablation-oracles.py), and laws that hold whatever the numbers are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/ablation.h"
#include "analysis/direct_effects.h"
#include "analysis/patching.h"
#include "base/alloc.h"
#include "close.h"
#include "io/record.h"
#include "model_fixture.h"
#include "session/head_effects.h"

enum { AT = 4, TOKEN = 7, FOIL = 11 };

/* A probe of a fixture's text whose target is the oracle's contrast. */
struct asked {
    struct model_fixture f;
    struct at_session s;
    struct at_aim aim;
    struct at_probe probe;
    struct at_probe_copy copy;
    struct at_target_term terms[2];
    size_t row;
    struct at_head_ground ground;
    struct at_tensors *oracle;
};

static void asked_open(struct asked *a, const char *name)
{
    struct at_error err;
    char path[96];

    *a = (struct asked){ .terms = { { AT, TOKEN, 1.0 }, { AT, FOIL, -1.0 } }, .row = AT };
    fixture_open(&a->f, name);
    fixture_choose(&a->f, 9);
    a->s.model = a->f.m;
    a->aim = (struct at_aim){ .choice = AT_AIM_TOKEN, .how = AT_TARGET_TOKENS };
    a->copy = (struct at_probe_copy){ AT_NONE, { a->terms, 2 }, &a->row, 1 };
    a->probe = (struct at_probe){ .s = &a->s,
                                  .aim = &a->aim,
                                  .T = a->f.T,
                                  .C = a->f.m.config.width,
                                  .E = a->f.m.config.embed_width,
                                  .ids = at_malloc(a->f.T, sizeof(int)),
                                  .segments = at_calloc(a->f.T, sizeof(int)),
                                  .copies = &a->copy,
                                  .n_copies = 1,
                                  .batch_rows = 20 };
    memcpy(a->probe.ids, a->f.ids, a->f.T * sizeof(int));
    if (a->f.segments && a->f.m.config.n_segments)
        memcpy(a->probe.segments, a->f.segments, a->f.T * sizeof(int));
    must(at_head_ground_init(&a->ground, &a->probe, &err), &err);
    must(at_probe_values(&a->probe.value, &a->probe, &(struct at_variant){ .ids = NULL }, 1, &err),
         &err);
    snprintf(path, sizeof path, "fixtures/oracle/ablation/%s.safetensors", name);
    must(at_tensors_open(&a->oracle, path, &err), &err);
}

static void asked_close(struct asked *a)
{
    at_head_ground_release(&a->ground);
    free(a->probe.ids);
    free(a->probe.segments);
    at_tensors_close(a->oracle);
    fixture_close(&a->f);
}

static void each_model(void (*test)(struct asked *a))
{
    static const char *const names[] = { "tiny-bert", "tiny-gpt2" };

    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        struct asked a;
        asked_open(&a, names[i]);
        test(&a);
        asked_close(&a);
    }
}

static const double *oracle(const struct asked *a, const char *name)
{
    const struct at_tensor_view *t = at_tensors_find(a->oracle, name);

    if (!t)
        fail_msg("the oracle has no '%s'", name);
    return t->data;
}

/* Every head by itself, in groups of two texts. */
static void effects_of(struct asked *a, enum at_removal_mode mode, struct at_head_effect *out)
{
    const struct at_config *c = &a->f.m.config;
    const struct at_removal_rule rule = { mode, NULL, 1 };
    size_t n = c->n_layers * c->n_heads;
    float *gates = at_malloc(n * n, sizeof *gates);
    struct at_head_edit *edits = at_malloc(n, sizeof *edits);
    struct at_error err;

    for (size_t i = 0; i < n; i++) {
        const struct at_head head = { i / c->n_heads, i % c->n_heads };
        at_removal_gates(gates + i * n, &head, 1, c);
        edits[i] = at_removal_edit(&rule, gates + i * n);
    }
    must(at_head_effects(out, &a->ground, edits, n, &err), &err);
    free(gates);
    free(edits);
}

/* Float against double, over two layers. */
static void against_torch(struct asked *a)
{
    static const enum at_removal_mode modes[] = { AT_REMOVE_ZERO, AT_REMOVE_MEAN };
    size_t n = a->f.m.config.n_layers * a->f.m.config.n_heads;
    struct at_head_effect *e = at_malloc(n, sizeof *e);

    for (size_t m = 0; m < AT_COUNTOF(modes); m++) {
        const char *mode = at_removal_modes[modes[m]];
        char change[32], impact[32], kl[32];
        snprintf(change, sizeof change, "%s/change", mode);
        snprintf(impact, sizeof impact, "%s/impact", mode);
        snprintf(kl, sizeof kl, "%s/kl", mode);
        effects_of(a, modes[m], e);
        for (size_t i = 0; i < n; i++) {
            ASSERT_NEAR(e[i].change, oracle(a, change)[i], 1e-5);
            ASSERT_NEAR(e[i].impact, oracle(a, impact)[i], 1e-6);
            ASSERT_NEAR(e[i].kl, oracle(a, kl)[i], 2e-6);
            assert_true(e[i].norm > 0.0 && e[i].norm_removed > 0.0);
            if (modes[m] == AT_REMOVE_ZERO) {
                assert_true(e[i].norm_left == 0.0);
                ASSERT_NEAR(e[i].norm_removed, e[i].norm, 1e-6 * e[i].norm);
            }
        }
    }
    free(e);
}

static void test_against_torch(void **state)
{
    (void)state;
    each_model(against_torch);
}

/* A head whose values are 0 hands on nothing: without it nothing changes. */
static void zero_values(struct asked *a)
{
    const struct at_config *c = &a->f.m.config;
    struct at_layer_weights *w = &a->f.m.weights.layer[1];
    struct at_dense *d = w->qkv.w.data ? &w->qkv : &w->v, kept = *d;
    size_t D = c->head_width, n_in = d->w.n_in, n_out = d->w.n_out;
    size_t first = (w->qkv.w.data ? 2 * c->width : 0) + D; /* of head 1 */
    float *matrix = at_malloc(n_in * n_out, sizeof *matrix);
    float *bias = at_malloc(n_out, sizeof *bias);
    struct at_head_effect e[16];
    struct at_error err;

    at_to_f32(matrix, d->w.data, d->w.dtype, n_in * n_out);
    memcpy(bias, d->b.data, n_out * sizeof *bias);
    for (size_t j = first; j < first + D; j++) {
        bias[j] = 0.0f;
        for (size_t i = 0; i < n_in; i++)
            matrix[d->w.layout == AT_OUT_MAJOR ? j * n_in + i : i * n_out + j] = 0.0f;
    }
    d->w.data = matrix;
    d->w.dtype = AT_F32;
    d->b.data = bias;
    at_head_ground_release(&a->ground);
    must(at_head_ground_init(&a->ground, &a->probe, &err), &err);
    must(at_probe_values(&a->probe.value, &a->probe, &(struct at_variant){ .ids = NULL }, 1, &err),
         &err);
    effects_of(a, AT_REMOVE_ZERO, e);
    ASSERT_NEAR(e[c->n_heads + 1].change, 0.0, 1e-6);
    ASSERT_NEAR(e[c->n_heads + 1].impact, 0.0, 1e-7);
    ASSERT_NEAR(e[c->n_heads + 1].kl, 0.0, 1e-6);
    assert_true(e[c->n_heads + 1].norm_removed == 0.0);
    assert_true(e[c->n_heads].impact > 1e-4);
    *d = kept;
    free(matrix);
    free(bias);
}

static void test_zero_values(void **state)
{
    (void)state;
    each_model(zero_values);
}

/* A set that begins nowhere changes nothing; sets of several layers are what a whole pass gives. */
static void sets(struct asked *a)
{
    const struct at_config *c = &a->f.m.config;
    const struct at_removal_rule rule = { AT_REMOVE_ZERO, NULL, 1 };
    const struct at_head heads[] = { { 0, 1 }, { 1, 0 } };
    size_t n = c->n_layers * c->n_heads;
    float *gates = at_malloc(2 * n, sizeof *gates);
    struct at_head_effect e[2];
    struct at_error err;
    double whole;

    at_removal_gates(gates, heads, 0, c);
    at_removal_gates(gates + n, heads, 2, c);
    const struct at_head_edit edits[] = { at_removal_edit(&rule, gates),
                                          at_removal_edit(&rule, gates + n) };
    must(at_head_effects(e, &a->ground, edits, 2, &err), &err);
    assert_true(e[0].change == 0.0 && e[0].impact == 0.0 && e[0].kl == 0.0);
    must(at_probe_values(&whole, &a->probe, &(struct at_variant){ .edit = &edits[1] }, 1, &err),
         &err);
    ASSERT_NEAR(e[1].change, whole - a->probe.value, 1e-5);
    free(gates);
}

static void test_sets(void **state)
{
    (void)state;
    each_model(sets);
}

/* Each part against PyTorch, and all of them against the logit. */
static void direct(struct asked *a)
{
    const struct at_config *c = &a->f.m.config;
    const struct at_logit contrast = { AT, TOKEN, FOIL }, alone = { AT, TOKEN, -1 };
    const double *logit = oracle(a, "dla/logit");
    struct at_direct_effects r;
    struct at_arena arena = { 0 };
    struct at_error err;
    double sum = 0.0;

    must(at_direct_effects(&r, &a->f.m, &a->ground.runs[0], &contrast, &arena, &err), &err);
    ASSERT_NEAR(r.logit, *logit, 1e-5);
    assert_int_equal(r.n, 2 + c->n_layers * (c->n_heads + 2));
    for (size_t i = 0; i < r.n; i++) {
        const struct at_direct_effect *e = &r.items[i];
        char name[48];
        size_t at = e->layer == AT_NONE  ? 0
                    : e->head == AT_NONE ? e->layer
                                         : e->layer * c->n_heads + e->head;
        sum += e->dla;
        if (!strcmp(e->component, "rest") || !strcmp(e->component, "final_norm"))
            continue;
        snprintf(name, sizeof name, "dla/%s", e->component);
        ASSERT_NEAR(e->dla, oracle(a, name)[at], 1e-5);
    }
    ASSERT_NEAR(sum, *logit, 1e-5);
    assert_true(r.is_linearised != c->is_causal);
    assert_string_equal(r.items[0].component, "embedding");
    assert_string_equal(r.items[r.n - 1].component, c->is_causal ? "final_norm" : "rest");

    must(at_direct_effects(&r, &a->f.m, &a->ground.runs[0], &alone, &arena, &err), &err);
    sum = 0.0;
    for (size_t i = 0; i < r.n; i++)
        sum += r.items[i].dla;
    ASSERT_NEAR(sum, r.logit, 1e-5);
    at_arena_release(&arena);
}

static void test_direct_effects(void **state)
{
    (void)state;
    each_model(direct);
}

/* Scores against PyTorch; changes against passes that are given the other text's contexts. */
static void patching(struct asked *a)
{
    const struct at_config *c = &a->f.m.config;
    size_t n = c->n_layers * c->n_heads;
    int ids[9];
    struct at_head_edit fill = { .gates = NULL };
    struct at_error err;
    double scores[16], changes[16], whole;
    float *rows = NULL, gates[16];

    for (size_t t = 0; t < 9; t++)
        ids[t] = a->f.ids[8 - t];
    must(at_patch_contexts(&rows, &fill, &a->probe, ids, &err), &err);
    must(at_patch_scores(scores, &a->probe, &fill, &err), &err);
    must(at_patch_changes(changes, &a->ground, &fill, &err), &err);
    for (size_t i = 0; i < n; i++) {
        struct at_head_edit edit = fill;
        edit.gates = gates;
        for (size_t j = 0; j < n; j++)
            gates[j] = i == j ? 0.0f : 1.0f;
        must(at_probe_values(&whole, &a->probe, &(struct at_variant){ .edit = &edit }, 1, &err),
             &err);
        ASSERT_NEAR(scores[i], oracle(a, "patch")[i], 2e-5);
        ASSERT_NEAR(changes[i], whole - a->probe.value, 1e-5);
    }
    free(rows);
}

static void test_patching(void **state)
{
    (void)state;
    each_model(patching);
}

/* Tables of a text: every head once, layers that are those without attention, first heads whose
   shares grow to 1, a set that reaches what it should. */
static void tables(struct asked *a)
{
    const struct at_config *c = &a->f.m.config;
    const struct at_head_list none = { NULL, 0 };
    struct at_ablation_options o = { .heads = &none, .n_top = 3, .by = "kl", .move = 0.3 };
    size_t n = c->n_layers * c->n_heads;
    struct at_arena arena = { 0 };
    struct at_ablation r;
    struct at_error err;

    must(at_ablation_run(&r, &a->ground, &o, &arena, &err), &err);
    assert_int_equal(r.n_rows, n);
    assert_int_equal(r.n_patching, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(r.rows[i].layer == i / c->n_heads && r.rows[i].head == i % c->n_heads);
        ASSERT_NEAR(r.rows[i].change, oracle(a, "zero/change")[i], 1e-5);
        assert_true(r.patching[i].change == r.rows[i].change);
    }
    assert_int_equal(r.n_layers, c->n_layers);
    for (size_t l = 0; l < c->n_layers; l++)
        assert_true(r.layers[l].gap < 1e-6);
    assert_int_equal(r.n_elbow, 3);
    for (size_t k = 1; k < 3; k++) {
        assert_true(fabs(r.elbow[k].score) <= fabs(r.elbow[k - 1].score));
        assert_true(r.elbow[k].share >= r.elbow[k - 1].share);
    }
    ASSERT_NEAR(r.elbow[2].share, 1.0, 1e-12);
    ASSERT_NEAR(r.elbow[0].kl, r.elbow[0].score, 1e-9);
    assert_true(r.n_smallest > 0 && r.smallest[r.n_smallest - 1].reaches);
    assert_true(r.smallest[r.n_smallest - 1].change >= 0.3);

    struct at_head pair[] = { { 0, 1 }, { 1, 0 } };
    const struct at_head_list two = { pair, 2 };
    o.heads = &two;
    o.move = NAN;
    must(at_ablation_run(&r, &a->ground, &o, &arena, &err), &err);
    assert_true(r.n_rows == 1 && r.n_elbow == 0 && r.n_smallest == 0);
    assert_true(r.rows->layer == AT_NONE);
    assert_string_equal(r.rows->heads, "L0H1+L1H0");
    at_arena_release(&arena);
}

static void test_tables(void **state)
{
    (void)state;
    each_model(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_torch), cmocka_unit_test(test_zero_values),
        cmocka_unit_test(test_sets),          cmocka_unit_test(test_direct_effects),
        cmocka_unit_test(test_patching),      cmocka_unit_test(test_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
