/*
 * test_isa_text.c - attention between the sentences of a text: what was printed, laws, sentences.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/isa_text.h"
#include "base/attr.h"
#include "json_close.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "text_fixture.h"

static const char TEXT[] = "A cat. A dog.";

struct rig {
    struct text_fixture text;
    struct at_isa_text isa;
    struct at_isa_result r;
};

static void add(void *arg, const struct at_doc_layer *layer)
{
    at_isa_text_add(arg, layer);
}

static const struct at_isa_options all = { .layer = AT_NONE, .head = AT_NONE };

static void rig_run(struct rig *r, const char *dir, const char *text, bool by_words,
                    const struct at_isa_options *o)
{
    struct at_error err;

    text_open(&r->text, dir, text, NULL, by_words);
    must(at_isa_text_begin(&r->isa, &r->text.doc, o, &err), &err);
    text_run(&r->text, NULL, add, &r->isa);
    r->r = at_isa_text_finish(&r->isa);
}

static void rig_close(struct rig *r)
{
    at_isa_text_release(&r->isa);
    text_close(&r->text);
}

static void test_goldens(void **state)
{
    static const struct at_isa_pair pair = { 1, 0 };
    struct at_isa_options o = all;
    struct rig r;

    (void)state;
    o.pairs = &pair;
    o.n_pairs = 1;
    rig_run(&r, "fixtures/tiny-bert", TEXT, false, &o);
    assert_record_golden(&at_isa_result_record, &r.r, "isa-tiny-bert.json");
    rig_close(&r);
    rig_run(&r, "fixtures/tiny-gpt2", TEXT, false, &o);
    assert_record_golden(&at_isa_result_record, &r.r, "isa-tiny-gpt2.json");
    rig_close(&r);
}

/* A row and what is outside of it are all of a sentence's attention; a cell is its drill-down. */
static void test_laws(void **state)
{
    static const struct at_isa_pair pairs[] = { { 0, 2 }, { 2, 1 }, { 0, 3 } };
    static const struct at_isa_options options[] = {
        { AT_ISA_MEAN, AT_RAW, AT_NONE, AT_NONE, NULL, NULL, pairs, 3 },
        { AT_ISA_LAST_LAYER, AT_RAW, AT_NONE, AT_NONE, NULL, NULL, pairs, 3 },
        { AT_ISA_MEAN, AT_ROLLOUT, AT_NONE, AT_NONE, NULL, NULL, pairs, 3 },
        { AT_ISA_MEAN, AT_RAW, 1, 1, NULL, NULL, pairs, 3 },
        { AT_ISA_MAX, AT_RAW, AT_NONE, 0, NULL, NULL, pairs, 3 },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(options); i++) {
        struct rig r;
        rig_run(&r, "fixtures/tiny-bert", "A cat sat. The mat. It is.", i % 2, &options[i]);
        assert_int_equal(r.r.S, 3);
        for (size_t a = 0; a < r.r.S && options[i].method != AT_ISA_MAX; a++) {
            double sum = r.r.outside[a];
            for (size_t b = 0; b < r.r.S; b++)
                sum += r.r.matrix[a * r.r.S + b];
            ASSERT_NEAR(sum, 1.0, 1e-6);
        }
        assert_int_equal(isnan(r.r.outside[0]), options[i].method == AT_ISA_MAX);
        /* Even attention gives a sentence its share of the tokens, or 1 of n at most. */
        for (size_t c = 0; c < 9 && options[i].mode == AT_RAW; c++) {
            double n = (double)r.text.doc.n, size = (double)r.r.sentences[c % 3].n_tokens;
            ASSERT_NEAR(r.r.ratio[c],
                        r.r.matrix[c] * n / (options[i].method == AT_ISA_MAX ? 1.0 : size), 1e-6);
        }
        assert_int_equal(r.r.n_pairs, 2); /* there is no sentence 3 */
        for (size_t k = 0; k < r.r.n_pairs; k++)
            ASSERT_NEAR(r.r.pairs[k].weight, r.r.matrix[pairs[k].query * 3 + pairs[k].key], 1e-12);
        rig_close(&r);
    }
}

static void test_tables(void **state)
{
    static const struct at_isa_pair pair = { 1, 0 };
    struct at_isa_options o = all;
    struct at_arena arena = { 0 };
    struct at_isa_cell *cells;
    struct at_isa_link *links;
    struct rig r;

    (void)state;
    o.pairs = &pair;
    o.n_pairs = 1;
    rig_run(&r, "fixtures/tiny-gpt2", TEXT, false, &o);
    cells = at_isa_cells(&r.r, &arena);
    assert_int_equal(cells[2].query, 1);
    assert_int_equal(cells[2].key, 0);
    assert_string_equal(cells[2].query_text, "A dog.");
    assert_string_equal(cells[2].key_text, "A cat.");
    ASSERT_NEAR(cells[2].weight, r.r.pairs[0].weight, 1e-12);
    links = at_isa_links(&r.r.pairs[0], &arena);
    assert_int_equal(links[4].query, 4); /* the second row's second cell: tokens 3.. by 0.. */
    assert_int_equal(links[4].key, 1);
    assert_string_equal(links[4].query_token, "A");
    assert_string_equal(links[4].key_token, "cat");
    ASSERT_NEAR(links[4].weight, r.r.pairs[0].map[4], 0);
    at_arena_release(&arena);
    rig_close(&r);
    assert_columns(&at_isa_cell_record, "query,key,weight,query_text,key_text,ratio");
    assert_columns(&at_isa_link_record, "query,key,query_token,key_token,weight");
}

static void test_many_texts(void **state)
{
    const char *keys[AT_ISA_N_MEASURES];
    struct at_corpus corpus;
    struct at_isa_text_row row;
    struct rig r;

    (void)state;
    for (size_t i = 0; i < AT_ISA_N_MEASURES; i++)
        keys[i] = at_isa_measure_key(i);
    at_corpus_init(&corpus, 0, 0, keys, AT_ISA_N_MEASURES, false);
    assert_columns(&at_isa_text_row_record,
                   "model,text_id,n_tokens,id,number,run_id,n_sentences,own,previous,next,outside,"
                   "avg_dependency,avg_span,text");
    rig_run(&r, "fixtures/tiny-gpt2", TEXT, false, &all);
    row = at_isa_text_row(&r.text.doc, &r.r);
    ASSERT_NEAR(row.measure[AT_ISA_SENTENCES], 2.0, 0);
    ASSERT_NEAR(row.measure[AT_ISA_OWN], (r.r.matrix[0] + r.r.matrix[3]) / 2.0, 1e-15);
    ASSERT_NEAR(row.measure[AT_ISA_PREVIOUS], r.r.matrix[2], 0);
    assert_true(isnan(row.measure[AT_ISA_NEXT])); /* a causal model sees none */
    at_isa_corpus_add(&corpus, &row);
    rig_close(&r);

    rig_run(&r, "fixtures/tiny-gpt2", "A cat.", false, &all);
    row = at_isa_text_row(&r.text.doc, &r.r);
    assert_true(isnan(row.measure[AT_ISA_OWN])); /* alone it is 1 by definition */
    at_isa_corpus_add(&corpus, &row);
    rig_close(&r);
    assert_string_equal(keys[AT_ISA_SENTENCES], "n_sentences");
    assert_int_equal(corpus.cells[AT_ISA_SENTENCES].n, 2);
    ASSERT_NEAR(at_sums_mean(&corpus.cells[AT_ISA_SENTENCES]), 1.5, 0);
    assert_string_equal(keys[AT_ISA_AVG_SPAN], "avg_span");
    assert_int_equal(corpus.cells[AT_ISA_OWN].n, 1);
    assert_int_equal(corpus.cells[AT_ISA_NEXT].n, 0);
    at_corpus_release(&corpus);
}

/* Given sentences: blanks around them and between their words are free, what is in none has none,
   and one without a token is left out. */
static void test_given(void **state)
{
    struct at_given_sentences given;
    struct at_isa_sentences s;
    struct at_arena arena = { 0 };
    struct text_fixture f;
    struct at_error err;

    (void)state;
    must(at_given_sentences_read(&given, sandbox_text("given", "\n  A cat.\n\nA   dog.  \r\n"),
                                 &err),
         &err);
    assert_int_equal(given.n, 2);
    text_open(&f, "fixtures/tiny-bert", "A cat. It sat. A dog.", NULL, false);
    must(at_isa_sentences_find(&s, &arena, &f.doc, &given, NULL, &err), &err);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.items[1].start, 15);
    assert_int_equal(s.items[1].end, 21);
    assert_string_equal(s.items[1].text, "A dog.");
    assert_int_equal(s.sent_of[s.items[0].first_token + s.items[0].n_tokens], -1);
    assert_int_equal(s.sent_of[0], -1);
    text_close(&f);

    text_open(&f, "fixtures/tiny-bert", "A dog. A cat.", NULL, false);
    assert_int_equal(at_isa_sentences_find(&s, &arena, &f.doc, &given, NULL, &err), AT_ENOTFOUND);
    assert_non_null(strstr(err.text, "sentence 1 is not in the text, or not behind sentence 0: "
                                     "'A   dog.'"));
    text_close(&f);
    at_given_sentences_release(&given);
    at_arena_release(&arena);
    assert_int_equal(at_given_sentences_read(&given, sandbox_text("none", " \n\n"), &err),
                     AT_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens), cmocka_unit_test(test_laws),
        cmocka_unit_test(test_tables),  cmocka_unit_test(test_many_texts),
        cmocka_unit_test(test_given),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
