/*
 * test_compare_tables.c - tables of two runs: rows that belong together, rows that one side lacks,
 * columns that are no measure; and which difference is the greatest.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/compare_tables.h"
#include "base/alloc.h"
#include "model_fixture.h"

static struct at_table table_of(const char *text)
{
    struct at_table t;
    struct at_error err;

    must(at_table_take(&t, at_strdup(text), ',', &err), &err);
    return t;
}

static void compare(struct at_compared_tables *out, const char *name, const char *a, const char *b,
                    bool is_of_heads)
{
    struct at_table x = table_of(a), y = table_of(b);

    at_compare_tables(out, name, &x, &y, is_of_heads);
    at_table_release(&x);
    at_table_release(&y);
}

/* The rows stand in another order, and each side has one of its own. */
static void test_rows(void **state)
{
    struct at_compared_tables t = { 0 };
    const struct at_table_difference *d;

    (void)state;
    compare(&t, "x.csv", "index,token,score\n0,a,1\n1,b,2\n2,c,\n",
            "index,token,score\n1,B,0.5\n0,A,1\n7,z,4\n", false);
    d = t.differences.items;
    assert_int_equal(t.differences.n, 3); /* row 2 has no number on either side */
    assert_string_equal(d[0].row, "index 0");
    assert_true(d[0].difference == 0.0);
    assert_true(d[1].a == 2.0 && d[1].b == 0.5 && d[1].difference == 1.5);
    assert_string_equal(d[2].row, "index 7");
    assert_true(isnan(d[2].a) && d[2].b == 4.0 && isnan(d[2].difference));
    assert_int_equal(t.columns.n, 1);
    assert_int_equal(t.columns.items[0].n, 2);
    assert_int_equal(t.columns.items[0].n_different, 1);
    assert_int_equal(t.columns.items[0].n_alone, 1);
    assert_true(t.columns.items[0].greatest == 1.5);
    assert_string_equal(t.columns.items[0].row, "index 1");
    assert_int_equal(t.heads.n, 0);
    at_compared_tables_release(&t);
}

/* The best head for a relation is what is found, not what names the row. */
static void test_relations(void **state)
{
    struct at_compared_tables t = { 0 };

    (void)state;
    compare(&t, "syntax.csv",
            "relation,direction,n,layer,head,accuracy,baseline_offset\nobj,d,5,0,1,0.5,1\n",
            "relation,direction,n,layer,head,accuracy,baseline_offset\nobj,d,5,2,0,0.75,1\n", true);
    assert_int_equal(t.columns.n, 5);
    assert_string_equal(t.differences.items[0].row, "relation obj direction d");
    assert_string_equal(t.columns.items[3].column, "accuracy");
    assert_true(t.columns.items[3].mean == -0.25);
    at_compared_tables_release(&t);
}

/* Numbers that come one by one: columns in their order, what neither side has is no row. */
static void test_added(void **state)
{
    struct at_compared_tables t = { 0 };

    (void)state;
    at_compared_add(&t, "x.csv", "score", "index 0", 1.0, 3.0);
    at_compared_add(&t, "x.csv", "other", "index 0", NAN, NAN);
    at_compared_add(&t, "x.csv", "score", "index 1", 2.0, 1.0);
    at_compared_add(&t, "x.csv", "score", "index 2", 2.0, NAN);
    assert_int_equal(t.columns.n, 1);
    assert_int_equal(t.differences.n, 3);
    assert_int_equal(t.columns.items[0].n, 2);
    assert_int_equal(t.columns.items[0].n_alone, 1);
    assert_true(t.columns.items[0].mean == -0.5 && t.columns.items[0].greatest == 2.0);
    assert_string_equal(t.columns.items[0].row, "index 0");
    at_compared_tables_release(&t);
}

/* The n-th of equal rows goes with the n-th; without a key rows go by their lines. */
static void test_equal_rows(void **state)
{
    struct at_compared_tables t = { 0 };

    (void)state;
    compare(&t, "x.csv", "layer,v\n0,1\n0,2\n", "layer,v\n0,1\n0,5\n0,9\n", false);
    assert_int_equal(t.differences.n, 3);
    assert_true(t.differences.items[1].difference == -3.0);
    assert_true(isnan(t.differences.items[2].a));
    at_compared_tables_release(&t);
    compare(&t, "y.csv", "v\n3\n4\n", "v\n3\n5\n", false);
    assert_string_equal(t.differences.items[1].row, "line 2");
    assert_true(t.differences.items[1].difference == -1.0);
    at_compared_tables_release(&t);
}

static void test_columns(void **state)
{
    struct at_compared_tables t = { 0 };

    (void)state;
    compare(&t, "x.csv", "index,id,start,word,text,query_token,p\n0,5,0,0,7,1,0.5\n",
            "index,id,start,word,text,query_token,p\n0,6,1,2,8,2,0.25\n", false);
    assert_int_equal(t.columns.n, 1); /* ids, places and texts are no measures */
    assert_string_equal(t.columns.items[0].column, "p");
    at_compared_tables_release(&t);
    /* of faith: what removing a head changes is a number, how it is removed names the row */
    compare(&t, "x.csv", "layer,head,mode,change\n0,0,zero,0.5\n",
            "layer,head,mode,change\n0,0,zero,0.25\n", false);
    assert_int_equal(t.columns.n, 1);
    assert_true(t.differences.items[0].difference == 0.25);
    at_compared_tables_release(&t);
    compare(&t, "x.csv", "index,p\n0,high\n", "index,p\n0,0.5\n", false);
    assert_int_equal(t.columns.n, 0);
    at_compared_tables_release(&t);
}

static void test_heads(void **state)
{
    struct at_compared_tables t = { 0 };
    struct at_compare_result r = { 0 };
    struct at_compare_worst worst;

    (void)state;
    compare(&t, "heads.csv",
            "layer,head,method,rho\n0,1,ig,0.5\n0,1,attnlrp,0.1\nglobal,all,ig,3\n",
            "layer,head,method,rho\n0,1,ig,0.25\n0,1,attnlrp,0.9\nglobal,all,ig,1\n", true);
    compare(&t, "clusters.csv", "layer,head,cluster\n0,0,0\n0,1,0\n1,0,1\n1,1,1\n",
            "layer,head,cluster\n0,0,1\n0,1,1\n1,0,0\n1,1,0\n", true);
    at_compared_tables_tell(&r, &t);
    assert_int_equal(r.n_heads, 2); /* the global row is of no head */
    assert_string_equal(r.heads[0].metric, "ig.rho");
    assert_true(r.heads[0].difference == 0.25);
    assert_true(r.adjusted_rand == 1.0); /* the same groups by other names */
    worst = at_compare_worst(&r, NULL, AT_NONE, AT_NONE);
    assert_true(worst.value == 2.0 && worst.of_column && !worst.row);
    worst = at_compare_worst(&r, NULL, 0, 1);
    ASSERT_NEAR(worst.value, 0.8, 1e-15);
    worst = at_compare_worst(&r, "ig.rho", AT_NONE, AT_NONE);
    assert_true(worst.value == 0.25);
    worst = at_compare_worst(&r, "no.such", AT_NONE, AT_NONE);
    assert_true(isnan(worst.value));
    at_compared_tables_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_relations),
        cmocka_unit_test(test_added),   cmocka_unit_test(test_equal_rows),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
