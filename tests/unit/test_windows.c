/*
 * test_windows.c - windows over a long text against a search over all of them, and against places
 * worked by hand.
 */
#include "close.h"

#include <stdint.h>

#include "base/attr.h"
#include "text/windows.h"

/* Where window k begins, from the words of the header alone. */
static size_t first_of(const struct at_windows *w, size_t k)
{
    size_t first = k * w->stride;

    return first + w->size > w->n_text ? w->n_text - w->size : first;
}

static size_t owner_sought(const struct at_windows *w, size_t t)
{
    size_t best = SIZE_MAX, most = 0;

    for (size_t k = 0; k < w->n; k++) {
        size_t first = first_of(w, k), before, behind, shorter;
        if (t < first || t >= first + w->size)
            continue;
        before = t - first;
        behind = first + w->size - 1 - t;
        shorter = AT_MIN(before, behind);
        if (w->is_causal && (k == 0 || before >= w->size - w->stride))
            return k;
        if (!w->is_causal && (best == SIZE_MAX || shorter > most)) {
            best = k;
            most = shorter;
        }
    }
    return best;
}

static void check_plan(const struct at_windows *w)
{
    size_t last = w->n - 1, all = w->n_before + w->n_text + w->n_after;

    assert_int_equal(at_windows_first(w, last) + w->size, w->n_text); /* full to the end */
    for (size_t k = 0; k < w->n; k++)
        assert_int_equal(at_windows_first(w, k), first_of(w, k));
    if (last > 0) /* and none is needless */
        assert_true(first_of(w, last - 1) + w->size < w->n_text);
    for (size_t i = 0; i < all; i++) {
        size_t owner = at_windows_owner(w, i), held = 0;
        if (i < w->n_before)
            assert_int_equal(owner, 0);
        else if (i >= w->n_before + w->n_text)
            assert_int_equal(owner, last);
        else
            assert_int_equal(owner, owner_sought(w, i - w->n_before));
        for (size_t p = 0; p < at_windows_length(w); p++)
            held += at_windows_token(w, owner, p) == i;
        assert_int_equal(held, 1); /* its owner holds it, once */
    }
}

static void test_all_small_plans(void **state)
{
    (void)state;
    for (size_t before = 0; before < 2; before++)
        for (size_t text = 1; text < 20; text++)
            for (size_t positions = 2 * before + 1; positions < 12; positions++)
                for (size_t stride = 0; stride < positions; stride++)
                    for (int causal = 0; causal < 2; causal++) {
                        struct at_windows w;
                        if (stride <= positions - 2 * before) {
                            assert_int_equal(at_windows_plan(&w, before, text, before, positions,
                                                             stride, causal, NULL),
                                             0);
                            check_plan(&w);
                        }
                    }
}

/* [CLS] and [SEP] around 10 tokens, windows of 6 positions: tokens 0-3, 2-5, 4-7, 6-9. */
static void test_by_hand(void **state)
{
    static const size_t owner[] = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3 };
    static const size_t causal[] = { 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3 };
    struct at_windows w;

    (void)state;
    assert_int_equal(at_windows_plan(&w, 1, 10, 1, 6, 2, false, NULL), 0);
    assert_int_equal(w.n, 4);
    assert_int_equal(at_windows_first(&w, 3), 6);
    for (size_t i = 0; i < AT_COUNTOF(owner); i++)
        assert_int_equal(at_windows_owner(&w, i), owner[i]);
    assert_int_equal(at_windows_plan(&w, 1, 10, 1, 6, 2, true, NULL), 0);
    for (size_t i = 0; i < AT_COUNTOF(causal); i++)
        assert_int_equal(at_windows_owner(&w, i), causal[i]);
    assert_int_equal(at_windows_token(&w, 3, 0), 0); /* [CLS] */
    assert_int_equal(at_windows_token(&w, 3, 1), 7);
    assert_int_equal(at_windows_token(&w, 3, 5), 11); /* [SEP] */
}

static void test_refused(void **state)
{
    struct at_windows w;
    struct at_error err;

    (void)state;
    assert_int_equal(at_windows_plan(&w, 1, 10, 1, 2, 1, false, &err), AT_ERANGE);
    assert_string_equal(err.text,
                        "a window of 2 positions has no room beside its 2 special tokens");
    assert_int_equal(at_windows_plan(&w, 1, 10, 1, 6, 5, false, &err), AT_ERANGE);
    assert_string_equal(err.text, "a stride of 5 leaves tokens out: a window of 6 positions has 4 "
                                  "tokens of the text");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small_plans),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
