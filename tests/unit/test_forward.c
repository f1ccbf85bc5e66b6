/*
 * test_forward.c - the forward pass against PyTorch in double precision, and its laws.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/forward.h"
#include "model/trace.h"
#include "model_fixture.h"
#include "naive.h"

/* Every test runs in float and in double. */
static bool in_double;

/* A few narrow layers in float, with scores up to 20: errors of 1e-7 grow to about 1e-6. In double
   all that is left is the rounding of the result, half of 2^-23. */
#define TOL  (in_double ? 1e-15 : 1e-5)
#define RTOL (in_double ? 5.97e-8 : 1e-5)
/* One text alone and the same text in a batch: another order of sums at most. */
#define BATCH_TOL (in_double ? 0.0 : 1e-6)

static void open_model(struct model_fixture *f, const char *name)
{
    fixture_open(f, name);
    assert_false(f->m.is_double); /* too few layers to need it */
    f->m.is_double = in_double;
}

/* ---- against PyTorch ---- */

static void check_trace(const struct model_fixture *f, const struct at_trace *t)
{
    const struct at_dims *d = &t->dims;
    size_t n = d->L * d->T * d->C;

    ASSERT_CLOSE(t->attention, fixture_oracle(f, "attentions"), d->L * d->H * d->T * d->T, TOL,
                 in_double ? RTOL : 0);
    ASSERT_CLOSE(t->hidden, fixture_oracle(f, "hidden_states"), n + d->T * d->C, TOL, RTOL);
    ASSERT_CLOSE(t->final_hidden, fixture_oracle(f, "final_hidden"), d->T * d->C, TOL, RTOL);
    ASSERT_CLOSE(t->q, fixture_oracle(f, "queries"), n, TOL, RTOL);
    ASSERT_CLOSE(t->k, fixture_oracle(f, "keys"), n, TOL, RTOL);
    ASSERT_CLOSE(t->v, fixture_oracle(f, "values"), n, TOL, RTOL);
    ASSERT_CLOSE(t->context, fixture_oracle(f, "context"), n, TOL, RTOL);
    ASSERT_CLOSE(t->mid, fixture_oracle(f, "mid"), n, TOL, RTOL);
    ASSERT_CLOSE(t->ffn_act, fixture_oracle(f, "ffn_act"), d->L * d->T * d->F, TOL, RTOL);
}

static void test_layers_match_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        open_model(&f, fixture_names[i]);
        for (size_t k = 0; k < N_LENGTHS; k++) {
            fixture_choose(&f, fixture_lengths[k]);
            struct at_trace t = fixture_run(&f, KEEP_ALL);
            check_trace(&f, &t);
            at_trace_release(&t);
        }
        fixture_close(&f);
    }
}

/* ---- laws of a map ---- */

/* softmax(q k' / sqrt(D)) of one head in double, masked when causal. */
static void map_from_qk(double *map, const float *q, const float *k, const float *bias, size_t T,
                        size_t D, bool is_causal)
{
    for (size_t i = 0; i < T; i++) {
        size_t n = is_causal ? i + 1 : T;
        double scores[MAX_LENGTH] = { 0.0 };
        for (size_t j = 0; j < n; j++) {
            for (size_t d = 0; d < D; d++)
                scores[j] += (double)q[i * D + d] * (double)k[j * D + d];
            scores[j] = scores[j] / sqrt((double)D) + (bias ? (double)(bias - i)[j] : 0.0);
        }
        memset(map + i * T, 0, T * sizeof *map);
        naive_softmax(map + i * T, scores, n);
    }
}

static void check_map(const float *map, size_t T, bool is_causal)
{
    for (size_t i = 0; i < T; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < T; j++) {
            sum += (double)map[i * T + j];
            if (is_causal && j > i)
                assert_true(map[i * T + j] == 0.0f);
        }
        ASSERT_NEAR(sum, 1.0, 1e-6); /* T <= 9 weights, each rounded to 6e-8 */
    }
}

static void test_maps_obey_their_laws(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        open_model(&f, fixture_names[i]);
        struct at_trace t = fixture_run(&f, AT_CAP_ATTENTION | AT_CAP_QKV);
        size_t T = t.dims.T, D = t.dims.D;
        for (size_t h = 0; h < t.dims.L * t.dims.H; h++) {
            double want[MAX_LENGTH * MAX_LENGTH];
            check_map(t.attention + h * T * T, T, f.m.config.is_causal);
            const float *bias = at_model_bias(&f.m);
            bias = bias ? bias + h % f.m.config.n_heads * (2 * f.m.config.max_positions - 1) : NULL;
            map_from_qk(want, t.q + h * T * D, t.k + h * T * D, bias, T, D, f.m.config.is_causal);
            /* from q and k as floats, whatever the pass had */
            ASSERT_CLOSE(t.attention + h * T * T, want, T * T, 1e-5, 0);
        }
        at_trace_release(&t);
        fixture_close(&f);
    }
}

/* ---- batches ---- */

/* Many texts: those of the oracle over and over, more rows than one group holds. */
struct many {
    size_t B, start[401];
    int ids[400 * MAX_LENGTH], segments[400 * MAX_LENGTH];
};

static void fill_many(struct many *many, struct model_fixture *f, size_t B)
{
    many->B = B;
    many->start[0] = 0;
    for (size_t b = 0; b < B; b++) {
        size_t at = many->start[b];
        fixture_choose(f, fixture_lengths[b % N_LENGTHS]);
        memcpy(many->ids + at, f->ids, f->T * sizeof *f->ids);
        memcpy(many->segments + at, f->segments, f->T * sizeof *f->segments);
        many->start[b + 1] = at + f->T;
    }
}

/* What one visitor saw of all texts; each layer of each text is compared with a run on its own. */
struct seen {
    const struct at_trace *alone; /* (N_LENGTHS) */
    size_t n_layers, n_embedded;
    size_t stop_at; /* calls after which the visitor refuses, 0 for never */
};

static int see_embedded(void *arg, size_t text, const float *embedded, size_t T,
                        struct at_error *err)
{
    struct seen *seen = arg;
    const struct at_trace *t = &seen->alone[text % N_LENGTHS];

    (void)err;
    assert_int_equal(T, t->dims.T);
    assert_same(embedded, t->hidden, T * t->dims.C, BATCH_TOL);
    seen->n_embedded++;
    return 0;
}

static int see_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct seen *seen = arg;
    const struct at_trace *t = &seen->alone[view->text % N_LENGTHS];
    size_t rows = view->layer * view->T, C = view->C;

    assert_int_equal(view->T, t->dims.T);
    assert_same(view->attention, t->attention + rows * view->H * view->T,
                view->H * view->T * view->T, BATCH_TOL);
    assert_same(view->input, t->hidden + rows * C, view->T * C, BATCH_TOL);
    assert_same(view->mid, t->mid + rows * C, view->T * C, BATCH_TOL);
    assert_same(view->ffn_act, t->ffn_act + rows * view->F, view->T * view->F, BATCH_TOL);
    assert_same(view->output, t->hidden + (rows + view->T) * C, view->T * C, BATCH_TOL);
    if (++seen->n_layers == seen->stop_at)
        return at_fail(err, AT_EIO, "the visitor had enough");
    return 0;
}

static void run_alone(struct at_trace *alone, struct model_fixture *f)
{
    for (size_t k = 0; k < N_LENGTHS; k++) {
        fixture_choose(f, fixture_lengths[k]);
        alone[k] = fixture_run(f, KEEP_ALL);
    }
}

static void release_alone(struct at_trace *alone)
{
    for (size_t k = 0; k < N_LENGTHS; k++)
        at_trace_release(&alone[k]);
}

static void check_batch(const char *name, size_t B, size_t n_threads)
{
    struct model_fixture f;
    struct many many;
    struct at_trace alone[N_LENGTHS];
    struct at_error err;
    struct at_pool *pool = at_pool_new(n_threads);

    open_model(&f, name);
    fill_many(&many, &f, B);
    run_alone(alone, &f);
    struct seen seen = { .alone = alone };
    const struct at_batch batch = { B, many.start, many.ids, many.segments };
    const struct at_forward_options options = {
        .want_attention = true, .on_embedded = see_embedded, .on_layer = see_layer, .arg = &seen
    };
    size_t C = f.m.config.width;
    float *out = at_malloc(many.start[B] * C, sizeof *out);
    must(at_forward(out, &f.m, &batch, &options, pool, &err), &err);
    assert_int_equal(seen.n_embedded, B);
    assert_int_equal(seen.n_layers, B * f.m.config.n_layers);
    for (size_t b = 0; b < B; b++)
        assert_same(out + many.start[b] * C, alone[b % N_LENGTHS].final_hidden,
                    fixture_lengths[b % N_LENGTHS] * C, BATCH_TOL);
    free(out);
    release_alone(alone);
    fixture_close(&f);
    at_pool_free(pool);
}

static void test_batch_equals_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++)
        check_batch(fixture_names[i], N_LENGTHS, 1);
}

static void test_batch_of_several_groups(void **state)
{
    (void)state;
    check_batch("tiny-bert", 400, 3); /* 1,700 rows */
    check_batch("tiny-gpt2", 400, 2);
}

static void test_final_rows_equal_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        struct many many;
        struct at_error err;
        size_t B = 400, n = 0, rows[400 * MAX_LENGTH];
        open_model(&f, fixture_names[i]);
        fill_many(&many, &f, B);
        for (size_t r = 0; r < many.start[B]; r++) /* none of some texts, several of others */
            if (r * r % 7 == 2)
                rows[n++] = r;
        const struct at_batch batch = { B, many.start, many.ids, many.segments };
        const struct at_forward_options some = { .final_rows = rows, .n_final_rows = n };
        size_t C = f.m.config.width;
        float *full = at_malloc(many.start[B] * C, sizeof *full);
        float *few = at_malloc(n * C, sizeof *few);
        must(at_forward(full, &f.m, &batch, NULL, NULL, &err), &err);
        must(at_forward(few, &f.m, &batch, &some, NULL, &err), &err);
        for (size_t r = 0; r < n; r++)
            assert_same(few + r * C, full + rows[r] * C, C, BATCH_TOL);
        free(full);
        free(few);
        fixture_close(&f);
    }
}

/* What a visitor sees of a pass that nobody wants the states of. */
static int see_maps(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct seen *seen = arg;
    const struct at_trace *t = &seen->alone[view->text % N_LENGTHS];
    size_t cells = view->H * view->T * view->T;
    bool is_last = view->layer == t->dims.L - 1;

    (void)err;
    assert_same(view->attention, t->attention + view->layer * cells, cells, BATCH_TOL);
    assert_same(view->input, t->hidden + view->layer * view->T * view->C, view->T * view->C,
                BATCH_TOL);
    assert_non_null(view->q);
    assert_int_equal(view->v == NULL, is_last);
    assert_int_equal(view->context == NULL, is_last);
    assert_int_equal(view->mid == NULL, is_last);
    assert_int_equal(view->ffn_act == NULL, is_last);
    assert_int_equal(view->output == NULL, is_last);
    seen->n_layers++;
    return 0;
}

static void test_maps_need_no_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        struct many many;
        struct at_trace alone[N_LENGTHS];
        struct at_error err;
        open_model(&f, fixture_names[i]);
        fill_many(&many, &f, 2 * N_LENGTHS);
        run_alone(alone, &f);
        struct seen seen = { .alone = alone };
        const struct at_batch batch = { many.B, many.start, many.ids, many.segments };
        const struct at_forward_options options = { .want_attention = true,
                                                    .on_layer = see_maps,
                                                    .arg = &seen };
        must(at_forward(NULL, &f.m, &batch, &options, NULL, &err), &err);
        assert_int_equal(seen.n_layers, many.B * f.m.config.n_layers);
        struct at_trace maps = fixture_run(&f, AT_CAP_ATTENTION | AT_CAP_QKV);
        const struct at_trace *all = &alone[N_LENGTHS - 1];
        size_t rows = all->dims.L * all->dims.T;
        assert_same(maps.attention, all->attention, rows * all->dims.H * all->dims.T, 0);
        assert_same(maps.v, all->v, rows * all->dims.C, 0);
        assert_null(maps.final_hidden);
        at_trace_release(&maps);
        release_alone(alone);
        fixture_close(&f);
    }
}

static int count_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    (void)err;
    assert_null(view->attention); /* nobody asked */
    ++*(size_t *)arg;
    return 0;
}

static void test_final_rows_hide_the_last_layer(void **state)
{
    struct model_fixture f;
    struct at_error err;
    size_t n = 0, row = 3, start[] = { 0, MAX_LENGTH };
    float out[64];

    (void)state;
    open_model(&f, "tiny-bert-f16-sharded");
    const struct at_batch batch = { 1, start, f.ids, f.segments };
    const struct at_forward_options options = {
        .on_layer = count_layer, .arg = &n, .final_rows = &row, .n_final_rows = 1
    };
    must(at_forward(out, &f.m, &batch, &options, NULL, &err), &err);
    assert_int_equal(n, f.m.config.n_layers - 1);
    fixture_close(&f);
}

static void test_visitor_stops_the_pass(void **state)
{
    struct model_fixture f;
    struct many many;
    struct at_trace alone[N_LENGTHS];
    struct at_error err;
    float out[(1 + 2 + 5 + 9) * 8];

    (void)state;
    open_model(&f, "tiny-gpt2");
    fill_many(&many, &f, N_LENGTHS);
    run_alone(alone, &f);
    struct seen seen = { .alone = alone, .stop_at = 6 };
    const struct at_batch batch = { N_LENGTHS, many.start, many.ids, NULL };
    const struct at_forward_options options = { .want_attention = true,
                                                .on_layer = see_layer,
                                                .arg = &seen };
    assert_int_equal(at_forward(out, &f.m, &batch, &options, NULL, &err), AT_EIO);
    assert_string_equal(err.text, "the visitor had enough");
    assert_int_equal(seen.n_layers, 6);
    release_alone(alone);
    fixture_close(&f);
}

/*
 * Families of texts that begin like the first of them, against the same texts computed whole. The
 * family number is mixed into the prefixes' lengths; 300 families make several groups.
 */
static void test_prefixes_equal_whole(void **state)
{
    enum { FAMILIES = 300, TEXTS = 3, T = 7 };
    static const char *const models[] = { "tiny-gpt2", "tiny-gpt2-bf16", "tiny-gpt2-labels" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(models); i++) {
        size_t B = FAMILIES * TEXTS, start[FAMILIES * TEXTS + 1] = { 0 };
        size_t whole_start[FAMILIES * TEXTS + 1] = { 0 }, prefix[FAMILIES * TEXTS];
        size_t rows[FAMILIES * TEXTS];
        int *ids = at_malloc(B * T, sizeof *ids), *whole = at_malloc(B * T, sizeof *whole);
        struct model_fixture f;
        struct at_error err;

        open_model(&f, models[i]);
        for (size_t b = 0; b < B; b++) {
            size_t n = b % TEXTS == 0 ? 0 : (b * 5 / 3) % (T - 1) + 1, first = b - b % TEXTS;
            prefix[b] = n;
            for (size_t t = 0; t < T; t++)
                whole[b * T + t] =
                    t < n ? whole[first * T + t] : (int)((b * 31 + t * 7) % f.m.config.vocab);
            memcpy(ids + start[b], whole + b * T + n, (T - n) * sizeof *ids);
            start[b + 1] = start[b] + T - n;
            whole_start[b + 1] = (b + 1) * T;
            rows[b] = start[b + 1] - 1 - (b % 5 == 0 && n + 1 < T);
        }
        const struct at_batch all = { B, whole_start, whole, NULL }, own = { B, start, ids, NULL };
        struct at_forward_options options = { .prefix = prefix };
        size_t C = f.m.config.width;
        float *want = at_malloc(B * T * C, sizeof *want), *got = at_malloc(B * T * C, sizeof *got);
        must(at_forward(want, &f.m, &all, NULL, NULL, &err), &err);
        must(at_forward(got, &f.m, &own, &options, NULL, &err), &err);
        for (size_t b = 0; b < B; b++)
            assert_same(got + start[b] * C, want + (b * T + prefix[b]) * C, (T - prefix[b]) * C,
                        BATCH_TOL);
        options.final_rows = rows;
        options.n_final_rows = B;
        must(at_forward(got, &f.m, &own, &options, NULL, &err), &err);
        for (size_t b = 0; b < B; b++)
            assert_same(got + b * C, want + (b * T + prefix[b] + rows[b] - start[b]) * C, C,
                        BATCH_TOL);
        free(ids);
        free(whole);
        free(want);
        free(got);
        fixture_close(&f);
    }
}

/* ---- what is refused ---- */

static void test_bad_batches(void **state)
{
    static const int ids[17], bad_id[] = { 3, 67 }, negative[] = { -1 }, segment[] = { 2 };
    static const struct {
        const char *model;
        const int *ids, *segments;
        size_t B, start[3];
        const char *says;
    } cases[] = {
        { "tiny-bert", ids, NULL, 2, { 0, 0, 3 }, "text 0 has 0 tokens, the model takes 1 to 16" },
        { "tiny-bert", ids, NULL, 2, { 0, 2, 2 }, "text 1 has 0 tokens" },
        { "tiny-gpt2", ids, NULL, 1, { 0, 17 }, "text 0 has 17 tokens, the model takes 1 to 16" },
        { "tiny-bert",
          bad_id,
          NULL,
          2,
          { 0, 1, 2 },
          "token id 67 is outside the model's vocabulary of 67" },
        { "tiny-gpt2", negative, NULL, 1, { 0, 1 }, "token id -1 is outside" },
        { "tiny-bert", ids, segment, 1, { 0, 1 }, "segment 2, the model has 0 to 1" },
        { "tiny-roberta", ids, segment, 1, { 0, 1 }, "segment 2, the model has 0 to 0" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct model_fixture f;
        struct at_error err;
        float out[1];
        open_model(&f, cases[i].model);
        const struct at_batch batch = { cases[i].B, cases[i].start, cases[i].ids,
                                        cases[i].segments };
        assert_int_equal(at_forward(out, &f.m, &batch, NULL, NULL, &err), AT_ERANGE);
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu says '%s'", i, err.text);
        fixture_close(&f);
    }
}

static void test_no_memory(void **state)
{
    struct model_fixture f;
    struct at_error err;
    const size_t start[] = { 0, MAX_LENGTH };
    float out[MAX_LENGTH * 8];

    (void)state;
    open_model(&f, "tiny-bert");
    const struct at_batch batch = { 1, start, f.ids, NULL };
    at_alloc_fail_after(1);
    assert_int_equal(at_forward(out, &f.m, &batch, NULL, NULL, &err), AT_ENOMEM);
    at_alloc_fail_after(0);
    assert_non_null(strstr(err.text, "the forward pass"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_match_pytorch),
        cmocka_unit_test(test_maps_obey_their_laws),
        cmocka_unit_test(test_batch_equals_one_by_one),
        cmocka_unit_test(test_batch_of_several_groups),
        cmocka_unit_test(test_maps_need_no_end),
        cmocka_unit_test(test_final_rows_equal_full),
        cmocka_unit_test(test_prefixes_equal_whole),
        cmocka_unit_test(test_final_rows_hide_the_last_layer),
        cmocka_unit_test(test_visitor_stops_the_pass),
        cmocka_unit_test(test_bad_batches),
        cmocka_unit_test(test_no_memory),
    };

    int n_failed = cmocka_run_group_tests_name("forward in float", tests, NULL, NULL);
    in_double = true;
    return n_failed + cmocka_run_group_tests_name("forward in double", tests, NULL, NULL);
}
