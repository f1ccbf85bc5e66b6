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
    const double ratio[] = { 2, 1, 2, 1, 0.5, 1, 1, NAN };
    const double again[] = { 2.1, 1, 1.9, 1, 0.51, 1, 1.5, NAN };

    at_corpus_init(c, 2, 2, keys, 2, true);
    at_corpus_add_heads(c, 0, first, 2, true);
    at_corpus_add_heads(c, 0, second, 2, true);
    at_corpus_add_ratios(c, ratio);
    at_corpus_add_ratios(c, again);
    at_sums_add(&c->lengths, 7);
    at_sums_add(&c->lengths, 9);
}

static void assert_row(const struct at_corpus_row *r, size_t layer, size_t head, const char *metric,
                       size_t n, double mean, double sd)
{
    assert_int_equal(r->layer, layer);
    assert_int_equal(r->head, head);
    assert_string_equal(r->metric, metric);
    assert_string_equal(r->of.model, "m");
    assert_int_equal(r->n, n);
    ASSERT_NEAR(r->mean, mean, 1e-15);
    ASSERT_NEAR(r->sd, sd, 1e-15);
}

static void test_rows(void **state)
{
    static const struct {
        size_t layer, head;
        const char *metric;
        size_t n;
        double mean, sd;
    } want[] = {
        { 0, 0, "a", 2, 2, 1 },  { 0, 0, "b", 1, 10, 0 }, { 0, 1, "a", 2, 2, 0 },
        { 0, 1, "b", 1, 20, 0 }, { 1, 0, "a", 2, 5, 2 },  { 1, 0, "b", 1, 30, 0 },
        { 1, 1, "a", 2, 4, 0 },
    };
    const struct at_corpus_source of = { "m", "run" };
    struct at_arena arena = { 0 };
    struct at_corpus_row *rows;
    struct at_corpus c;
    size_t n;

    (void)state;
    fill(&c);
    rows = at_corpus_rows(&n, &c, AT_CORPUS_HEADS, of, &arena);
    assert_int_equal(n, AT_COUNTOF(want));
    for (size_t i = 0; i < n; i++)
        assert_row(&rows[i], want[i].layer, want[i].head, want[i].metric, want[i].n, want[i].mean,
                   want[i].sd);
    /* Student's t of 1 and 3 with one degree of freedom: 2 -+ 12.7062, but not below 0 */
    ASSERT_NEAR(rows[0].low, 0, 0);
    ASSERT_NEAR(rows[0].high, 2 + 12.7062047, 1e-6);
    assert_true(isnan(rows[1].low));
    ASSERT_NEAR(rows[0].chance.ratio, 2.05, 1e-15);
    rows = at_corpus_rows(&n, &c, AT_CORPUS_LAYERS, of, &arena);
    assert_int_equal(n, 4);
    assert_row(&rows[2], 1, AT_NONE, "a", 2, 4.5, 1);
    rows = at_corpus_rows(&n, &c, AT_CORPUS_MODEL, of, &arena);
    assert_int_equal(n, 3);
    assert_row(&rows[0], AT_NONE, AT_NONE, "n_tokens", 2, 8, 1);
    assert_row(&rows[1], AT_NONE, AT_NONE, "a", 2, 3.25, 0.75);
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
    const struct at_corpus_source of = { "m", "run" };
    struct at_arena arena = { 0 };
    struct at_corpus_row *rows;
    struct at_role *roles;
    struct at_corpus c;
    size_t n, n_rows;

    (void)state;
    fill(&c);
    rows = at_corpus_rows(&n_rows, &c, AT_CORPUS_HEADS, of, &arena);
    roles = at_corpus_roles(&n, rows, n_rows, keys, 2, 3, &arena);
    assert_int_equal(n, AT_COUNTOF(want));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(roles[i].role, want[i].role);
        assert_int_equal(roles[i].rank, want[i].rank);
        assert_int_equal(roles[i].of.layer, want[i].layer);
        assert_int_equal(roles[i].of.head, want[i].head);
        assert_int_equal(roles[i].of.n, *want[i].role == 'a' ? 2 : 1);
    }
    at_corpus_roles(&n, rows, n_rows, keys, 2, 10, &arena); /* head 1-1 has no b */
    assert_int_equal(n, 4 + 3);
    at_corpus_roles(&n, rows, n_rows, keys, 2, 1, &arena);
    assert_int_equal(n, 2);
    at_arena_release(&arena);
    at_corpus_release(&c);
}

/* A table of what at_corpus_save() gives, as a file would have it. */
static void save(struct at_table *out, const struct at_corpus *c)
{
    struct at_arena arena = { 0 };
    struct at_strbuf text = { 0 };
    size_t n;
    const struct at_sums_row *rows = at_corpus_save(&n, c, &arena);

    at_record_columns(&text, &at_sums_row_record);
    at_strbuf_addc(&text, '\n');
    for (size_t i = 0; i < n; i++) {
        const struct at_sums_row *r = &rows[i];
        if (r->layer != AT_NONE)
            at_strbuf_addf(&text, "%zu", r->layer);
        at_strbuf_addc(&text, ',');
        if (r->head != AT_NONE)
            at_strbuf_addf(&text, "%zu", r->head);
        at_strbuf_addf(&text, ",%s,%zu", r->metric, r->n);
        for (int k = 0; k < AT_SUM_PARTS; k++)
            at_strbuf_addf(&text, ",%ld", r->sum[k]);
        for (int k = 0; k < AT_SUM_PARTS; k++)
            at_strbuf_addf(&text, ",%ld", r->squares[k]);
        at_strbuf_addf(&text, ",%.15g,%.15g\n", r->min, r->max);
    }
    assert_int_equal(at_table_take(out, at_strbuf_take(&text), ',', NULL), 0);
    at_arena_release(&arena);
}

static void test_merge(void **state)
{
    struct at_corpus c, twice = { 0 };
    struct at_table t, empty;
    struct at_error err;

    (void)state;
    save(&empty, &twice);
    fill(&c);
    save(&t, &c);
    assert_int_equal(at_corpus_merge(&twice, &empty, keys, 2, true, &err), 0);
    assert_null(twice.cells);
    assert_int_equal(at_corpus_merge(&twice, &t, keys, 2, true, &err), 0);
    assert_memory_equal(twice.cells, c.cells, 7 * 2 * sizeof *c.cells);
    assert_memory_equal(twice.ratios, c.ratios, 4 * 2 * sizeof *c.ratios);
    assert_int_equal(at_corpus_merge(&twice, &t, keys, 2, true, &err), 0);
    assert_int_equal(twice.lengths.n, 4);
    assert_int_equal(at_corpus_cell(&twice, 0, 0, 0)->n, 4);
    ASSERT_NEAR(at_sums_mean(at_corpus_cell(&twice, 0, 0, 0)), 2, 0);
    at_corpus_release(&twice);
    at_corpus_init(&twice, 1, 2, keys, 2, true);
    assert_int_equal(at_corpus_merge(&twice, &t, keys, 2, true, &err), AT_EFORMAT);
    assert_string_equal(err.text, "of a model with 2 layers of 2 heads, want 1 of 2");
    at_corpus_release(&twice);
    assert_int_equal(at_corpus_merge(&twice, &t, keys, 1, true, &err), AT_EFORMAT);
    at_corpus_release(&twice);
    at_corpus_release(&c);
    at_table_release(&t);
    at_table_release(&empty);
}

static void test_columns(void **state)
{
    static const struct {
        const struct at_record *record;
        const char *columns;
    } want[] = {
        { &at_corpus_head_record, "model,layer,head,metric,mean,low,high,n,sd,min,max,run_id" },
        { &at_corpus_layer_record, "model,layer,metric,mean,low,high,n,sd,min,max,run_id" },
        { &at_corpus_model_record, "model,metric,mean,low,high,n,sd,min,max,run_id" },
        { &at_text_head_record, "model,text_id,n_tokens,id,number,run_id" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(want); i++) {
        struct at_strbuf b = { 0 };
        at_record_columns(&b, want[i].record);
        assert_string_equal(b.s, want[i].columns);
        at_strbuf_release(&b);
    }
}

/* 0, 0 and 1: the interval of Student's t would begin at -1.1. */
static void test_not_below_zero(void **state)
{
    static const double values[] = { 0, 0, 1 };
    struct at_corpus c;
    struct at_arena arena = { 0 };
    const struct at_corpus_row *rows;
    size_t n;

    (void)state;
    at_corpus_init(&c, 1, 1, keys, 1, false);
    for (size_t i = 0; i < AT_COUNTOF(values); i++) {
        at_corpus_add_heads(&c, 0, &values[i], 1, false);
        at_sums_add(&c.lengths, 3);
    }
    rows = at_corpus_rows(&n, &c, AT_CORPUS_HEADS, (struct at_corpus_source){ "m", "r" }, &arena);
    ASSERT_NEAR(rows[0].mean, 1.0 / 3, 1e-12);
    ASSERT_NEAR(rows[0].low, 0, 0);
    ASSERT_NEAR(rows[0].high, 1.0 / 3 + 4.302652730 / 3, 1e-6);
    at_arena_release(&arena);
    at_corpus_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),           cmocka_unit_test(test_roles),
        cmocka_unit_test(test_merge),          cmocka_unit_test(test_columns),
        cmocka_unit_test(test_not_below_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
