/*
 * test_tag_text.c - tags of texts and of the rows of a doc, from the built-in tagger and a file.
 *
 * The model may be retrained: what it says is compared with itself only.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "session/tag_text.h"

static const char TAGGER[] = "fixtures/small/models/atlas-tagger", PLAIN[] = "fixtures/tiny-bert";

static void doc_open(struct at_doc *doc, const struct at_session *s, const char *text,
                     const char *pair, bool by_words)
{
    const struct at_doc_options options = { .by_words = by_words };
    struct at_text in = { at_strdup(""), at_strdup(text), pair ? at_strdup(pair) : NULL };
    struct at_error err;

    must(at_doc_prepare(doc, s, &in, &options, &err), &err);
}

static void test_file(void **state)
{
    struct at_tagger t = { .file = sandbox_text("tags", "Cats\tNOUN\tO\nsat\tVERB\nin\tADP\n"
                                                        "Rome\tPROPN\tB-LOC\n") };
    struct at_token_tag tags[32];
    struct at_tagged tagged;
    struct at_session s;
    struct at_error err;
    struct at_doc doc;

    (void)state;
    must(at_tagger_check(&t, &err), &err);
    assert_string_equal(at_tagger_name(&t), "tags");
    must(at_session_open(&s, PLAIN, NULL, &err), &err);
    doc_open(&doc, &s, "Cats sat in Rome", NULL, true);
    must(at_tag_doc(tags, &tagged, &t, &doc, &err), &err);
    assert_int_equal(doc.n, 4);
    assert_int_equal(tags[0].upos, AT_UPOS_NOUN);
    assert_int_equal(tags[1].upos, AT_UPOS_VERB);
    assert_int_equal(tags[2].upos, AT_UPOS_ADP);
    assert_string_equal(tags[3].entity, "LOC");
    assert_false(tagged.has_no_text);
    at_doc_release(&doc);

    doc_open(&doc, &s, "Cats", "sat", false);
    assert_int_equal(at_tag_doc(tags, &tagged, &t, &doc, &err), AT_ERANGE);
    at_doc_release(&doc);
    at_session_close(&s);
    t.file = sandbox_path("nowhere");
    assert_int_equal(at_tagger_check(&t, &err), AT_ENOTFOUND);
}

/* A row of words has the tag of its first token, and a pair's tokens those of their own text. */
static void test_rows(void **state)
{
    static const char TEXT[] = "Unbelievable stories frightened everyone in Copenhagen.";
    struct at_token_tag by_token[64], by_word[64], of_pair[64];
    struct at_tag_spans spans = { 0 };
    struct at_doc tokens, words, pair;
    struct at_session s;
    struct at_tagger t = { .session = &s };
    struct at_tagged tagged;
    size_t n, n_read;
    struct at_error err;

    (void)state;
    must(at_session_open(&s, TAGGER, NULL, &err), &err);
    must(at_tagger_check(&t, &err), &err);
    assert_string_equal(at_tagger_name(&t), "atlas-tagger");
    doc_open(&tokens, &s, TEXT, NULL, false);
    doc_open(&words, &s, TEXT, NULL, true);
    doc_open(&pair, &s, "It was so.", TEXT, false);
    must(at_tag_doc(by_token, &tagged, &t, &tokens, &err), &err);
    assert_int_equal(tagged.n_read[0], tagged.n_tokens[0]);
    must(at_tag_doc(by_word, &tagged, &t, &words, &err), &err);
    must(at_tag_doc(of_pair, &tagged, &t, &pair, &err), &err);
    for (size_t i = 0; i < words.n; i++)
        assert_int_equal(by_word[i].upos, by_token[words.words.first[i]].upos);
    for (size_t i = 1; i < tokens.n; i++) /* both end alike, [CLS] apart */
        assert_int_equal(of_pair[pair.n - i].upos, by_token[tokens.n - i].upos);
    must(at_tag_spans(&spans, &n, &n_read, &t, TEXT, &err), &err);
    assert_int_equal(n, tokens.tokens.n);
    assert_int_equal(n_read, n);
    assert_int_equal(spans.items[0].upos, by_token[1].upos);
    assert_int_equal(spans.items[0].end, strlen("Unbelievable"));
    at_array_release(&spans);
    at_doc_release(&tokens);
    at_doc_release(&words);
    at_doc_release(&pair);
    at_session_close(&s);
}

/* What lies behind the tagger's last position has no tags. */
static void test_long_text(void **state)
{
    struct at_tag_spans spans = { 0 };
    struct at_session s;
    struct at_tagger t = { .session = &s };
    size_t n, n_read, max;
    struct at_error err;
    char *text;

    (void)state;
    must(at_session_open(&s, TAGGER, NULL, &err), &err);
    max = s.model.config.max_positions;
    text = at_calloc(2 * max + 1, 1);
    for (size_t i = 0; i < max; i++)
        memcpy(text + 2 * i, "a ", 2);
    must(at_tag_spans(&spans, &n, &n_read, &t, text, &err), &err);
    assert_int_equal(n, max + 2);
    assert_int_equal(n_read, max);
    assert_int_equal(spans.n, max - 2);
    at_array_release(&spans);
    free(text);
    at_session_close(&s);
}

static void test_no_tagger(void **state)
{
    struct at_session s;
    struct at_tagger t = { .session = &s };
    struct at_error err;

    (void)state;
    must(at_session_open(&s, PLAIN, NULL, &err), &err);
    assert_int_equal(at_tagger_check(&t, &err), AT_EFORMAT);
    assert_string_equal(err.text, "'fixtures/tiny-bert' is no tagger: it has no "
                                  "token-classification head");
    at_session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_no_tagger),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
