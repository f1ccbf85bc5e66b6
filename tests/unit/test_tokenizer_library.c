/*
 * test_tokenizer_library.c - ids, types and places of tokenizers that together use every step of
 * tokenizer.json, and of SentencePiece models, as Hugging Face's libraries have them
 * (scripts/check-tokenizers --freeze).
 */
#include "close.h"
#include "sandbox.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "io/json.h"
#include "text/tokenizer.h"

#define ORACLE "fixtures/oracle/tokenizer/"

static void add_member(struct at_strbuf *b, const char *key, const struct at_json *v)
{
    at_strbuf_addf(b, "%s\"%s\": ", b->s[b->n - 1] == '{' ? "" : ", ", key);
    at_json_dump(b, v, 0, 17);
}

static bool has_text(const struct at_json *list, const char *text)
{
    for (size_t i = 0; i < at_json_count(list); i++)
        if (strcmp(at_json_text(at_json_at(list, i), ""), text) == 0)
            return true;
    return false;
}

/* One of the models with what a tokenizer changes in it. */
static void add_model(struct at_strbuf *b, const struct at_json *models, const struct at_json *how)
{
    const struct at_json *v, *changes = at_json_get(how, "changes");
    const struct at_json *base = at_json_get(models, at_json_text(at_json_get(how, "base"), ""));

    at_strbuf_adds(b, ", \"model\": {");
    for (const char *key = NULL; (key = at_json_next(base, key, &v));)
        if (!at_json_get(changes, key) && !has_text(at_json_get(how, "without"), key))
            add_member(b, key, v);
    for (const char *key = NULL; (key = at_json_next(changes, key, &v));)
        add_member(b, key, v);
    at_strbuf_adds(b, "}");
}

static struct at_tokenizer *open_json(const struct at_json *models, const struct at_json *tokenizer)
{
    const struct at_json *v, *rest = at_json_get(tokenizer, "rest");
    struct at_tokenizer *t = NULL;
    struct at_strbuf b = { 0 };
    struct at_error err = { 0 };

    at_strbuf_adds(&b, "{");
    for (const char *key = NULL; (key = at_json_next(rest, key, &v));)
        add_member(&b, key, v);
    add_model(&b, models, at_json_get(tokenizer, "model"));
    at_strbuf_adds(&b, "}");
    sandbox_write("tokenizer.json", b.s, b.n);
    at_strbuf_release(&b);
    if (at_tokenizer_open(&t, sandbox_path(""), &err))
        fail_msg("%s: %s", at_json_text(at_json_get(tokenizer, "name"), ""), err.text);
    return t;
}

/* "id,type,start,end" of each token, -1 of those that were added, behind the texts of the row. */
static void check_row(const struct at_tokenizer *t, const char *name, const struct at_json *row)
{
    size_t n = at_json_count(row);
    const char *text = at_json_text(at_json_at(row, 0), NULL);
    const char *pair = n == 3 ? at_json_text(at_json_at(row, 1), NULL) : NULL;
    const char *want = at_json_text(at_json_at(row, n - 1), NULL);
    struct at_tokens v = { 0 };
    struct at_strbuf got = { 0 };
    struct at_error err = { 0 };

    if (at_tokenize(&v, t, text, pair, true, &err))
        fail_msg("%s: '%s': %s", name, text, err.text);
    for (size_t i = 0; i < v.n; i++) {
        const struct at_token *k = &v.items[i];
        bool is_added = k->start == AT_NO_OFFSET;
        at_strbuf_addf(&got, "%s%d,%d,%lld,%lld", i ? " " : "", k->id, k->segment,
                       is_added ? -1 : (long long)k->start, is_added ? -1 : (long long)k->end);
    }
    if (strcmp(at_strbuf_str(&got), want) != 0)
        fail_msg("%s: '%s': got %s, want %s", name, text, at_strbuf_str(&got), want);
    at_tokens_release(&v);
    at_strbuf_release(&got);
}

static size_t check_rows(const struct at_tokenizer *t, const struct at_json *of, const char *key)
{
    const struct at_json *rows = at_json_get(of, key);

    for (size_t i = 0; i < at_json_count(rows); i++)
        check_row(t, at_json_text(at_json_get(of, "name"), ""), at_json_at(rows, i));
    return at_json_count(rows);
}

static void test_steps(void **state)
{
    struct at_json *oracle;
    const struct at_json *tokenizers;
    struct at_error err;
    size_t n = 0;

    (void)state;
    assert_int_equal(at_json_read(&oracle, ORACLE "library.json", &err), 0);
    tokenizers = at_json_get(oracle, "tokenizers");
    assert_true(at_json_count(tokenizers) > 90);
    for (size_t i = 0; i < at_json_count(tokenizers); i++) {
        const struct at_json *tokenizer = at_json_at(tokenizers, i);
        struct at_tokenizer *t = open_json(at_json_get(oracle, "models"), tokenizer);
        n += check_rows(t, tokenizer, "texts");
        n += check_rows(t, tokenizer, "pairs");
        at_tokenizer_close(t);
    }
    assert_true(n > 800);
    at_json_free(oracle);
}

static void test_sentencepiece(void **state)
{
    struct at_json *oracle;
    const struct at_json *folders;
    struct at_error err;

    (void)state;
    assert_int_equal(at_json_read(&oracle, ORACLE "sentencepiece.json", &err), 0);
    folders = at_json_get(oracle, "folders");
    assert_int_equal(at_json_count(folders), 10);
    for (size_t i = 0; i < at_json_count(folders); i++) {
        const struct at_json *folder = at_json_at(folders, i);
        struct at_tokenizer *t = NULL;
        char dir[128];

        snprintf(dir, sizeof dir, "%s%s", ORACLE, at_json_text(at_json_get(folder, "name"), ""));
        if (at_tokenizer_open(&t, dir, &err))
            fail_msg("%s", err.text);
        assert_int_equal(check_rows(t, folder, "texts"), 10);
        at_tokenizer_close(t);
    }
    at_json_free(oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_sentencepiece),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
