/*
 * make_model.c - a checkpoint of true size with random weights, to time models nobody downloaded.
 *
 *   make_model bert-base|gpt2|gpt2-medium|gpt2-large|gpt2-xl DIR [F32|F16|BF16]
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

/* Dimensions that depend on the model: so many times its width. */
enum { C = -1, C3 = -3, F = -4 };

/* A weight of a model; # in the name is the layer, for those that every layer has. */
struct shape {
    const char *name;
    size_t rank;
    int rows, columns;
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

/* Both take layers, heads, width and inner width. */
static const char bert_config[] =
    "{\"model_type\": \"bert\", \"architectures\": [\"BertForMaskedLM\"], \"hidden_act\": "
    "\"gelu\",\n"
    " \"num_hidden_layers\": %zu, \"num_attention_heads\": %zu, \"hidden_size\": %zu,\n"
    " \"intermediate_size\": %zu, \"vocab_size\": 30522, \"max_position_embeddings\": 512,\n"
    " \"type_vocab_size\": 2, \"layer_norm_eps\": 1e-12, \"pad_token_id\": 0}\n";
static const char gpt2_config[] =
    "{\"model_type\": \"gpt2\", \"architectures\": [\"GPT2LMHeadModel\"],\n"
    " \"activation_function\": \"gelu_new\", \"n_layer\": %zu, \"n_head\": %zu, \"n_embd\": %zu,\n"
    " \"n_inner\": %zu, \"n_positions\": 1024, \"vocab_size\": 50257, \"layer_norm_epsilon\": "
    "1e-5}\n";

static const struct size {
    const char *name;
    const struct shape *shapes;
    size_t n_layers, n_heads, width;
} sizes[] = {
    { "bert-base", bert, 12, 12, 768 },    { "gpt2", gpt2, 12, 12, 768 },
    { "gpt2-medium", gpt2, 24, 16, 1024 }, { "gpt2-large", gpt2, 36, 20, 1280 },
    { "gpt2-xl", gpt2, 48, 25, 1600 },
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
    return n < 0 ? (size_t)-n * m->size->width : (size_t)n;
}

/* A norm's gain is 1; all else is noise, from a place that depends on the tensor. */
static void append(struct at_safetensors_writer *w, size_t tensor, const struct shape *s,
                   const struct model *m)
{
    size_t n = resolve(m, s->rows) * resolve(m, s->columns), from = tensor * 7919 % (NOISE / 2);
    size_t size = at_dtype_bytes(m->dtype);
    const char *norm = strstr(s->name, "LayerNorm.weight");
    bool is_gain = norm || (strstr(s->name, "ln_") && strstr(s->name, ".weight"));
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
    char *path = at_path_join(dir, "config.json"), text[512];
    struct at_error err;

    if (s->shapes == bert)
        snprintf(text, sizeof text, bert_config, s->n_layers, s->n_heads, s->width, 4 * s->width);
    else
        snprintf(text, sizeof text, gpt2_config, s->n_layers, s->n_heads, s->width, 4 * s->width);
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
        fprintf(stderr, "usage: make_model bert-base|gpt2|gpt2-medium|gpt2-large|gpt2-xl DIR "
                        "[F32|F16|BF16]\n");
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
