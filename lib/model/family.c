/*
 * family.c - see family.h.
 */
#include "model/family.h"

#include <string.h>

#include "base/attr.h"
#include "model/config.h"
#include "ops/shapes.h"

#define FIELD(f) offsetof(struct at_config, f)

static const struct at_size_key bert_sizes[] = {
    { "num_hidden_layers", NULL, NULL, FIELD(n_layers), 1, AT_MAX_LAYERS, 0, 0 },
    { "num_attention_heads", NULL, NULL, FIELD(n_heads), 1, AT_MAX_HEADS, 0, 0 },
    { "hidden_size", NULL, NULL, FIELD(width), 1, AT_MAX_WIDTH, 0, 0 },
    { "intermediate_size", NULL, NULL, FIELD(ffn_width), 1, AT_MAX_FFN, 0, 0 },
    { "vocab_size", NULL, NULL, FIELD(vocab), 1, AT_MAX_VOCAB, 0, 0 },
    { "max_position_embeddings", NULL, NULL, FIELD(max_positions), 1, AT_MAX_POSITIONS, 0, 0 },
    { "type_vocab_size", NULL, NULL, FIELD(n_segments), 1, 256, 2, 0 },
    { 0 },
};

static const struct at_size_key gpt2_sizes[] = {
    { "n_layer", "num_hidden_layers", NULL, FIELD(n_layers), 1, AT_MAX_LAYERS, 0, 0 },
    { "n_head", "num_attention_heads", NULL, FIELD(n_heads), 1, AT_MAX_HEADS, 0, 0 },
    { "n_embd", "hidden_size", NULL, FIELD(width), 1, AT_MAX_WIDTH, 0, 0 },
    { "vocab_size", NULL, NULL, FIELD(vocab), 1, AT_MAX_VOCAB, 0, 0 },
    { "n_positions", "max_position_embeddings", "n_ctx", FIELD(max_positions), 1, AT_MAX_POSITIONS,
      0, 0 },
    { "n_inner", NULL, NULL, FIELD(ffn_width), 1, AT_MAX_FFN, 0, 4 },
    { 0 },
};

/* What BERT and those whose code was copied from it call their layers. */
#define BERT_LAYERS                                                                                \
    [AT_QUERY] = "encoder.layer.#.attention.self.query",                                           \
    [AT_KEY] = "encoder.layer.#.attention.self.key",                                               \
    [AT_VALUE] = "encoder.layer.#.attention.self.value",                                           \
    [AT_ATTENTION_OUT] = "encoder.layer.#.attention.output.dense",                                 \
    [AT_NORM_1] = "encoder.layer.#.attention.output.LayerNorm",                                    \
    [AT_FFN_IN] = "encoder.layer.#.intermediate.dense",                                            \
    [AT_FFN_OUT] = "encoder.layer.#.output.dense",                                                 \
    [AT_NORM_2] = "encoder.layer.#.output.LayerNorm"

#define BERT_EMBEDDINGS                                                                            \
    [AT_WORD_EMBED] = "embeddings.word_embeddings",                                                \
    [AT_POSITION_EMBED] = "embeddings.position_embeddings",                                        \
    [AT_SEGMENT_EMBED] = "embeddings.token_type_embeddings",                                       \
    [AT_EMBED_NORM] = "embeddings.LayerNorm"

/* RoBERTa under each of its names. */
#define ROBERTA(type, title)                                                                       \
    {                                                                                              \
        .model_type = type,                                             \
        .name = title,                                                  \
        .sizes = bert_sizes,                                            \
        .activation_key = "hidden_act",                                 \
        .activation = "gelu",                                           \
        .eps_key = "layer_norm_eps",                                    \
        .eps = 1e-12,                                                   \
        .prefix = "roberta.",                                           \
        .module = {                                                     \
            BERT_EMBEDDINGS,                                            \
            BERT_LAYERS,                                                \
            [AT_POOLER] = "pooler.dense",                               \
            [AT_CLASS_DENSE] = "classifier.dense",                      \
            [AT_CLASSIFIER] = "classifier.out_proj",                    \
            [AT_MLM_TRANSFORM] = "lm_head.dense",                       \
            [AT_MLM_NORM] = "lm_head.layer_norm",                       \
            [AT_MLM_BIAS] = "lm_head",                                  \
            [AT_LM_DECODER] = "lm_head.decoder",                        \
        },                                                              \
        .layer_layout = AT_OUT_MAJOR,                                   \
        .has_summary_token = true,                                      \
        .norms = AT_NORM_AFTER,                                         \
        .positions_follow_padding = true,                               \
        .pad_id = 1,                                                    \
        .pairs_are_plain = true,                                        \
        .class_activation = AT_EPI_TANH,                                \
        .head_activation = AT_EPI_GELU_ERF,                          \
    }

static const struct at_family families[] = {
    {
        .model_type = "bert",
        .name = "BERT",
        .sizes = bert_sizes,
        .activation_key = "hidden_act",
        .activation = "gelu",
        .eps_key = "layer_norm_eps",
        .eps = 1e-12,
        .prefix = "bert.",
        .module = {
            BERT_EMBEDDINGS,
            BERT_LAYERS,
            [AT_POOLER] = "pooler.dense",
            [AT_NEXT_SENTENCE] = "cls.seq_relationship",
            [AT_CLASSIFIER] = "classifier",
            [AT_MLM_TRANSFORM] = "cls.predictions.transform.dense",
            [AT_MLM_NORM] = "cls.predictions.transform.LayerNorm",
            [AT_MLM_BIAS] = "cls.predictions",
            [AT_LM_DECODER] = "cls.predictions.decoder",
        },
        .layer_layout = AT_OUT_MAJOR,
        .has_summary_token = true,
        .norms = AT_NORM_AFTER,
        .class_activation = AT_EPI_TANH,
    },
    ROBERTA("roberta", "RoBERTa"),
    ROBERTA("xlm-roberta", "XLM-RoBERTa"),
    ROBERTA("camembert", "CamemBERT"),
    {
        .model_type = "gpt2",
        .name = "GPT-2",
        .sizes = gpt2_sizes,
        .activation_key = "activation_function",
        .activation = "gelu_new",
        .eps_key = "layer_norm_epsilon",
        .eps = 1e-5,
        .has_score_scales = true,
        .prefix = "transformer.",
        .module = {
            [AT_WORD_EMBED] = "wte",
            [AT_POSITION_EMBED] = "wpe",
            [AT_QUERY_KEY_VALUE] = "h.#.attn.c_attn",
            [AT_ATTENTION_OUT] = "h.#.attn.c_proj",
            [AT_NORM_1] = "h.#.ln_1",
            [AT_FFN_IN] = "h.#.mlp.c_fc",
            [AT_FFN_OUT] = "h.#.mlp.c_proj",
            [AT_NORM_2] = "h.#.ln_2",
            [AT_FINAL_NORM] = "ln_f",
            [AT_CLASSIFIER] = "score",
            [AT_LM_DECODER] = "lm_head",
        },
        .layer_layout = AT_IN_MAJOR,
        .is_causal = true,
        .norms = AT_NORM_BEFORE,
    },
};

const struct at_family *at_family_find(const char *model_type)
{
    for (size_t i = 0; i < AT_COUNTOF(families) && model_type; i++)
        if (strcmp(families[i].model_type, model_type) == 0)
            return &families[i];
    return NULL;
}

const struct at_family *at_family_at(size_t i)
{
    return i < AT_COUNTOF(families) ? &families[i] : NULL;
}

const struct at_family *at_family_like(bool is_causal)
{
    size_t i = 0;

    while (families[i].is_causal != is_causal)
        i++;
    return &families[i];
}

bool at_family_has(const struct at_family *f, enum at_module module)
{
    return f->module[module] != NULL;
}
