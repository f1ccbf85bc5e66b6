/*
 * test_families.c - the relatives of BERT: what their tokenizers put around texts, as the library
 * they come from has it (fixtures/oracle/families.json, made by
 * scripts/outside/make-family-fixtures.py), and what their checkpoints have. Their numbers are in
 * the tests of every module of the pass, which run over all tiny models.
 */
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/json.h"
#include "text/tokenizer.h"

static void check_text(const struct at_tokenizer *t, const struct at_json *want)
{
    const struct at_json *ids = at_json_get(want, "ids"), *segments = at_json_get(want, "segments");
    const char *text = at_json_text(at_json_get(want, "text"), NULL);
    struct at_tokens got = { 0 };
    struct at_error err;

    must(at_tokenize(&got, t, text, at_json_text(at_json_get(want, "pair"), NULL), true, &err),
         &err);
    assert_int_equal(got.n, at_json_count(ids));
    for (size_t i = 0; i < got.n; i++) {
        assert_int_equal(got.items[i].id, at_json_integer(at_json_at(ids, i), -1));
        assert_int_equal(got.items[i].segment, at_json_integer(at_json_at(segments, i), -1));
    }
    at_tokens_release(&got);
}

static void test_ids_are_the_library_s(void **state)
{
    const struct at_json *texts;
    struct at_json *all;
    struct at_error err;

    (void)state;
    must(at_json_read(&all, "fixtures/oracle/families.json", &err), &err);
    for (const char *name = NULL; (name = at_json_next(all, name, &texts));) {
        struct at_tokenizer *t;
        char *dir = at_asprintf("fixtures/%s", name);
        must(at_tokenizer_open(&t, dir, &err), &err);
        assert_true(at_tokenizer_role(t, AT_ROLE_MASK) >= 0);
        for (size_t i = 0; i < at_json_count(texts); i++)
            check_text(t, at_json_at(texts, i));
        at_tokenizer_close(t);
        free(dir);
    }
    at_json_free(all);
}

/* Sizes all have; what a test adds comes last and counts. */
#define SIZES                                                                                      \
    "\"hidden_size\":12,\"num_hidden_layers\":2,\"num_attention_heads\":3,"                        \
    "\"intermediate_size\":20,\"vocab_size\":30,\"max_position_embeddings\":16"
#define OF(type, more) "{\"model_type\":\"" type "\"," SIZES more "}"

static int read_config(struct at_config *out, const char *text, struct at_error *err)
{
    sandbox_write("config.json", text, strlen(text));
    return at_config_read(out, sandbox_path(""), err);
}

static void test_positions_begin_behind_padding(void **state)
{
    static const struct {
        const char *text;
        size_t first, n;
    } cases[] = {
        { OF("roberta", ""), 2, 14 },
        { OF("xlm-roberta", ",\"pad_token_id\":0"), 1, 15 },
        { OF("camembert", ",\"pad_token_id\":3"), 4, 12 },
        { OF("bert", ",\"pad_token_id\":3"), 0, 16 },
        { OF("mpnet", ",\"pad_token_id\":3"), 2, 14 },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_config c;
        struct at_error err;
        must(read_config(&c, cases[i].text, &err), &err);
        assert_int_equal(c.first_position, cases[i].first);
        assert_int_equal(c.max_positions, cases[i].n);
        at_config_release(&c);
    }
}

static void test_padding_has_its_own_row(void **state)
{
    static const int ids[] = { 5, 1, 6, 1, 7 };
    struct at_config c;
    struct at_error err;
    int rows[AT_COUNTOF(ids)];

    (void)state;
    must(read_config(&c, OF("roberta", ""), &err), &err);
    at_position_rows(rows, &c, ids, 0, AT_COUNTOF(ids));
    assert_memory_equal(rows, ((const int[]){ 2, 1, 3, 1, 4 }), sizeof rows);
    at_position_rows(rows, &c, NULL, 3, AT_COUNTOF(ids));
    assert_memory_equal(rows, ((const int[]){ 5, 6, 7, 8, 9 }), sizeof rows);
    at_config_release(&c);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { OF("roberta", ",\"pad_token_id\":30"), "'pad_token_id' is no token of 30" },
        { OF("roberta", ",\"pad_token_id\":15"), "16 positions, of which the first 16" },
        { OF("roberta", ",\"is_decoder\":true"), "'is_decoder' is true" },
        { OF("xlm-roberta", ",\"position_embedding_type\":\"relative_key\""),
          "'position_embedding_type' is 'relative_key'" },
        { OF("mpnet", ",\"relative_attention_num_buckets\":16"),
          "'relative_attention_num_buckets' is 16, want" },
        { OF("distilbert", ""), "'hidden_dim' is missing" },
        { OF("camembert", ",\"hidden_act\":\"silu_and_more\""), "'hidden_act' is 'silu_and_more'" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_config c;
        struct at_error err = { 0 };
        assert_true(read_config(&c, cases[i].text, &err) < 0);
        if (!strstr(err.text, cases[i].says))
            fail_msg("'%s' is refused with '%s'", cases[i].text, err.text);
    }
}

/* A head for whole texts is what the architecture says it is. */
static void test_heads_for_whole_texts(void **state)
{
    static const char *const names[] = { "tiny-camembert-classes", "tiny-electra-classes",
                                         "tiny-albert-classes", "tiny-distilbert-classes",
                                         "tiny-mpnet-classes" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        struct model_fixture f;
        fixture_open(&f, names[i]);
        assert_non_null(f.m.weights.text_classifier.w.data);
        assert_non_null(f.m.weights.class_dense.w.data);
        assert_null(f.m.weights.classifier.w.data);
        assert_int_equal(f.m.config.n_labels, 3);
        assert_string_equal(f.m.config.labels[1], "middle");
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_the_library_s),
        cmocka_unit_test(test_positions_begin_behind_padding),
        cmocka_unit_test(test_padding_has_its_own_row),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_heads_for_whole_texts),
    };

    return cmocka_run_group_tests_name("families", tests, sandbox_setup, sandbox_teardown);
}
