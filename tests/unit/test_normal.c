/*
 * test_normal.c - parts of a text, and writing them anew without losing where they are from.
 */
#include "close.h"

#include <string.h>

#include "text/normal.h"

static void assert_span(const struct at_part *p, size_t from, size_t to, size_t start, size_t end)
{
    size_t got_start, got_end;

    at_part_span(&got_start, &got_end, p, from, to);
    assert_int_equal(got_start, start);
    assert_int_equal(got_end, end);
}

static void test_as_given(void **state)
{
    static const char text[] = "ab\xc3\xa9z";
    const struct at_part whole = { .s = text, .n = 5 };
    struct at_part part = at_part_slice(&whole, 1, 5);

    (void)state;
    assert_int_equal(part.at, 1);
    assert_span(&part, 0, 1, 1, 2);
    assert_span(&part, 1, 2, 2, 4); /* a part of a character is all of it */
    assert_span(&part, 2, 3, 2, 4);
    assert_span(&part, 3, 4, 4, 5);
    assert_span(&part, 2, 2, 3, 3); /* nothing */
    assert_span(&part, 3, 9, 3, 9); /* beyond the part */
    assert_false(at_part_is_ascii(&part));
    part = at_part_slice(&part, 3, 4);
    assert_true(at_part_is_ascii(&part));
    assert_span(&part, 0, 1, 4, 5);
}

static void test_rewrite(void **state)
{
    static const char text[] = "abcd\xc3\xa9";
    const struct at_part whole = { .s = text, .n = 6 };
    struct at_part part = at_part_slice(&whole, 1, 6); /* b c d e */
    struct at_normal first = { 0 }, second = { 0 };
    struct at_rewrite w;

    (void)state;
    at_rewrite_begin(&w, &first, &part);
    at_rewrite_add(&w, '^'); /* comes from nowhere: where the part begins */
    at_rewrite_put(&w, 0xE9);
    at_rewrite_add(&w, '+');
    at_rewrite_drop(&w);
    at_rewrite_keep(&w, part.n - w.next);
    part = at_rewrite_end(&w);
    assert_int_equal(part.n, 7);
    assert_memory_equal(part.s, "^\xc3\xa9+d\xc3\xa9", 7);
    assert_int_equal(part.at, 1);
    assert_span(&part, 0, 1, 1, 1);
    assert_span(&part, 1, 3, 1, 2);
    assert_span(&part, 3, 4, 1, 2);
    assert_span(&part, 4, 5, 3, 4);
    assert_span(&part, 5, 7, 4, 6);
    /* once more, of a part of it */
    part = at_part_slice(&part, 3, 7);
    assert_int_equal(part.at, 1);
    at_rewrite_begin(&w, &second, &part);
    at_rewrite_change(&w, 'x', -1); /* for two characters */
    at_rewrite_change(&w, 'y', 1);
    at_rewrite_keep(&w, 2);
    at_rewrite_put(&w, 'z'); /* there is none any more: added */
    part = at_rewrite_end(&w);
    assert_memory_equal(part.s, "xy\xc3\xa9z", 5);
    assert_span(&part, 0, 1, 1, 2);
    assert_span(&part, 1, 2, 3, 4);
    assert_span(&part, 2, 4, 4, 6);
    assert_span(&part, 4, 5, 4, 6);
    /* nothing is left */
    at_rewrite_begin(&w, &first, &part);
    while (w.next < part.n)
        at_rewrite_drop(&w);
    part = at_rewrite_end(&w);
    assert_int_equal(part.n, 0);
    assert_string_equal(part.s, "");
    at_normal_release(&first);
    at_normal_release(&second);
    at_normal_release(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_given),
        cmocka_unit_test(test_rewrite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
