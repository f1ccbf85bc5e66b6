/*
 * make_model.c - a checkpoint of true size with random weights, to time models nobody downloaded.
 *
 *   make_model NAME DIR [F32|F16|BF16]
 *
 * NAME is bert-base, gpt2, gpt2-medium, gpt2-large, gpt2-xl, a relative of BERT: roberta-base,
 * distilbert-base, electra-base, albert-base, mpnet-base; or a decoder of each other family:
 * opt-125m, gpt-neo-125m, pythia-160m, smollm2-135m (LLaMA); and mistral-small, qwen2-small and
 * qwen3-small, eight layers of the widths of their smallest.
 *
 * DIR must exist; config.json and model.safetensors (F32 unless another type is asked for) are
 * written, the vocabulary is copied there by scripts/bench.sh. The numbers have the size that
 * training starts from; nothing else about them is like a real model. Nor do the tensors begin with
 * lines of the cache: files promise multiples of 8 bytes and no more, so the first tensor is one of
 * 8 bytes, or 4, that no model has.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/rng.h"
#include "io/safetensors.h"
#include "io/tensors.h"

enum { NOISE = 1 << 20 };

/* Dimensions that depend on the model: its width and three times that, its feed-forward block, all
   heads' queries and keys, one head, vocabulary, rows of the position table. */
enum { C = -1, C3 = -2, F = -3, Q = -4, K = -5, D = -6, V = -7, P = -8 };

/* A weight of a model; # in the name is the layer, for those that every layer has. */
struct shape {
    const char *name;
    size_t rank;
    int rows, columns;
};

/* A product and its bias, and a norm. */
#define DENSE(name, rows, columns)                                                                 \
    { name ".weight", 2, rows, columns },                                                          \
    {                                                                                              \
        name ".bias", 1, rows, 1                                                                   \
    }
#define NORM(name, n)                                                                              \
    { name ".weight", 1, n, 1 },                                                                   \
    {                                                                                              \
        name ".bias", 1, n, 1                                                                      \
    }

/* Embeddings as wide as E, and layers, as BERT's code and what was copied from it call them. */
#define EMBEDDINGS(prefix, vocab, positions, E)                                                    \
    { "offset", 1, 2, 1 }, { prefix "embeddings.word_embeddings.weight", 2, vocab, E },            \
        { prefix "embeddings.position_embeddings.weight", 2, positions, E },                       \
        NORM(prefix "embeddings.LayerNorm", E)
#define SEGMENTS(prefix, n, E)                                                                     \
    {                                                                                              \
        prefix "embeddings.token_type_embeddings.weight", 2, n, E                                  \
    }
#define FEED_FORWARD(prefix)                                                                       \
    DENSE(prefix "encoder.layer.#.intermediate.dense", F, C),                                      \
        DENSE(prefix "encoder.layer.#.output.dense", C, F),                                        \
        NORM(prefix "encoder.layer.#.output.LayerNorm", C)
#define LAYERS(prefix)                                                                             \
    DENSE(prefix "encoder.layer.#.attention.self.query", C, C),                                    \
        DENSE(prefix "encoder.layer.#.attention.self.key", C, C),                                  \
        DENSE(prefix "encoder.layer.#.attention.self.value", C, C),                                \
        DENSE(prefix "encoder.layer.#.attention.output.dense", C, C),                              \
        NORM(prefix "encoder.layer.#.attention.output.LayerNorm", C), FEED_FORWARD(prefix)

static const struct shape bert[] = {
    EMBEDDINGS("bert.", V, P, C),
    SEGMENTS("bert.", 2, C),
    LAYERS("bert."),
    DENSE("cls.predictions.transform.dense", C, C),
    NORM("cls.predictions.transform.LayerNorm", C),
    { "cls.predictions.bias", 1, V, 1 },
    { 0 },
};

static const struct shape roberta[] = {
    EMBEDDINGS("roberta.", V, P, C),
    SEGMENTS("roberta.", 1, C),
    LAYERS("roberta."),
    DENSE("lm_head.dense", C, C),
    NORM("lm_head.layer_norm", C),
    { "lm_head.bias", 1, V, 1 },
    { 0 },
};

static const struct shape distilbert[] = {
    EMBEDDINGS("distilbert.", V, P, C),
    DENSE("distilbert.transformer.layer.#.attention.q_lin", C, C),
    DENSE("distilbert.transformer.layer.#.attention.k_lin", C, C),
    DENSE("distilbert.transformer.layer.#.attention.v_lin", C, C),
    DENSE("distilbert.transformer.layer.#.attention.out_lin", C, C),
    NORM("distilbert.transformer.layer.#.sa_layer_norm", C),
    DENSE("distilbert.transformer.layer.#.ffn.lin1", F, C),
    DENSE("distilbert.transformer.layer.#.ffn.lin2", C, F),
    NORM("distilbert.transformer.layer.#.output_layer_norm", C),
    DENSE("vocab_transform", C, C),
    NORM("vocab_layer_norm", C),
    { "vocab_projector.bias", 1, V, 1 },
    { 0 },
};

static const struct shape electra[] = {
    EMBEDDINGS("electra.", V, P, 128),
    SEGMENTS("electra.", 2, 128),
    DENSE("electra.embeddings_project", C, 128),
    LAYERS("electra."),
    { 0 },
};

#define ALBERT_LAYER "albert.encoder.albert_layer_groups.0.albert_layers.0."
static const struct shape albert[] = {
    EMBEDDINGS("albert.", V, P, 128),
    SEGMENTS("albert.", 2, 128),
    DENSE("albert.encoder.embedding_hidden_mapping_in", C, 128),
    DENSE(ALBERT_LAYER "attention.query", C, C),
    DENSE(ALBERT_LAYER "attention.key", C, C),
    DENSE(ALBERT_LAYER "attention.value", C, C),
    DENSE(ALBERT_LAYER "attention.dense", C, C),
    NORM(ALBERT_LAYER "attention.LayerNorm", C),
    DENSE(ALBERT_LAYER "ffn", F, C),
    DENSE(ALBERT_LAYER "ffn_output", C, F),
    NORM(ALBERT_LAYER "full_layer_layer_norm", C),
    { 0 },
};

static const struct shape mpnet[] = {
    EMBEDDINGS("mpnet.", V, P, C),
    { "mpnet.encoder.relative_attention_bias.weight", 2, 32, 12 },
    DENSE("mpnet.encoder.layer.#.attention.attn.q", C, C),
    DENSE("mpnet.encoder.layer.#.attention.attn.k", C, C),
    DENSE("mpnet.encoder.layer.#.attention.attn.v", C, C),
    DENSE("mpnet.encoder.layer.#.attention.attn.o", C, C),
    NORM("mpnet.encoder.layer.#.attention.LayerNorm", C),
    FEED_FORWARD("mpnet."),
    { 0 },
};

static const struct shape gpt2[] = {
    { "offset", 1, 2, 1 },
    { "wte.weight", 2, V, C },
    { "wpe.weight", 2, P, C },
    { "h.#.ln_1.weight", 1, C, 1 },
    { "h.#.ln_1.bias", 1, C, 1 },
    { "h.#.attn.c_attn.weight", 2, C, C3 },
    { "h.#.attn.c_attn.bias", 1, C3, 1 },
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

static const struct shape opt[] = {
    { "offset", 1, 2, 1 },
    { "model.decoder.embed_tokens.weight", 2, V, C },
    { "model.decoder.embed_positions.weight", 2, P, C },
    { "model.decoder.layers.#.self_attn.q_proj.weight", 2, C, C },
    { "model.decoder.layers.#.self_attn.q_proj.bias", 1, C, 1 },
    { "model.decoder.layers.#.self_attn.k_proj.weight", 2, C, C },
    { "model.decoder.layers.#.self_attn.k_proj.bias", 1, C, 1 },
    { "model.decoder.layers.#.self_attn.v_proj.weight", 2, C, C },
    { "model.decoder.layers.#.self_attn.v_proj.bias", 1, C, 1 },
    { "model.decoder.layers.#.self_attn.out_proj.weight", 2, C, C },
    { "model.decoder.layers.#.self_attn.out_proj.bias", 1, C, 1 },
    { "model.decoder.layers.#.self_attn_layer_norm.weight", 1, C, 1 },
    { "model.decoder.layers.#.self_attn_layer_norm.bias", 1, C, 1 },
    { "model.decoder.layers.#.fc1.weight", 2, F, C },
    { "model.decoder.layers.#.fc1.bias", 1, F, 1 },
    { "model.decoder.layers.#.fc2.weight", 2, C, F },
    { "model.decoder.layers.#.fc2.bias", 1, C, 1 },
    { "model.decoder.layers.#.final_layer_norm.weight", 1, C, 1 },
    { "model.decoder.layers.#.final_layer_norm.bias", 1, C, 1 },
    { "model.decoder.final_layer_norm.weight", 1, C, 1 },
    { "model.decoder.final_layer_norm.bias", 1, C, 1 },
    { 0 },
};

static const struct shape gpt_neo[] = {
    { "offset", 1, 2, 1 },
    { "wte.weight", 2, V, C },
    { "wpe.weight", 2, P, C },
    { "h.#.ln_1.weight", 1, C, 1 },
    { "h.#.ln_1.bias", 1, C, 1 },
    { "h.#.attn.attention.q_proj.weight", 2, C, C },
    { "h.#.attn.attention.k_proj.weight", 2, C, C },
    { "h.#.attn.attention.v_proj.weight", 2, C, C },
    { "h.#.attn.attention.out_proj.weight", 2, C, C },
    { "h.#.attn.attention.out_proj.bias", 1, C, 1 },
    { "h.#.ln_2.weight", 1, C, 1 },
    { "h.#.ln_2.bias", 1, C, 1 },
    { "h.#.mlp.c_fc.weight", 2, F, C },
    { "h.#.mlp.c_fc.bias", 1, F, 1 },
    { "h.#.mlp.c_proj.weight", 2, C, F },
    { "h.#.mlp.c_proj.bias", 1, C, 1 },
    { "ln_f.weight", 1, C, 1 },
    { "ln_f.bias", 1, C, 1 },
    { 0 },
};

static const struct shape gpt_neox[] = {
    { "offset", 1, 2, 1 },
    { "gpt_neox.embed_in.weight", 2, V, C },
    { "gpt_neox.layers.#.input_layernorm.weight", 1, C, 1 },
    { "gpt_neox.layers.#.input_layernorm.bias", 1, C, 1 },
    { "gpt_neox.layers.#.attention.query_key_value.weight", 2, C3, C },
    { "gpt_neox.layers.#.attention.query_key_value.bias", 1, C3, 1 },
    { "gpt_neox.layers.#.attention.dense.weight", 2, C, C },
    { "gpt_neox.layers.#.attention.dense.bias", 1, C, 1 },
    { "gpt_neox.layers.#.post_attention_layernorm.weight", 1, C, 1 },
    { "gpt_neox.layers.#.post_attention_layernorm.bias", 1, C, 1 },
    { "gpt_neox.layers.#.mlp.dense_h_to_4h.weight", 2, F, C },
    { "gpt_neox.layers.#.mlp.dense_h_to_4h.bias", 1, F, 1 },
    { "gpt_neox.layers.#.mlp.dense_4h_to_h.weight", 2, C, F },
    { "gpt_neox.layers.#.mlp.dense_4h_to_h.bias", 1, C, 1 },
    { "gpt_neox.final_layer_norm.weight", 1, C, 1 },
    { "gpt_neox.final_layer_norm.bias", 1, C, 1 },
    { "embed_out.weight", 2, V, C },
    { 0 },
};

/* What all that are shaped like LLaMA have; some have more. */
#define LLAMA                                                                                      \
    { "offset", 1, 2, 1 }, { "model.embed_tokens.weight", 2, V, C },                               \
        { "model.layers.#.input_layernorm.weight", 1, C, 1 },                                      \
        { "model.layers.#.self_attn.q_proj.weight", 2, Q, C },                                     \
        { "model.layers.#.self_attn.k_proj.weight", 2, K, C },                                     \
        { "model.layers.#.self_attn.v_proj.weight", 2, K, C },                                     \
        { "model.layers.#.self_attn.o_proj.weight", 2, C, Q },                                     \
        { "model.layers.#.post_attention_layernorm.weight", 1, C, 1 },                             \
        { "model.layers.#.mlp.gate_proj.weight", 2, F, C },                                        \
        { "model.layers.#.mlp.up_proj.weight", 2, F, C },                                          \
        { "model.layers.#.mlp.down_proj.weight", 2, C, F },                                        \
    {                                                                                              \
        "model.norm.weight", 1, C, 1                                                               \
    }

static const struct shape llama[] = { LLAMA, { 0 } };
static const struct shape qwen2[] = { LLAMA,
                                      { "model.layers.#.self_attn.q_proj.bias", 1, Q, 1 },
                                      { "model.layers.#.self_attn.k_proj.bias", 1, K, 1 },
                                      { "model.layers.#.self_attn.v_proj.bias", 1, K, 1 },
                                      { 0 } };
static const struct shape qwen3[] = { LLAMA,
                                      { "model.layers.#.self_attn.q_norm.weight", 1, D, 1 },
                                      { "model.layers.#.self_attn.k_norm.weight", 1, D, 1 },
                                      { 0 } };

/* What each says beside its sizes, which all of them say under all their names. */
static const struct size {
    const char *name;
    const struct shape *shapes;
    size_t n_layers, n_heads, width, ffn, vocab, positions, n_key_heads, head_width;
    const char *config;
} sizes[] = {
    { "bert-base", bert, 12, 12, 768, 3072, 30522, 512, 12, 64,
      "\"model_type\": \"bert\", \"architectures\": [\"BertForMaskedLM\"], \"hidden_act\": "
      "\"gelu\", \"type_vocab_size\": 2, \"layer_norm_eps\": 1e-12, \"pad_token_id\": 0" },
#define GPT2                                                                                       \
    "\"model_type\": \"gpt2\", \"architectures\": [\"GPT2LMHeadModel\"], "                         \
    "\"activation_function\": \"gelu_new\", \"layer_norm_epsilon\": 1e-5"
    { "gpt2", gpt2, 12, 12, 768, 3072, 50257, 1024, 12, 64, GPT2 },
    { "gpt2-medium", gpt2, 24, 16, 1024, 4096, 50257, 1024, 16, 64, GPT2 },
    { "gpt2-large", gpt2, 36, 20, 1280, 5120, 50257, 1024, 20, 64, GPT2 },
    { "gpt2-xl", gpt2, 48, 25, 1600, 6400, 50257, 1024, 25, 64, GPT2 },
    { "roberta-base", roberta, 12, 12, 768, 3072, 50265, 514, 12, 64,
      "\"model_type\": \"roberta\", \"type_vocab_size\": 1, \"layer_norm_eps\": 1e-5" },
    { "distilbert-base", distilbert, 6, 12, 768, 3072, 30522, 512, 12, 64,
      "\"model_type\": \"distilbert\", \"hidden_dim\": 3072" },
    { "electra-base", electra, 12, 12, 768, 3072, 30522, 512, 12, 64,
      "\"model_type\": \"electra\", \"embedding_size\": 128" },
    { "albert-base", albert, 12, 12, 768, 3072, 30000, 512, 12, 64,
      "\"model_type\": \"albert\", \"embedding_size\": 128" },
    { "mpnet-base", mpnet, 12, 12, 768, 3072, 30527, 514, 12, 64,
      "\"model_type\": \"mpnet\", \"layer_norm_eps\": 1e-5" },
    { "opt-125m", opt, 12, 12, 768, 3072, 50272, 2048, 12, 64, "\"model_type\": \"opt\"" },
    { "gpt-neo-125m", gpt_neo, 12, 12, 768, 3072, 50257, 2048, 12, 64,
      "\"model_type\": \"gpt_neo\", \"window_size\": 256, "
      "\"attention_types\": [[[\"global\", \"local\"], 6]]" },
    { "pythia-160m", gpt_neox, 12, 12, 768, 3072, 50304, 2048, 12, 64,
      "\"model_type\": \"gpt_neox\", \"rotary_pct\": 0.25, \"use_parallel_residual\": true" },
    { "smollm2-135m", llama, 30, 9, 576, 1536, 49152, 8192, 3, 64,
      "\"model_type\": \"llama\", \"tie_word_embeddings\": true, \"rope_theta\": 100000" },
    { "mistral-small", llama, 8, 12, 768, 2688, 32000, 8192, 4, 64,
      "\"model_type\": \"mistral\", \"tie_word_embeddings\": true, \"sliding_window\": 256" },
    { "qwen2-small", qwen2, 8, 14, 896, 4864, 32000, 32768, 2, 64,
      "\"model_type\": \"qwen2\", \"tie_word_embeddings\": true, \"rope_theta\": 1000000" },
    { "qwen3-small", qwen3, 8, 16, 1024, 3072, 32000, 40960, 8, 128,
      "\"model_type\": \"qwen3\", \"tie_word_embeddings\": true, \"rope_theta\": 1000000" },
};

/* What is written, and the values it is written from, in the type of the file. */
struct model {
    const struct size *size;
    const char *dtype;
    void *noise, *ones; /* (NOISE) */
};

static void check(int rc, const struct at_error *err)
{
    if (!rc)
        return;
    fprintf(stderr, "make_model: %s\n", err->text);
    exit(1);
}

/* The nearest half; x is smaller than 65504, and what is no normal number becomes 0. */
static uint16_t f16_of(float x)
{
    int exponent;
    double fraction = frexp(fabs((double)x), &exponent); /* 0.5 .. 1 */
    uint16_t sign = x < 0 ? 0x8000 : 0;

    if (exponent < -13)
        return sign;
    /* Rounded up to the next power of two, the sum carries into the exponent, as it should. */
    return (uint16_t)(sign + (exponent + 13) * 1024 + (int)nearbyint(fraction * 2048));
}

static uint16_t bf16_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* n floats as values of a type. */
static void *values_of(const float *x, size_t n, const char *dtype)
{
    size_t size = at_dtype_bytes(dtype);
    char *out = at_malloc(n, size);

    for (size_t i = 0; i < n; i++) {
        uint16_t half = *dtype == 'B' ? bf16_of(x[i]) : f16_of(x[i]);
        memcpy(out + i * size, size == sizeof half ? (const void *)&half : &x[i], size);
    }
    return out;
}

/* A dimension of a shape. */
static size_t resolve(const struct model *m, int n)
{
    const struct size *s = m->size;
    const size_t dims[] = { [-C] = s->width,
                            [-C3] = 3 * s->width,
                            [-F] = s->ffn,
                            [-Q] = s->n_heads * s->head_width,
                            [-K] = s->n_key_heads * s->head_width,
                            [-D] = s->head_width,
                            [-V] = s->vocab,
                            [-P] = s->positions + (s->shapes == opt ? 2 : 0) };

    return n < 0 ? dims[-n] : (size_t)n;
}

/* A norm's gain is 1; all else is noise, from a place that depends on the tensor. */
static void append(struct at_safetensors_writer *w, size_t tensor, const struct shape *s,
                   const struct model *m)
{
    size_t n = resolve(m, s->rows) * resolve(m, s->columns), from = tensor * 7919 % (NOISE / 2);
    size_t size = at_dtype_bytes(m->dtype);
    bool is_norm = strstr(s->name, "norm") || strstr(s->name, "Norm") || strstr(s->name, "ln_");
    bool is_gain = is_norm && strstr(s->name, ".weight");
    const char *values = is_gain ? m->ones : (const char *)m->noise + from * size;
    struct at_error err;

    for (size_t done = 0; done < n;) {
        size_t part = n - done < NOISE / 2 ? n - done : NOISE / 2;
        check(at_safetensors_append(w, tensor, values, part * size, &err), &err);
        done += part;
    }
}

/* Declare or write every tensor, layers where the name asks for them. */
static void each_tensor(struct at_safetensors_writer *w, const struct model *m, bool is_declared)
{
    size_t tensor = 0;

    for (const struct shape *s = m->size->shapes; s->name; s++) {
        const char *mark = strchr(s->name, '#');
        for (size_t layer = 0; layer < (mark ? m->size->n_layers : 1); layer++) {
            char name[128];
            if (mark)
                snprintf(name, sizeof name, "%.*s%zu%s", (int)(mark - s->name), s->name, layer,
                         mark + 1);
            else
                snprintf(name, sizeof name, "%s", s->name);
            if (is_declared)
                append(w, tensor++, s, m);
            else
                at_safetensors_declare(w, name, m->dtype, s->rank,
                                       (size_t[]){ resolve(m, s->rows), resolve(m, s->columns) });
        }
    }
}

static void draw_values(struct model *m)
{
    float *noise = at_malloc(NOISE, sizeof *noise), *ones = at_malloc(NOISE, sizeof *ones);
    struct at_rng rng;

    at_rng_init(&rng, 1, 1);
    for (size_t i = 0; i < NOISE; i++) {
        noise[i] = (float)(0.02 * at_rng_normal(&rng));
        ones[i] = 1.0f;
    }
    m->noise = values_of(noise, NOISE, m->dtype);
    m->ones = values_of(ones, NOISE, m->dtype);
    free(noise);
    free(ones);
}

static void write_config(const struct size *s, const char *dir)
{
    char *path = at_path_join(dir, "config.json"), text[1024];
    struct at_error err;

    snprintf(
        text, sizeof text,
        "{%s,\n \"num_hidden_layers\": %zu, \"num_layers\": %zu, \"num_attention_heads\": %zu, "
        "\"num_heads\": %zu,\n \"hidden_size\": %zu, \"intermediate_size\": %zu, "
        "\"ffn_dim\": %zu, \"n_inner\": %zu, \"vocab_size\": %zu,\n "
        "\"max_position_embeddings\": %zu, \"num_key_value_heads\": %zu, \"head_dim\": %zu}\n",
        s->config, s->n_layers, s->n_layers, s->n_heads, s->n_heads, s->width, s->ffn, s->ffn,
        s->ffn, s->vocab, s->positions, s->n_key_heads, s->head_width);
    check(at_write_file(path, text, strlen(text), &err), &err);
    free(path);
}

int main(int argc, char **argv)
{
    struct model m = { .dtype = argc > 3 ? argv[3] : "F32" };
    struct at_safetensors_writer *w;
    struct at_error err;
    char *path;

    for (size_t i = 0; i < AT_COUNTOF(sizes) && argc > 2; i++)
        if (!strcmp(argv[1], sizes[i].name))
            m.size = &sizes[i];
    if (!m.size || argc > 4 ||
        (strcmp(m.dtype, "F32") && strcmp(m.dtype, "F16") && strcmp(m.dtype, "BF16"))) {
        fprintf(stderr, "usage: make_model NAME DIR [F32|F16|BF16]; NAME is one of");
        for (size_t i = 0; i < AT_COUNTOF(sizes); i++)
            fprintf(stderr, " %s", sizes[i].name);
        fprintf(stderr, "\n");
        return 2;
    }
    write_config(m.size, argv[2]);
    draw_values(&m);
    path = at_path_join(argv[2], "model.safetensors");
    check(at_safetensors_create(&w, path, &err), &err);
    each_tensor(w, &m, false);
    check(at_safetensors_begin(w, &err), &err);
    each_tensor(w, &m, true);
    check(at_safetensors_commit(w, &err), &err);
    free(path);
    free(m.noise);
    free(m.ones);
    return 0;
}
