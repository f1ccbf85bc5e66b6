/*
 * test_corpus.c - moments over texts: a small model by hand.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/corpus.h"
#include "base/attr.h"

static const char *const keys[] = { "a", "b" };

/* 2 layers, 2 heads, 2 values; b is undefined in the second text, and of head 1-1 in both. */
static void fill(struct at_corpus *c)
{
    const double first[] = { 1, 10, 2, 20, 3, 30, 4, NAN };
    const double second[] = { 3, NAN, 2, NAN, 7, NAN, 4, NAN };

    at_corpus_init(c, 2, 2, keys, 2);
    at_corpus_add_heads(c, 0, first, 2);
    at_corpus_add_heads(c, 0, second, 2);
    at_moments_add(at_corpus_cell(c, 1, AT_NONE, 0), 5.0);
    at_moments_add(at_corpus_cell(c, AT_NONE, AT_NONE, 1), 6.0);
}

static void test_rows(void **state)
{
    static const struct {
        const char *layer, *head, *metric;
        size_t n;
        double mean, sd, min, max;
    } want[] = {
        { "0", "0", "a", 2, 2, 1, 1, 3 },        { "0", "0", "b", 1, 10, 0, 10, 10 },
        { "0", "1", "a", 2, 2, 0, 2, 2 },        { "0", "1", "b", 1, 20, 0, 20, 20 },
        { "1", "0", "a", 2, 5, 2, 3, 7 },        { "1", "0", "b", 1, 30, 0, 30, 30 },
        { "1", "1", "a", 2, 4, 0, 4, 4 },        { "1", "layer", "a", 1, 5, 0, 5, 5 },
        { "global", "all", "b", 1, 6, 0, 6, 6 },
    };
    struct at_arena arena = { 0 };
    struct at_corpus_row *rows;
    struct at_corpus c;
    size_t n;

    (void)state;
    fill(&c);
    rows = at_corpus_rows(&n, &c, &arena);
    assert_int_equal(n, AT_COUNTOF(want));
    for (size_t i = 0; i < n; i++) {
        const struct at_moments_row *m = &rows[i].moments;
        assert_string_equal(rows[i].place.layer, want[i].layer);
        assert_string_equal(rows[i].place.head, want[i].head);
        assert_string_equal(m->metric, want[i].metric);
        assert_int_equal(m->n, want[i].n);
        ASSERT_NEAR(m->mean, want[i].mean, 0);
        ASSERT_NEAR(m->sd, want[i].sd, 0);
        ASSERT_NEAR(m->min, want[i].min, 0);
        ASSERT_NEAR(m->max, want[i].max, 0);
    }
    at_arena_release(&arena);
    at_corpus_release(&c);
}

static void test_roles(void **state)
{
    static const struct {
        const char *role;
        size_t rank, layer, head;
    } want[] = { { "a", 1, 1, 0 }, { "a", 2, 1, 1 }, { "a", 3, 0, 0 },
                 { "b", 1, 1, 0 }, { "b", 2, 0, 1 }, { "b", 3, 0, 0 } };
    struct at_arena arena = { 0 };
    struct at_role *roles;
    struct at_corpus c;
    size_t n;

    (void)state;
    fill(&c);
    roles = at_corpus_roles(&n, &c, 3, &arena);
    assert_int_equal(n, AT_COUNTOF(want));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(roles[i].role, want[i].role);
        assert_int_equal(roles[i].rank, want[i].rank);
        assert_int_equal(roles[i].layer, want[i].layer);
        assert_int_equal(roles[i].head, want[i].head);
        assert_int_equal(roles[i].n, *want[i].role == 'a' ? 2 : 1);
    }
    at_corpus_roles(&n, &c, 10, &arena); /* no more than there are: head 1-1 has no b */
    assert_int_equal(n, 4 + 3);
    at_corpus_roles(&n, &c, 1, &arena);
    assert_int_equal(n, 2);
    at_arena_release(&arena);
    at_corpus_release(&c);
}

static void test_columns(void **state)
{
    struct at_strbuf b = { 0 };
    const struct at_moments none = { 0 };
    struct at_moments_row row = at_moments_row("x", &none);

    (void)state;
    at_record_columns(&b, &at_corpus_row_record);
    assert_string_equal(b.s, "layer,head,metric,n,mean,sd,min,max");
    at_strbuf_clear(&b);
    at_record_columns(&b, &at_moments_row_record);
    assert_string_equal(b.s, "metric,n,mean,sd,min,max");
    at_strbuf_clear(&b);
    at_record_columns(&b, &at_role_record);
    assert_string_equal(b.s, "role,rank,layer,head,mean,sd,n");
    at_strbuf_release(&b);
    assert_true(row.n == 0 && isnan(row.mean) && isnan(row.min) && isnan(row.max));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
