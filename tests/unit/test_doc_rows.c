/*
 * test_doc_rows.c - rows of a text by number and by what is written there.
 */
#include "session/doc_rows.h"

#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "model_fixture.h"

static struct at_session session;
static struct at_arena arena;

static struct at_doc prepared(const char *text, const char *pair, bool by_words)
{
    const struct at_doc_options options = { .by_words = by_words };
    struct at_text in = { at_strdup("7"), at_strdup(text), pair ? at_strdup(pair) : NULL };
    struct at_error err;
    struct at_doc doc;

    must(at_doc_prepare(&doc, &session, &in, &options, &err), &err);
    return doc;
}

/* The rows as text, or the message. */
static void finds(const struct at_doc *doc, const char *list, const char *want)
{
    struct at_strbuf got = { 0 };
    struct at_rows rows;
    struct at_error err;

    assert_true(at_rows_is_list(list));
    if (at_doc_rows(&rows, doc, "--focus", list, &arena, &err))
        at_strbuf_adds(&got, err.text);
    else
        for (size_t i = 0; i < rows.n; i++)
            at_strbuf_addf(&got, "%s%zu", i ? " " : "", rows.items[i]);
    assert_string_equal(at_strbuf_str(&got), want);
    at_strbuf_release(&got);
}

static void test_lists(void **state)
{
    static const char *const good[] = { "0", "3,5-7", "it", "cat,mat", "5-", "-5", "x-1", "1x" };
    static const char *const bad[] = { "", ",", "1,", ",a", "a,,b", "5-3", "1-9999999" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(good); i++)
        assert_true(at_rows_is_list(good[i]));
    for (size_t i = 0; i < AT_COUNTOF(bad); i++)
        assert_false(at_rows_is_list(bad[i]));
}

/* [CLS] the cat s ##h ##e sat on [SEP]: rows 0 to 8, "she" of three pieces. */
static void test_tokens(void **state)
{
    struct at_doc doc = prepared("the Cat she sat on.", NULL, false);

    (void)state;
    finds(&doc, "1,3-4", "1 3 4");
    finds(&doc, "cat", "2");
    finds(&doc, "Cat", "2");
    finds(&doc, "SAT,the", "6 1");
    finds(&doc, "she", "3 4 5");
    finds(&doc, "She,sat", "3 4 5 6");
    finds(&doc, "[CLS],.", "0 8");
    finds(&doc, "dog", "--focus 'dog' is no token of the text");
    finds(&doc, "c", "--focus 'c' is no token of the text");
    finds(&doc, "99", "--focus 99 is outside the text's 10 tokens");
    finds(&doc, "2-99", "--focus 10 is outside the text's 10 tokens");
    at_doc_release(&doc);
}

static void test_ambiguous(void **state)
{
    struct at_doc doc = prepared("the cat sat on the mat", "the", false);

    (void)state;
    finds(&doc, "mat", "6");
    finds(&doc, "the", "--focus 'the' may be token 1, 5, 8: give the number");
    at_doc_release(&doc);
    doc = prepared("a a a a a a a a a a", NULL, false);
    finds(&doc, "a", "--focus 'a' may be token 1, 2, 3, 4, 5, 6, 7, 8 or another: give the number");
    at_doc_release(&doc);
}

static void test_words(void **state)
{
    struct at_doc doc = prepared("the cat she sat", NULL, true);
    struct at_rows rows;
    struct at_error err;
    size_t row;

    (void)state;
    finds(&doc, "she", "2");
    finds(&doc, "h", "--focus 'h' is no word of the text");
    finds(&doc, "4", "--focus 4 is outside the text's 4 words");
    assert_int_equal(at_doc_tokens(&rows, &doc, "--mask", "she", &arena, &err), 0);
    assert_int_equal(rows.n, 3);
    assert_int_equal(rows.items[0], 3);
    assert_int_equal(at_doc_row(&row, &doc, "--tree-root", "sat", &arena, &err), 0);
    assert_int_equal(row, 3);
    assert_int_equal(at_doc_row(&row, &doc, "--tree-root", "1-2", &arena, &err), AT_ERANGE);
    assert_string_equal(err.text, "--tree-root takes one word: '1-2' is 2, from 1 on");
    at_doc_release(&doc);
}

static int open_model(void **state)
{
    struct at_error err;

    (void)state;
    must(at_session_open(&session, "fixtures/tiny-bert", NULL, &err), &err);
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    at_session_close(&session);
    at_arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_ambiguous),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, open_model, close_model);
}
