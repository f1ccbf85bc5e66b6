/*
 * test_array.c - growth keeps the items, an empty array is a zeroed struct.
 */
#include "base/array.h"

#include <stdio.h>

#include "close.h"

struct pairs AT_ARRAY(struct pair {
    int a;
    char text[12];
});

static void test_push_keeps_the_items(void **state)
{
    struct pairs v = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct pair *p = at_array_push(&v);
        p->a = i;
        snprintf(p->text, sizeof p->text, "%d", i);
    }
    assert_int_equal(v.n, 1000);
    assert_true(v.cap >= v.n);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(v.items[i].a, i);
        assert_int_equal(strtol(v.items[i].text, NULL, 10), i);
    }
    at_array_release(&v);
    at_array_release(&v);
    assert_null(v.items);
}

static void test_reserve(void **state)
{
    struct pairs v = { 0 };
    struct pair *before;

    (void)state;
    at_array_reserve(&v, 100);
    assert_int_equal(v.n, 0);
    assert_int_equal(v.cap, 100);
    before = v.items;
    at_array_reserve(&v, 50);
    assert_int_equal(v.cap, 100);
    for (int i = 0; i < 100; i++)
        *at_array_push(&v) = (struct pair){ i, "" };
    assert_ptr_equal(v.items, before); /* nothing moved: there was room */
    at_array_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_keeps_the_items),
        cmocka_unit_test(test_reserve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
