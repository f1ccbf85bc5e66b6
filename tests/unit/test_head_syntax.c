/*
 * test_head_syntax.c - a treebank of three sentences through a tiny model: what is counted.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/head_syntax.h"
#include "json_close.h"
#include "model_fixture.h"
#include "sandbox.h"

static const char TREES[] = "# sent_id = one\n# text = the cat sat\n"
                            "1\tthe\tthe\tDET\t_\t_\t2\tdet\t_\t_\n"
                            "2\tcat\tcat\tNOUN\t_\t_\t3\tnsubj\t_\t_\n"
                            "3\tsat\tsit\tVERB\t_\t_\t0\troot\t_\t_\n\n"
                            "# sent_id = long\n# text = abcdefghijklmnopqrstuvwxyz abcdefghijklm\n"
                            "1\tabcdefghijklmnopqrstuvwxyz\t_\tX\t_\t_\t2\tdet\t_\t_\n"
                            "2\tabcdefghijklm\t_\tX\t_\t_\t0\troot\t_\t_\n\n"
                            "# sent_id = two\n# text = the mat\n"
                            "1\tthe\tthe\tDET\t_\t_\t2\tdet:x\t_\t_\n"
                            "2\tmat\tmat\tNOUN\t_\t_\t0\troot\t_\t_\n\n";

struct seen {
    size_t n_skipped, n_done;
    char id[16];
};

static void skipped(void *arg, const struct at_conllu_sentence *s, size_t n_tokens)
{
    struct seen *seen = arg;

    assert_true(n_tokens > 12);
    seen->n_skipped++;
    strncpy(seen->id, at_conllu_str(s, s->id), sizeof seen->id - 1);
}

static void progress(void *arg, size_t n)
{
    ((struct seen *)arg)->n_done = n;
}

static void test_counts(void **state)
{
    struct seen seen = { 0 };
    const struct at_head_syntax_options o = {
        .min_words = 1, .skipped = skipped, .progress = progress, .arg = &seen
    };
    struct at_head_syntax r;
    struct at_session s;
    struct at_error err;

    (void)state;
    must(at_session_open(&s, "fixtures/tiny-bert", NULL, &err), &err);
    must(at_head_syntax_read(&r, &s, sandbox_text("trees", TREES), &o, &err), &err);
    assert_int_equal(r.n_sentences, 2);
    assert_int_equal(r.n_skipped, 1);
    assert_true(seen.n_skipped == 1 && seen.n_done == 2 && strcmp(seen.id, "long") == 0);
    assert_int_equal(r.n, 6); /* all, det and nsubj, in two directions */
    for (size_t i = 0; i < r.n; i++) {
        const struct at_head_syntax_row *x = &r.rows[i];
        const char *relation = i < 2 ? "all" : i < 4 ? "det" : "nsubj";
        assert_string_equal(x->relation, relation);
        assert_string_equal(x->direction, i % 2 ? "head_to_dependent" : "dependent_to_head");
        assert_int_equal(x->n, i < 2 ? 3 : i < 4 ? 2 : 1);
        assert_int_equal(x->offset, 1);
        ASSERT_NEAR(x->baseline, 1.0, 0); /* every head is the next word */
        assert_true(x->ci[0] <= x->accuracy && x->accuracy <= x->ci[1]);
        ASSERT_NEAR(x->accuracy,
                    at_syntax_accuracy(r.syntax, i < 2 ? NULL : relation,
                                       (enum at_syntax_direction)(i % 2), x->layer, x->head),
                    0);
    }
    at_head_syntax_release(&r);
    at_session_close(&s);
}

static void test_options(void **state)
{
    const struct at_head_syntax_options o = { .min_words = 2, .subtypes = true };
    struct at_head_syntax r = { 0 };
    struct at_session s;
    struct at_error err;

    (void)state;
    must(at_session_open(&s, "fixtures/tiny-bert", NULL, &err), &err);
    must(at_head_syntax_read(&r, &s, sandbox_text("trees", TREES), &o, &err), &err);
    assert_int_equal(r.n, 2); /* det and det:x are one word each now */
    at_head_syntax_release(&r);
    assert_int_equal(at_head_syntax_read(&r, &s, sandbox_text("trees", "\n"), &o, &err),
                     AT_EFORMAT);
    assert_non_null(strstr(err.text, ": no sentence"));
    assert_null(r.syntax);
    at_session_close(&s);
}

static void test_records(void **state)
{
    const double accuracies[] = { 0.25, 0.5 };
    struct at_head_syntax_row row = { "det", "dependent_to_head", 3, 1, 2, 0.5, { 0.25, 0.75 }, -1,
                                      0.125, accuracies,          1, 2 };
    struct at_head_syntax r = { .n_sentences = 7, .rows = &row, .n = 1 };
    struct at_json *o = at_record_json(&at_head_syntax_record, &r);
    struct at_strbuf b = { 0 };

    (void)state;
    assert_columns(
        &at_head_syntax_row_record,
        "relation,direction,n,layer,head,accuracy,low,high,baseline_offset,baseline_accuracy");
    at_json_dump(&b, o, 0, 0);
    assert_string_equal(
        b.s, "{\"n_sentences\":7,\"relations\":[{\"accuracy\":0.5,\"baseline_accuracy\":0.125,"
             "\"baseline_offset\":-1,\"ci\":[0.25,0.75],\"direction\":\"dependent_to_head\","
             "\"head\":2,\"heads\":[[0.25,0.5]],\"layer\":1,\"n\":3,\"relation\":\"det\"}]}");
    at_json_free(o);
    at_strbuf_release(&b);
}

/* Wilson's intervals by statsmodels.stats.proportion.proportion_confint(80, 100, alpha, "wilson")
   with alpha .05 and .05 / 2. */
static void test_cells(void **state)
{
    const double accuracies[] = { 0.8, 0.69 };
    struct at_head_syntax_row row = {
        .relation = "det", .n = 100, .baseline = 0.70, .accuracies = accuracies, .L = 1, .H = 2
    };
    struct at_arena arena = { 0 };
    const struct at_head_syntax_cell *cells = at_head_syntax_cells(&row, &arena);

    (void)state;
    assert_true(fabs(cells[0].ci[0] - 0.711171) < 1e-5 && fabs(cells[0].ci[1] - 0.866633) < 1e-5);
    assert_int_equal(cells[1].head, 1);
    assert_false(cells[0].beats_baseline); /* 0.6973 over both heads together */
    row.baseline = 0.69;
    cells = at_head_syntax_cells(&row, &arena);
    assert_true(cells[0].beats_baseline);
    assert_false(cells[1].beats_baseline);
    at_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_cells),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
