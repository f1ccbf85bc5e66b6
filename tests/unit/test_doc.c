/*
 * test_doc.c - texts made ready: tokens, words, cuts, pairs, and the way into a capture and back.
 */
#include "session/doc.h"

#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "io/record.h"
#include "model_fixture.h"

static struct at_session open_session(const char *dir)
{
    struct at_error err;
    struct at_session s;

    must(at_session_open(&s, dir, NULL, &err), &err);
    return s;
}

static int prepare(struct at_doc *out, const struct at_session *s, const char *text,
                   const char *pair, struct at_doc_options options, struct at_error *err)
{
    struct at_text in = { at_strdup("7"), at_strdup(text), pair ? at_strdup(pair) : NULL };
    int rc = at_doc_prepare(out, s, &in, &options, err);

    assert_null(in.text); /* moved, also on failure */
    return rc;
}

static struct at_doc prepared(const struct at_session *s, const char *text, const char *pair,
                              struct at_doc_options options)
{
    struct at_error err;
    struct at_doc doc;

    must(prepare(&doc, s, text, pair, options, &err), &err);
    return doc;
}

/* "[CLS] the cat [SEP]": labels of the rows; a special one in brackets of its own, a continuation
   behind "~". */
static void has_labels(const struct at_doc *doc, const char *want)
{
    struct at_strbuf b = { 0 };

    for (size_t i = 0; i < doc->n; i++)
        at_strbuf_addf(&b, "%s%s%s%s%s", i ? " " : "", doc->labels[i].is_special ? "<" : "",
                       doc->labels[i].is_continuation ? "~" : "", doc->labels[i].text,
                       doc->labels[i].is_special ? ">" : "");
    assert_string_equal(at_strbuf_str(&b), want);
    at_strbuf_release(&b);
}

static void test_tokens(void **state)
{
    struct at_session s = open_session("fixtures/tiny-bert");
    struct at_doc doc = prepared(&s, "the cats sat", "on", (struct at_doc_options){ 0 });

    (void)state;
    assert_string_equal(doc.in.id, "7");
    assert_string_equal(doc.model_name, "tiny-bert");
    assert_ptr_equal(doc.shape, &s.model.config);
    assert_int_equal(doc.n, 8);
    assert_int_equal(doc.n_tokens_given, 8);
    assert_int_equal(doc.words.n, 0);
    assert_null(doc.dropped);
    assert_int_equal(doc.kind, AT_WORDPIECE);
    assert_string_equal(doc.pieces[3], "##s");
    assert_int_equal(doc.tokens.items[6].segment, 1);
    has_labels(&doc, "<[CLS]> the cat ~s sat <[SEP]> on <[SEP]>");
    assert_true(at_doc_kind(&doc).has_summary_token);
    assert_false(at_doc_kind(&doc).is_causal);
    assert_int_equal(at_doc_row_of_token(&doc, 3), 3);
    at_doc_release(&doc);
    at_doc_release(&doc); /* a second time is no harm */
    at_session_close(&s);
}

static void test_causal(void **state)
{
    struct at_session s = open_session("fixtures/tiny-gpt2");
    struct at_doc doc = prepared(&s, "the cat sat", NULL, (struct at_doc_options){ 0 });

    (void)state;
    has_labels(&doc, "the cat sat");
    assert_string_equal(doc.pieces[1], "\xc4\xa0"
                                       "cat");
    assert_int_equal(doc.kind, AT_BPE);
    assert_true(at_doc_kind(&doc).is_causal);
    assert_false(at_doc_kind(&doc).has_summary_token);
    at_doc_release(&doc);
    at_session_close(&s);
}

static void test_words(void **state)
{
    static const size_t rows[] = { AT_NONE, 0, 1, 1, 2, AT_NONE };
    struct at_session s = open_session("fixtures/tiny-bert");
    struct at_doc doc =
        prepared(&s, "the cats sat", NULL, (struct at_doc_options){ .by_words = true });

    (void)state;
    assert_int_equal(doc.n, 3);
    assert_int_equal(doc.tokens.n, 6);
    has_labels(&doc, "the cats sat");
    assert_non_null(doc.dropped);
    assert_int_equal(doc.n_dropped, 0);
    assert_false(at_doc_kind(&doc).has_summary_token); /* no row is [CLS] */
    for (size_t i = 0; i < AT_COUNTOF(rows); i++)
        assert_int_equal(at_doc_row_of_token(&doc, i), rows[i]);
    at_doc_release(&doc);
    at_session_close(&s);
}

static void test_split_pair(void **state)
{
    static const struct at_doc_options split = { .split_pair = true };
    struct at_session s = open_session("fixtures/tiny-bert");
    struct at_doc doc = prepared(&s, "the cat.  a mat.", NULL, split);

    (void)state;
    assert_string_equal(doc.in.text, "the cat.");
    assert_string_equal(doc.in.pair, "a mat.");
    at_doc_release(&doc);
    doc = prepared(&s, "the cat. a mat.", "on", split); /* a pair that is there stays */
    assert_string_equal(doc.in.text, "the cat. a mat.");
    at_doc_release(&doc);
    doc = prepared(&s, "the cat", NULL, split); /* nowhere to cut */
    assert_null(doc.in.pair);
    at_doc_release(&doc);
    at_session_close(&s);
}

static void test_cut(void **state)
{
    struct at_session s = open_session("fixtures/tiny-bert");
    struct at_doc doc = prepared(&s, "a b c d e f g h i j k l m n o p", NULL,
                                 (struct at_doc_options){ .is_truncated = true });

    (void)state;
    assert_int_equal(doc.n, 16);
    assert_int_equal(doc.n_tokens_given, 18);
    assert_string_equal(doc.pieces[15], "[SEP]");
    at_doc_release(&doc);
    at_session_close(&s);
}

static void refuses(const struct at_session *s, const char *text, const char *pair,
                    struct at_doc_options options, enum at_code code, const char *part)
{
    struct at_error err;
    struct at_doc doc;

    assert_int_equal(prepare(&doc, s, text, pair, options, &err), code);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in: %s", part, err.text);
    assert_string_equal(doc.in.id, "7"); /* whoever reports it can name it */
    at_doc_release(&doc);
}

static void test_refusals(void **state)
{
    static const struct at_doc_options none = { 0 }, words = { .by_words = true };
    struct at_session bert = open_session("fixtures/tiny-bert");
    struct at_session gpt2 = open_session("fixtures/tiny-gpt2");

    (void)state;
    refuses(&bert, "a b c d e f g h i j k l m n o p", NULL, none, AT_ERANGE,
            "text has 18 tokens, the model takes 16");
    refuses(&bert, "[PAD] [SEP]", NULL, words, AT_ERANGE, "the text has no word");
    refuses(&bert, "the \xff", NULL, none, AT_EFORMAT, "UTF-8");
    refuses(&gpt2, "", NULL, none, AT_ERANGE, "the text has no token");
    refuses(&gpt2, "the", "cat", none, AT_ERANGE, "a second text needs a model that has");
    at_session_close(&bert);
    at_session_close(&gpt2);
}

/* --- captures; a file is a struct full of views, so none is needed here --- */

static const int bert_ids[] = { 2, 61, 62, 53, 3 };

static struct at_capture_file capture_of(const char *tokens_json, const char *details,
                                         const char *text)
{
    return (struct at_capture_file){
        .dims = { .L = 2, .H = 3, .T = 5, .C = 8 },
        .kept = AT_CAP_ATTENTION,
        .ids = bert_ids,
        .tokens_json = tokens_json,
        .details = details,
        .text = text,
    };
}

static void test_capture_and_back(void **state)
{
    struct at_session s = open_session("fixtures/tiny-bert");
    struct at_doc doc = prepared(&s, "the cats sat", "on", (struct at_doc_options){ 0 }), back;
    struct at_arena arena = { 0 };
    struct at_capture_meta meta = at_doc_capture_meta(&doc, &arena);
    struct at_capture_file file = {
        .dims = at_config_dims(&s.model.config, doc.n),
        .kept = AT_CAP_ATTENTION,
        .model = meta.model,
        .text = meta.text,
        .tokens_json = meta.tokens_json,
        .family = meta.family,
        .details = meta.details,
    };
    int segments[] = { 0, 0, 0, 0, 0, 0, 1, 1 };
    struct at_error err;

    (void)state;
    file.segments = segments;
    assert_string_equal(meta.family, "bert");
    must(at_doc_from_capture(&back, &file, "an id", false, &err), &err);
    assert_string_equal(back.in.id, "an id");
    assert_string_equal(back.in.text, "the cats sat");
    assert_string_equal(back.in.pair, "on");
    assert_string_equal(back.model_name, "tiny-bert");
    assert_ptr_equal(back.capture, &file);
    has_labels(&back, "<[CLS]> the cat ~s sat <[SEP]> on <[SEP]>");
    for (size_t i = 0; i < doc.n; i++) {
        const struct at_token *a = &doc.tokens.items[i], *b = &back.tokens.items[i];
        assert_string_equal(doc.pieces[i], back.pieces[i]);
        assert_int_equal(a->word, b->word);
        assert_int_equal(a->start, b->start);
        assert_int_equal(a->end, b->end);
        assert_int_equal(a->segment, b->segment);
        assert_int_equal(b->id, -1); /* the file has no ids */
    }
    assert_int_equal(back.shape->n_layers, 2);
    assert_int_equal(back.shape->width, s.model.config.width);
    assert_true(at_doc_kind(&back).has_summary_token);
    at_doc_release(&back);
    must(at_doc_from_capture(&back, &file, "", true, &err), &err);
    has_labels(&back, "the cats sat on");
    at_doc_release(&back);
    at_arena_release(&arena);
    at_doc_release(&doc);
    at_session_close(&s);
}

static void test_foreign_capture(void **state)
{
    struct at_capture_file file =
        capture_of("[\"[CLS]\", \"the\", \"cat\", \"##s\", \"[SEP]\"]", NULL, "The cats");
    struct at_doc doc;
    struct at_error err;

    (void)state;
    must(at_doc_from_capture(&doc, &file, "", false, &err), &err);
    assert_string_equal(doc.model_name, "-");
    has_labels(&doc, "<[CLS]> the cat ~s <[SEP]>");
    assert_int_equal(doc.tokens.items[2].start, 4);
    assert_int_equal(doc.tokens.items[3].end, 8);
    assert_int_equal(doc.tokens.items[2].id, 62);
    assert_int_equal(doc.kind, AT_WORDPIECE);
    at_doc_release(&doc);

    file = capture_of(NULL, NULL, NULL); /* maps and nothing else */
    file.is_causal = true;
    must(at_doc_from_capture(&doc, &file, "", false, &err), &err);
    assert_string_equal(doc.in.text, "");
    assert_int_equal(doc.n, 5);
    assert_true(at_doc_kind(&doc).is_causal);
    assert_int_equal(doc.kind, AT_BPE);
    at_doc_release(&doc);
}

static void test_bad_captures(void **state)
{
    static const struct {
        const char *tokens_json, *details, *part;
    } cases[] = {
        { "[\"a\"]", NULL, "metadata has 1 tokens, the maps are of 5" },
        { NULL, "{\"tokens\": [{}, {}]}", "metadata describes 2 tokens, the maps are of 5" },
        { "[1, 2, 3, 4, 5]", NULL, "the piece of token 0 is not a string" },
        { "[\"a\"", NULL, "" },
        { NULL, "{\"tokens\": [{\"piece\": \"a\", \"start\": 2, \"end\": 9}, {}, {}, {}, {}]}",
          "metadata has token 0 at the bytes 2 to 9 of a text of 4" },
    };
    struct at_error err;
    struct at_doc doc;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_capture_file file = capture_of(cases[i].tokens_json, cases[i].details, "text");
        assert_int_equal(at_doc_from_capture(&doc, &file, "", false, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].part))
            fail_msg("'%s' is not in: %s", cases[i].part, err.text);
        at_doc_release(&doc);
        file.kept = 0;
        assert_int_equal(at_doc_from_capture(&doc, &file, "", false, &err), AT_EFORMAT);
        assert_string_equal(err.text, "no tensor 'attentions'");
        at_doc_release(&doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_causal),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_split_pair),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_capture_and_back),
        cmocka_unit_test(test_foreign_capture),
        cmocka_unit_test(test_bad_captures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
