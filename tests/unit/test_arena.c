/*
 * test_arena.c - blocks are aligned and apart, a reset gives their memory back to the next round.
 */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "close.h"
#include "sandbox.h"

static void test_blocks_are_aligned_and_apart(void **state)
{
    static const size_t sizes[] = { 1, 64, 65, 0, 5000, 20000, 3, 100000, 16 * 1024, 7 };
    struct at_arena a = { 0 };
    unsigned char *blocks[AT_COUNTOF(sizes)];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        blocks[i] = at_arena_alloc(&a, sizes[i], 1);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(blocks[i][k], i);
    at_arena_release(&a);
    at_arena_release(&a);
}

static void test_reset_starts_again(void **state)
{
    struct at_arena a = { 0 };
    char *first = at_arena_strdup(&a, "first");

    (void)state;
    for (int i = 0; i < 50; i++)
        assert_non_null(at_arena_alloc(&a, 3000, 1)); /* several blocks */
    at_arena_reset(&a);
    assert_ptr_equal(at_arena_alloc(&a, 5, 1), first);
    at_arena_release(&a);
    at_arena_reset(&a);
}

/* Scratch that does not fit the first block is the same memory at every turn. */
static void test_emptied_block_is_used_again(void **state)
{
    struct at_arena a = { 0 };
    void *first = NULL;

    (void)state;
    for (int turn = 0; turn < 5; turn++) {
        void *p;
        assert_non_null(at_arena_alloc(&a, 16 * 1024, 1));
        p = at_arena_alloc(&a, 20000, 1);
        assert_true(turn == 0 || p == first);
        first = p;
        at_arena_reset(&a);
    }
    assert_non_null(at_arena_alloc(&a, 16 * 1024, 1));
    assert_non_null(at_arena_alloc(&a, 40000, 1)); /* the spare block is too small for this */
    at_arena_release(&a);
}

static void test_strings_and_zeros(void **state)
{
    struct at_arena a = { 0 };
    char *dirty = at_arena_alloc(&a, 1000, 1);
    int *zeros;

    (void)state;
    memset(dirty, 0xAA, 1000);
    at_arena_reset(&a);
    zeros = at_arena_calloc(&a, 250, sizeof *zeros);
    for (int i = 0; i < 250; i++)
        assert_int_equal(zeros[i], 0);
    assert_string_equal(at_arena_strndup(&a, "abcdef", 2), "ab");
    assert_string_equal(at_arena_printf(&a, "%d/%s", 12, "x"), "12/x");
    at_arena_release(&a);
}

static void overflow(void)
{
    struct at_arena a = { 0 };
    void *p = at_arena_alloc(&a, SIZE_MAX / 2, 3);

    (void)p;
}

static void test_misuse_stops(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(overflow));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_aligned_and_apart),
        cmocka_unit_test(test_reset_starts_again),
        cmocka_unit_test(test_emptied_block_is_used_again),
        cmocka_unit_test(test_strings_and_zeros),
        cmocka_unit_test(test_misuse_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
