/*
 * test_alloc.c - size arithmetic at its limits, refusals small and large.
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "close.h"
#include "sandbox.h"

static void test_checked_sizes(void **state)
{
    static const struct {
        size_t a, b;
        bool mul_fits, add_fits;
    } cases[] = {
        { 0, 0, true, true },
        { 0, SIZE_MAX, true, true },
        { SIZE_MAX, 0, true, true },
        { SIZE_MAX, 1, true, false },
        { 1, SIZE_MAX, true, false },
        { SIZE_MAX / 2, 2, true, true },
        { SIZE_MAX / 2 + 1, 2, false, true },
        { (size_t)1 << 32, (size_t)1 << 32, false, true },
        { ((size_t)1 << 32) - 1, ((size_t)1 << 32) + 1, true, true },
        { SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1, false, false },
        { SIZE_MAX / 2 + 1, SIZE_MAX / 2, false, true },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        size_t product = 77, sum = 77;
        assert_int_equal(at_mul_size(cases[i].a, cases[i].b, &product), cases[i].mul_fits);
        assert_int_equal(product, cases[i].mul_fits ? cases[i].a * cases[i].b : 77);
        assert_int_equal(at_add_size(cases[i].a, cases[i].b, &sum), cases[i].add_fits);
        assert_int_equal(sum, cases[i].add_fits ? cases[i].a + cases[i].b : 77);
    }
}

static void test_small_blocks(void **state)
{
    unsigned char *p = at_calloc(3, 5);
    char *s = at_asprintf("%s-%03d", "x", 7), *t = at_strndup("abcdef", 3);

    (void)state;
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(p[i], 0);
    p = at_realloc(p, 100, 1);
    assert_int_equal(p[14], 0);
    assert_string_equal(s, "x-007");
    assert_string_equal(t, "abc");
    free(p);
    free(s);
    free(t);
    free(at_malloc(0, 8)); /* nothing is a block too */
    free(at_calloc(0, 0));
}

static void overflow(void)
{
    free(at_malloc(SIZE_MAX / 4, 8));
}

static void refuse_second(void)
{
    at_alloc_fail_after(2);
    free(at_malloc(1, 1));
    free(at_strdup("the second"));
}

static void leave(size_t bytes)
{
    _Exit(bytes == 11 ? 7 : 8);
}

static void refuse_to_handler(void)
{
    at_alloc_on_failure(leave);
    refuse_second();
}

static void test_refusal_of_small_blocks(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(overflow));
    assert_true(sandbox_aborts(refuse_second));
    assert_int_equal(sandbox_status(refuse_to_handler), 7);
}

static void test_large_blocks(void **state)
{
    struct at_error err;
    void *p = NULL;

    (void)state;
    for (size_t n = 0; n < 200; n += 33) {
        assert_int_equal(at_try_alloc(&p, n, 4, "a map", &err), 0);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 1, n * 4);
        free(p);
    }
    p = &err;
    assert_int_equal(at_try_alloc(&p, SIZE_MAX / 2, 4, "a map", &err), AT_ENOMEM);
    assert_string_equal(err.text, "cannot allocate memory for a map: size overflows");
    assert_int_equal(at_try_alloc(&p, SIZE_MAX - 10, 1, "a map", &err), AT_ENOMEM);
    at_alloc_fail_after(1);
    assert_int_equal(at_try_alloc(&p, 151000000, 4, "attention maps", &err), AT_ENOMEM);
    assert_string_equal(err.text, "cannot allocate 604.0 MB for attention maps");
    assert_ptr_equal(p, &err);
}

static void test_align_up(void **state)
{
    char room[256];

    (void)state;
    for (size_t i = 0; i < 130; i++) {
        char *p = at_align_up(room + i, 64);
        assert_int_equal((uintptr_t)p % 64, 0);
        assert_true(p >= room + i && p < room + i + 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checked_sizes),
        cmocka_unit_test(test_small_blocks),
        cmocka_unit_test(test_refusal_of_small_blocks),
        cmocka_unit_test(test_large_blocks),
        cmocka_unit_test(test_align_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
