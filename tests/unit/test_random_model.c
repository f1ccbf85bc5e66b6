/*
 * test_random_model.c - a model that forgets its layers from the top, and leaves the original be.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/random_model.h"
#include "model_fixture.h"

/* (L+1,T,C) hidden states of the chosen text. */
static struct at_trace run(const struct at_model *m, const struct model_fixture *f)
{
    struct at_trace t = { 0 };
    struct at_error err;

    must(at_trace_run(&t, m, f->ids, f->segments, f->T, AT_CAP_HIDDEN, NULL, &err), &err);
    return t;
}

static void forgets_from_the_top(const char *name)
{
    struct at_random_model r;
    struct model_fixture f;
    struct at_error err;

    fixture_open(&f, name);
    struct at_trace before = run(&f.m, &f);
    size_t L = f.m.config.n_layers, n = f.T * f.m.config.width;
    at_random_model_init(&r, &f.m);
    for (size_t l = L; l-- > 0;) {
        must(at_random_model_layer(&r, l, 7, &err), &err);
        struct at_trace now = run(&r.model, &f);
        assert_same(now.hidden, before.hidden, (l + 1) * n, 0);
        assert_memory_not_equal(now.hidden + (l + 1) * n, before.hidden + (l + 1) * n,
                                n * sizeof *now.hidden);
        at_trace_release(&now);
    }
    at_random_model_release(&r);
    struct at_trace after = run(&f.m, &f);
    assert_same(after.hidden, before.hidden, (L + 1) * n, 0);
    at_trace_release(&before);
    at_trace_release(&after);
    fixture_close(&f);
}

static void test_forgets(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++)
        forgets_from_the_top(fixture_names[i]);
}

/* Mean 0 and deviation 0.02 of the weights, which seed and layer alone decide. */
static void test_weights(void **state)
{
    struct at_random_model a, b;
    struct model_fixture f;
    struct at_error err;

    (void)state;
    fixture_open(&f, "tiny-bert");
    at_random_model_init(&a, &f.m);
    at_random_model_init(&b, &f.m);
    must(at_random_model_layer(&a, 1, 3, &err), &err);
    must(at_random_model_layer(&b, 0, 3, &err), &err);
    must(at_random_model_layer(&b, 1, 3, &err), &err);
    const struct at_layer_weights *x = &a.model.weights.layer[1], *y = &b.model.weights.layer[1];
    size_t n = x->ffn_in.w.n_out * x->ffn_in.w.n_in;
    const float *w = x->ffn_in.w.data;
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)w[i];
        squares += (double)w[i] * (double)w[i];
    }
    assert_memory_equal(w, y->ffn_in.w.data, n * sizeof *w);
    assert_true(fabs(sum / (double)n) < 0.01);
    ASSERT_NEAR(sqrt(squares / (double)n), 0.02, 0.004);
    ASSERT_NEAR((double)x->norm1.gain.data[0], 1.0, 0);
    ASSERT_NEAR((double)x->q.b.data[0], 0.0, 0);
    at_random_model_release(&a);
    at_random_model_release(&b);
    at_random_model_release(&b);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forgets),
        cmocka_unit_test(test_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
