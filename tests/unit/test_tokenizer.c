/*
 * test_tokenizer.c - ids and offsets over the real vocabularies, against Hugging Face's library.
 */
#include "close.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "io/json.h"
#include "io/textfile.h"
#include "text/tokenizer.h"

#define ORACLE "fixtures/oracle/tokenizer/"

static struct at_tokenizer *open_vocab(const char *name)
{
    struct at_tokenizer *t = NULL;
    struct at_error err = { 0 };
    char dir[256];

    snprintf(dir, sizeof dir, "fixtures/vocab/%s", name);
    if (at_tokenizer_open(&t, dir, &err))
        fail_msg("%s", err.text);
    return t;
}

static struct at_tokens tokenize(const struct at_tokenizer *t, const char *text, const char *pair)
{
    struct at_tokens v = { 0 };
    struct at_error err = { 0 };

    if (at_tokenize(&v, t, text, pair, true, &err))
        fail_msg("%s", err.text);
    return v;
}

/* Ids as "1 2 3". */
static void assert_ids(const struct at_tokens *v, const char *want, const char *text)
{
    struct at_strbuf got = { 0 };

    for (size_t i = 0; i < v->n; i++)
        at_strbuf_addf(&got, i ? " %d" : "%d", v->items[i].id);
    if (strcmp(at_strbuf_str(&got), want) != 0)
        fail_msg("'%s': got %s, want %s", text, at_strbuf_str(&got), want);
    at_strbuf_release(&got);
}

/* 46 texts, each followed by a separator, and one line of ids for each, without special tokens. */
static void check_texts(const char *vocab, const char *ids_file)
{
    static const char separator[] = "\n__ggml_vocab_test__\n";
    struct at_tokenizer *t = open_vocab(vocab);
    struct at_error err;
    char *texts, *ids;
    size_t n_texts = 0;

    assert_int_equal(at_text_read(&texts, NULL, ORACLE "texts.inp", 1 << 20, &err), 0);
    assert_int_equal(at_text_read(&ids, NULL, ids_file, 1 << 20, &err), 0);
    for (char *text = texts, *line = ids, *next; text; text = next) {
        struct at_tokens v = { 0 };
        char *end = strchr(line, '\n');

        next = strstr(text, separator);
        if (next) {
            *next = '\0';
            next += sizeof separator - 1;
        }
        if (next && !*next)
            next = NULL;
        assert_non_null(end);
        *end = '\0';
        line += *line == ' ';
        assert_int_equal(at_tokenize(&v, t, text, NULL, false, &err), 0);
        assert_ids(&v, line, text);
        at_tokens_release(&v);
        line = end + 1;
        n_texts++;
    }
    assert_int_equal(n_texts, 46);
    free(texts);
    free(ids);
    at_tokenizer_close(t);
}

static void test_texts(void **state)
{
    (void)state;
    check_texts("bert-base-uncased", ORACLE "bert-uncased.out");
    check_texts("gpt2", ORACLE "gpt2.out");
}

static void check_token(const struct at_token *got, const struct at_json *want, const char *text)
{
    long long start = at_json_integer(at_json_at(want, 1), -2);
    long long end = at_json_integer(at_json_at(want, 2), -2);

    if (got->id != at_json_integer(at_json_at(want, 0), -1))
        fail_msg("'%s': id %d, want %lld", text, got->id, at_json_integer(at_json_at(want, 0), -1));
    if (start == -1 ? got->start != AT_NO_OFFSET
                    : got->start != (size_t)start || got->end != (size_t)end)
        fail_msg("'%s': id %d lies at %zu..%zu, want %lld..%lld", text, got->id, got->start,
                 got->end, start, end);
}

/* 199 texts in many scripts, with offsets and words. */
static void test_offsets(void **state)
{
    struct at_json *texts, *oracle;
    const struct at_json *rows;
    struct at_error err;

    (void)state;
    assert_int_equal(at_json_read(&texts, "fixtures/text/tokenizer.json", &err), 0);
    assert_int_equal(at_json_read(&oracle, ORACLE "huggingface.json", &err), 0);
    assert_int_equal(at_json_count(oracle), 4);
    for (const char *name = NULL; (name = at_json_next(oracle, name, &rows));) {
        struct at_tokenizer *t = open_vocab(name);

        assert_int_equal(at_json_count(rows), at_json_count(texts));
        for (size_t i = 0; i < at_json_count(texts); i++) {
            const char *text = at_json_text(at_json_at(texts, i), NULL);
            const struct at_json *row = at_json_at(rows, i);
            struct at_tokens v = tokenize(t, text, NULL);

            assert_int_equal(v.n, at_json_count(row));
            for (size_t k = 0; k < v.n; k++)
                check_token(&v.items[k], at_json_at(row, k), text);
            at_tokens_release(&v);
        }
        at_tokenizer_close(t);
    }
    at_json_free(texts);
    at_json_free(oracle);
}

static void test_specials(void **state)
{
    struct at_tokenizer *t = open_vocab("bert-base-uncased");
    struct at_tokens v = tokenize(t, "a [MASK] [UNK]", "b[SEP]");
    static const struct {
        int id, segment, word;
        bool is_special;
        size_t start, end;
    } want[] = {
        { 101, 0, -1, true, AT_NO_OFFSET, AT_NO_OFFSET },
        { 1037, 0, 0, false, 0, 1 },
        { 103, 0, 1, true, 2, 8 },   /* stands for a word */
        { 100, 0, 2, false, 9, 14 }, /* an unknown word is text */
        { 102, 0, -1, true, AT_NO_OFFSET, AT_NO_OFFSET },
        { 1038, 1, 3, false, 0, 1 },
        { 102, 1, -1, true, 1, 6 }, /* written in the text */
        { 102, 1, -1, true, AT_NO_OFFSET, AT_NO_OFFSET },
    };

    (void)state;
    assert_int_equal(v.n, AT_COUNTOF(want));
    for (size_t i = 0; i < v.n; i++) {
        assert_int_equal(v.items[i].id, want[i].id);
        assert_int_equal(v.items[i].segment, want[i].segment);
        assert_int_equal(v.items[i].word, want[i].word);
        assert_int_equal(v.items[i].is_special, want[i].is_special);
        assert_int_equal(v.items[i].start, want[i].start);
        assert_int_equal(v.items[i].end, want[i].end);
    }
    at_tokens_release(&v);
    assert_int_equal(at_tokenizer_kind(t), AT_WORDPIECE);
    assert_int_equal(at_tokenizer_vocab_size(t), 30522);
    assert_int_equal(at_tokenizer_id(t, "[MASK]"), 103);
    assert_int_equal(at_tokenizer_id(t, "<|endoftext|>"), -1);
    assert_string_equal(at_tokenizer_piece(t, 103), "[MASK]");
    assert_null(at_tokenizer_piece(t, 30522));
    assert_null(at_tokenizer_piece(t, -1));
    at_tokenizer_close(t);
    at_tokenizer_close(NULL);
}

static void test_prefix_space(void **state)
{
    struct at_tokenizer *t = open_vocab("gpt2");
    struct at_tokens v = { 0 };

    (void)state;
    at_tokenizer_set_prefix_space(t, true);
    v = tokenize(t, "women<|endoftext|>women", NULL);
    assert_ids(&v, "1466 50256 1466", "women");
    assert_int_equal(v.items[0].start, 0);
    assert_int_equal(v.items[0].end, 5);
    assert_true(v.items[1].is_special);
    assert_int_equal(v.items[2].start, 18);
    at_tokens_release(&v);
    v = tokenize(t, " women", NULL); /* there is one already */
    assert_ids(&v, "1466", " women");
    assert_int_equal(v.items[0].start, 1);
    at_tokens_release(&v);
    at_tokenizer_set_prefix_space(t, false);
    v = tokenize(t, "women", NULL);
    assert_ids(&v, "25878", "women");
    at_tokens_release(&v);
    at_tokenizer_close(t);
}

/* n times the word, and a NUL behind. */
static char *repeat(const char *word, size_t n)
{
    struct at_strbuf s = { 0 };

    for (size_t i = 0; i < n; i++)
        at_strbuf_addf(&s, "%s ", word);
    return at_strbuf_take(&s);
}

/* What is kept of two texts; the figures are those of Hugging Face's longest_first. */
static void test_truncate(void **state)
{
    static const size_t cases[][5] = {
        { 5, 5, 12, 4, 5 }, { 5, 5, 11, 4, 4 }, { 5, 5, 10, 3, 4 }, { 8, 3, 10, 4, 3 },
        { 3, 8, 10, 3, 4 }, { 7, 6, 10, 4, 3 }, { 6, 7, 10, 3, 4 }, { 9, 9, 10, 3, 4 },
        { 1, 9, 7, 1, 3 },  { 9, 1, 7, 3, 1 },  { 2, 2, 9, 2, 2 },  { 4, 4, 3, 0, 0 },
        { 9, 0, 7, 5, 0 },  { 1, 1, 4, 0, 1 },  { 5, 5, 2, 0, 0 },
    };
    struct at_tokenizer *t = open_vocab("bert-base-uncased");

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *a = repeat("a", cases[i][0]), *b = repeat("b", cases[i][1]);
        struct at_tokens v = tokenize(t, a, cases[i][1] ? b : NULL);
        size_t kept[2] = { 0 };

        at_tokens_truncate(&v, cases[i][2]);
        for (size_t k = 0; k < v.n; k++)
            if (!v.items[k].is_special)
                assert_int_equal(v.items[k].start, 2 * kept[v.items[k].segment]++);
        assert_int_equal(kept[0], cases[i][3]);
        assert_int_equal(kept[1], cases[i][4]);
        assert_int_equal(v.n, kept[0] + kept[1] + (cases[i][1] ? 3 : 2));
        at_tokens_release(&v);
        free(a);
        free(b);
    }
    at_tokenizer_close(t);
}

static void check_label(const struct at_tokenizer *t, const char *piece, const char *want)
{
    struct at_strbuf got = { 0 };
    int id = at_tokenizer_id(t, piece);

    assert_true(id >= 0);
    at_tokenizer_add_label(t, &got, id);
    assert_string_equal(at_strbuf_str(&got), want);
    at_strbuf_release(&got);
}

static void test_labels(void **state)
{
    struct at_tokenizer *bert = open_vocab("bert-base-uncased"), *gpt2 = open_vocab("gpt2");
    struct at_strbuf out = { 0 };

    (void)state;
    check_label(bert, "the", "the");
    check_label(bert, "##ing", "ing");
    check_label(bert, "[MASK]", "[MASK]");
    check_label(gpt2, "\xc4\xa0the", "the");
    check_label(gpt2, "the", "the");
    check_label(gpt2, "\xc4\xa0", "\xe2\x90\xa3");
    check_label(gpt2, "\xc4\x8a", "\\n");
    check_label(gpt2, "\xc4\x89", "\\t");
    check_label(gpt2, "\xc4\x87", "<07>");
    check_label(gpt2, "\xc3\xa2\xc4\xa2", "<E2><80>");
    check_label(gpt2, "\xc3\x83\xc2\xa9", "\xc3\xa9");
    check_label(gpt2, "<|endoftext|>", "<|endoftext|>");
    at_tokenizer_add_label(gpt2, &out, 60000);
    at_tokenizer_add_label(bert, &out, -1);
    assert_string_equal(at_strbuf_str(&out), "");
    at_strbuf_release(&out);
    at_tokenizer_close(bert);
    at_tokenizer_close(gpt2);
}

static void check_decode(const struct at_tokenizer *t, const char *text, const char *want)
{
    struct at_tokens v = { 0 };
    struct at_strbuf got = { 0 };
    struct at_error err;
    int *ids;

    assert_int_equal(at_tokenize(&v, t, text, NULL, false, &err), 0);
    ids = at_tokens_ids(&v);
    at_tokenizer_decode(t, &got, ids, v.n);
    free(ids);
    assert_string_equal(at_strbuf_str(&got), want);
    at_strbuf_release(&got);
    at_tokens_release(&v);
}

static void test_decode(void **state)
{
    static const char text[] = " A \xf0\x9f\xa6\x99\n <|endoftext|> caf\xc3\xa9's";
    struct at_tokenizer *bert = open_vocab("bert-base-uncased"), *gpt2 = open_vocab("gpt2");
    struct at_strbuf out = { 0 };
    int cut[] = { 12520, 99 }; /* " \xf0\x9f" and "\xa6", of four bytes */

    (void)state;
    check_decode(gpt2, text, text);
    at_tokenizer_decode(gpt2, &out, cut, 2);
    assert_string_equal(out.s, " \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    check_decode(bert, "Hello, unaffable (world)! [MASK] it's.",
                 "hello, unaffable (world)! [MASK] it's.");
    check_decode(bert, "", "");
    at_strbuf_release(&out);
    at_tokenizer_close(bert);
    at_tokenizer_close(gpt2);
}

static void test_refused(void **state)
{
    struct at_tokenizer *gpt2 = open_vocab("gpt2"), *bert = open_vocab("bert-base-uncased");
    struct at_tokens v = { 0 };
    struct at_error err;

    (void)state;
    assert_int_equal(at_tokenize(&v, gpt2, "a", "b", true, &err), AT_ERANGE);
    assert_string_equal(err.text, "a second text needs a model that has '[SEP]'");
    assert_int_equal(at_tokenize(&v, gpt2, "a\xc3", NULL, true, &err), AT_EFORMAT);
    assert_string_equal(err.text, "invalid UTF-8 at byte 1");
    assert_int_equal(at_tokenize(&v, bert, "a", "\xff", true, &err), AT_EFORMAT);
    assert_int_equal(v.n, 0);
    at_tokenizer_close(gpt2);
    at_tokenizer_close(bert);
}

/* Tokens are appended; words and offsets begin anew with each text. */
static void test_append(void **state)
{
    struct at_tokenizer *t = open_vocab("gpt2");
    struct at_tokens v = tokenize(t, "one two", NULL);
    struct at_error err;

    (void)state;
    assert_int_equal(at_tokenize(&v, t, "three", NULL, true, &err), 0);
    assert_int_equal(v.n, 3);
    assert_int_equal(v.items[1].word, 1);
    assert_int_equal(v.items[2].word, 0);
    assert_int_equal(v.items[2].start, 0);
    at_tokens_release(&v);
    at_tokenizer_close(t);
}

/* A line without a space is one word to the pattern; a quadratic merge would take minutes. */
static void test_long_word(void **state)
{
    enum { N = 200000 };
    struct at_tokenizer *t = open_vocab("gpt2");
    char *text = calloc(N + 1, 1);
    struct at_tokens v = { 0 };
    size_t at = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < N; i++)
        text[i] = (char)('a' + i * i % 26);
    v = tokenize(t, text, NULL);
    for (size_t i = 0; i < v.n; i++) {
        assert_int_equal(v.items[i].start, at);
        assert_int_equal(v.items[i].word, 0);
        at = v.items[i].end;
    }
    assert_int_equal(at, N);
    at_tokens_release(&v);
    at_tokenizer_close(t);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_specials), cmocka_unit_test(test_prefix_space),
        cmocka_unit_test(test_truncate), cmocka_unit_test(test_labels),
        cmocka_unit_test(test_decode),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_append),   cmocka_unit_test(test_long_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
