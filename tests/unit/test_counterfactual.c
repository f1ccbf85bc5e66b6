/*
 * test_counterfactual.c - a text and its counterfactual through a model: what was printed, nothing
 * to swap, a swapped text that is too long.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counterfactual.h"
#include "base/alloc.h"
#include "json_close.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "text_fixture.h"

static const char TEXT[] = "a cat sat on a dog";

struct rig {
    struct text_fixture text;
    struct at_swap_terms terms;
    struct at_tagger tagger;
    struct at_counterfactual c;
    struct at_counterfactual_result r;
};

static void add(void *arg, const struct at_doc_layer *layer)
{
    at_counterfactual_add(arg, layer);
}

/* Every word is tagged DET, which makes none a person. */
static const char *tags_of(const char *text)
{
    struct at_strbuf b = { 0 };
    const char *path;

    for (; *text; text += strspn(text, " ")) {
        size_t n = strcspn(text, " ");
        at_strbuf_addf(&b, "%.*s\tDET\n", (int)n, text);
        text += n;
    }
    path = sandbox_text("tags", at_strbuf_str(&b));
    at_strbuf_release(&b);
    return path;
}

static void rig_run(struct rig *r, const char *dir, const char *text, bool is_truncated)
{
    const char *terms = sandbox_text("terms", "term\tcounterpart\tcategory\tgate\n"
                                              "cat\tmat\tanimal\t\n"
                                              "dog\tmat\tanimal\tperson\n"
                                              "red\tzzzzzzzzzz\tcolour\t\n");
    const struct at_counterfactual_options o = {
        &r->terms, -1, &r->tagger, { .is_truncated = is_truncated }
    };
    struct at_error err;

    *r = (struct rig){ .tagger = { .file = tags_of(text) } };
    must(at_swap_terms_read(&r->terms, terms, &err), &err);
    text_open(&r->text, dir, text, NULL, false);
    must(at_counterfactual_begin(&r->c, &r->text.s, &r->text.doc, &o, &err), &err);
    text_run(&r->text, NULL, add, &r->c);
    must(at_counterfactual_finish(&r->r, &r->c, &err), &err);
}

static void rig_close(struct rig *r)
{
    at_counterfactual_release(&r->c);
    at_swap_terms_release(&r->terms);
    text_close(&r->text);
}

static void test_golden(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, "fixtures/tiny-bert", TEXT, false);
    assert_record_golden(&at_counterfactual_record, &r.r, "swap-tiny-bert.json");
    assert_int_equal(r.r.n_left, 1);
    rig_close(&r);
}

/* The received attention of the swapped text is that of a pass of its own. */
static void collect(void *arg, const struct at_doc_layer *layer)
{
    double *received = arg;

    for (size_t h = 0; h < layer->H; h++)
        at_received(received + (layer->layer * layer->H + h) * layer->n,
                    layer->maps + h * layer->n * layer->n, layer->n, true);
}

static void test_the_other_pass(void **state)
{
    struct text_fixture other;
    double *received;
    struct rig r;

    (void)state;
    rig_run(&r, "fixtures/tiny-gpt2", "a cat sat", false);
    assert_string_equal(r.r.swapped, "a mat sat");
    text_open(&other, "fixtures/tiny-gpt2", "a mat sat", NULL, false);
    assert_int_equal(other.doc.n, r.c.other.n);
    received = at_calloc(4 * other.doc.n, sizeof *received);
    text_run(&other, NULL, collect, received);
    ASSERT_CLOSE_D(r.c.other_received, received, 4 * other.doc.n, 1e-6, 0);
    free(received);
    text_close(&other);
    rig_close(&r);
}

static void test_nothing_to_swap(void **state)
{
    struct at_counterfactual_row row;
    struct rig r;

    (void)state;
    assert_columns(&at_swap_row_record, "start,end,original,replacement,category");
    assert_columns(&at_consistency_row_record,
                   "layer,head,cosine,concentration,delta_aligned,delta_swap,total_delta");
    assert_columns(&at_counterfactual_row_record,
                   "model,text_id,n_tokens,id,number,run_id,"
                   "text,swapped,n_replaced,n_left,n_aligned,n_pieces_a,n_pieces_b,mean_cosine,"
                   "mean_concentration");
    rig_run(&r, "fixtures/tiny-bert", "a mess", false);
    assert_null(r.r.consistency);
    assert_string_equal(r.r.swapped, "a mess");
    row = (struct at_counterfactual_row){ { .text_id = "1" }, r.r };
    ASSERT_NEAR(at_record_real(&at_counterfactual_row_record, "n_left", &row), 0, 0);
    assert_true(isnan(at_record_real(&at_counterfactual_row_record, "n_aligned", &row)));
    rig_close(&r);
}

static void test_too_long(void **state)
{
    static const char LONG[] = "red red red";
    struct rig r;

    (void)state;
    rig_run(&r, "fixtures/tiny-bert", LONG, false);
    assert_null(r.r.consistency);
    assert_int_equal(r.c.why_not.code, AT_ERANGE);
    assert_non_null(strstr(r.c.why_not.text, "tokens, the model takes 16"));
    rig_close(&r);
    rig_run(&r, "fixtures/tiny-bert", LONG, true);
    assert_non_null(r.r.consistency);
    assert_int_equal(r.c.other.tokens.n, 16);
    assert_true(r.c.other.n_tokens_given > 16);
    assert_int_equal(r.c.why_not.code, 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_the_other_pass),
        cmocka_unit_test(test_nothing_to_swap),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
