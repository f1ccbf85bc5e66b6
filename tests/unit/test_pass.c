/*
 * test_pass.c - passes over texts: the order of calls, what is skipped and what ends a pass, words,
 * one text alone. Those over captures are in test_pass_captures.c.
 */
#include "session/pass.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "witness.h"

static void test_order(void **state)
{
    struct run r;

    (void)state;
    run_open(&r, "fixtures/tiny-bert", "the cat\nsat\n");
    r.pass.observer = witness_observer(&r.w);
    must(at_pass_run(&r.pass, &r.was_told, &r.err), &r.err);
    log_is(&r, "check;begin 0;took 1;check;begin 1;took 2;"
               "embedded 0;embedded 1;layer 0.0;layer 1.0;layer 0.1;layer 1.1;"
               "finish 0;done 1;finish 1;done 2");
    assert_false(r.was_told);
    assert_int_equal(r.pass.n_done, 2);
    assert_int_equal(r.pass.n_skipped, 0);
    run_close(&r);
}

/* What a pass shows of a text is what the text shows alone. */
static void test_values(void **state)
{
    static const char *const models[] = { "fixtures/tiny-bert", "fixtures/tiny-gpt2" };
    static const char *const lines[] = { "the cat sat", "on", "a mat" };

    (void)state;
    for (size_t m = 0; m < AT_COUNTOF(models); m++) {
        struct run r;
        const char *at;
        run_open(&r, models[m], "the cat sat\non\na mat\n");
        must(at_pass_run(&r.pass, &r.was_told, &r.err), &r.err);
        at = r.w.floats.s;
        for (size_t i = 0; i < AT_COUNTOF(lines); i++) {
            struct at_trace t;
            struct at_doc doc;
            size_t n_maps, n_states;
            must(at_session_trace(&t, &doc, &r.s, lines[i], KEEP_ALL, &r.err), &r.err);
            n_maps = t.dims.L * t.dims.H * doc.n * doc.n;
            n_states = doc.n * t.dims.C;
            float *shown = at_malloc(n_maps + n_states, sizeof *shown);
            memcpy(shown, at, (n_maps + n_states) * sizeof *shown);
            at += (n_maps + n_states) * sizeof *shown;
            assert_same(shown, t.attention, n_maps, 1e-6);
            assert_same(shown + n_maps, t.final_hidden, n_states, 1e-5);
            free(shown);
            at_trace_release(&t);
            at_doc_release(&doc);
        }
        assert_ptr_equal(at, r.w.floats.s + r.w.floats.n);
        run_close(&r);
    }
}

/* A full batch is computed before the next text is begun, whatever fills it. */
static void test_batches(void **state)
{
    struct at_strbuf lines = { 0 };
    struct run r;

    (void)state;
    for (size_t i = 0; i < 70; i++)
        at_strbuf_adds(&lines, "cat\n");
    run_open(&r, "fixtures/tiny-gpt2", at_strbuf_str(&lines));
    must(at_pass_run(&r.pass, &r.was_told, &r.err), &r.err);
    assert_int_equal(count_in(&r, "finish "), 70);
    assert_int_equal(count_in(&r, "begin 63;embedded 0;"), 1);
    assert_int_equal(count_in(&r, "finish 63;begin 64;begin 65;"), 1);
    run_close(&r);
    at_strbuf_release(&lines);
}

static void test_skipped(void **state)
{
    static const char lines[] = "{\"text\": \"the\", \"id\": \"a\"}\n"
                                "{\"text\": \"a b c d e f g h i j k l m n o\", \"id\": \"b\"}\n"
                                "{\"text\": \"sat\", \"id\": \"c\"}\n"
                                "no text\n"
                                "{\"text\": \"mat\", \"id\": \"d\"}\n";
    struct run r;

    (void)state;
    run_open(&r, "fixtures/tiny-bert", lines);
    r.w.refused = "sat";
    r.w.refusal = AT_ERANGE;
    r.pass.observer.skipped = witness_observer(&r.w).skipped;
    r.pass.observer.arg = &r.w;
    must(at_pass_run(&r.pass, &r.was_told, &r.err), &r.err);
    assert_false(r.was_told);
    assert_int_equal(r.pass.n_done, 2);
    assert_int_equal(r.pass.n_skipped, 3);
    assert_int_equal(
        count_in(&r, "begin 0;skip 'b': text b: text has 17 tokens, the model takes 16"), 1);
    assert_int_equal(count_in(&r, ";begin 2;skip 'c': text c: not this one;skip '': "), 1);
    assert_int_equal(count_in(&r, ";begin 4;embedded 0;embedded 4;"), 1);
    run_close(&r);
}

static void test_cut(void **state)
{
    struct run r;

    (void)state;
    run_open(&r, "fixtures/tiny-bert", "a b c d e f g h i j k l m n o\n");
    r.pass.options.is_truncated = true;
    r.pass.observer.cut = witness_observer(&r.w).cut;
    r.pass.observer.arg = &r.w;
    must(at_pass_run(&r.pass, &r.was_told, &r.err), &r.err);
    assert_int_equal(count_in(&r, ";cut 17 to 16;begin 0;"), 1);
    run_close(&r);
}

/* The only text of a call that cannot be used is the call's failure, and is told once. */
static void test_alone(void **state)
{
    char text[] = "sat";
    char *texts[] = { text };
    const struct at_texts_options o = { .n_given = 1, .given = texts };
    struct run r;

    (void)state;
    run_open(&r, "fixtures/tiny-bert", "unused\n");
    at_texts_close(&r.texts);
    must(at_texts_open(&r.texts, &o, &r.err), &r.err);
    r.w.refused = "sat";
    r.w.refusal = AT_EFORMAT;
    r.pass.observer.skipped = witness_observer(&r.w).skipped;
    r.pass.observer.arg = &r.w;
    assert_int_equal(at_pass_run(&r.pass, &r.was_told, &r.err), AT_EFORMAT);
    assert_true(r.was_told);
    log_is(&r, "begin 0;fail '': not this one");
    assert_int_equal(r.pass.n_done, 0);
    run_close(&r);
}

/* No error of one text: the pass ends with it, and every state is released. */
static void ends_with(enum at_code code, const char *bad_call, const char *refused)
{
    struct run r;

    run_open(&r, "fixtures/tiny-bert", "the\nsat\nmat\n");
    r.pass.observer = witness_observer(&r.w);
    r.w.bad_call = bad_call;
    r.w.refused = refused;
    r.w.refusal = code;
    assert_int_equal(at_pass_run(&r.pass, &r.was_told, &r.err), code);
    assert_false(r.was_told);
    assert_int_equal(count_in(&r, "skip"), 0);
    assert_int_equal(count_in(&r, "finish 2"), 0);
    run_close(&r);
}

static void test_fatal(void **state)
{
    (void)state;
    ends_with(AT_EIO, NULL, "sat");
    ends_with(AT_ENOMEM, NULL, "sat");
    ends_with(AT_EFORMAT, "check", NULL);
    ends_with(AT_EFORMAT, "embedded 1", NULL);
    ends_with(AT_EFORMAT, "layer 1.1", NULL);
    ends_with(AT_EFORMAT, "finish 1", NULL);
}

static void test_no_text(void **state)
{
    struct run r;

    (void)state;
    run_open(&r, "fixtures/tiny-bert", "\n \n");
    assert_int_equal(at_pass_run(&r.pass, &r.was_told, &r.err), AT_ENOTFOUND);
    assert_false(r.was_told);
    assert_non_null(strstr(r.err.text, "no text in "));
    run_close(&r);
}

/* --- words --- */

static int words_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct seen *s = state;
    size_t W = s->doc->words.n, T = layer->raw->T;
    float want[4 * 4], dropped[4];

    assert_int_equal(W, 3);
    assert_int_equal(layer->n, 3);
    for (size_t h = 0; h < layer->H; h++) {
        at_words_attention(want, dropped, layer->raw->attention + h * T * T, T, &s->doc->words);
        assert_same(layer->maps + h * W * W, want, W * W, 0);
        at_strbuf_add(&s->floats, dropped, W * sizeof *dropped);
    }
    return witness_note(s->w, err, "words");
}

static int words_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct seen *s = state;
    size_t n = s->floats.n / (3 * sizeof(float));

    (void)err;
    assert_null(final_hidden); /* the visitor has no need of states */
    assert_int_equal(s->doc->n_dropped, 2 * 2);
    assert_int_equal(n, 2 * 2);
    for (size_t i = 0; i < 3; i++) {
        double sum = 0.0;
        for (size_t k = 0; k < n; k++) {
            float share;
            memcpy(&share, s->floats.s + (k * 3 + i) * sizeof share, sizeof share);
            sum += (double)share;
        }
        ASSERT_NEAR(s->doc->dropped[i], sum, 1e-12);
    }
    return 0;
}

static void test_words(void **state)
{
    static const struct at_visitor visitor = {
        .begin = witness_begin,
        .layer = words_layer,
        .finish = words_finish,
        .release = witness_release,
    };
    struct run r;

    (void)state;
    run_open(&r, "fixtures/tiny-bert", "the cats sat\n");
    r.pass.visitor = &visitor;
    r.pass.options.by_words = true;
    must(at_pass_run(&r.pass, &r.was_told, &r.err), &r.err);
    log_is(&r, "begin 0;words;words");
    run_close(&r);
}

/* --- one text of the caller's own --- */

static void test_one_text(void **state)
{
    struct run r;

    (void)state;
    run_open(&r, "fixtures/tiny-bert", "unused\n");
    must(at_pass_text(&r.s, "the cat", "sat", NULL, &witness_visitor, &r.w, &r.err), &r.err);
    log_is(&r, "begin 0;embedded 0;layer 0.0;layer 0.1;finish 0");
    r.w.refused = "sat";
    r.w.refusal = AT_ERANGE;
    assert_int_equal(at_pass_text(&r.s, "sat", NULL, NULL, &witness_visitor, &r.w, NULL),
                     AT_ERANGE);
    r.w.bad_call = "layer 0.0";
    assert_int_equal(at_pass_text(&r.s, "on", NULL, NULL, &witness_visitor, &r.w, &r.err),
                     AT_EFORMAT);
    run_close(&r);
}

static void test_trace(void **state)
{
    struct at_session s;
    struct at_trace t;
    struct at_doc doc;
    struct at_error err;

    (void)state;
    must(at_session_open(&s, "fixtures/tiny-gpt2", NULL, &err), &err);
    must(at_session_trace(&t, &doc, &s, "the cat", AT_CAP_ATTENTION, &err), &err);
    assert_int_equal(t.dims.T, 2);
    assert_string_equal(doc.labels[1].text, "cat");
    ASSERT_NEAR((double)t.attention[0], 1.0, 1e-6);
    ASSERT_NEAR((double)(t.attention[2] + t.attention[3]), 1.0, 1e-6);
    assert_null(t.hidden);
    at_trace_release(&t);
    at_doc_release(&doc);
    assert_int_equal(at_session_trace(&t, &doc, &s, "", AT_CAP_ATTENTION, &err), AT_ERANGE);
    at_session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),    cmocka_unit_test(test_values),
        cmocka_unit_test(test_batches),  cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_cut),      cmocka_unit_test(test_alone),
        cmocka_unit_test(test_fatal),    cmocka_unit_test(test_no_text),
        cmocka_unit_test(test_words),

        cmocka_unit_test(test_one_text), cmocka_unit_test(test_trace),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
