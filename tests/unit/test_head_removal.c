/*
 * test_head_removal.c - lists of heads, and what a reference puts in their place: against traces of
 * its texts.
 */
#include <stdlib.h>

#include "analysis/head_removal.h"
#include "base/alloc.h"
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "session/pass.h"

static void test_lists(void **state)
{
    static const char *const bad[] = { "",     ".",     "3",       "3.",   "a.b",   "1.2,",
                                       ",1.2", "1.2;3", "1.2,1.2", "-1.0", "1.2.3", "1000000.1",
                                       "L1.2", "1H2",   "L1H2H",   "H1L2" };
    struct at_head_list l;
    struct at_error err;
    struct at_config c = { .n_layers = 5, .n_heads = 6 };
    char *text;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(bad); i++)
        assert_int_equal(at_head_list_parse(&l, bad[i], &err), AT_EFORMAT);
    must(at_head_list_parse(&l, "4.0,L3H5,3.1", &err), &err);
    text = at_head_list_text(l.items, l.n, ",", 9);
    assert_string_equal(text, "L3H1,L3H5,L4H0");
    free(text);
    text = at_head_list_text(l.items, l.n, ", ", 1);
    assert_string_equal(text, "L3H1 and 2 more heads");
    free(text);
    must(at_head_list_check(&l, &c, &err), &err);
    c.n_heads = 5;
    assert_int_equal(at_head_list_check(&l, &c, &err), AT_ERANGE);
    assert_string_equal(err.text, "no head L3H5: the model has layers 0 to 4 of heads 0 to 4");
    at_head_list_release(&l);
    at_head_list_release(&l);
}

/* Mean over all tokens of two texts, and rows that are those of its tokens. */
static void test_reference(void **state)
{
    static const char *const texts[] = { "the fox", "a b" };
    struct at_session s;
    struct at_head_reference r;
    struct at_error err;
    size_t N = 0;

    (void)state;
    const char *path = sandbox_text("texts", "the fox\na b\n");
    must(at_session_open(&s, "fixtures/tiny-gpt2", NULL, &err), &err);
    must(at_head_reference_read(&r, &s, path, 1, &err), &err);
    size_t n = r.L * r.C, D = s.model.config.head_width;
    double *sum = at_calloc(n, sizeof *sum);
    for (size_t i = 0; i < AT_COUNTOF(texts); i++) {
        struct at_trace t;
        struct at_doc doc;
        must(at_session_trace(&t, &doc, &s, texts[i], AT_CAP_CONTEXT, &err), &err);
        size_t T = t.dims.T;
        for (size_t row = 0; row < T; row++, N++)
            for (size_t k = 0; k < n; k++) {
                size_t l = k / r.C, c = k % r.C;
                float v = t.context[((l * t.dims.H + c / D) * T + row) * D + c % D];
                sum[k] += (double)v;
                ASSERT_NEAR((double)r.rows[N * n + k], (double)v, 2e-6);
            }
        at_trace_release(&t);
        at_doc_release(&doc);
    }
    assert_int_equal(r.n_tokens, N);
    assert_int_equal(r.n_rows, N);
    for (size_t k = 0; k < n; k++)
        ASSERT_NEAR((double)r.mean[k], sum[k] / (double)N, 2e-6);

    const struct at_removal_rule mean = { AT_REMOVE_MEAN, &r, 1 };
    const struct at_removal_rule draw = { AT_REMOVE_RESAMPLE, &r, 1 };
    assert_ptr_equal(at_removal_edit(&mean, NULL).fill, r.mean);
    assert_int_equal(at_removal_edit(&draw, NULL).n_fill_rows, N);
    free(sum);
    at_head_reference_release(&r);
    assert_int_equal(at_head_reference_read(&r, &s, "nowhere", 1, &err), AT_ENOTFOUND);
    at_session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_reference),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
