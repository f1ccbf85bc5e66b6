/*
 * test_session.c - sessions: found by name or directory, opened, refused, several at once.
 */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mapfile.h"
#include "base/path.h"
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "session/find.h"

/* Only what a test sets decides where models are looked for. */
static int clean_environment(void **state)
{
    static const char *const names[] = { "ATLAS_DATADIR", "ATLAS_MODELS", "HF_HUB_CACHE",
                                         "HF_HOME" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++)
        unsetenv(names[i]);
    return setenv("HOME", sandbox_path("nobody"), 1);
}

static void copy_file(const char *to, const char *from, const char *name)
{
    char *here = at_path_join(from, name), *there = at_path_join(to, name);
    struct at_error err;
    struct at_mapfile m;

    must(at_mkdir_p(to, &err), &err);
    must(at_mapfile_open(&m, here, &err), &err);
    must(at_write_file(there, m.bytes, m.n, &err), &err);
    at_mapfile_close(&m);
    free(here);
    free(there);
}

/* fixtures/tiny-bert in another place. */
static void copy_model(const char *to)
{
    copy_file(to, "fixtures/tiny-bert", "config.json");
    copy_file(to, "fixtures/tiny-bert", "model.safetensors");
    copy_file(to, "fixtures/tiny-bert", "vocab.txt");
    copy_file(to, "fixtures/tiny-bert", "tokenizer_config.json");
}

/* The session of that spec; its model lies in dir. */
static void opens(const char *spec, const char *name, const char *dir)
{
    struct at_error err;
    struct at_session s;

    must(at_session_open(&s, spec, NULL, &err), &err);
    assert_string_equal(s.name, name);
    assert_string_equal(s.model.dir, dir);
    at_session_close(&s);
}

static void test_directory(void **state)
{
    struct at_error err;
    struct at_session s;

    (void)state;
    must(at_session_open(&s, "fixtures/tiny-bert//", NULL, &err), &err);
    assert_string_equal(s.spec, "fixtures/tiny-bert");
    assert_string_equal(s.name, "tiny-bert");
    assert_int_equal(s.model.config.n_layers, 2);
    assert_int_equal(at_tokenizer_vocab_size(s.tokenizer), s.model.config.vocab);
    assert_true(at_pool_size(s.pool) >= 1);
    at_session_close(&s);
    at_session_close(&s); /* a second time is no harm */
}

static void test_names(void **state)
{
    char *models = at_strdup(sandbox_path("models")), *mine = at_path_join(models, "atlas-bert");

    (void)state;
    setenv("ATLAS_DATADIR", "fixtures", 1);
    opens("atlas-bert", "atlas-bert", "fixtures/models/atlas-bert");
    setenv("ATLAS_MODELS", models, 1);
    copy_model(mine);
    opens("atlas-bert", "atlas-bert", mine); /* before the built-in one */
    free(mine);
    free(models);
}

static void test_hub_names(void **state)
{
    char *hub = at_strdup(sandbox_path("hub"));
    char *snapshot = at_path_join(hub, "models--google-bert--small/snapshots/0123");
    char *refs = at_path_join(hub, "models--google-bert--small/refs");
    char *ref = at_path_join(refs, "main");

    (void)state;
    setenv("HF_HUB_CACHE", hub, 1);
    copy_model(snapshot);
    must(at_mkdir_p(refs, NULL), NULL);
    must(at_write_file(ref, "0123\n", 5, NULL), NULL);
    opens("small", "small", snapshot);
    opens("google-bert/small", "small", snapshot);
    free(ref);
    free(refs);
    free(snapshot);
    free(hub);
}

static void test_places(void **state)
{
    struct at_model_place *places;
    size_t n;

    (void)state;
    setenv("ATLAS_DATADIR", "fixtures", 1);
    setenv("ATLAS_MODELS", "fixtures/models", 1);
    n = at_model_places(&places);
    assert_true(n >= 4);
    assert_string_equal(places[0].name, "atlas-bert");
    assert_string_equal(places[0].where, "ATLAS_MODELS"); /* the first place that has it */
    for (size_t i = 1; i < n; i++)
        assert_true(strcmp(places[i - 1].name, places[i].name) < 0);
    at_model_places_free(places, n);
}

static bool always(const struct at_config *config)
{
    (void)config;
    return true;
}

static void test_options(void **state)
{
    struct at_session_options options = { .precision = AT_PRECISION_DOUBLE, .n_threads = 2 };
    struct at_tokens plain = { 0 }, spaced = { 0 };
    struct at_error err;
    struct at_session s, t;

    (void)state;
    must(at_session_open(&s, "fixtures/tiny-gpt2", &options, &err), &err);
    options =
        (struct at_session_options){ .precision = AT_PRECISION_FLOAT, .prefix_space = always };
    must(at_session_open(&t, "fixtures/tiny-gpt2", &options, &err), &err);
    assert_true(s.model.is_double);
    assert_false(t.model.is_double);
    assert_int_equal(at_pool_size(s.pool), 2);
    must(at_tokenize(&plain, s.tokenizer, "cat", NULL, true, &err), &err);
    must(at_tokenize(&spaced, t.tokenizer, "cat", NULL, true, &err), &err);
    assert_string_equal(at_tokenizer_piece(s.tokenizer, plain.items[0].id), "cat");
    assert_string_equal(at_tokenizer_piece(t.tokenizer, spaced.items[0].id), "\xc4\xa0"
                                                                             "cat");
    at_tokens_release(&plain);
    at_tokens_release(&spaced);
    at_session_close(&s);
    at_session_close(&t);
}

static void takes_masks(const char *dir, bool want)
{
    struct at_error err;
    struct at_session s;

    must(at_session_open(&s, dir, NULL, &err), &err);
    assert_int_equal(at_session_takes_masks(&s), want);
    at_session_close(&s);
}

static void test_masks(void **state)
{
    (void)state;
    takes_masks("fixtures/tiny-bert", true);
    takes_masks("fixtures/models/atlas-tagger", false); /* another head */
    takes_masks("fixtures/tiny-gpt2", false);           /* causal */
}

/* Models of one trunk, which two of them have as a link, map it once. */
static void test_one_trunk(void **state)
{
    static const char *const names[] = { "atlas-bert", "atlas-bias", "atlas-tagger" };
    struct at_session s[AT_COUNTOF(names)];
    struct at_error err;

    (void)state;
    setenv("ATLAS_DATADIR", "fixtures", 1);
    for (size_t i = 0; i < AT_COUNTOF(names); i++)
        must(at_session_open(&s[i], names[i], NULL, &err), &err);
    for (size_t i = 1; i < AT_COUNTOF(names); i++) {
        assert_ptr_equal(s[i].model.weights.word_embed.data, s[0].model.weights.word_embed.data);
        assert_ptr_equal(s[i].model.weights.layer[0].q.w.data,
                         s[0].model.weights.layer[0].q.w.data);
    }
    for (size_t i = 0; i < AT_COUNTOF(names); i++)
        at_session_close(&s[i]);
}

static void refuses(const char *spec, enum at_code code, const char *part)
{
    struct at_error err;
    struct at_session s = { .name = "untouched" };

    assert_int_equal(at_session_open(&s, spec, NULL, &err), code);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in: %s", part, err.text);
    assert_string_equal(s.name, "untouched");
}

static void test_refusals(void **state)
{
    char *dir = at_strdup(sandbox_path("misfit")), *path = at_path_join(dir, "vocab.txt");

    (void)state;
    refuses("", AT_ENOTFOUND, "not ''");
    refuses("./nowhere", AT_ENOTFOUND, "no directory './nowhere'");
    refuses("nowhere", AT_ENOTFOUND, "no model 'nowhere'; looked in ./nowhere, ");
    refuses("fixtures/tiny-bert/config.json", AT_ENOTFOUND, "is a file");
    refuses("fixtures/hostile/model-truncated", AT_EFORMAT, "model-truncated");
    copy_model(dir);
    must(at_write_file(path, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", 31, NULL), NULL);
    refuses(dir, AT_EFORMAT, "the tokenizer has 5 pieces, the model 67");
    free(path);
    free(dir);
}

static void test_vocabulary_fits(void **state)
{
    (void)state;
    assert_true(at_vocabulary_fits(67, 67));
    assert_true(at_vocabulary_fits(30522, 50264)); /* padded */
    assert_true(at_vocabulary_fits(50257, 50258)); /* a row, or a piece, was added */
    assert_true(at_vocabulary_fits(68, 67));
    assert_true(at_vocabulary_fits(67 + 16, 67));
    assert_false(at_vocabulary_fits(67 + 17, 67));
    assert_false(at_vocabulary_fits(28996, 30522)); /* BERT's cased for its uncased */
    assert_false(at_vocabulary_fits(30522, 28996));
}

static void test_what_is_said_of_vocabularies(void **state)
{
    char buf[160];

    (void)state;
    assert_null(at_vocabulary_note(buf, sizeof buf, 67, 67));
    assert_null(at_vocabulary_note(buf, sizeof buf, 50257, 50264));
    assert_string_equal(at_vocabulary_note(buf, sizeof buf, 262, 263),
                        "the tokenizer has 262 pieces, the model rows for 263");
    assert_string_equal(at_vocabulary_note(buf, sizeof buf, 264, 263),
                        "the tokenizer has 264 pieces, the model rows for 263; a text with a piece "
                        "that has none cannot be run");
}

/* Only the text whose piece has no row is refused. */
static void test_pieces_without_a_row(void **state)
{
    struct at_tokens tokens = { 0 };
    struct at_session s;
    struct at_error err;

    (void)state;
    must(at_session_open(&s, "fixtures/tiny-bert", NULL, &err), &err);
    must(at_tokenize(&tokens, s.tokenizer, "the cat", NULL, true, &err), &err);
    assert_int_equal(at_vocabulary_check(&tokens, s.tokenizer, 67, &err), 0);
    assert_int_equal(at_vocabulary_check(&tokens, s.tokenizer, 62, &err), AT_ERANGE);
    assert_string_equal(err.text, "'cat' is piece 62, and the model has rows for 62");
    at_tokens_release(&tokens);
    at_session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_directory, clean_environment),
        cmocka_unit_test_setup(test_names, clean_environment),
        cmocka_unit_test_setup(test_hub_names, clean_environment),
        cmocka_unit_test_setup(test_places, clean_environment),
        cmocka_unit_test_setup(test_options, clean_environment),
        cmocka_unit_test_setup(test_one_trunk, clean_environment),
        cmocka_unit_test_setup(test_masks, clean_environment),
        cmocka_unit_test_setup(test_refusals, clean_environment),
        cmocka_unit_test(test_vocabulary_fits),
        cmocka_unit_test(test_what_is_said_of_vocabularies),
        cmocka_unit_test(test_pieces_without_a_row),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
