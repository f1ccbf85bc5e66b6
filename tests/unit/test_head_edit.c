/*
 * test_head_edit.c - what takes the place of a head: means and other tokens' contexts against
 * rows that are worked out here, and the ways back against the ways there.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "close.h"
#include "model/forward.h"
#include "model_fixture.h"

/* Sums in another order, over a few layers of floats. */
#define TOL 2e-6

static float *run(const struct model_fixture *f, const struct at_change *change)
{
    const size_t start[] = { 0, f->T };
    const struct at_batch batch = { 1, start, f->ids, f->segments };
    const struct at_forward_options options = { .change = change };
    float *out = at_malloc(f->T * f->m.config.width, sizeof *out);
    struct at_error err;

    must(at_forward(out, &f->m, &batch, &options, NULL, &err), &err);
    return out;
}

/* ---- a text of made-up rows ---- */

enum { T = 7, H = 3, D = 4, C = H * D, N = T * C };

/* Rows with room for low parts, and the gates of one layer. */
struct rows {
    float x[2 * N], scratch[2 * N], gates[H];
    int order[T];
};

static struct at_head_rows rows_of(struct rows *r, bool in_double)
{
    return (struct at_head_rows){ .ops = at_layer_ops(in_double),
                                  .lo = in_double ? N : 0,
                                  .C = C,
                                  .H = H,
                                  .D = D,
                                  .T = T,
                                  .scratch = r->scratch,
                                  .order = r->order };
}

static void fill_random(float *x, uint64_t seed)
{
    struct at_rng rng;

    at_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)at_rng_normal(&rng);
    memset(x + N, 0, N * sizeof *x);
}

static double dot(const float *a, const float *b)
{
    double sum = 0.0;

    for (size_t i = 0; i < N; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* <y, A x> is <A'y, x> up to what does not depend on x: what an edit gives when x is 0. */
static void check_transpose(const struct at_head_edit *edit, bool in_double)
{
    struct rows x = { .x = { 0 } }, y, zero = { .x = { 0 } };
    float kept_x[N], kept_y[N];
    struct at_head_rows of;

    fill_random(x.x, 1);
    fill_random(y.x, 2);
    memcpy(kept_x, x.x, sizeof kept_x);
    memcpy(kept_y, y.x, sizeof kept_y);
    of = rows_of(&x, in_double);
    at_head_edit_apply(edit, x.x, &of);
    of = rows_of(&zero, in_double);
    at_head_edit_apply(edit, zero.x, &of);
    of = rows_of(&y, in_double);
    at_head_edit_back(edit, y.x, &of);
    ASSERT_NEAR(dot(y.x, kept_x), dot(kept_y, x.x) - dot(kept_y, zero.x), 1e-4);
}

static void test_back_is_the_transpose(void **state)
{
    static const float gates[H] = { 0.25f, 1.0f, 0.0f };
    float fill[C];
    const struct at_head_edit edits[] = {
        { .gates = gates },
        { .gates = gates, .fill = fill },
        { .gates = gates, .source = AT_FILL_MEAN },
        { .gates = gates, .source = AT_FILL_SHUFFLED, .seed = 5 },
    };

    (void)state;
    for (size_t i = 0; i < C; i++)
        fill[i] = (float)i - 3.0f;
    for (size_t i = 0; i < AT_COUNTOF(edits); i++) {
        check_transpose(&edits[i], false);
        check_transpose(&edits[i], true);
    }
}

/* A removed head's rows are the same rows in another order, none in its own place, and one edit
   leads from each to all others. Other heads stay. */
static void test_shuffled(void **state)
{
    static const float gates[H] = { 1.0f, 0.0f, 1.0f };
    const struct at_head_edit edit = { .gates = gates, .source = AT_FILL_SHUFFLED, .seed = 9 };
    struct rows r = { .x = { 0 } };
    struct at_head_rows of = rows_of(&r, false);
    size_t at = 0, n = 0;

    (void)state;
    for (size_t i = 0; i < N; i++)
        r.x[i] = (float)(i / C);
    at_head_edit_apply(&edit, r.x, &of);
    for (size_t i = 0; i < N; i++)
        if (i % C / D != 1)
            assert_true(r.x[i] == (float)(i / C));
    do {
        at = (size_t)r.x[at * C + D];
        n++;
    } while (at != 0 && n <= T);
    assert_int_equal(n, T);

    of.T = 1; /* a text of one token has no other */
    fill_random(r.x, 4);
    float first = r.x[D];
    at_head_edit_apply(&edit, r.x, &of);
    assert_true(r.x[D] == first);
}

/* ---- in a model ---- */

/* Each head's mean taken from its own context is the mean that a trace of the text gives; some
   rows by themselves are those of all. */
static void means(struct model_fixture *f)
{
    const struct at_config *c = &f->m.config;
    size_t width = c->width, n_heads = c->n_layers * c->n_heads, n = f->T * width;
    struct at_trace t = fixture_run(f, AT_CAP_CONTEXT);
    float *gates = at_malloc(n_heads, sizeof *gates), *mean = at_calloc(width, sizeof *mean);
    const struct at_head_edit own = { .gates = gates, .source = AT_FILL_MEAN };
    const struct at_head_edit given = { .gates = gates, .fill = mean };
    const struct at_change by_itself = { .edits = &own }, told = { .edits = &given };

    for (size_t i = 0; i < n_heads; i++) {
        size_t h = i % c->n_heads, d = c->head_width;
        const float *context = t.context + i * f->T * d;
        for (size_t j = 0; j < n_heads; j++)
            gates[j] = j == i ? 0.0f : 1.0f;
        for (size_t k = 0; k < d; k++) {
            double sum = 0.0;
            for (size_t row = 0; row < f->T; row++)
                sum += (double)context[row * d + k];
            mean[h * d + k] = (float)(sum / (double)f->T);
        }
        float *got = run(f, &by_itself), *want = run(f, &told);
        assert_same(got, want, n, TOL);

        /* the model's own edit is that of every text */
        f->m.edit = &own;
        float *same = run(f, NULL);
        assert_same(same, got, n, 0);

        const size_t start[] = { 0, f->T }, rows[] = { 1, f->T - 1 };
        const struct at_batch batch = { 1, start, f->ids, f->segments };
        const struct at_forward_options some = { .final_rows = rows, .n_final_rows = 2 };
        struct at_error err;
        must(at_forward(same, &f->m, &batch, &some, NULL, &err), &err);
        assert_same(same, got + width, width, TOL);
        assert_same(same + width, got + (f->T - 1) * width, width, TOL);
        f->m.edit = NULL;
        free(got);
        free(want);
        free(same);
    }
    free(gates);
    free(mean);
    at_trace_release(&t);
}

static void test_means(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        fixture_open(&f, fixture_names[i]);
        means(&f);
        fixture_close(&f);
    }
}

/* Rows drawn from a reference: token t has the same row wherever it stands. */
static void test_drawn_rows(void **state)
{
    static const float gates[H] = { 0.0f, 1.0f, 1.0f };
    float fill[5 * C];
    const struct at_head_edit edit = {
        .gates = gates, .fill = fill, .fill_row_step = C, .n_fill_rows = 5, .seed = 3
    };
    const size_t token[] = { 6, 2 };
    struct rows all = { .x = { 0 } }, some = { .x = { 0 } };
    struct at_head_rows of = rows_of(&all, false);
    bool differs = false;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(fill); i++)
        fill[i] = (float)(i / C) + 1.0f;
    at_head_edit_apply(&edit, all.x, &of);
    for (size_t i = 0; i < T; i++) {
        assert_true(all.x[i * C] >= 1.0f && all.x[i * C] <= 5.0f && all.x[i * C + D] == 0.0f);
        differs |= all.x[i * C] != all.x[0];
    }
    assert_true(differs);
    of = rows_of(&some, false);
    of.T = 2;
    of.token = token;
    at_head_edit_apply(&edit, some.x, &of);
    assert_true(some.x[0] == all.x[6 * C] && some.x[C] == all.x[2 * C]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_is_the_transpose),
        cmocka_unit_test(test_shuffled),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_drawn_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
