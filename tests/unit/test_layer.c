/*
 * test_layer.c - a layer called alone, and passes that differ from those of the plain texts: gates,
 * restarts, other inputs, hidden tokens.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/forward.h"
#include "model/layer.h"
#include "model_fixture.h"
#include "ops/embed.h"

/* Every test runs in float and in double. */
static bool in_double;

/* Between passes that add up in another order. What a float loses on the way into another pass is
   all that parts them in double. */
#define TOL 2e-6

static void open_model(struct model_fixture *f, const char *name)
{
    fixture_open(f, name);
    f->m.is_double = in_double;
}

static void each_model(void (*test)(struct model_fixture *f))
{
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        open_model(&f, fixture_names[i]);
        test(&f);
        fixture_close(&f);
    }
}

/* The chosen text with a change; free() what comes back. */
static float *run_changed(const struct model_fixture *f, const struct at_change *change)
{
    const size_t start[] = { 0, f->T };
    const struct at_batch batch = { 1, start, f->ids, f->segments };
    const struct at_forward_options options = { .change = change };
    float *out = at_malloc(f->T * f->m.config.width, sizeof *out);
    struct at_error err;

    must(at_forward(out, &f->m, &batch, &options, NULL, &err), &err);
    return out;
}

/* ---- one layer ---- */

/* A text's run and buffers, as a caller of model/layer.h has them. */
struct alone {
    struct at_layer_run run;
    struct at_layer_buffers rows;
    size_t start[2];
    float *block, *map;
};

static void alone_init(struct alone *a, const struct model_fixture *f, bool is_kept)
{
    const struct at_config *c = &f->m.config;
    size_t N = f->T, n = N * c->width, floats = 10 * n + 2 * N * c->ffn_width + N * c->embed_width;

    *a = (struct alone){ .run = { .m = &f->m,
                                  .ops = at_layer_ops(in_double),
                                  .lo = in_double ? floats : 0,
                                  .B = 1,
                                  .N = N,
                                  .tokens = at_malloc(N, sizeof(size_t)),
                                  .index = at_malloc(N, sizeof(int)),
                                  .in = at_malloc(1, sizeof(struct at_attention_in)),
                                  .got = at_malloc(1, sizeof(struct at_attention_out)) },
                         .start = { 0, N },
                         .block = at_calloc(2 * floats, sizeof(float)),
                         .map = at_malloc(c->n_heads * N * N, sizeof(float)) };
    bool has_sums = is_kept && c->family->norms == AT_NORM_AFTER;
    float *at = a->block;
    a->run.start = a->start;
    a->rows = (struct at_layer_buffers){ .x = at,
                                         .norm = at + n,
                                         .qkv = at + 2 * n,
                                         .context = at + 5 * n,
                                         .mid = at + 6 * n,
                                         .out = at + 7 * n,
                                         .sum1 = has_sums ? at + 8 * n : NULL,
                                         .sum2 = has_sums ? at + 9 * n : NULL };
    a->rows.act = at + 10 * n;
    a->rows.pre_act = is_kept ? a->rows.act + N * c->ffn_width : NULL;
    a->run.embedded = a->rows.act + 2 * N * c->ffn_width;
}

static void alone_release(struct alone *a)
{
    free(a->run.tokens);
    free(a->run.index);
    free(a->run.in);
    free(a->run.got);
    free(a->block);
    free(a->map);
}

/* Every layer by itself, each on what left the last one, sees what a whole pass shows. */
static void check_alone(struct model_fixture *f, bool is_kept)
{
    double tol = in_double && is_kept ? 1e-6 : 0.0; /* sums are rounded where they are kept */
    struct at_trace t = fixture_run(f, KEEP_ALL);
    const struct at_dims *d = &t.dims;
    size_t n = d->T * d->C;
    struct alone a;

    alone_init(&a, f, is_kept);
    at_layer_embed(&a.run, a.rows.x, NULL, f->ids, NULL, f->segments);
    for (size_t l = 0; l < d->L; l++) {
        float *maps[] = { a.map };
        at_layer_forward(&a.run, &a.rows, l, maps);
        assert_same(a.rows.x, t.hidden + l * n, n, tol);
        assert_same(a.map, t.attention + l * d->H * d->T * d->T, d->H * d->T * d->T, tol);
        assert_same(a.rows.mid, t.mid + l * n, n, tol);
        assert_same(a.rows.act, t.ffn_act + l * d->T * d->F, d->T * d->F, tol);
        assert_same(a.rows.out, t.hidden + (l + 1) * n, n, tol);
        float *x = a.rows.x;
        a.rows.x = a.rows.out;
        a.rows.out = x;
    }
    at_layer_end(&a.run, a.rows.x, d->T);
    assert_same(a.rows.x, t.final_hidden, n, tol);
    alone_release(&a);
    at_trace_release(&t);
}

static void layer_alone(struct model_fixture *f)
{
    check_alone(f, false);
}

/* What is kept for the way back is computed on the way, and changes nothing. */
static void kept_layer(struct model_fixture *f)
{
    check_alone(f, true);
}

static void test_layer_alone(void **state)
{
    (void)state;
    each_model(layer_alone);
}

static void test_kept_layer(void **state)
{
    (void)state;
    each_model(kept_layer);
}

/* ---- other inputs ---- */

static void words_for_ids(struct model_fixture *f)
{
    size_t C = f->m.config.width;
    float *words = at_malloc(f->T * f->m.config.embed_width, sizeof *words);
    const struct at_change change = { .word_embeds = words };
    float *want = run_changed(f, NULL), *got;

    at_embed(words, &f->m.weights.word_embed, f->ids, f->T);
    got = run_changed(f, &change);
    assert_same(got, want, f->T * C, 0);
    free(words);
    free(want);
    free(got);
}

static void test_words_in_place_of_ids(void **state)
{
    (void)state;
    each_model(words_for_ids);
}

/* From every layer on, with no ids at all. */
static void restart(struct model_fixture *f)
{
    struct at_trace t = fixture_run(f, AT_CAP_HIDDEN);
    size_t n = f->T * f->m.config.width;
    const int *ids = f->ids, *segments = f->segments;

    f->ids = f->segments = NULL;
    for (size_t l = 0; l < f->m.config.n_layers; l++) {
        const struct at_change change = { .layer_input = t.hidden + l * n, .first_layer = l };
        float *got = run_changed(f, &change);
        assert_same(got, t.final_hidden, n, in_double ? TOL : 0);
        free(got);
    }
    f->ids = ids;
    f->segments = segments;
    at_trace_release(&t);
}

static void test_restart_at_a_layer(void **state)
{
    (void)state;
    each_model(restart);
}

/* ---- gates ---- */

/* Head (layer, head) reads but does not write any more: its part of the output projection is 0;
   free() what comes back. */
static float *mute_head(struct at_model *m, size_t layer, size_t head)
{
    struct at_weight *w = &m->weights.layer[layer].attn_out.w;
    size_t C = m->config.width, D = m->config.head_width, n = w->n_out * w->n_in;
    float *copy = at_malloc(n, sizeof *copy);

    at_to_f32(copy, w->data, w->dtype, n);
    for (size_t i = 0; i < C; i++)
        for (size_t j = head * D; j < (head + 1) * D; j++)
            copy[w->layout == AT_OUT_MAJOR ? i * C + j : j * C + i] = 0.0f;
    w->data = copy;
    w->dtype = AT_F32;
    return copy;
}

static void gates_and_weights(struct model_fixture *f)
{
    const struct at_config *c = &f->m.config;
    size_t n = f->T * c->width, n_heads = c->n_layers * c->n_heads;
    float *gates = at_malloc(n_heads, sizeof *gates), *plain = run_changed(f, NULL);
    const struct at_head_edit edit = { .gates = gates };
    const struct at_change change = { .edits = &edit };

    for (size_t h = 0; h <= n_heads; h++) {
        for (size_t i = 0; i < n_heads; i++)
            gates[i] = i == h ? 0.0f : 1.0f;
        float *got = run_changed(f, &change);
        if (h == n_heads) { /* none is closed */
            assert_same(got, plain, n, 0);
        } else {
            struct at_weight *w = &f->m.weights.layer[h / c->n_heads].attn_out.w, kept = *w;
            float *muted = mute_head(&f->m, h / c->n_heads, h % c->n_heads);
            float *want = run_changed(f, NULL);
            assert_same(got, want, n, 0);
            *w = kept;
            free(muted);
            free(want);
        }
        free(got);
    }
    free(gates);
    free(plain);
}

static void test_gate_equals_zeroed_weights(void **state)
{
    (void)state;
    each_model(gates_and_weights);
}

/* Half of a head and half of what it would have been is all of it; a context from elsewhere is what
   the rest of the layer then gets. */
static void fill_gates(struct model_fixture *f)
{
    const struct at_config *c = &f->m.config;
    size_t C = c->width, n = f->T * C, n_heads = c->n_layers * c->n_heads;
    struct at_trace t = fixture_run(f, AT_CAP_CONTEXT);
    float *gates = at_malloc(n_heads, sizeof *gates), *rows = at_malloc(n, sizeof *rows);
    float *want = run_changed(f, NULL), *got;
    struct at_head_edit edit = { .gates = gates, .fill = rows, .fill_row_step = C };
    const struct at_change change = { .edits = &edit };

    for (size_t i = 0; i < n_heads; i++)
        gates[i] = i == c->n_heads - 1 ? 0.25f : 1.0f;
    for (size_t row = 0; row < f->T; row++) /* layer 0, (H,T,D) to rows */
        for (size_t j = 0; j < C; j++)
            rows[row * C + j] =
                t.context[(j / c->head_width * f->T + row) * c->head_width + j % c->head_width];
    got = run_changed(f, &change);
    assert_same(got, want, n, TOL);
    free(got);

    edit.fill_row_step = 0; /* the first token's for all */
    got = run_changed(f, &change);
    bool differs = false;
    for (size_t i = 0; i < n; i++)
        differs |= fabs((double)(got[i] - want[i])) > 1e-3;
    assert_true(differs);
    free(got);
    free(gates);
    free(rows);
    free(want);
    at_trace_release(&t);
}

static void test_fill(void **state)
{
    (void)state;
    each_model(fill_gates);
}

/* Every head of a layer closed in turn, in one batch that starts from the layer's input, is each
   of them by itself. */
static void heads_of(struct model_fixture *f, size_t layer)
{
    const struct at_config *c = &f->m.config;
    size_t H = c->n_heads, L = c->n_layers, n = f->T * c->width;
    struct at_trace t = fixture_run(f, AT_CAP_HIDDEN);
    float *gates = at_malloc(H * L * H, sizeof *gates), *copies = at_malloc(H * n, sizeof *copies);
    struct at_head_edit *edits = at_calloc(H, sizeof *edits);
    size_t *start = at_calloc(H + 1, sizeof *start);
    float *got = at_malloc(H * n, sizeof *got);
    struct at_error err;

    for (size_t h = 0; h < H; h++) {
        edits[h].gates = gates + h * L * H;
        for (size_t i = 0; i < L * H; i++)
            gates[h * L * H + i] = i == layer * H + h ? 0.0f : 1.0f;
        memcpy(copies + h * n, t.hidden + layer * n, n * sizeof *copies);
        start[h + 1] = start[h] + f->T;
    }
    const struct at_batch batch = { H, start, NULL, NULL };
    const struct at_change together = { .layer_input = copies,
                                        .first_layer = layer,
                                        .edits = edits };
    const struct at_forward_options options = { .change = &together };
    must(at_forward(got, &f->m, &batch, &options, NULL, &err), &err);
    for (size_t h = 0; h < H; h++) {
        const struct at_change one = { .edits = &edits[h] };
        float *want = run_changed(f, &one);
        assert_same(got + h * n, want, n, TOL);
        free(want);
    }

    /* the same from one input that all share, and of some rows */
    const struct at_change shared = {
        .layer_input = t.hidden + layer * n, .first_layer = layer, .is_shared = true, .edits = edits
    };
    size_t *rows = at_malloc(2 * H, sizeof *rows);
    float *same = at_malloc(H * n, sizeof *same);
    struct at_forward_options fewer = { .change = &shared };
    must(at_forward(same, &f->m, &batch, &fewer, NULL, &err), &err);
    assert_same(same, got, H * n, 0);
    for (size_t i = 0; i < 2 * H; i++)
        rows[i] = i / 2 * f->T + (i % 2 ? f->T - 1 : 2);
    fewer.final_rows = rows;
    fewer.n_final_rows = 2 * H;
    must(at_forward(same, &f->m, &batch, &fewer, NULL, &err), &err);
    for (size_t i = 0; i < 2 * H; i++)
        assert_same(same + i * c->width, got + rows[i] * c->width, c->width, in_double ? 0 : TOL);
    free(rows);
    free(same);
    free(gates);
    free(copies);
    free(edits);
    free(start);
    free(got);
    at_trace_release(&t);
}

static void heads_in_a_batch(struct model_fixture *f)
{
    for (size_t l = 0; l < f->m.config.n_layers; l++)
        heads_of(f, l);
}

static void test_heads_in_a_batch(void **state)
{
    (void)state;
    each_model(heads_in_a_batch);
}

/* The final rows alone get the same gates, and causal texts that go on from another too. */
static void test_gates_of_some_rows(void **state)
{
    struct model_fixture f;
    struct at_error err;

    (void)state;
    open_model(&f, "tiny-gpt2");
    const struct at_config *c = &f.m.config;
    size_t C = c->width, last = f.T - 1, row = last, H = c->n_heads;
    float *gates = at_malloc(c->n_layers * H, sizeof *gates);
    float *out = at_malloc(f.T * C, sizeof *out), *want;
    struct at_head_edit edits[2] = { { .gates = gates }, { .gates = gates } };
    const struct at_change change = { .edits = edits };
    for (size_t i = 0; i < c->n_layers * H; i++)
        gates[i] = (float)i * 0.3f;
    want = run_changed(&f, &change);

    const size_t whole[] = { 0, f.T };
    const struct at_batch batch = { 1, whole, f.ids, NULL };
    struct at_forward_options options = { .change = &change,
                                          .final_rows = &row,
                                          .n_final_rows = 1 };
    must(at_forward(out, &f.m, &batch, &options, NULL, &err), &err);
    assert_same(out, want + last * C, C, TOL);

    /* all but the last token, then the last one after them */
    const size_t start[] = { 0, last, f.T }, prefix[] = { 0, last };
    const struct at_batch two = { 2, start, f.ids, NULL };
    options = (struct at_forward_options){ .change = &change, .prefix = prefix };
    must(at_forward(out, &f.m, &two, &options, NULL, &err), &err);
    assert_same(out, want, f.T * C, TOL);
    free(gates);
    free(out);
    free(want);
    fixture_close(&f);
}

/* ---- hidden tokens ---- */

/* The last token hidden is the text without it, for all tokens but itself. */
static void hide_last(struct model_fixture *f)
{
    size_t C = f->m.config.width, last = f->T - 1;
    unsigned char *is_hidden = at_calloc(f->T, 1);
    const struct at_change change = { .is_hidden = is_hidden };
    float *got, *want;

    is_hidden[last] = 1;
    got = run_changed(f, &change);
    f->T--;
    want = run_changed(f, NULL);
    f->T++;
    assert_same(got, want, last * C, TOL);
    free(is_hidden);
    free(got);
    free(want);
}

static void test_hidden_token(void **state)
{
    (void)state;
    each_model(hide_last);
}

/* Texts that share an input are shown as if each had its own. */
static int see_shared(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    const struct at_trace *t = arg;
    size_t n = v->T * v->C, cells = v->H * v->T * v->T;

    (void)err;
    if (v->layer == 0) {
        assert_same(v->attention, t->attention, cells, in_double ? TOL : 0);
        assert_same(v->input, t->hidden, n, 0);
    }
    assert_same(v->output, t->hidden + (v->layer + 1) * n, n, in_double ? TOL : 0);
    return 0;
}

static void shared_views(struct model_fixture *f)
{
    struct at_trace t = fixture_run(f, KEEP_ALL);
    const size_t start[] = { 0, f->T, 2 * f->T, 3 * f->T };
    const struct at_batch batch = { 3, start, NULL, NULL };
    const struct at_change change = { .layer_input = t.hidden, .is_shared = true };
    const struct at_forward_options options = {
        .want_attention = true, .on_layer = see_shared, .arg = &t, .change = &change
    };
    float *out = at_malloc(3 * f->T * f->m.config.width, sizeof *out);
    struct at_error err;

    must(at_forward(out, &f->m, &batch, &options, NULL, &err), &err);
    free(out);
    at_trace_release(&t);
}

static void test_shared_input(void **state)
{
    (void)state;
    each_model(shared_views);
}

struct hidden_maps {
    size_t hidden, n_layers;
    bool is_causal;
};

static int see_hidden(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    struct hidden_maps *h = arg;

    (void)err;
    for (size_t row = 0; row < v->H * v->T; row++) {
        const float *map = v->attention + row * v->T;
        bool sees_nothing = h->is_causal && h->hidden == 0 && row % v->T == 0;
        double sum = 0.0;
        for (size_t j = 0; j < v->T; j++)
            sum += (double)map[j];
        assert_true(map[h->hidden] == 0.0f);
        ASSERT_NEAR(sum, sees_nothing ? 0.0 : 1.0, 1e-6);
    }
    h->n_layers++;
    return 0;
}

/* No query looks at it, all others share what it had; a query that sees nothing else has no map. */
static void test_maps_of_a_hidden_token(void **state)
{
    static const char *const names[] = { "tiny-bert", "tiny-gpt2" };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct model_fixture f;
        struct at_error err;
        open_model(&f, names[i / 2]);
        struct hidden_maps seen = { .hidden = i % 2 ? 0 : 3, .is_causal = f.m.config.is_causal };
        unsigned char is_hidden[MAX_LENGTH] = { 0 };
        const size_t start[] = { 0, f.T };
        const struct at_batch batch = { 1, start, f.ids, f.segments };
        const struct at_change change = { .is_hidden = is_hidden };
        const struct at_forward_options options = {
            .want_attention = true, .on_layer = see_hidden, .arg = &seen, .change = &change
        };
        float *out = at_malloc(f.T * f.m.config.width, sizeof *out);
        is_hidden[seen.hidden] = 1;
        must(at_forward(out, &f.m, &batch, &options, NULL, &err), &err);
        assert_int_equal(seen.n_layers, f.m.config.n_layers);
        for (size_t j = 0; j < f.T * f.m.config.width; j++)
            assert_true(isfinite(out[j]));
        free(out);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_alone),
        cmocka_unit_test(test_kept_layer),
        cmocka_unit_test(test_words_in_place_of_ids),
        cmocka_unit_test(test_restart_at_a_layer),
        cmocka_unit_test(test_gate_equals_zeroed_weights),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_heads_in_a_batch),
        cmocka_unit_test(test_shared_input),
        cmocka_unit_test(test_gates_of_some_rows),
        cmocka_unit_test(test_hidden_token),
        cmocka_unit_test(test_maps_of_a_hidden_token),
    };

    int n_failed = cmocka_run_group_tests_name("layer in float", tests, NULL, NULL);
    in_double = true;
    return n_failed + cmocka_run_group_tests_name("layer in double", tests, NULL, NULL);
}
