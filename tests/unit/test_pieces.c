/*
 * test_pieces.c - pieces without their tokenizer are placed and written as the tokenizer does it.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "text/pieces.h"

static char **pieces_of(const struct at_tokens *v, const struct at_tokenizer *t)
{
    char **pieces = at_malloc(v->n + 1, sizeof *pieces);

    for (size_t i = 0; i < v->n; i++)
        pieces[i] = at_strdup(at_tokenizer_piece(t, v->items[i].id));
    return pieces;
}

static void check_label(const struct at_tokenizer *t, char **pieces, const struct at_tokens *v,
                        size_t first, size_t n)
{
    struct at_strbuf got = { 0 }, want = { 0 };

    at_pieces_add_label(&got, at_tokenizer_kind(t), pieces + first, n);
    at_tokenizer_add_joined(t, &want, v->items + first, n);
    assert_string_equal(at_strbuf_str(&got), at_strbuf_str(&want));
    at_strbuf_release(&got);
    at_strbuf_release(&want);
}

/* Tokens of a text, their offsets and words forgotten, against those of the tokenizer. */
static void check_text(const struct at_tokenizer *t, const char *text, const char *pair)
{
    struct at_tokens want = { 0 }, got;
    struct at_error err;
    char **pieces;

    assert_int_equal(at_tokenize(&want, t, text, pair, true, &err), 0);
    pieces = pieces_of(&want, t);
    got = (struct at_tokens){ at_malloc(want.n + 1, sizeof *got.items), want.n, want.n + 1 };
    for (size_t i = 0; i < want.n; i++)
        got.items[i] = (struct at_token){ .id = want.items[i].id,
                                          .source = want.items[i].source,
                                          .is_special = want.items[i].is_special };
    at_pieces_locate(&got, at_tokenizer_kind(t), pieces, text, pair);
    for (size_t i = 0; i < want.n; i++) {
        if (got.items[i].start != want.items[i].start || got.items[i].end != want.items[i].end ||
            got.items[i].word != want.items[i].word)
            fail_msg("'%s': token %zu, '%s', is at %zu to %zu in word %d, want %zu to %zu in %d",
                     text, i, pieces[i], got.items[i].start, got.items[i].end, got.items[i].word,
                     want.items[i].start, want.items[i].end, want.items[i].word);
        check_label(t, pieces, &want, i, 1);
    }
    check_label(t, pieces, &want, 0, want.n);
    for (size_t i = 0; i < want.n; i++)
        free(pieces[i]);
    free(pieces);
    at_tokens_release(&got);
    at_tokens_release(&want);
}

static const char *const texts[] = {
    "The cat sat on the mat.",
    "Extraordinarily Wonderful Cats Sat Quietly There. It slept.",
    "  Two   spaces,\ta tab\nand (a new) line - isn't it?  ",
    "na\xc3\xafve caf\xc3\xa9s, e\xcc\x81t\xc3\xa9, \xc4\xb0stanbul",
    "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9",
    "\xe2\x80\x9cso\xe2\x80\x9d",
    "\xe0\xa4\xb9\xe0\xa4\xbf a b<|endoftext|>\xe0\xb8\x97 c d",
    "a [MASK] b[MASK]. <|endoftext|>the end",
    "",
};

static void test_places(void **state)
{
    static const char *const dirs[] = { "fixtures/small/models/atlas-bert",
                                        "fixtures/models/atlas-gpt2", "fixtures/tiny-bert",
                                        "fixtures/tiny-gpt2", "fixtures/vocab/bert-base-cased" };

    (void)state;
    for (size_t d = 0; d < AT_COUNTOF(dirs); d++) {
        struct at_tokenizer *t;
        struct at_error err;

        assert_int_equal(at_tokenizer_open(&t, dirs[d], &err), 0);
        for (size_t i = 0; i < AT_COUNTOF(texts); i++)
            check_text(t, texts[i], NULL);
        if (at_tokenizer_kind(t) == AT_WORDPIECE)
            check_text(t, texts[1], texts[3]);
        at_tokenizer_set_prefix_space(t, true); /* of BPE; it may be a piece alone */
        for (size_t i = 0; at_tokenizer_kind(t) == AT_BPE && i < AT_COUNTOF(texts); i++)
            check_text(t, texts[i], NULL);
        at_tokenizer_close(t);
    }
}

static void test_cased(void **state)
{
    static char written[][8] = { "[CLS]", "\xc3\x84r", "##ger", "!", "[SEP]" };
    char *pieces[] = { written[0], written[1], written[2], written[3], written[4] };
    struct at_token items[AT_COUNTOF(pieces)] = {
        { .is_special = true }, [4] = { .is_special = true }
    };
    struct at_tokens v = { items, AT_COUNTOF(items), AT_COUNTOF(items) };

    (void)state;
    at_pieces_locate(&v, AT_WORDPIECE, pieces, "\xc3\x84rger!", NULL);
    assert_int_equal(items[1].start, 0);
    assert_int_equal(items[1].end, 3);
    assert_int_equal(items[2].end, 6);
    assert_int_equal(items[2].word, 0);
    assert_int_equal(items[3].start, 6);
    assert_int_equal(items[3].word, 1);
    assert_true(items[4].start == AT_NO_OFFSET);
}

static void test_other_text(void **state)
{
    static char written[][8] = { "[CLS]", "cat", "##s", "run", "[SEP]" };
    char unknown[] = "##[UNK]";
    char *pieces[] = { written[0], written[1], written[2], written[3], written[4] };
    static const char *const others[] = { NULL, "", "Nothing of the kind is in here." };
    struct at_token items[AT_COUNTOF(pieces)] = {
        { .is_special = true }, [4] = { .is_special = true }
    };
    struct at_tokens v = { items, AT_COUNTOF(items), AT_COUNTOF(items) };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(others); i++) {
        at_pieces_locate(&v, AT_WORDPIECE, pieces, others[i], NULL);
        for (size_t k = 0; k < v.n; k++)
            assert_true(items[k].start == AT_NO_OFFSET && items[k].end == AT_NO_OFFSET);
        assert_int_equal(items[1].word, 0);
        assert_int_equal(items[2].word, 0);
        assert_int_equal(items[3].word, 1);
    }
    pieces[2] = unknown;
    at_pieces_locate(&v, AT_WORDPIECE, pieces, "cat run", NULL);
    assert_int_equal(items[2].start, 4);
    items[2].source = 7; /* a file may say so */
    at_pieces_locate(&v, AT_WORDPIECE, pieces, "cats run", NULL);
    assert_int_equal(items[1].end, 3);
    assert_true(items[2].start == AT_NO_OFFSET);
}

/* The text was tidied before it was tokenized: other white space stands for a space. */
static void test_other_space(void **state)
{
    static char written[][8] = { "a", "\304\240cat", "\304\240" };
    char *pieces[] = { written[0], written[1], written[2] };
    struct at_token items[AT_COUNTOF(pieces)] = { { 0 } };
    struct at_tokens v = { items, AT_COUNTOF(items), AT_COUNTOF(items) };

    (void)state;
    at_pieces_locate(&v, AT_BPE, pieces, "a\ncat!", NULL);
    assert_int_equal(items[1].start, 2);
    assert_int_equal(items[1].end, 5);
    assert_true(items[2].start == AT_NO_OFFSET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_cased),
        cmocka_unit_test(test_other_text),
        cmocka_unit_test(test_other_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
