/*
 * test_batch.c - texts side by side in one pass: numbers, limits, final rows, use without end.
 */
#include "session/batch.h"

#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"

/* The oracle's three longer texts, each beside the others, against PyTorch. */
static void test_hidden(void **state)
{
    struct model_fixture f;
    struct at_batcher b = { 0 };
    struct at_error err;
    size_t at = 0;

    (void)state;
    fixture_open(&f, "tiny-bert");
    for (size_t i = 1; i < N_LENGTHS; i++) {
        fixture_choose(&f, fixture_lengths[i]);
        assert_int_equal(at_batcher_add_ids(&b, f.ids, f.segments, f.T), i - 1);
    }
    assert_int_equal(b.B, 3);
    assert_int_equal(b.N, 2 + 5 + 9);
    must(at_batcher_run(&b, &f.m, NULL, true, NULL, &err), &err);
    assert_int_equal(b.C, f.m.config.width);
    for (size_t i = 1; i < N_LENGTHS; i++) {
        fixture_choose(&f, fixture_lengths[i]);
        assert_int_equal(b.start[i - 1], at);
        ASSERT_CLOSE(b.hidden + at * b.C, fixture_oracle(&f, "final_hidden"), f.T * b.C, 1e-5,
                     1e-5);
        at += f.T;
    }
    at_batcher_clear(&b);
    assert_int_equal(b.B + b.N, 0);
    must(at_batcher_run(&b, &f.m, NULL, true, NULL, &err), &err); /* of nothing */
    assert_null(b.hidden);
    at_batcher_release(&b);
    at_batcher_release(&b); /* a second time is no harm */
    fixture_close(&f);
}

static void test_final_rows(void **state)
{
    struct model_fixture f;
    struct at_batcher b = { 0 };
    struct at_error err;
    size_t C;
    float all[MAX_LENGTH * 8];
    const size_t rows[] = { 3, MAX_LENGTH + 7 };
    const struct at_forward_options options = { .final_rows = rows, .n_final_rows = 2 };

    (void)state;
    fixture_open(&f, "tiny-bert");
    C = f.m.config.width;
    assert_true(f.T * C <= AT_COUNTOF(all));
    at_batcher_add_ids(&b, f.ids, NULL, f.T); /* no segments: all of them 0 */
    at_batcher_add_ids(&b, f.ids, NULL, f.T);
    must(at_batcher_run(&b, &f.m, NULL, true, NULL, &err), &err);
    memcpy(all, b.hidden, f.T * C * sizeof *all);
    must(at_batcher_run(&b, &f.m, &options, true, NULL, &err), &err);
    assert_same(b.hidden, all + 3 * C, C, 1e-6);
    assert_same(b.hidden + C, all + 7 * C, C, 1e-6);
    must(at_batcher_run(&b, &f.m, NULL, false, NULL, &err), &err);
    assert_null(b.hidden); /* nobody wants them */
    at_batcher_release(&b);
    fixture_close(&f);
}

static void test_limits(void **state)
{
    struct at_token items[1000] = { { .id = 5 } };
    const struct at_tokens large = { items, 1000, 1000 }, small = { items, 24, 24 };
    struct at_batcher b = { 0 };
    int id = 5;

    (void)state;
    for (size_t i = 0; i < AT_BATCH_TEXTS; i++) {
        assert_false(at_batcher_is_full(&b));
        assert_int_equal(at_batcher_add_ids(&b, &id, NULL, 1), i);
    }
    assert_true(at_batcher_is_full(&b));
    at_batcher_clear(&b);
    assert_int_equal(at_batcher_add(&b, &large), 0);
    assert_false(at_batcher_is_full(&b));
    assert_int_equal(at_batcher_add(&b, &small), 1);
    assert_true(at_batcher_is_full(&b));
    assert_int_equal(b.N, AT_BATCH_ROWS);
    assert_int_equal(b.ids[0], 5);
    at_batcher_release(&b);
}

static void one_too_many(void)
{
    struct at_batcher b = { 0 };
    int id = 5;

    for (size_t i = 0; i <= AT_BATCH_TEXTS; i++)
        at_batcher_add_ids(&b, &id, NULL, 1);
}

static void test_one_too_many(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(one_too_many));
}

/* What at_forward() says of a bad text is handed on, and the batcher can be used again. */
static void test_bad_id(void **state)
{
    struct model_fixture f;
    struct at_batcher b = { 0 };
    struct at_error err;
    int id = 1000;

    (void)state;
    fixture_open(&f, "tiny-gpt2");
    at_batcher_add_ids(&b, &id, NULL, 1);
    assert_int_equal(at_batcher_run(&b, &f.m, NULL, true, NULL, &err), AT_ERANGE);
    at_batcher_clear(&b);
    at_batcher_add_ids(&b, f.ids, NULL, f.T);
    must(at_batcher_run(&b, &f.m, NULL, true, NULL, &err), &err);
    ASSERT_CLOSE(b.hidden, fixture_oracle(&f, "final_hidden"), f.T * b.C, 1e-5, 1e-5);
    at_batcher_release(&b);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden), cmocka_unit_test(test_final_rows),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_one_too_many),
        cmocka_unit_test(test_bad_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
