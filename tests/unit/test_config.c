/*
 * test_config.c - config.json: what is read, what is refused and in which words.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "model/config.h"

static char dir[] = "/tmp/atlas-test-config-XXXXXX";

static int read_text(struct at_config *out, const char *text, struct at_error *err)
{
    char *path = at_path_join(dir, "config.json");

    assert_int_equal(at_write_file(path, text, strlen(text), err), 0);
    free(path);
    return at_config_read(out, dir, err);
}

#define BERT_SIZES                                                                                 \
    "\"hidden_size\":12,\"num_hidden_layers\":2,\"num_attention_heads\":3,"                        \
    "\"intermediate_size\":20,\"vocab_size\":30,\"max_position_embeddings\":16"
#define GPT2_SIZES "\"n_embd\":12,\"n_layer\":2,\"n_head\":3,\"vocab_size\":30,\"n_positions\":16"
#define BERT(more) "{\"model_type\":\"bert\"," BERT_SIZES more "}"
#define GPT2(more) "{\"model_type\":\"gpt2\"," GPT2_SIZES more "}"

static void test_bert(void **state)
{
    struct at_config c;
    struct at_error err;

    (void)state;
    assert_int_equal(read_text(&c,
                               BERT(",\"hidden_act\":\"gelu\",\"layer_norm_eps\":1e-7,"
                                    "\"pad_token_id\":0,\"type_vocab_size\":3,"
                                    "\"architectures\":[\"BertForPreTraining\"]"),
                               &err),
                     0);
    assert_string_equal(c.family->name, "BERT");
    assert_false(c.is_causal);
    assert_true(c.has_summary_token);
    assert_int_equal(c.n_layers, 2);
    assert_int_equal(c.n_heads, 3);
    assert_int_equal(c.width, 12);
    assert_int_equal(c.head_width, 4);
    assert_int_equal(c.ffn_width, 20);
    assert_int_equal(c.vocab, 30);
    assert_int_equal(c.max_positions, 16);
    assert_int_equal(c.n_segments, 3);
    assert_int_equal(c.activation, AT_EPI_GELU_ERF);
    ASSERT_NEAR(c.norm_eps, 1e-7, 0);
    assert_int_equal(c.pad_id, 0);
    assert_int_equal(c.bos_id, -1);
    assert_string_equal(c.architecture, "BertForPreTraining");
    assert_int_equal(c.n_labels, 0);
    at_config_release(&c);
    at_config_release(&c);
}

static void test_gpt2(void **state)
{
    struct at_config c;
    struct at_error err;

    (void)state;
    assert_int_equal(read_text(&c,
                               GPT2(",\"n_inner\":null,\"eos_token_id\":29,\"bos_token_id\":[7,8]"
                                    ",\"scale_attn_by_inverse_layer_idx\":true"),
                               &err),
                     0);
    assert_string_equal(c.family->name, "GPT-2");
    assert_true(c.is_causal);
    assert_false(c.has_summary_token);
    assert_int_equal(c.ffn_width, 48); /* four widths when n_inner is null */
    assert_int_equal(c.n_segments, 0);
    assert_int_equal(c.activation, AT_EPI_GELU_TANH);
    ASSERT_NEAR(c.norm_eps, 1e-5, 0);
    assert_true(c.scale_by_layer);
    assert_false(c.no_scale);
    assert_int_equal(c.eos_id, 29);
    assert_int_equal(c.bos_id, 7);
    at_config_release(&c);

    assert_int_equal(read_text(&c,
                               GPT2(",\"n_inner\":31,\"scale_attn_weights\":false"
                                    ",\"eos_token_id\":50256"),
                               &err),
                     0);
    assert_int_equal(c.ffn_width, 31);
    assert_true(c.no_scale);
    assert_int_equal(c.eos_id, -1); /* not in a vocabulary of 30 */
    at_config_release(&c);
}

static void test_other_names(void **state)
{
    struct at_config c;
    struct at_error err;

    (void)state;
    assert_int_equal(read_text(&c,
                               "{\"model_type\":\"gpt2\",\"hidden_size\":8,\"num_hidden_layers\":1,"
                               "\"num_attention_heads\":2,\"vocab_size\":5,\"n_ctx\":7}",
                               &err),
                     0);
    assert_int_equal(c.width, 8);
    assert_int_equal(c.max_positions, 7);
    at_config_release(&c);

    /* n_ctx is older than both names, and only of use without them */
    assert_int_equal(read_text(&c,
                               "{\"model_type\":\"gpt2\",\"hidden_size\":8,\"n_layer\":1,"
                               "\"num_hidden_layers\":1,\"n_head\":2,\"vocab_size\":5,\"n_ctx\":7,"
                               "\"n_positions\":null,\"max_position_embeddings\":9}",
                               &err),
                     0);
    assert_int_equal(c.max_positions, 9);
    at_config_release(&c);
}

/* Python writes what JSON has not; only where a number is wanted is that a fault. */
static void test_numbers_of_python(void **state)
{
    struct at_config c;
    struct at_error err;

    (void)state;
    assert_int_equal(read_text(&c,
                               BERT(",\"a\":Infinity,\"b\":[-Infinity,NaN],\"c\":\"x \\\"NaN\","
                                    "\"hidden_act\":\"gelu_new\""),
                               &err),
                     0);
    assert_int_equal(c.activation, AT_EPI_GELU_TANH);
    at_config_release(&c);
}

static void test_labels(void **state)
{
    struct at_config c;
    struct at_error err;

    (void)state;
    assert_int_equal(read_text(&c,
                               BERT(",\"id2label\":{\"1\":\"B\",\"0\":\"A\",\"2\":null},"
                                    "\"problem_type\":\"multi_label_classification\","
                                    "\"label_thresholds\":[0.5,0,1]"),
                               &err),
                     0);
    assert_int_equal(c.n_labels, 3);
    assert_string_equal(c.labels[0], "A");
    assert_string_equal(c.labels[1], "B");
    assert_string_equal(c.labels[2], "LABEL_2");
    assert_true(c.is_multi_label);
    ASSERT_NEAR(c.label_thresholds[0], 0.5, 0);
    at_config_release(&c);

    assert_int_equal(read_text(&c, BERT(",\"num_labels\":4"), &err), 0);
    assert_int_equal(c.n_labels, 4);
    assert_string_equal(c.labels[3], "LABEL_3");
    assert_false(c.is_multi_label);
    assert_null(c.label_thresholds);
    at_config_release(&c);

    /* files that Hugging Face's library writes name neither labels nor their number when there are
       two */
    assert_int_equal(read_text(&c, BERT(",\"label_thresholds\":[0.5,0.25]"), &err), 0);
    assert_int_equal(c.n_labels, 2);
    ASSERT_NEAR(c.label_thresholds[1], 0.25, 0);
    assert_null(c.caution);
    at_config_release(&c);

    assert_int_equal(read_text(&c, BERT(",\"atlas_caution\":\"a toy\""), &err), 0);
    assert_string_equal(c.caution, "a toy");
    at_config_release(&c);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        enum at_code code;
        const char *says;
    } cases[] = {
        { "", AT_EFORMAT, "" },
        { "[1]", AT_EFORMAT, "not a JSON object" },
        { "{}", AT_EFORMAT, "'model_type' is missing" },
        { "{\"model_type\":7}", AT_EFORMAT, "'model_type' is missing" },
        { "{\"model_type\":\"deberta-v2\"}", AT_EFORMAT,
          "model type 'deberta-v2' is not supported" },
        { "{\"model_type\":\"t5\"}", AT_EFORMAT, "want 'bert', 'roberta', " },
        { "{\"model_type\":\"bert\"}", AT_EFORMAT, "'num_hidden_layers' is missing" },
        { GPT2(",\"n_layer\":null"), AT_EFORMAT, "'n_layer' is missing" },
        { GPT2(",\"n_layer\":0"), AT_ERANGE, "'n_layer' is 0, want a whole number from 1 to 512" },
        { GPT2(",\"n_layer\":-1"), AT_ERANGE, "'n_layer' is -1" },
        { GPT2(",\"n_layer\":1.5"), AT_ERANGE, "'n_layer' is 1.5" },
        { GPT2(",\"n_layer\":\"2\""), AT_EFORMAT, "'n_layer' is not a number" },
        { GPT2(",\"n_layer\":1e300"), AT_ERANGE, "'n_layer' is 1e+300" },
        { GPT2(",\"n_embd\":4294967296"), AT_ERANGE, "'n_embd' is 4294967296" },
        { GPT2(",\"vocab_size\":9223372036854775807"), AT_ERANGE, "'vocab_size' is" },
        { GPT2(",\"n_inner\":-4"), AT_ERANGE, "'n_inner' is -4" },
        { GPT2(",\"n_head\":5"), AT_EFORMAT, "width 12 is not a multiple of 5 heads" },
        { GPT2(",\"activation_function\":\"mish\""), AT_EFORMAT,
          "'activation_function' is 'mish', want 'gelu', 'gelu_new', 'relu' or 'silu'" },
        { BERT(",\"hidden_act\":\"quick_gelu\""), AT_EFORMAT, "'hidden_act' is 'quick_gelu'" },
        { BERT(",\"hidden_act\":[\"relu\"]"), AT_EFORMAT, "'hidden_act' is not a string" },
        { GPT2(",\"activation_function\":{\"relu\":1}"), AT_EFORMAT,
          "'activation_function' is not a string" },
        { BERT(",\"position_embedding_type\":1"), AT_EFORMAT,
          "'position_embedding_type' is not a string" },
        { BERT(",\"is_decoder\":1"), AT_EFORMAT, "'is_decoder' is neither true nor false" },
        { BERT(",\"add_cross_attention\":\"true\""), AT_EFORMAT,
          "'add_cross_attention' is neither true nor false" },
        { GPT2(",\"scale_attn_weights\":0"), AT_EFORMAT,
          "'scale_attn_weights' is neither true nor false" },
        { GPT2(",\"scale_attn_by_inverse_layer_idx\":\"true\""), AT_EFORMAT,
          "'scale_attn_by_inverse_layer_idx' is neither true nor false" },
        { BERT(",\"position_embedding_type\":\"relative_key\""), AT_EFORMAT, "want 'absolute'" },
        { BERT(",\"is_decoder\":true"), AT_EFORMAT, "'is_decoder' is true" },
        { BERT(",\"add_cross_attention\":true"), AT_EFORMAT, "'add_cross_attention' is true" },
        { BERT(",\"pruned_heads\":{\"0\":[1]}"), AT_EFORMAT, "'pruned_heads' is not empty" },
        { BERT(",\"layer_norm_eps\":-1"), AT_ERANGE, "'layer_norm_eps' is not a number" },
        { BERT(",\"layer_norm_eps\":\"small\""), AT_ERANGE, "'layer_norm_eps' is not a number" },
        { BERT(",\"layer_norm_eps\":NaN"), AT_ERANGE, "'layer_norm_eps' is not a number" },
        { BERT(",\"type_vocab_size\":Infinity"), AT_EFORMAT, "'type_vocab_size' is not a number" },
        { GPT2(",\"x\":Infinit"), AT_EFORMAT, "not JSON: line 1, column 100: " },
        { GPT2(",\"hidden_size\":16"), AT_EFORMAT,
          "'n_embd' is 12 and 'hidden_size', which means the same, 16" },
        { GPT2(",\"max_position_embeddings\":\"16\""), AT_EFORMAT,
          "'max_position_embeddings' is not a number" },
        { BERT(",\"quantization_config\":{\"load_in_8bit\":true}"), AT_EFORMAT,
          "'quantization_config' is there: want weights that are not quantised" },
        { BERT(",\"type_vocab_size\":0"), AT_ERANGE, "'type_vocab_size' is 0" },
        { BERT(",\"num_labels\":-3"), AT_ERANGE, "-3 labels" },
        { BERT(",\"num_labels\":1000000"), AT_ERANGE, "1000000 labels" },
        { BERT(",\"id2label\":{\"0\":\"A\",\"2\":\"B\"}"), AT_EFORMAT, "has the key '2'" },
        { BERT(",\"id2label\":[\"A\",\"B\"]"), AT_EFORMAT, "'id2label' is not an object" },
        { BERT(",\"num_labels\":\"two\""), AT_EFORMAT, "'num_labels' is not a whole number" },
        { BERT(",\"problem_type\":3"), AT_EFORMAT, "'problem_type' is not a string" },
        { BERT(",\"id2label\":{\"x\":\"A\"}"), AT_EFORMAT, "has the key 'x'" },
        { BERT(",\"atlas_caution\":true"), AT_EFORMAT, "'atlas_caution' is not a string" },
        { BERT(",\"atlas_caution\":\"\\u001b[2J\""), AT_EFORMAT, "has a control character" },
        { BERT(",\"id2label\":{\"99999999999999999999\":\"A\"}"), AT_EFORMAT, "has the key '9999" },
        { BERT(",\"num_labels\":2,\"label_thresholds\":[0.5]"), AT_EFORMAT, "has 1 value, want 2" },
        { BERT(",\"num_labels\":1,\"label_thresholds\":0.5"), AT_EFORMAT,
          "'label_thresholds' is not an array" },
        { BERT(",\"num_labels\":1,\"label_thresholds\":[7]"), AT_ERANGE, "value 0 is not between" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_config c = { 0 };
        struct at_error err;
        assert_int_equal(read_text(&c, cases[i].text, &err), cases[i].code);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "config.json: ") ||
            strchr(err.text, '\n'))
            fail_msg("'%s' is refused with '%s'", cases[i].text, err.text);
        assert_null(c.labels);
    }
}

static void test_no_file(void **state)
{
    struct at_config c;
    struct at_error err;

    (void)state;
    assert_true(at_config_read(&c, "/tmp/atlas-no-such-directory", &err) < 0);
    assert_non_null(strstr(err.text, "/tmp/atlas-no-such-directory/config.json"));
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    char *path = at_path_join(dir, "config.json");

    (void)state;
    unlink(path);
    free(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bert),
        cmocka_unit_test(test_gpt2),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_numbers_of_python),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_file),
    };

    return cmocka_run_group_tests_name("config", tests, make_dir, remove_dir);
}
