/*
 * test_head_traits.c - the traits of a head by hand: names, metrics, parts of the text.
 */
#include "analysis/head_traits.h"

#include <math.h>
#include <string.h>

#include "close.h"

enum { T = 4 };

static size_t trait_of(const char *key)
{
    for (size_t i = 0; i < AT_N_TRAITS; i++)
        if (!strcmp(at_trait_key(i), key))
            return i;
    fail_msg("no trait '%s'", key);
    return 0;
}

static double get(const float *traits, const char *key)
{
    return (double)traits[trait_of(key)];
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < AT_N_TRAITS; i++)
        assert_int_equal(trait_of(at_trait_key(i)), i); /* each is there once */
    assert_int_equal(trait_of("completion_to_completion"), AT_N_TRAITS - 1);
}

static void test_parts(void **state)
{
    /* Head 0 looks at itself, head 1 at everything alike. [CLS], two of the context, one after. */
    static const signed char part[T] = { AT_PART_NONE, AT_PART_CONTEXT, AT_PART_CONTEXT,
                                         AT_PART_COMPLETION };
    static const unsigned char marks[T] = { 0, AT_MARK_SYNTAX, AT_MARK_SEMANTICS, AT_MARK_PUNCT };
    const struct at_map_kind kind = { .has_summary_token = true };
    float maps[2 * T * T] = { 0 }, scratch[T * T], traits[2 * AT_N_TRAITS];

    (void)state;
    for (size_t i = 0; i < T; i++) {
        maps[i * T + i] = 1.0F;
        for (size_t j = 0; j < T; j++)
            maps[T * T + i * T + j] = 0.25F;
    }
    at_head_traits(traits, maps, 2, T, kind, marks, part, scratch, NULL);
    assert_true(get(traits, "confidence_max") == 1.0 && get(traits, "focus_entropy") == 0.0);
    assert_true(get(traits, "self") == 1.0 && get(traits, "semantics") == 0.25);
    assert_true(get(traits, "context_to_context") == 1.0);
    assert_true(get(traits, "context_to_completion") == 0.0);
    assert_true(get(traits, "completion_to_context") == 0.0);
    assert_true(get(traits, "completion_to_completion") == 1.0);
    assert_true(isnan(get(traits, "long_range")));
    /* All values are sums of quarters: exact. */
    assert_true(get(traits + AT_N_TRAITS, "confidence_max") == 0.25);
    assert_true(get(traits + AT_N_TRAITS, "context_to_context") == 0.5);
    assert_true(get(traits + AT_N_TRAITS, "context_to_completion") == 0.25);
    assert_true(get(traits + AT_N_TRAITS, "completion_to_context") == 0.5);
    assert_true(get(traits + AT_N_TRAITS, "cls") == 0.25);
}

/* A part without tokens says nothing about attention between parts. */
static void test_no_context(void **state)
{
    static const signed char none[T] = { -1, -1, -1, -1 }, one[T] = { -1, 1, 1, 1 };
    static const unsigned char marks[T] = { 0 };
    const struct at_map_kind kind = { .is_causal = true };
    float map[T * T] = { 0 }, scratch[T * T], traits[AT_N_TRAITS];

    (void)state;
    for (size_t i = 0; i < T; i++)
        map[i * T] = 1.0F;
    at_head_traits(traits, map, 1, T, kind, marks, none, scratch, NULL);
    assert_true(isnan(get(traits, "context_to_context")));
    assert_true(get(traits, "cls") == 1.0);
    at_head_traits(traits, map, 1, T, kind, marks, one, scratch, NULL);
    assert_true(isnan(get(traits, "completion_to_completion")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_no_context),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
