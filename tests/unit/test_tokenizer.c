/*
 * test_tokenizer.c - ids and offsets over the real vocabularies, against Hugging Face's library.
 */
#include "close.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_offsets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
