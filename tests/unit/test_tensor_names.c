/*
 * test_tensor_names.c - checkpoints whose tensors have other names, other types or fewer of them
 * than the fixtures they are made from, and which are the same model all the same.
 */
#include "close.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "io/safetensors.h"
#include "io/textfile.h"
#include "model/tensor_names.h"
#include "model/trace.h"
#include "model_fixture.h"
#include "sandbox.h"

/* How a fixture's tensors are written again. */
struct change {
    const char *before;      /* what stands in front of every name */
    const char *from, *to;   /* one bare name becomes another; to NULL: it is left out */
    const char *key, *value; /* of __metadata__ */
    const char *dtype;       /* of vectors; NULL: as they are */
    const char *twin;        /* a second name of the tensor `from` */
};

/* A vector's values as another type; whole numbers for those that need them. */
static void *converted(const struct at_tensor_view *t, const char *dtype)
{
    size_t n = t->bytes / sizeof(float), size = at_dtype_bytes(dtype);
    char *out = at_malloc(n, size);
    float value;

    for (size_t i = 0; i < n; i++) {
        memcpy(&value, (const char *)t->data + i * sizeof value, sizeof value);
        const double wide = (double)value;
        const int64_t whole = (int64_t)(8 * value); /* little-endian: the low bytes come first */
        memcpy(out + i * size, *dtype == 'F' ? (const void *)&wide : &whole, size);
    }
    return out;
}

static void declare(struct at_safetensors_writer *w, const struct at_tensors *files,
                    const struct change *c, bool is_written)
{
    size_t number = 0;
    struct at_error err;

    for (size_t i = 0; i < at_tensors_count(files); i++) {
        const struct at_tensor_view *t = at_tensors_at(files, i);
        const char *bare = at_tensor_name_bare(t->name, "");
        bool is_changed = c->from && !strcmp(bare, c->from);
        const char *dtype = c->dtype && t->rank == 1 ? c->dtype : t->dtype;
        for (int twin = 0; twin < (is_changed && c->twin ? 2 : 1); twin++) {
            char name[256];
            if (is_changed && !twin && !c->to)
                continue;
            snprintf(name, sizeof name, "%s%s", c->before ? c->before : "",
                     twin         ? c->twin
                     : is_changed ? c->to
                                  : bare);
            if (!is_written) {
                at_safetensors_declare(w, name, dtype, t->rank, t->shape);
                continue;
            }
            void *data = dtype == t->dtype ? NULL : converted(t, dtype);
            size_t bytes = t->bytes / at_dtype_bytes(t->dtype) * at_dtype_bytes(dtype);
            must(at_safetensors_append(w, number++, data ? data : t->data, bytes, &err), &err);
            free(data);
        }
    }
}

/* The folder "m" of the sandbox: a fixture's configuration, and its weights under the change. */
static const char *changed(const char *fixture, const struct change *c, const char *file)
{
    char *dir = at_asprintf("fixtures/%s", fixture), *config = at_path_join(dir, "config.json");
    char *text, *path;
    struct at_safetensors_writer *w;
    struct at_tensors *files;
    struct at_error err;
    size_t n;

    must(at_mkdir_p(sandbox_path("m"), &err), &err);
    must(at_text_read(&text, &n, config, 1 << 16, &err), &err);
    must(at_write_file(sandbox_path("m/config.json"), text, n, &err), &err);
    must(at_tensors_open(&files, dir, &err), &err);
    path = at_asprintf("m/%s", file);
    must(at_safetensors_create(&w, sandbox_path(path), &err), &err);
    if (c->key)
        at_safetensors_set_meta(w, c->key, c->value);
    declare(w, files, c, false);
    must(at_safetensors_begin(w, &err), &err);
    declare(w, files, c, true);
    must(at_safetensors_commit(w, &err), &err);
    at_tensors_close(files);
    free(path);
    free(text);
    free(config);
    free(dir);
    return sandbox_path("m");
}

static const char *model_of(const char *fixture, const struct change *c)
{
    return changed(fixture, c, "model.safetensors");
}

/* Final states of three tokens. */
static void run(float *out, const struct at_model *m)
{
    static const int ids[] = { 3, 1, 4 };
    struct at_error err;
    struct at_trace t;

    must(at_trace_run(&t, m, ids, NULL, 3, AT_CAP_HIDDEN, NULL, &err), &err);
    memcpy(out, t.final_hidden, 3 * m->config.width * sizeof *out);
    at_trace_release(&t);
}

/* The model in dir and the fixture compute the same, and have the same number of parameters. */
static void assert_same_model(const char *dir, const char *fixture)
{
    char *path = at_asprintf("fixtures/%s", fixture);
    struct at_model got, want;
    struct at_error err;
    float ours[64], theirs[64];

    must(at_model_open(&got, dir, &err), &err);
    must(at_model_open(&want, path, &err), &err);
    assert_int_equal(at_model_n_parameters(&got), at_model_n_parameters(&want));
    assert_int_equal(got.weights.lm_decoder.w.data != NULL, want.weights.lm_decoder.w.data != NULL);
    assert_int_equal(got.weights.pooler.w.data != NULL, want.weights.pooler.w.data != NULL);
    run(ours, &got);
    run(theirs, &want);
    assert_memory_equal(ours, theirs, 3 * want.config.width * sizeof *ours);
    at_model_close(&got);
    at_model_close(&want);
    free(path);
}

static void assert_model_refused(const char *dir, const char *text)
{
    struct at_model m;
    struct at_error err;

    assert_int_equal(at_model_open(&m, dir, &err), AT_EFORMAT);
    assert_null(strchr(err.text, '\n'));
    if (!strstr(err.text, text))
        fail_msg("found %s\nwant %s", err.text, text);
}

static void test_bare_names(void **state)
{
    (void)state;
    assert_string_equal(at_tensor_name_bare("bert.pooler.dense.bias", "electra."),
                        "pooler.dense.bias");
    assert_string_equal(
        at_tensor_name_bare("module._orig_mod.transformer.h.0.ln_1.bias", "electra."),
        "h.0.ln_1.bias");
    assert_string_equal(at_tensor_name_bare("cls.predictions.bias", "electra."),
                        "cls.predictions.bias");
    assert_string_equal(at_tensor_name_bare("bertha.weight", "electra."), "bertha.weight");
    assert_string_equal(at_tensor_name_bare("model.", "electra."), "");
}

static void test_what_stands_before(void **state)
{
    static const char *const before[] = { "",
                                          "_orig_mod.",
                                          "module.",
                                          "model.",
                                          "bert.",
                                          "roberta.",
                                          "transformer.",
                                          "base_model.",
                                          "bert.bert.",
                                          "module._orig_mod.",
                                          "_orig_mod.module.model.bert." };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(before); i++) {
        assert_same_model(model_of("tiny-bert", &(struct change){ .before = before[i] }),
                          "tiny-bert");
        assert_same_model(model_of("tiny-gpt2", &(struct change){ .before = before[i] }),
                          "tiny-gpt2");
    }
}

static void test_unknown_wrapper_is_named(void **state)
{
    (void)state;
    assert_model_refused(model_of("tiny-gpt2", &(struct change){ .before = "net.inner." }),
                         "/m: 'wte.weight' and 27 more tensors are missing; all names in the file "
                         "begin with 'net.inner.'");
}

static void test_two_tensors_of_one_name(void **state)
{
    struct change c = { .from = "wpe.weight",
                        .to = "module.wpe.weight",
                        .twin = "model.wpe.weight" };

    (void)state;
    assert_model_refused(model_of("tiny-gpt2", &c), "wpe.weight' are one tensor to the model");
    c = (struct change){ .from = "wpe.weight", .to = "wpe.weight", .twin = "module.wpe.weight" };
    assert_same_model(model_of("tiny-gpt2", &c), "tiny-gpt2");
}

/* Savers that keep one name of a tensor that two roles share. */
static void test_only_the_decoder_was_saved(void **state)
{
    struct change c = { .from = "wte.weight", .to = "lm_head.weight" };
    const char *dir;
    char *text;
    struct at_error err;
    size_t n;

    (void)state;
    assert_same_model(model_of("tiny-gpt2", &c), "tiny-gpt2");
    c.before = "_orig_mod.";
    assert_same_model(model_of("tiny-gpt2", &c), "tiny-gpt2");
    assert_same_model(
        model_of("tiny-bert", &(struct change){ .from = "embeddings.word_embeddings.weight",
                                                .to = "cls.predictions.decoder.weight" }),
        "tiny-bert");

    /* noted in the file, whatever the configuration says and whichever tensor it is */
    c = (struct change){ .from = "wte.weight",
                         .to = "lm_head.weight",
                         .key = "transformer.wte.weight",
                         .value = "lm_head.weight" };
    assert_same_model(model_of("tiny-gpt2", &c), "tiny-gpt2");
    c = (struct change){
        .from = "ln_f.bias", .to = "elsewhere", .key = "transformer.ln_f.bias", .value = "elsewhere"
    };
    assert_same_model(model_of("tiny-gpt2", &c), "tiny-gpt2");

    /* untied, the decoder is not the embeddings */
    dir = model_of("tiny-gpt2", &(struct change){ .from = "wte.weight", .to = "lm_head.weight" });
    must(at_text_read(&text, &n, "fixtures/tiny-gpt2/config.json", 1 << 16, &err), &err);
    text[strlen(text) - 2] = '\0'; /* the brace and the line's end */
    char *untied = at_asprintf("%s,\"tie_word_embeddings\":false}", text);
    must(at_write_file(sandbox_path("m/config.json"), untied, strlen(untied), &err), &err);
    assert_model_refused(dir, "'wte.weight' is missing");
    free(untied);
    free(text);
}

/* Both names saved, with the same values behind them: one tensor, counted once. */
static void test_both_names_of_a_tied_tensor(void **state)
{
    struct change c = { .key = "lm_head.weight", .value = "wte.weight" };
    struct at_model m;
    struct at_error err;

    (void)state;
    assert_same_model(model_of("tiny-gpt2", &c), "tiny-gpt2");
    must(at_model_open(&m, sandbox_path("m"), &err), &err);
    assert_ptr_equal(m.weights.lm_decoder.w.data, m.weights.word_embed.data);
    at_model_close(&m);
    assert_same_model("fixtures/torch/tiny-gpt2", "tiny-gpt2");
}

static void write_index(const char *absent)
{
    char *text = at_asprintf("{\"weight_map\":{\"wpe.weight\":\"1.safetensors\","
                             "\"%s\":\"1.safetensors\"}}",
                             absent);
    struct at_error err;

    must(at_write_file(sandbox_path("m/model.safetensors.index.json"), text, strlen(text), &err),
         &err);
    free(text);
}

/* The index was written before the saver dropped what it lists. */
static void test_index_lists_what_is_not_there(void **state)
{
    struct change c = { .before = "" };
    const char *single;
    struct at_error err;

    (void)state;
    must(at_mkdir_p(sandbox_path("m"), &err), &err);
    single = sandbox_path("m/model.safetensors");
    (void)remove(single);
    changed("tiny-gpt2", &c, "1.safetensors");
    write_index("lm_head.weight");
    assert_same_model(sandbox_path("m"), "tiny-gpt2");
    write_index("transformer.h.1.attn.masked_bias.attn.bias");
    assert_same_model(sandbox_path("m"), "tiny-gpt2");
    write_index("h.2.ln_1.weight");
    assert_model_refused(sandbox_path("m"),
                         "/m: the index lists 'h.2.ln_1.weight', which is not in '1.safetensors'");
    c = (struct change){ .from = "wte.weight", .to = "lm_head.weight" };
    changed("tiny-gpt2", &c, "1.safetensors");
    write_index("wte.weight");
    assert_same_model(sandbox_path("m"), "tiny-gpt2");
    (void)remove(sandbox_path("m/model.safetensors.index.json"));
}

/* Doubles give the same floats; integers are taken for the numbers that they are. */
static void test_other_types(void **state)
{
    static const char *const whole[] = { "I64", "I32", "I16" };
    struct at_model m, want;
    struct at_error err;

    (void)state;
    assert_same_model(model_of("tiny-gpt2", &(struct change){ .dtype = "F64" }), "tiny-gpt2");
    must(at_model_open(&want, "fixtures/tiny-gpt2", &err), &err);
    for (size_t i = 0; i < AT_COUNTOF(whole); i++) {
        const float *got, *given = want.weights.layer[1].ffn_in.b.data;
        must(at_model_open(&m, model_of("tiny-gpt2", &(struct change){ .dtype = whole[i] }), &err),
             &err);
        got = m.weights.layer[1].ffn_in.b.data;
        for (size_t k = 0; k < m.config.ffn_width; k++)
            ASSERT_NEAR(got[k], (double)(int)(8 * given[k]), 0);
        at_model_close(&m);
    }
    at_model_close(&want);
    assert_model_refused(model_of("tiny-gpt2", &(struct change){ .dtype = "I8" }), "has type I8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bare_names),
        cmocka_unit_test(test_what_stands_before),
        cmocka_unit_test(test_unknown_wrapper_is_named),
        cmocka_unit_test(test_two_tensors_of_one_name),
        cmocka_unit_test(test_only_the_decoder_was_saved),
        cmocka_unit_test(test_both_names_of_a_tied_tensor),
        cmocka_unit_test(test_index_lists_what_is_not_there),
        cmocka_unit_test(test_other_types),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
