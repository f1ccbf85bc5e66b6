/*
 * test_embed.c - rows of tables, gathered and summed.
 */
#include "close.h"

#include "ops/embed.h"

static void test_gather_and_add(void **state)
{
    static const float words[3][2] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
    static const uint16_t halves[2][2] = { { 0x3c00, 0xc000 }, { 0x3800, 0 } }; /* 1 -2, 0.5 0 */
    static const uint16_t brains[2][2] = { { 0x3f80, 0xc000 }, { 0x3f00, 0 } }; /* the same */
    const struct at_weight word = { words, AT_F32, AT_OUT_MAJOR, 3, 2, 0 };
    const struct at_weight half = { halves, AT_F16, AT_OUT_MAJOR, 2, 2, 0 };
    const struct at_weight brain = { brains, AT_BF16, AT_OUT_MAJOR, 2, 2, 0 };
    static const int ids[] = { 2, 0, 2 }, types[] = { 0, 1, 1 };
    static const float sums[] = { 7, 2, 2, 2, 6, 6 };
    float out[6];

    (void)state;
    at_embed(out, &word, ids, 3);
    assert_memory_equal(out, ((float[]){ 5, 6, 1, 2, 5, 6 }), sizeof out);
    at_embed_add(out, &half, types, 3);
    at_embed_add(out, &brain, types, 3);
    assert_memory_equal(out, sums, sizeof out);
    at_embed(out, &word, ids, 0);
    assert_memory_equal(out, sums, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_gather_and_add) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
