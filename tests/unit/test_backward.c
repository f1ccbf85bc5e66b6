/*
 * test_backward.c - gradients against finite differences of the forward pass in double precision,
 * against PyTorch, and their laws.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/backward.h"
#include "model_fixture.h"
#include "ops/embed.h"
#include "ops/precise.h"

/* ---- a target that is linear in the final hidden states ---- */

/* F = sum of factor(i) hidden[i], i from the first row of a text on. */
static float factor(size_t i)
{
    return (float)((i * 37 + 11) % 64) / 32.0f - 1.0f;
}

struct linear {
    double *values; /* (B) */
    size_t stride;  /* of a text's factors */
};

static int linear_target(void *arg, const struct at_final_view *v, struct at_error *err)
{
    struct linear *l = arg;

    (void)err;
    for (size_t b = 0; b < v->B; b++) {
        double sum = 0.0;
        for (size_t i = v->start[b] * v->C, k = 0; i < v->start[b + 1] * v->C; i++, k++) {
            const float *h = v->hidden + i;
            sum += (double)factor(k) * (v->lo ? at_pair(h, v->lo) : (double)*h);
            v->d_hidden[i] = factor(k);
        }
        l->values[v->first + b] = sum;
    }
    return 0;
}

/* ---- finite differences ---- */

/* Central differences over seven points, (1, -9, 45, 0, -45, 9, -1) / 60: what the slope is off by
   is of the order of STEP^6, and of what the values are rounded to by STEP. */
enum { POINTS = 6 };
static const int places[POINTS] = { -3, -2, -1, 1, 2, 3 };
static const double shares[POINTS] = { -1.0 / 60, 9.0 / 60,  -45.0 / 60,
                                       45.0 / 60, -9.0 / 60, 1.0 / 60 };
#define STEP 0x1p-10f

/* Texts that are one text with other words or gates. */
struct copies {
    struct model_fixture *f;
    size_t B, *start;
    int *segments;
    bool is_layer_input;
    float *words; /* (B,T,C) what enters layer 0, else (B,T,E) in place of the embeddings */
    struct at_head_edit *edits;
    float *gates; /* (B,L,H) */
    double *values;
};

static void copies_init(struct copies *c, struct model_fixture *f, size_t B, bool is_layer_input)
{
    size_t n_heads = f->m.config.n_layers * f->m.config.n_heads, E = f->m.config.embed_width;
    size_t C = is_layer_input ? f->m.config.width : E;
    float *row = at_malloc(E, sizeof *row);

    *c = (struct copies){ f,
                          B,
                          at_calloc(B + 1, sizeof *c->start),
                          at_malloc(B * f->T, sizeof *c->segments),
                          is_layer_input,
                          at_malloc(B * f->T * C, sizeof *c->words),
                          at_calloc(B, sizeof *c->edits),
                          at_malloc(B * n_heads, sizeof *c->gates),
                          at_malloc(B, sizeof *c->values) };
    for (size_t b = 0; b < B; b++) {
        float *words = c->words + b * f->T * C;
        c->start[b + 1] = c->start[b] + f->T;
        memcpy(c->segments + b * f->T, f->segments, f->T * sizeof *f->segments);
        for (size_t i = 0; i < f->T * C; i++) { /* steps are exact from there */
            if (i % C == 0)
                at_embed(row, &f->m.weights.word_embed, &f->ids[i / C], 1);
            words[i] = roundf(row[i % C % E] * 0x1p12f) * 0x1p-12f;
        }
        for (size_t i = 0; i < n_heads; i++)
            c->gates[b * n_heads + i] = 1.0f - (float)(i % 3) * 0.25f;
        c->edits[b].gates = c->gates + b * n_heads;
    }
    free(row);
}

static void copies_release(struct copies *c)
{
    free(c->start);
    free(c->segments);
    free(c->words);
    free(c->edits);
    free(c->gates);
    free(c->values);
}

/* Values and gradients of all copies. */
static void copies_run(struct copies *c, float *d_input, at_gradient_fn on_layer, void *arg,
                       const struct at_backward_options *more)
{
    const struct at_batch batch = { c->B, c->start, NULL, c->segments };
    const struct at_change change = { .word_embeds = c->is_layer_input ? NULL : c->words,
                                      .layer_input = c->is_layer_input ? c->words : NULL,
                                      .edits = c->edits };
    struct linear linear = { .values = c->values };
    struct at_backward_options options = more ? *more : (struct at_backward_options){ 0 };
    struct at_error err;

    options.target = linear_target;
    options.target_arg = &linear;
    options.d_input = d_input;
    options.on_layer = on_layer;
    options.arg = arg;
    options.change = &change;
    must(at_backward(&c->f->m, &batch, &options, NULL, &err), &err);
}

/* What enters layer 0, of the first text, with the low parts. */
static int see_input(void *arg, const struct at_gradient_view *v, struct at_error *err)
{
    double *d = arg;

    (void)err;
    for (size_t i = 0; i < v->T * v->C && v->text == 0 && v->layer == 0; i++)
        d[i] = at_pair(v->d_input + i, v->lo);
    return 0;
}

/* Every word embedding's every component, or those of the rows that enter layer 0. */
static void check_input(struct model_fixture *f, bool is_layer_input)
{
    size_t n = f->T * (is_layer_input ? f->m.config.width : f->m.config.embed_width);
    struct copies c;
    float *d = at_malloc((1 + POINTS * n) * n, sizeof *d);
    double *want = at_calloc(n, sizeof *want);
    double *got = at_calloc(f->T * f->m.config.width, sizeof *got);

    copies_init(&c, f, 1 + POINTS * n, is_layer_input);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < POINTS; k++)
            c.words[(1 + i * POINTS + k) * n + i] += (float)places[k] * STEP;
    copies_run(&c, d, see_input, got, NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < POINTS; k++)
            want[i] += shares[k] * c.values[1 + i * POINTS + k] / (double)STEP;
    ASSERT_CLOSE(d, want, n, 1e-10, 6e-8); /* this gradient comes out as floats, */
    if (is_layer_input)
        ASSERT_CLOSE_D(got, want, n, 1e-10, 1e-10); /* this one as it is */
    free(got);
    free(d);
    free(want);
    copies_release(&c);
}

static void words_by_differences(struct model_fixture *f)
{
    check_input(f, false);
}

static void states_by_differences(struct model_fixture *f)
{
    check_input(f, true);
}

/* Those with a head for whole texts have the pass of another one. */
static void each_model_in_double(void (*test)(struct model_fixture *f))
{
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        if (strstr(fixture_names[i], "-classes"))
            continue;
        fixture_open(&f, fixture_names[i]);
        fixture_choose(&f, 5);
        f.m.is_double = true;
        test(&f);
        fixture_close(&f);
    }
}

static void test_words_by_differences(void **state)
{
    (void)state;
    each_model_in_double(words_by_differences);
}

static void test_states_by_differences(void **state)
{
    (void)state;
    each_model_in_double(states_by_differences);
}

/* The gradient at every gate, from the context and from the maps of the first copy. */
struct gate_slopes {
    double by_context[64], by_map[64];
    const float *gates;
};

static int see_gates(void *arg, const struct at_gradient_view *v, struct at_error *err)
{
    struct gate_slopes *s = arg;

    (void)err;
    for (size_t h = 0; h < v->H && v->text == 0; h++) {
        size_t i = v->layer * v->H + h, cells = v->T * v->T;
        for (size_t t = 0; t < v->T; t++)
            for (size_t d = 0; d < v->D; d++)
                s->by_context[i] += (double)v->context[t * v->C + h * v->D + d] *
                                    (double)v->d_context[t * v->C + h * v->D + d];
        for (size_t k = 0; k < cells; k++)
            s->by_map[i] +=
                (double)v->attention[h * cells + k] * (double)v->d_attention[h * cells + k];
    }
    return 0;
}

/* context is gated, its gradient is that of what comes after: their product is gate times slope. A
   map's gradient has the gate in it, and map times gradient sums to the same. */
static void gates_by_differences(struct model_fixture *f)
{
    size_t n_heads = f->m.config.n_layers * f->m.config.n_heads;
    struct gate_slopes slopes = { 0 };
    struct copies c;

    copies_init(&c, f, 1 + POINTS * n_heads, false);
    for (size_t i = 0; i < n_heads; i++)
        for (size_t k = 0; k < POINTS; k++)
            c.gates[(1 + i * POINTS + k) * n_heads + i] += (float)places[k] * STEP;
    copies_run(&c, NULL, see_gates, &slopes, NULL);
    for (size_t i = 0; i < n_heads; i++) {
        double want = 0.0;
        for (size_t k = 0; k < POINTS; k++)
            want += shares[k] * c.values[1 + i * POINTS + k] / (double)STEP;
        want *= (double)c.gates[i];
        /* sums of up to 100 products of floats */
        ASSERT_NEAR(slopes.by_context[i], want, 3e-6 * (1.0 + fabs(want)));
        ASSERT_NEAR(slopes.by_map[i], want, 3e-6 * (1.0 + fabs(want)));
    }
    copies_release(&c);
}

static void test_gates_by_differences(void **state)
{
    (void)state;
    each_model_in_double(gates_by_differences);
}

/* ---- one way and another ---- */

/* The chosen text, or several of its length, with the linear target. */
struct gradients {
    float *d_input, *d_maps, *d_context; /* (N,E or C), (L,H,T,T), (L,T,C), the latter of text 0 */
    float *inputs;                       /* (L,T,C) of text 0: d_input of every layer */
    double values[64];
};

static int see_all(void *arg, const struct at_gradient_view *v, struct at_error *err)
{
    struct gradients *g = arg;
    size_t cells = v->H * v->T * v->T, n = v->T * v->C;

    (void)err;
    if (v->text == 0) {
        memcpy(g->d_maps + v->layer * cells, v->d_attention, cells * sizeof *g->d_maps);
        memcpy(g->d_context + v->layer * n, v->d_context, n * sizeof *g->d_context);
        memcpy(g->inputs + v->layer * n, v->d_input, n * sizeof *g->inputs);
    }
    return 0;
}

static struct gradients run(const struct model_fixture *f, size_t B, size_t batch_rows,
                            const size_t *rows, size_t n_rows, const struct at_change *change,
                            struct at_pool *pool)
{
    const struct at_config *c = &f->m.config;
    size_t T = f->T, n = T * c->width, start[65];
    int *ids = at_malloc(B * T, sizeof *ids), *segments = at_malloc(B * T, sizeof *segments);
    struct gradients g = { at_calloc(B * T * AT_MAX(c->width, c->embed_width), 4),
                           at_malloc(c->n_layers * c->n_heads * T * T, 4),
                           at_malloc(c->n_layers * n, 4),
                           at_malloc(c->n_layers * n, 4),
                           { 0 } };
    struct linear linear = { .values = g.values };
    struct at_error err;

    for (size_t b = 0; b < B; b++) {
        for (size_t t = 0; t < T; t++)
            ids[b * T + t] = (int)(((size_t)f->ids[t] + b) % c->vocab);
        memcpy(segments + b * T, f->segments, T * sizeof *segments);
    }
    for (size_t b = 0; b <= B; b++)
        start[b] = b * T;
    const struct at_batch batch = { B, start, ids, segments };
    const struct at_backward_options options = { .target = linear_target,
                                                 .target_arg = &linear,
                                                 .d_input = g.d_input,
                                                 .on_layer = see_all,
                                                 .arg = &g,
                                                 .final_rows = rows,
                                                 .n_final_rows = n_rows,
                                                 .change = change,
                                                 .batch_rows = batch_rows };
    must(at_backward(&f->m, &batch, &options, pool, &err), &err);
    free(ids);
    free(segments);
    return g;
}

static void release(struct gradients *g)
{
    free(g->d_input);
    free(g->d_maps);
    free(g->d_context);
    free(g->inputs);
}

static void each_model(void (*test)(struct model_fixture *f))
{
    for (size_t i = 0; i < 2 * N_FIXTURES; i++) {
        struct model_fixture f;
        fixture_open(&f, fixture_names[i / 2]);
        f.m.is_double = i % 2;
        test(&f);
        fixture_close(&f);
    }
}

/* float is double but for its rounding, which sharp maps make larger. */
static void float_and_double(struct model_fixture *f)
{
    size_t n = f->T * f->m.config.width;
    double *want = at_malloc(n, sizeof *want), most = 0.0;

    f->m.is_double = true;
    struct gradients exact = run(f, 1, 0, NULL, 0, NULL, NULL);
    f->m.is_double = false;
    struct gradients got = run(f, 1, 0, NULL, 0, NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        want[i] = (double)exact.d_input[i];
        most = AT_MAX(most, fabs(want[i]));
    }
    ASSERT_CLOSE(got.d_input, want, n, 1e-5 * most, 0);
    ASSERT_NEAR(got.values[0], exact.values[0], 1e-4);
    free(want);
    release(&exact);
    release(&got);
}

static void test_float_and_double(void **state)
{
    (void)state;
    each_model(float_and_double);
}

/* Groups, threads and what else is in the batch change no bit. */
static void groups(struct model_fixture *f)
{
    enum { B = 20 };
    size_t n = f->T * f->m.config.width;
    struct at_pool *pool = at_pool_new(3);
    struct gradients all = run(f, B, 0, NULL, 0, NULL, NULL),
                     alone = run(f, 1, 1, NULL, 0, NULL, NULL);

    for (size_t rows = 1; rows < 100; rows += 40) {
        struct gradients some = run(f, B, rows, NULL, 0, NULL, pool);
        assert_memory_equal(some.d_input, all.d_input, B * n * sizeof(float));
        assert_memory_equal(some.values, all.values, sizeof all.values);
        assert_memory_equal(some.d_maps, all.d_maps,
                            f->m.config.n_layers * f->m.config.n_heads * f->T * f->T * 4);
        release(&some);
    }
    assert_memory_equal(alone.d_input, all.d_input, f->T * f->m.config.embed_width * sizeof(float));
    release(&all);
    release(&alone);
    at_pool_free(pool);
}

static void test_groups(void **state)
{
    (void)state;
    each_model(groups);
}

/* The target's rows alone: factors of 0 for all others, in a full run by hand. */
struct some_rows {
    size_t T, row[2];
};

static int target_of_rows(void *arg, const struct at_final_view *v, struct at_error *err)
{
    const struct some_rows *s = arg;

    (void)err;
    for (size_t b = 0; b < v->B; b++)
        for (size_t r = v->start[b]; r < v->start[b + 1]; r++)
            for (size_t c = 0, k = r - v->start[b]; c < v->C; c++)
                if (v->start[b + 1] - v->start[b] < s->T || k == s->row[0] || k == s->row[1])
                    v->d_hidden[r * v->C + c] = factor((b + v->first) * 7 + c);
    return 0;
}

static void final_rows(struct model_fixture *f)
{
    enum { B = 5 };
    size_t T = f->T, start[B + 1], rows[2 * B];
    int ids[B * MAX_LENGTH], segments[B * MAX_LENGTH] = { 0 };
    size_t E = f->m.config.embed_width;
    float *want = at_malloc(B * T * E, sizeof *want), *got = at_malloc(B * T * E, sizeof *got);
    struct some_rows some = { T, { 2, T - 2 } };
    struct at_error err;

    for (size_t b = 0; b <= B; b++)
        start[b] = b * T;
    for (size_t i = 0; i < B * T; i++)
        ids[i] = (int)(i * 13 % f->m.config.vocab);
    for (size_t b = 0; b < B; b++)
        for (size_t k = 0; k < 2; k++)
            rows[2 * b + k] = b * T + some.row[k];
    const struct at_batch batch = { B, start, ids, segments };
    struct at_backward_options options = {
        .target = target_of_rows, .target_arg = &some, .d_input = want, .batch_rows = 2 * T
    };
    must(at_backward(&f->m, &batch, &options, NULL, &err), &err);
    options.final_rows = rows;
    options.n_final_rows = 2 * B;
    options.d_input = got;
    must(at_backward(&f->m, &batch, &options, NULL, &err), &err);
    assert_same(got, want, B * T * E, f->m.is_double ? 0 : 1e-5);
    if (f->m.config.is_causal) /* nothing after the last row that is looked at matters */
        for (size_t c = 0; c < E; c++)
            assert_true(got[(T - 1) * E + c] == 0.0f);
    free(want);
    free(got);
}

static void test_final_rows(void **state)
{
    (void)state;
    each_model(final_rows);
}

/* A pass that starts at a layer has the gradient there that the whole one shows on its way. */
static void restart(struct model_fixture *f)
{
    struct at_trace t = fixture_run(f, AT_CAP_HIDDEN);
    size_t n = f->T * f->m.config.width;
    struct gradients whole = run(f, 1, 0, NULL, 0, NULL, NULL);

    for (size_t l = 0; l < f->m.config.n_layers; l++) {
        const struct at_change change = { .layer_input = t.hidden + l * n, .first_layer = l };
        struct gradients part = run(f, 1, 0, NULL, 0, &change, NULL);
        assert_same(part.d_input, whole.inputs + l * n, n, 2e-5);
        release(&part);
    }
    release(&whole);
    at_trace_release(&t);
}

static void test_restart(void **state)
{
    (void)state;
    each_model(restart);
}

/* A hidden token's words change no row but its own; a closed head has no gradient behind it. */
static void hidden_and_gated(struct model_fixture *f)
{
    const struct at_config *c = &f->m.config;
    unsigned char is_hidden[MAX_LENGTH] = { [3] = 1 };
    size_t row = 5, n_heads = c->n_layers * c->n_heads, cells = c->n_heads * f->T * f->T;
    size_t E = c->embed_width;
    float *gates = at_calloc(n_heads, sizeof *gates);
    const struct at_head_edit edit = { .gates = gates };
    const struct at_change hide = { .is_hidden = is_hidden }, close = { .edits = &edit };

    struct gradients g = run(f, 1, 0, &row, 1, &hide, NULL);
    for (size_t i = 0; i < E; i++)
        assert_true(g.d_input[3 * E + i] == 0.0f);
    release(&g);
    g = run(f, 1, 0, &row, 1, &close, NULL);
    for (size_t i = 0; i < c->n_layers * cells; i++)
        assert_true(g.d_maps[i] == 0.0f);
    for (size_t i = 0; i < f->T * E; i++) /* by its own row alone */
        assert_int_equal(g.d_input[i] == 0.0f, i / E != row);
    release(&g);
    free(gates);
}

static void test_hidden_and_gated(void **state)
{
    (void)state;
    each_model(hidden_and_gated);
}

/* ---- what goes wrong ---- */

static int refuse(void *arg, const struct at_final_view *v, struct at_error *err)
{
    (void)arg;
    (void)v;
    return at_fail(err, AT_ERANGE, "no such target");
}

static int have_enough(void *arg, const struct at_gradient_view *v, struct at_error *err)
{
    (void)arg;
    return v->layer ? 0 : at_fail(err, AT_EIO, "the visitor had enough");
}

static void test_failures(void **state)
{
    struct model_fixture f;
    struct at_error err;
    double value;
    struct linear linear = { .values = &value };
    const size_t start[] = { 0, MAX_LENGTH }, empty[] = { 0, 0 };

    (void)state;
    fixture_open(&f, "tiny-bert");
    const struct at_batch batch = { 1, start, f.ids, NULL }, bad = { 1, empty, f.ids, NULL };
    struct at_backward_options options = { .target = refuse, .target_arg = &linear };
    assert_int_equal(at_backward(&f.m, &batch, &options, NULL, &err), AT_ERANGE);
    assert_string_equal(err.text, "no such target");
    options.target = linear_target;
    options.on_layer = have_enough;
    assert_int_equal(at_backward(&f.m, &batch, &options, NULL, &err), AT_EIO);
    assert_string_equal(err.text, "the visitor had enough");
    assert_int_equal(at_backward(&f.m, &bad, &options, NULL, &err), AT_ERANGE);
    at_alloc_fail_after(2); /* small ones first */
    assert_int_equal(at_backward(&f.m, &batch, &options, NULL, &err), AT_ENOMEM);
    at_alloc_fail_after(0);
    assert_non_null(strstr(err.text, "the way back"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_by_differences),
        cmocka_unit_test(test_states_by_differences),
        cmocka_unit_test(test_gates_by_differences),
        cmocka_unit_test(test_float_and_double),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_final_rows),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_hidden_and_gated),
        cmocka_unit_test(test_failures),
    };

    return cmocka_run_group_tests_name("backward", tests, NULL, NULL);
}
