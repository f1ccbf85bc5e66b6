/*
 * test_family.c - the rows of model/family.h: found by name, whole, and without contradictions.
 */
#include "close.h"

#include <string.h>

#include "base/attr.h"
#include "model/config.h"

static void test_found_by_model_type(void **state)
{
    const struct at_family *f;
    size_t n = 0;

    (void)state;
    for (; (f = at_family_at(n)); n++)
        assert_ptr_equal(at_family_find(f->model_type), f);
    assert_true(n >= 2);
    assert_null(at_family_find("BERT"));
    assert_null(at_family_find(NULL));
    assert_string_equal(at_family_find("gpt2")->name, "GPT-2");
    assert_string_equal(at_family_like(true)->model_type, "gpt2");
    assert_string_equal(at_family_like(false)->model_type, "bert");
}

/* What a pass cannot do without, and names that say which layer they are of exactly when they are
   of one. */
static void test_rows_are_whole(void **state)
{
    const struct at_family *f;

    (void)state;
    for (size_t i = 0; (f = at_family_at(i)); i++) {
        bool is_fused = at_family_has(f, AT_QUERY_KEY_VALUE);
        assert_non_null(f->activation_key);
        assert_true(f->eps > 0.0);
        assert_true(at_family_has(f, AT_WORD_EMBED));
        assert_int_not_equal(at_family_has(f, AT_POSITION_EMBED), f->rotary_share > 0.0);
        for (enum at_module m = AT_QUERY; m <= AT_VALUE; m++)
            assert_int_not_equal(at_family_has(f, m), is_fused);
        for (enum at_module m = AT_ATTENTION_OUT; m <= AT_NORM_2; m++)
            assert_true(at_family_has(f, m) || m == AT_FFN_GATE);
        for (enum at_module m = 0; m < AT_MODULE_COUNT; m++)
            if (f->module[m])
                assert_int_equal(strchr(f->module[m], '#') != NULL,
                                 m >= AT_QUERY && m <= AT_NORM_2);
        /* a stream that no layer normalises needs it at the end */
        assert_int_equal(at_family_has(f, AT_FINAL_NORM), f->norms == AT_NORM_BEFORE);
    }
}

/* Sizes a config may lack come after what they are made of. */
static void test_sizes_follow_the_width(void **state)
{
    const struct at_family *f;

    (void)state;
    for (size_t i = 0; (f = at_family_at(i)); i++) {
        bool has_width = false;
        for (const struct at_size_key *k = f->sizes; k->key; k++) {
            assert_true(has_width || !k->fallback_in_widths);
            has_width |= k->field == offsetof(struct at_config, width);
            assert_true(k->min <= k->max && k->field < sizeof(struct at_config));
        }
        assert_true(has_width);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_by_model_type),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_sizes_follow_the_width),
    };

    return cmocka_run_group_tests_name("family", tests, NULL, NULL);
}
