/*
 * make_model.c - a checkpoint of true size with random weights, to time models nobody downloaded.
 *
 *   make_model bert-base|gpt2 DIR
 *
 * DIR must exist; config.json and model.safetensors (F32) are written, the vocabulary is copied
 * there by scripts/bench.sh. The numbers have the size that training starts from; nothing else
 * about them is like a real model. Nor do the tensors begin with lines of the cache: files promise
 * multiples of 8 bytes and no more, so the first tensor is one of 8 bytes that no model has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/rng.h"
#include "io/safetensors.h"

enum { L = 12, C = 768, F = 3072, NOISE = 1 << 20 };

/* A weight of a model; # in the name is the layer, for those that every layer has. */
struct shape {
    const char *name;
    size_t rank, rows, columns;
};

static const struct shape bert[] = {
    { "offset", 1, 2, 1 },
    { "bert.embeddings.word_embeddings.weight", 2, 30522, C },
    { "bert.embeddings.position_embeddings.weight", 2, 512, C },
    { "bert.embeddings.token_type_embeddings.weight", 2, 2, C },
    { "bert.embeddings.LayerNorm.weight", 1, C, 1 },
    { "bert.embeddings.LayerNorm.bias", 1, C, 1 },
    { "bert.encoder.layer.#.attention.self.query.weight", 2, C, C },
    { "bert.encoder.layer.#.attention.self.query.bias", 1, C, 1 },
    { "bert.encoder.layer.#.attention.self.key.weight", 2, C, C },
    { "bert.encoder.layer.#.attention.self.key.bias", 1, C, 1 },
    { "bert.encoder.layer.#.attention.self.value.weight", 2, C, C },
    { "bert.encoder.layer.#.attention.self.value.bias", 1, C, 1 },
    { "bert.encoder.layer.#.attention.output.dense.weight", 2, C, C },
    { "bert.encoder.layer.#.attention.output.dense.bias", 1, C, 1 },
    { "bert.encoder.layer.#.attention.output.LayerNorm.weight", 1, C, 1 },
    { "bert.encoder.layer.#.attention.output.LayerNorm.bias", 1, C, 1 },
    { "bert.encoder.layer.#.intermediate.dense.weight", 2, F, C },
    { "bert.encoder.layer.#.intermediate.dense.bias", 1, F, 1 },
    { "bert.encoder.layer.#.output.dense.weight", 2, C, F },
    { "bert.encoder.layer.#.output.dense.bias", 1, C, 1 },
    { "bert.encoder.layer.#.output.LayerNorm.weight", 1, C, 1 },
    { "bert.encoder.layer.#.output.LayerNorm.bias", 1, C, 1 },
    { "cls.predictions.transform.dense.weight", 2, C, C },
    { "cls.predictions.transform.dense.bias", 1, C, 1 },
    { "cls.predictions.transform.LayerNorm.weight", 1, C, 1 },
    { "cls.predictions.transform.LayerNorm.bias", 1, C, 1 },
    { "cls.predictions.bias", 1, 30522, 1 },
    { 0 },
};

static const struct shape gpt2[] = {
    { "offset", 1, 2, 1 },
    { "wte.weight", 2, 50257, C },
    { "wpe.weight", 2, 1024, C },
    { "h.#.ln_1.weight", 1, C, 1 },
    { "h.#.ln_1.bias", 1, C, 1 },
    { "h.#.attn.c_attn.weight", 2, C, 3 * C },
    { "h.#.attn.c_attn.bias", 1, 3 * C, 1 },
    { "h.#.attn.c_proj.weight", 2, C, C },
    { "h.#.attn.c_proj.bias", 1, C, 1 },
    { "h.#.ln_2.weight", 1, C, 1 },
    { "h.#.ln_2.bias", 1, C, 1 },
    { "h.#.mlp.c_fc.weight", 2, C, F },
    { "h.#.mlp.c_fc.bias", 1, F, 1 },
    { "h.#.mlp.c_proj.weight", 2, F, C },
    { "h.#.mlp.c_proj.bias", 1, C, 1 },
    { "ln_f.weight", 1, C, 1 },
    { "ln_f.bias", 1, C, 1 },
    { 0 },
};

static const char bert_config[] =
    "{\"model_type\": \"bert\", \"architectures\": [\"BertForMaskedLM\"], \"hidden_act\": "
    "\"gelu\",\n"
    " \"hidden_size\": 768, \"num_hidden_layers\": 12, \"num_attention_heads\": 12,\n"
    " \"intermediate_size\": 3072, \"vocab_size\": 30522, \"max_position_embeddings\": 512,\n"
    " \"type_vocab_size\": 2, \"layer_norm_eps\": 1e-12, \"pad_token_id\": 0}\n";
static const char gpt2_config[] =
    "{\"model_type\": \"gpt2\", \"architectures\": [\"GPT2LMHeadModel\"],\n"
    " \"activation_function\": \"gelu_new\", \"n_embd\": 768, \"n_layer\": 12, \"n_head\": 12,\n"
    " \"n_positions\": 1024, \"vocab_size\": 50257, \"layer_norm_epsilon\": 1e-5}\n";

static void check(int rc, const struct at_error *err)
{
    if (!rc)
        return;
    fprintf(stderr, "make_model: %s\n", err->text);
    exit(1);
}

/* A norm's gain is 1; all else is noise, from a place that depends on the tensor. */
static void append(struct at_safetensors_writer *w, size_t tensor, const struct shape *s,
                   const float *noise, const float *ones)
{
    size_t n = s->rows * s->columns, from = tensor * 7919 % (NOISE / 2);
    const char *norm = strstr(s->name, "LayerNorm.weight");
    bool is_gain = norm || (strstr(s->name, "ln_") && strstr(s->name, ".weight"));
    struct at_error err;

    for (size_t done = 0; done < n;) {
        size_t part = n - done < NOISE / 2 ? n - done : NOISE / 2;
        check(at_safetensors_append(w, tensor, is_gain ? ones : noise + from, part * sizeof(float),
                                    &err),
              &err);
        done += part;
    }
}

/* Declare (noise NULL) or write every tensor, layers where the name asks for them. */
static void each_tensor(struct at_safetensors_writer *w, const struct shape *shapes,
                        const float *noise, const float *ones)
{
    size_t tensor = 0;

    for (const struct shape *s = shapes; s->name; s++) {
        const char *mark = strchr(s->name, '#');
        for (int layer = 0; layer < (mark ? L : 1); layer++) {
            char name[128];
            if (mark)
                snprintf(name, sizeof name, "%.*s%d%s", (int)(mark - s->name), s->name, layer,
                         mark + 1);
            else
                snprintf(name, sizeof name, "%s", s->name);
            if (noise)
                append(w, tensor++, s, noise, ones);
            else
                at_safetensors_declare(w, name, "F32", s->rank, (size_t[]){ s->rows, s->columns });
        }
    }
}

int main(int argc, char **argv)
{
    bool is_bert = argc == 3 && !strcmp(argv[1], "bert-base");
    const struct shape *shapes = is_bert ? bert : gpt2;
    const char *config = is_bert ? bert_config : gpt2_config;
    float *noise = at_malloc(NOISE, sizeof *noise), *ones = at_malloc(NOISE, sizeof *ones);
    struct at_safetensors_writer *w;
    struct at_error err;
    struct at_rng rng;
    char *path;

    if (!is_bert && (argc != 3 || strcmp(argv[1], "gpt2") != 0)) {
        fprintf(stderr, "usage: make_model bert-base|gpt2 DIR\n");
        return 2;
    }
    at_rng_init(&rng, 1, 1);
    for (size_t i = 0; i < NOISE; i++) {
        noise[i] = (float)(0.02 * at_rng_normal(&rng));
        ones[i] = 1.0f;
    }
    path = at_path_join(argv[2], "config.json");
    check(at_write_file(path, config, strlen(config), &err), &err);
    free(path);
    path = at_path_join(argv[2], "model.safetensors");
    check(at_safetensors_create(&w, path, &err), &err);
    each_tensor(w, shapes, NULL, NULL);
    check(at_safetensors_begin(w, &err), &err);
    each_tensor(w, shapes, noise, ones);
    check(at_safetensors_commit(w, &err), &err);
    free(path);
    free(noise);
    free(ones);
    return 0;
}
