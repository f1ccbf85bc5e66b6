/*
 * test_weights.c - which tensor becomes what, which are left over or missing, and the directories
 * of fixtures/hostile, each of which must be refused in one line.
 */
#include "close.h"

#include <glob.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "model/weights.h"
#include "model_fixture.h"

static const struct at_mapping *find_tensor(const struct at_model *m, const char *tensor)
{
    for (size_t i = 0; i < m->n_mappings; i++)
        if (strcmp(m->mappings[i].tensor, tensor) == 0)
            return &m->mappings[i];
    fail_msg("no mapping has the tensor '%s'", tensor);
    return NULL;
}

/* Names as checkpoints have them, and the roles they must get. */
static void test_roles(void **state)
{
    static const struct {
        const char *model, *tensor, *role;
        enum at_mapping_state state;
    } cases[] = {
        { "tiny-bert", "bert.embeddings.word_embeddings.weight", "word embeddings", AT_IS_MAPPED },
        { "tiny-bert", "bert.encoder.layer.1.attention.self.query.weight", "layer 1 query weight",
          AT_IS_MAPPED },
        { "tiny-bert", "bert.pooler.dense.bias", "pooler bias", AT_IS_MAPPED },
        { "tiny-bert", "cls.predictions.bias", "masked-LM bias", AT_IS_MAPPED },
        { "tiny-bert", "cls.predictions.decoder.weight", "LM decoder weight", AT_IS_TIED },
        { "tiny-bert", "cls.seq_relationship.weight", "next sentence weight", AT_IS_MAPPED },
        { "tiny-bert-f16-sharded", "cls.predictions.decoder.weight", "LM decoder weight",
          AT_IS_MAPPED },
        { "tiny-bert-bare", "embeddings.LayerNorm.gamma", "embedding norm gain", AT_IS_MAPPED },
        { "tiny-bert-bare", "encoder.layer.0.attention.output.LayerNorm.beta",
          "layer 0 norm 1 bias", AT_IS_MAPPED },
        { "tiny-bert-bare", "embeddings.position_ids", NULL, AT_IS_BUFFER },
        { "tiny-bert-bare", "pooler.dense.weight", "pooler weight", AT_IS_MISSING },
        { "tiny-bert-bare", "cls.predictions.bias", "masked-LM bias", AT_IS_MISSING },
        { "tiny-bert-tagger", "classifier.bias", "classifier bias", AT_IS_MAPPED },
        { "tiny-gpt2", "h.1.attn.c_attn.bias", "layer 1 query, key, value bias", AT_IS_MAPPED },
        { "tiny-gpt2", "h.1.attn.bias", NULL, AT_IS_BUFFER },
        { "tiny-gpt2", "h.0.attn.masked_bias", NULL, AT_IS_BUFFER },
        { "tiny-gpt2", "lm_head.weight", "LM decoder weight", AT_IS_TIED },
        { "tiny-gpt2-bf16", "lm_head.weight", "LM decoder weight", AT_IS_MAPPED },
        { "tiny-gpt2-bf16", "transformer.ln_f.weight", "final norm gain", AT_IS_MAPPED },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct model_fixture f;
        fixture_open(&f, cases[i].model);
        const struct at_mapping *got = find_tensor(&f.m, cases[i].tensor);
        assert_int_equal(got->state, cases[i].state);
        if (cases[i].role)
            assert_string_equal(got->role, cases[i].role);
        else
            assert_null(got->role);
        fixture_close(&f);
    }
}

/* Every tensor of the file is listed exactly once, and nothing of the trunk is missing. */
static void test_every_tensor_is_listed(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        size_t n_in_file = 0;
        fixture_open(&f, fixture_names[i]);
        for (size_t k = 0; k < f.m.n_mappings; k++) {
            const struct at_mapping *mapping = &f.m.mappings[k];
            bool is_stored = at_tensors_find(f.m.files, mapping->tensor);
            n_in_file += is_stored;
            assert_int_equal(is_stored,
                             mapping->state != AT_IS_MISSING && mapping->state != AT_IS_TIED);
            assert_non_null(at_mapping_state_name(mapping->state));
        }
        assert_int_equal(n_in_file, at_tensors_count(f.m.files));
        fixture_close(&f);
    }
}

/*
 * Worked by hand for tiny-bert: width 8, 20 in the feed-forward, vocabulary 67, 16 positions.
 * Embeddings 8 (67 + 16 + 2) + 2 * 8 = 696; a layer 4 (64 + 8) + 8 * 20 + 20 + 20 * 8 + 8 + 4 * 8
 * = 668, twice; heads: pooler 72, transform 72 + 16, bias 67, next sentence 18.
 */
static void test_number_of_parameters(void **state)
{
    struct model_fixture f;

    (void)state;
    fixture_open(&f, "tiny-bert");
    assert_int_equal(at_model_n_parameters(&f.m), 696 + 2 * 668 + 72 + 88 + 67 + 18);
    fixture_close(&f);
}

static void test_weights_stay_in_the_file(void **state)
{
    struct model_fixture f;

    (void)state;
    fixture_open(&f, "tiny-bert");
    const struct at_weights *w = &f.m.weights;
    const char *name = "bert.encoder.layer.1.intermediate.dense.weight";
    assert_ptr_equal(w->layer[1].ffn_in.w.data, at_tensors_find(f.m.files, name)->data);
    assert_int_equal(w->layer[1].ffn_in.w.layout, AT_OUT_MAJOR);
    assert_int_equal(w->layer[1].ffn_in.w.n_out, 20);
    assert_int_equal(w->layer[1].ffn_in.w.n_in, 8);
    assert_ptr_equal(w->lm_decoder.w.data, w->word_embed.data);
    assert_non_null(w->lm_decoder.b.data);
    assert_null(w->layer[1].qkv.w.data);
    fixture_close(&f);

    fixture_open(&f, "tiny-gpt2-bf16");
    w = &f.m.weights;
    assert_int_equal(w->layer[0].qkv.w.layout, AT_IN_MAJOR);
    assert_int_equal(w->layer[0].qkv.w.dtype, AT_BF16);
    assert_int_equal(w->layer[0].qkv.w.n_out, 60);
    assert_ptr_not_equal(w->lm_decoder.w.data, w->word_embed.data);
    assert_int_equal(w->lm_decoder.w.layout, AT_OUT_MAJOR);
    fixture_close(&f);
}

/* The tagger's file has its data one byte past a multiple of eight. */
static void test_unaligned_data_are_copied(void **state)
{
    struct model_fixture f;
    const char *name = "bert.embeddings.word_embeddings.weight";

    (void)state;
    fixture_open(&f, "tiny-bert-tagger");
    const void *stored = at_tensors_find(f.m.files, name)->data;
    assert_int_not_equal((uintptr_t)stored % sizeof(float), 0);
    assert_int_equal((uintptr_t)f.m.weights.word_embed.data % sizeof(float), 0);
    assert_memory_equal(f.m.weights.word_embed.data, stored, 16 * sizeof(float));
    fixture_close(&f);
}

static void test_labels(void **state)
{
    struct model_fixture f;

    (void)state;
    fixture_open(&f, "tiny-gpt2-labels");
    assert_int_equal(f.m.config.n_labels, 7);
    assert_string_equal(f.m.config.labels[6], "I-U");
    assert_true(f.m.config.is_multi_label);
    ASSERT_NEAR(f.m.config.label_thresholds[1], 0.4, 0);
    fixture_close(&f);
}

/* A fixture's weights under another config.json; at_model_close() it. */
static void open_under(struct at_model *out, const char *fixture, const char *text)
{
    char dir[] = "/tmp/atlas-test-weights-XXXXXX", here[1024];
    struct at_error err;

    assert_non_null(mkdtemp(dir));
    assert_non_null(getcwd(here, sizeof here));
    char *config = at_asprintf("%s/config.json", dir),
         *link = at_asprintf("%s/model.safetensors", dir);
    char *target = at_asprintf("%s/fixtures/%s/model.safetensors", here, fixture);
    must(at_write_file(config, text, strlen(text), &err), &err);
    assert_int_equal(symlink(target, link), 0);
    must(at_model_open(out, dir, &err), &err);
    unlink(config);
    unlink(link);
    rmdir(dir);
    free(config);
    free(link);
    free(target);
}

static void open_tagger(struct at_model *out, const char *more)
{
    char *text = at_asprintf("{\"model_type\":\"bert\",\"hidden_size\":16,\"num_hidden_layers\":1,"
                             "\"num_attention_heads\":4,\"intermediate_size\":9,\"vocab_size\":38,"
                             "\"max_position_embeddings\":10%s}",
                             more);

    open_under(out, "tiny-bert-tagger", text);
    free(text);
}

/* What config.json leaves open about a classifier, and one that is not over tokens. */
static void test_whose_classifier(void **state)
{
    struct at_model m;

    (void)state;
    open_tagger(&m, "");
    assert_int_equal(m.config.n_labels, 5); /* as many as the classifier has rows */
    assert_string_equal(m.config.labels[4], "LABEL_4");
    at_model_close(&m);

    open_tagger(&m, ",\"architectures\":[\"BertForTokenClassification\"],\"num_labels\":5");
    assert_int_equal(m.config.n_labels, 5);
    assert_non_null(m.weights.classifier.b.data);
    at_model_close(&m);

    open_tagger(&m, ",\"architectures\":[\"BertForSequenceClassification\"],\"num_labels\":5");
    assert_int_equal(m.config.n_labels, 0);
    assert_null(m.weights.classifier.w.data);
    assert_int_equal(find_tensor(&m, "classifier.weight")->state, AT_IS_UNUSED);
    at_model_close(&m);
}

/* Untied, the word embeddings are no decoder: a checkpoint without its own has no such head. */
static void test_untied_decoder_is_missing(void **state)
{
    static const struct {
        const char *fixture, *config, *decoder;
    } cases[] = {
        { "tiny-gpt2",
          "{\"model_type\":\"gpt2\",\"n_embd\":8,\"n_layer\":2,\"n_head\":2,\"vocab_size\":270,"
          "\"n_positions\":16,\"tie_word_embeddings\":%s}",
          "lm_head.weight" },
        { "tiny-bert",
          "{\"model_type\":\"bert\",\"hidden_size\":8,\"num_hidden_layers\":2,"
          "\"num_attention_heads\":2,\"intermediate_size\":20,\"vocab_size\":67,"
          "\"max_position_embeddings\":16,\"tie_word_embeddings\":%s}",
          "cls.predictions.decoder.weight" },
    };
    static const char *const words[] = { "true", "null", "false" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases) * AT_COUNTOF(words); i++) {
        const char *word = words[i % 3], *mark = strchr(cases[i / 3].config, '%');
        char *text = at_asprintf("%.*s%s%s", (int)(mark - cases[i / 3].config), cases[i / 3].config,
                                 word, mark + 2);
        bool is_tied = strcmp(word, "false") != 0;
        struct at_model m;
        open_under(&m, cases[i / 3].fixture, text);
        assert_int_equal(m.weights.lm_decoder.w.data != NULL, is_tied);
        assert_int_equal(find_tensor(&m, cases[i / 3].decoder)->state,
                         is_tied ? AT_IS_TIED : AT_IS_MISSING);
        if (!is_tied)
            assert_null(m.weights.mlm_transform.w.data);
        at_model_close(&m);
        free(text);
    }
}

/* They may be retrained, so nothing is said of their values. */
static void test_built_in_models(void **state)
{
    static const struct {
        const char *dir;
        bool has_lm, has_next_sentence, has_labels;
    } cases[] = {
        { "fixtures/small/models/atlas-bert", true, true, false },
        { "fixtures/models/atlas-gpt2", true, false, false },
        { "fixtures/small/models/atlas-bias", false, false, true },
        { "fixtures/small/models/atlas-tagger", false, false, true },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_model m;
        struct at_error err;
        struct at_trace t;
        const int ids[] = { 2, 100, 200, 3 };
        must(at_model_open(&m, cases[i].dir, &err), &err);
        assert_int_equal(m.weights.lm_decoder.w.data != NULL, cases[i].has_lm);
        assert_int_equal(m.weights.next_sentence.w.data != NULL, cases[i].has_next_sentence);
        assert_int_equal(m.config.n_labels > 0, cases[i].has_labels);
        assert_string_equal(m.dir, cases[i].dir);
        at_model_populate(&m, NULL);
        must(at_trace_run(&t, &m, ids, NULL, 4, AT_CAP_HIDDEN, NULL, &err), &err);
        for (size_t k = 0; k < 4 * m.config.width; k++)
            assert_true(isfinite(t.final_hidden[k]));
        at_trace_release(&t);
        at_model_close(&m);
        at_model_close(&m);
    }
}

/* ---- what is refused ---- */

static const struct hostile {
    const char *name;
    enum at_code code;
    const char *says;
} hostile[] = {
    { "no-config", AT_ENOTFOUND, "config.json" },
    { "empty-config", AT_EFORMAT, "config.json: " },
    { "config-not-json", AT_EFORMAT, "config.json: " },
    { "config-not-utf8", AT_EFORMAT, "config.json: " },
    { "config-array", AT_EFORMAT, "config.json: not a JSON object" },
    { "config-deep", AT_EFORMAT, "config.json: " },
    { "no-type", AT_EFORMAT, "'model_type' is missing, want 'bert', 'roberta', " },
    { "distilbert", AT_EFORMAT, "'hidden_dim' is missing" },
    { "no-width", AT_EFORMAT, "'hidden_size' is missing" },
    { "absurd-layers", AT_ERANGE, "'num_hidden_layers' is 1000000000, want" },
    { "no-heads", AT_ERANGE, "'num_attention_heads' is 0, want" },
    { "negative-width", AT_ERANGE, "'hidden_size' is -4, want" },
    { "fractional-width", AT_ERANGE, "'hidden_size' is 4.5, want a whole number" },
    { "odd-heads", AT_EFORMAT, "width 4 is not a multiple of 3 heads" },
    { "mish", AT_EFORMAT, "'hidden_act' is 'mish'" },
    { "relative-positions", AT_EFORMAT, "'position_embedding_type' is 'relative_key_query'" },
    { "no-epsilon", AT_ERANGE, "'layer_norm_eps'" },
    { "label-gap", AT_EFORMAT, "'id2label' has the key '5', want 0 to 1" },
    { "no-weights", AT_ENOTFOUND, "model.safetensors" },
    { "missing-tensor", AT_EFORMAT, "'encoder.layer.0.output.dense.bias' is missing" },
    { "too-few-layers", AT_EFORMAT,
      "'encoder.layer.1.attention.self.query.weight' and 31 more tensors are missing" },
    { "other-family", AT_EFORMAT, "'wte.weight' and 15 more tensors are missing" },
    { "wrong-vocab", AT_EFORMAT,
      "'embeddings.word_embeddings.weight' has shape (7,4), want (9,4)" },
    { "wrong-positions", AT_EFORMAT, "position_embeddings.weight' has shape (5,4), want (6,4)" },
    { "wrong-shape", AT_EFORMAT, "self.query.weight' has shape (4,5), want (4,4)" },
    { "wrong-rank", AT_EFORMAT, "'embeddings.LayerNorm.weight' has shape (1,4), want (4)" },
    { "scalar", AT_EFORMAT, "'embeddings.LayerNorm.weight' has shape (), want (4)" },
    { "byte-weights", AT_EFORMAT,
      "self.query.weight' has type I8, want F32, F16, BF16, F64 or an integer of 16 bits" },
    { "wrong-labels", AT_EFORMAT, "'classifier.weight' has shape (2,4), want (3,4)" },
    { "wrong-head", AT_EFORMAT, "'cls.predictions.bias' has shape (8), want (7)" },
    { "truncated", AT_EFORMAT, "model.safetensors: " },
    { "header-too-long", AT_EFORMAT, "model.safetensors: " },
    { "header-past-end", AT_EFORMAT, "model.safetensors: " },
    { "overlap", AT_EFORMAT, "model.safetensors: " },
    { "overflowing-shape", AT_ERANGE, "model.safetensors: " },
    { "out-of-range", AT_EFORMAT, "model.safetensors: " },
    { "shard-dotdot", AT_EFORMAT, "'../sound-model/model.safetensors' is not a file name" },
    { "shard-missing", AT_ENOTFOUND, "model-00001-of-00001.safetensors" },
};

static void test_hostile_models(void **state)
{
    glob_t found;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(hostile); i++) {
        char *dir = at_asprintf("fixtures/hostile/model-%s", hostile[i].name);
        struct at_model m = { 0 };
        struct at_error err = { 0 };
        int rc = at_model_open(&m, dir, &err);
        if (rc != (int)hostile[i].code || !strstr(err.text, hostile[i].says) ||
            !strstr(err.text, dir) || strchr(err.text, '\n'))
            fail_msg("'%s' is answered with %d, '%s'", dir, rc, err.text);
        assert_null(m.files);
        free(dir);
    }
    assert_int_equal(glob("fixtures/hostile/model-*", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, AT_COUNTOF(hostile)); /* the table has them all */
    globfree(&found);
}

static void test_sound_model(void **state)
{
    struct at_model m;
    struct at_error err;

    (void)state;
    must(at_model_open(&m, "fixtures/hostile/sound-model", &err), &err);
    at_model_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_every_tensor_is_listed),
        cmocka_unit_test(test_number_of_parameters),
        cmocka_unit_test(test_weights_stay_in_the_file),
        cmocka_unit_test(test_unaligned_data_are_copied),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_whose_classifier),
        cmocka_unit_test(test_untied_decoder_is_missing),
        cmocka_unit_test(test_built_in_models),
        cmocka_unit_test(test_hostile_models),
        cmocka_unit_test(test_sound_model),
    };

    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
