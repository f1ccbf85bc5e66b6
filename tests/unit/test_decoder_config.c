/*
 * test_decoder_config.c - what config.json of decoders says beside sizes: angles, windows, heads of
 * keys, biases; classic and present spellings; and what is refused, by key and value.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "model/config.h"

#define SIZES                                                                                      \
    "\"num_hidden_layers\":3,\"hidden_size\":16,\"intermediate_size\":20,\"vocab_size\":30,"       \
    "\"max_position_embeddings\":64,\"num_attention_heads\":4"
#define SHAPED(type, more)                                                                         \
    "{\"model_type\":\"" type "\"," SIZES ",\"num_key_value_heads\":2" more "}"
#define LLAMA(more) SHAPED("llama", more)
#define NEOX(more)  "{\"model_type\":\"gpt_neox\"," SIZES more "}"
#define OPT(more)                                                                                  \
    "{\"model_type\":\"opt\",\"num_hidden_layers\":2,\"hidden_size\":8,\"ffn_dim\":9,"             \
    "\"vocab_size\":30,\"max_position_embeddings\":64,\"num_attention_heads\":2" more "}"
#define NEO(more)                                                                                  \
    "{\"model_type\":\"gpt_neo\",\"num_layers\":2,\"hidden_size\":8,\"vocab_size\":30,"            \
    "\"max_position_embeddings\":64,\"num_heads\":2" more "}"

static char dir[] = "/tmp/atlas-config.XXXXXX";

static int read_text(struct at_config *out, const char *text, struct at_error *err)
{
    char *path = at_path_join(dir, "config.json");
    int rc = at_write_file(path, text, strlen(text), err);

    free(path);
    return rc ? rc : at_config_read(out, dir, err);
}

static struct at_config config(const char *text)
{
    struct at_config c;
    struct at_error err;

    if (read_text(&c, text, &err))
        fail_msg("%s: %s", text, err.text);
    return c;
}

static void test_heads_and_positions(void **state)
{
    struct at_config c = config(LLAMA(",\"head_dim\":6"));

    (void)state;
    assert_int_equal(c.head_width, 6);
    assert_int_equal(at_query_width(&c), 24);
    assert_int_equal(at_key_width(&c), 12);
    assert_int_equal(at_key_group(&c), 2);
    assert_true(c.is_untied && c.is_causal);
    assert_int_equal(c.activation, AT_EPI_SILU);
    at_config_release(&c);

    c = config("{\"model_type\":\"llama\"," SIZES "}");
    assert_int_equal(at_key_group(&c), 1); /* each head its own keys */
    at_config_release(&c);

    c = config(OPT(",\"word_embed_proj_dim\":8,\"do_layer_norm_before\":true"));
    assert_int_equal(c.first_position, 2);
    assert_int_equal(c.max_positions, 64);
    assert_int_equal(c.activation, AT_EPI_RELU);
    assert_false(c.is_untied);
    at_config_release(&c);
}

/* Angles of a config, which are as the formulas of the two spellings have them. */
static void check_angles(const char *text, size_t dims, double theta, double factor)
{
    struct at_config c = config(text);

    assert_int_equal(c.rotary.dims, dims);
    for (size_t i = 0; i < dims / 2; i++) {
        double want = pow(theta, -2.0 * (double)i / (double)dims) / factor;
        ASSERT_NEAR((double)c.rotary.angle[i], want, 1e-6 * want);
    }
    assert_true(c.rotary.scale == 1.0f);
    at_config_release(&c);
}

static void test_angles(void **state)
{
    (void)state;
    check_angles(LLAMA(""), 4, 10000.0, 1.0);
    check_angles(LLAMA(",\"rope_theta\":500,\"rope_scaling\":null"), 4, 500.0, 1.0);
    check_angles(LLAMA(",\"rope_theta\":7,\"rope_parameters\":{\"rope_theta\":500}"), 4, 500.0,
                 1.0);
    check_angles(LLAMA(",\"rope_scaling\":{\"type\":\"linear\",\"factor\":4}"), 4, 10000.0, 4.0);
    check_angles(LLAMA(",\"rope_scaling\":{\"rope_type\":\"dynamic\",\"factor\":4}"), 4, 10000.0,
                 1.0);
    check_angles(NEOX(",\"rotary_pct\":0.5,\"rotary_emb_base\":300"), 2, 300.0, 1.0);
    check_angles(NEOX(",\"rotary_pct\":0.5,\"rope_parameters\":{\"partial_rotary_factor\":1.0,"
                      "\"rope_theta\":40,\"rope_type\":\"default\"}"),
                 4, 40.0, 1.0);
}

static void check_windows(const char *text, size_t a, size_t b, size_t last)
{
    struct at_config c = config(text);

    assert_int_equal(c.windows[0], a);
    assert_int_equal(c.windows[1], b);
    assert_int_equal(c.windows[c.n_layers - 1], last);
    at_config_release(&c);
}

static void test_windows(void **state)
{
    (void)state;
    check_windows(NEO(""), 0, 256, 256);
    check_windows(NEO(",\"window_size\":5,\"attention_types\":[[[\"local\"],1],[[\"global\"],1]]"),
                  5, 0, 0);
    check_windows(SHAPED("mistral", ""), 4096, 4096, 4096);
    check_windows(SHAPED("mistral", ",\"sliding_window\":null"), 0, 0, 0);
    check_windows(SHAPED("mistral", ",\"sliding_window\":7"), 7, 7, 7);
    check_windows(SHAPED("qwen2", ",\"sliding_window\":7"), 0, 0, 0); /* not used */
    check_windows(SHAPED("qwen2", ",\"sliding_window\":7,\"use_sliding_window\":true,"
                                  "\"max_window_layers\":1"),
                  0, 7, 7);
    check_windows(SHAPED("qwen3", ",\"use_sliding_window\":true,\"layer_types\":["
                                  "\"sliding_attention\",\"full_attention\",\"full_attention\"]"),
                  4096, 0, 0);
}

static bool lacks(const struct at_config *c, enum at_module module)
{
    return c->no_bias & AT_MODULE_BIT(module);
}

static void test_biases_and_blocks(void **state)
{
    struct at_config c = config(LLAMA(",\"attention_bias\":true"));

    (void)state;
    assert_false(lacks(&c, AT_QUERY) || lacks(&c, AT_ATTENTION_OUT));
    assert_true(lacks(&c, AT_FFN_IN) && lacks(&c, AT_FFN_GATE) && lacks(&c, AT_FFN_OUT));
    at_config_release(&c);
    c = config(SHAPED("qwen2", ""));
    assert_false(lacks(&c, AT_VALUE));
    assert_true(lacks(&c, AT_ATTENTION_OUT) && lacks(&c, AT_FFN_OUT));
    at_config_release(&c);
    c = config(NEO(""));
    assert_true(lacks(&c, AT_KEY) && c.no_scale);
    assert_false(lacks(&c, AT_ATTENTION_OUT) || lacks(&c, AT_FFN_IN));
    at_config_release(&c);
    c = config(NEOX(",\"rotary_pct\":0.5,\"use_parallel_residual\":false"));
    assert_false(c.is_parallel || lacks(&c, AT_QUERY_KEY_VALUE));
    at_config_release(&c);
    c = config(NEOX(",\"rotary_pct\":0.5,\"attention_bias\":false"));
    assert_true(c.is_parallel && lacks(&c, AT_QUERY_KEY_VALUE));
    at_config_release(&c);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { OPT(",\"word_embed_proj_dim\":4"), "'word_embed_proj_dim' is 4, want the width of 8" },
        { OPT(",\"do_layer_norm_before\":false"), "'do_layer_norm_before' is false, want true" },
        { OPT(",\"_remove_final_layer_norm\":true"), "'_remove_final_layer_norm' is true" },
        { OPT(",\"enable_bias\":1"), "'enable_bias' is neither true nor false" },
        { NEO(",\"attention_types\":[[[\"global\",\"sparse\"],1]]"),
          "has 'sparse', want 'global'" },
        { NEO(",\"attention_types\":[[[\"global\"],3]]"), "is of 3 layers, the model has 2" },
        { NEO(",\"attention_types\":[[\"global\",2]]"), "'attention_types' is no list of names" },
        { NEO(",\"window_size\":0"), "'window_size' is 0, want a whole number from 1" },
        { NEOX(",\"rotary_pct\":1.5"), "'rotary_pct' is 1.5, want a number over 0, at most 1" },
        { NEOX(",\"rotary_pct\":0.8"), "3 of 4 columns of a head are turned, want an even number" },
        { NEOX(",\"rotary_emb_base\":\"x\""), "'rotary_emb_base' is not a number" },
        { LLAMA(",\"head_dim\":5"), "5 of 5 columns of a head are turned" },
        { LLAMA(",\"num_key_value_heads\":3"), "3 heads of keys do not share out 4 heads" },
        { LLAMA(",\"num_key_value_heads\":8"), "8 heads of keys do not share out 4 heads" },
        { LLAMA(",\"partial_rotary_factor\":0.5"), "'partial_rotary_factor' is 0.5, want 1" },
        { LLAMA(",\"rope_theta\":0.5"), "'rope_theta' is 0.5, want a number over 1" },
        { LLAMA(",\"rope_scaling\":{\"type\":\"longrope\",\"factor\":4}"),
          "'rope_scaling' is of the kind 'longrope', want 'default', " },
        { LLAMA(",\"rope_scaling\":{\"type\":\"linear\"}"),
          "'rope_scaling' has no 'factor' over 0" },
        { LLAMA(",\"rope_scaling\":[1]"), "'rope_scaling' is not an object" },
        { LLAMA(",\"rope_parameters\":{\"rope_type\":\"llama3\",\"factor\":8}"),
          "'rope_parameters' has no 'low_freq_factor' over 0" },
        { LLAMA(",\"rope_parameters\":{\"full_attention\":{\"rope_theta\":5}}"),
          "'rope_parameters' has the object 'full_attention', want one for all layers" },
        { "{\"model_type\":\"mistral\"," SIZES "}", "'num_key_value_heads' is missing" },
        { SHAPED("qwen2", ",\"layer_types\":[\"full_attention\"]"),
          "is of 1 layer, the model has 3" },
        { SHAPED("qwen2", ",\"layer_types\":[\"full_attention\",\"full_attention\",\"linear\"]"),
          "'layer_types' has 'linear', want 'full_attention' or 'sliding_attention'" },
        { SHAPED("qwen2", ",\"layer_types\":[\"full_attention\",\"full_attention\","
                          "\"sliding_attention\"]"),
          "'layer_types' has 'sliding_attention', but 'use_sliding_window' is false" },
        { SHAPED("qwen3", ",\"hidden_act\":\"mish\""), "'hidden_act' is 'mish'" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_config c = { 0 };
        struct at_error err = { 0 };
        assert_int_not_equal(read_text(&c, cases[i].text, &err), 0);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "config.json: "))
            fail_msg("'%s' is refused with '%s'", cases[i].text, err.text);
        assert_null(c.windows);
    }
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
        cmocka_unit_test(test_heads_and_positions),
        cmocka_unit_test(test_angles),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_biases_and_blocks),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests_name("decoder config", tests, make_dir, remove_dir);
}
