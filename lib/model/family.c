/*
 * family.c - see family.h.
 */
#include "model/family.h"

#include <string.h>

#include "base/attr.h"
#include "model/config.h"
#include "ops/shapes.h"

#define FIELD(f) offsetof(struct at_config, f)

/* A key under its one name, used as fallback when absent; 0: it must be there. */
#define SIZE(key, field, max, fallback)                                                            \
    {                                                                                              \
        key, NULL, NULL, FIELD(field), 1, max, fallback, 0                                         \
    }

#define BERT_SIZES                                                                                 \
    SIZE("num_hidden_layers", n_layers, AT_MAX_LAYERS, 0),                                         \
        SIZE("num_attention_heads", n_heads, AT_MAX_HEADS, 0),                                     \
        SIZE("hidden_size", width, AT_MAX_WIDTH, 0),                                               \
        SIZE("intermediate_size", ffn_width, AT_MAX_FFN, 0),                                       \
        SIZE("vocab_size", vocab, AT_MAX_VOCAB, 0),                                                \
        SIZE("max_position_embeddings", max_positions, AT_MAX_POSITIONS, 0)
#define SEGMENTS       SIZE("type_vocab_size", n_segments, 256, 2)
#define EMBEDDING_SIZE SIZE("embedding_size", embed_width, AT_MAX_WIDTH, 128)

static const struct at_size_key bert_sizes[] = { BERT_SIZES, SEGMENTS, { 0 } };
static const struct at_size_key electra_sizes[] = { BERT_SIZES, SEGMENTS, EMBEDDING_SIZE, { 0 } };
static const struct at_size_key albert_sizes[] = {
    BERT_SIZES,
    SEGMENTS,
    EMBEDDING_SIZE,
    SIZE("num_hidden_groups", n_groups, AT_MAX_LAYERS, 1),
    SIZE("inner_group_num", group_depth, AT_MAX_LAYERS, 1),
    { 0 },
};

static const struct at_size_key distilbert_sizes[] = {
    { "n_layers", "num_hidden_layers", NULL, FIELD(n_layers), 1, AT_MAX_LAYERS, 0, 0 },
    { "n_heads", "num_attention_heads", NULL, FIELD(n_heads), 1, AT_MAX_HEADS, 0, 0 },
    { "dim", "hidden_size", NULL, FIELD(width), 1, AT_MAX_WIDTH, 0, 0 },
    SIZE("hidden_dim", ffn_width, AT_MAX_FFN, 0),
    SIZE("vocab_size", vocab, AT_MAX_VOCAB, 0),
    SIZE("max_position_embeddings", max_positions, AT_MAX_POSITIONS, 0),
    { 0 },
};
/* Its code has 32 ranges of distances, whatever the key says. */
static const struct at_size_key mpnet_sizes[] = {
    BERT_SIZES,
    { "relative_attention_num_buckets", NULL, NULL, FIELD(n_distances), 32, 32, 32, 0 },
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

#define ALBERT_LAYER "encoder.albert_layer_groups.#.albert_layers.#."

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

static const struct at_size_key opt_sizes[] = {
    { "num_hidden_layers", NULL, NULL, FIELD(n_layers), 1, AT_MAX_LAYERS, 0, 0 },
    { "num_attention_heads", NULL, NULL, FIELD(n_heads), 1, AT_MAX_HEADS, 0, 0 },
    { "hidden_size", NULL, NULL, FIELD(width), 1, AT_MAX_WIDTH, 0, 0 },
    { "ffn_dim", NULL, NULL, FIELD(ffn_width), 1, AT_MAX_FFN, 0, 0 },
    { "vocab_size", NULL, NULL, FIELD(vocab), 1, AT_MAX_VOCAB, 0, 0 },
    { "max_position_embeddings", NULL, NULL, FIELD(max_positions), 1, AT_MAX_POSITIONS, 0, 0 },
    { 0 },
};

static const struct at_size_key gpt_neo_sizes[] = {
    { "num_layers", "num_hidden_layers", NULL, FIELD(n_layers), 1, AT_MAX_LAYERS, 0, 0 },
    { "num_heads", "num_attention_heads", NULL, FIELD(n_heads), 1, AT_MAX_HEADS, 0, 0 },
    { "hidden_size", NULL, NULL, FIELD(width), 1, AT_MAX_WIDTH, 0, 0 },
    { "vocab_size", NULL, NULL, FIELD(vocab), 1, AT_MAX_VOCAB, 0, 0 },
    { "max_position_embeddings", NULL, NULL, FIELD(max_positions), 1, AT_MAX_POSITIONS, 0, 0 },
    { "intermediate_size", NULL, NULL, FIELD(ffn_width), 1, AT_MAX_FFN, 0, 4 },
    { 0 },
};

/* The sizes of today's decoders, but for heads. */
#define DECODER_SIZES                                                                              \
    { "num_hidden_layers", NULL, NULL, FIELD(n_layers), 1, AT_MAX_LAYERS, 0, 0 },                  \
        { "num_attention_heads", NULL, NULL, FIELD(n_heads), 1, AT_MAX_HEADS, 0, 0 },              \
        { "hidden_size", NULL, NULL, FIELD(width), 1, AT_MAX_WIDTH, 0, 0 },                        \
        { "intermediate_size", NULL, NULL, FIELD(ffn_width), 1, AT_MAX_FFN, 0, 0 },                \
        { "vocab_size", NULL, NULL, FIELD(vocab), 1, AT_MAX_VOCAB, 0, 0 },                         \
    {                                                                                              \
        "max_position_embeddings", NULL, NULL, FIELD(max_positions), 1, AT_MAX_POSITIONS, 0, 0     \
    }
#define HEADS(key, field, fallback)                                                                \
    {                                                                                              \
        key, NULL, NULL, FIELD(field), 1, AT_MAX_WIDTH, fallback, 0                                \
    }

static const struct at_size_key gpt_neox_sizes[] = { DECODER_SIZES, { 0 } };
static const struct at_size_key llama_sizes[] = {
    DECODER_SIZES,
    HEADS("num_key_value_heads", n_key_heads, AT_NO_SIZE),
    HEADS("head_dim", head_width, AT_NO_SIZE),
    { 0 },
};
static const struct at_size_key mistral_sizes[] = {
    DECODER_SIZES,
    HEADS("num_key_value_heads", n_key_heads, 0),
    HEADS("head_dim", head_width, AT_NO_SIZE),
    { 0 },
};
static const struct at_size_key qwen2_sizes[] = {
    DECODER_SIZES,
    HEADS("num_key_value_heads", n_key_heads, 0),
    { 0 },
};
static const struct at_size_key qwen3_sizes[] = {
    DECODER_SIZES,
    HEADS("num_key_value_heads", n_key_heads, 0),
    HEADS("head_dim", head_width, 128),
    { 0 },
};

/* Modules with a common say on their biases. */
enum {
    OF_PROJECTIONS = AT_MODULE_BIT(AT_QUERY) | AT_MODULE_BIT(AT_KEY) | AT_MODULE_BIT(AT_VALUE),
    OF_ATTENTION =
        OF_PROJECTIONS | AT_MODULE_BIT(AT_QUERY_KEY_VALUE) | AT_MODULE_BIT(AT_ATTENTION_OUT),
    OF_FFN = AT_MODULE_BIT(AT_FFN_GATE) | AT_MODULE_BIT(AT_FFN_IN) | AT_MODULE_BIT(AT_FFN_OUT),
};

static const struct at_bias_key opt_biases[] = { { "enable_bias", true, OF_ATTENTION | OF_FFN },
                                                 { 0 } };
static const struct at_bias_key gpt_neox_biases[] = { { "attention_bias", true, OF_ATTENTION },
                                                      { 0 } };
static const struct at_bias_key llama_biases[] = { { "attention_bias", false, OF_ATTENTION },
                                                   { "mlp_bias", false, OF_FFN },
                                                   { 0 } };
static const struct at_bias_key qwen3_biases[] = { { "attention_bias", false, OF_ATTENTION },
                                                   { 0 } };

static const struct at_fixed_key opt_fixed[] = { { "do_layer_norm_before", true },
                                                 { "_remove_final_layer_norm", false },
                                                 { "layer_norm_elementwise_affine", true },
                                                 { 0 } };

/* What LLaMA and all that are shaped like it are called alike. */
#define LLAMA_MODULES                                                                              \
    [AT_WORD_EMBED] = "embed_tokens", [AT_QUERY] = "layers.#.self_attn.q_proj",                    \
    [AT_KEY] = "layers.#.self_attn.k_proj", [AT_VALUE] = "layers.#.self_attn.v_proj",              \
    [AT_ATTENTION_OUT] = "layers.#.self_attn.o_proj", [AT_NORM_1] = "layers.#.input_layernorm",    \
    [AT_FFN_GATE] = "layers.#.mlp.gate_proj", [AT_FFN_IN] = "layers.#.mlp.up_proj",                \
    [AT_FFN_OUT] = "layers.#.mlp.down_proj", [AT_NORM_2] = "layers.#.post_attention_layernorm",    \
    [AT_FINAL_NORM] = "norm", [AT_LM_DECODER] = "lm_head"
#define LLAMA_SHAPED                                                                               \
    .activation_key = "hidden_act", .activation = "silu", .eps_key = "rms_norm_eps", .eps = 1e-6,  \
    .is_untied = true, .rotary_share = 1.0, .theta_key = "rope_theta", .prefix = "model.",         \
    .layer_layout = AT_OUT_MAJOR, .is_causal = true, .norms = AT_NORM_BEFORE, .is_rms = true

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
        .model_type = "distilbert",
        .name = "DistilBERT",
        .sizes = distilbert_sizes,
        .activation_key = "activation",
        .activation = "gelu",
        .eps = 1e-12,
        .prefix = "distilbert.",
        .module = {
            [AT_WORD_EMBED] = "embeddings.word_embeddings",
            [AT_POSITION_EMBED] = "embeddings.position_embeddings",
            [AT_EMBED_NORM] = "embeddings.LayerNorm",
            [AT_QUERY] = "layer.#.attention.q_lin", /* behind "transformer." */
            [AT_KEY] = "layer.#.attention.k_lin",
            [AT_VALUE] = "layer.#.attention.v_lin",
            [AT_ATTENTION_OUT] = "layer.#.attention.out_lin",
            [AT_NORM_1] = "layer.#.sa_layer_norm",
            [AT_FFN_IN] = "layer.#.ffn.lin1",
            [AT_FFN_OUT] = "layer.#.ffn.lin2",
            [AT_NORM_2] = "layer.#.output_layer_norm",
            [AT_CLASS_DENSE] = "pre_classifier",
            [AT_CLASSIFIER] = "classifier",
            [AT_MLM_TRANSFORM] = "vocab_transform",
            [AT_MLM_NORM] = "vocab_layer_norm",
            [AT_MLM_BIAS] = "vocab_projector",
            [AT_LM_DECODER] = "vocab_projector",
        },
        .layer_layout = AT_OUT_MAJOR,
        .has_summary_token = true,
        .norms = AT_NORM_AFTER,
        .pairs_are_plain = true,
        .class_activation = AT_EPI_RELU,
    },
    {
        .model_type = "mpnet",
        .name = "MPNet",
        .sizes = mpnet_sizes,
        .activation_key = "hidden_act",
        .activation = "gelu",
        .eps_key = "layer_norm_eps",
        .eps = 1e-12,
        .prefix = "mpnet.",
        .module = {
            [AT_WORD_EMBED] = "embeddings.word_embeddings",
            [AT_POSITION_EMBED] = "embeddings.position_embeddings",
            [AT_EMBED_NORM] = "embeddings.LayerNorm",
            [AT_DISTANCE_BIAS] = "encoder.relative_attention_bias",
            [AT_QUERY] = "encoder.layer.#.attention.attn.q",
            [AT_KEY] = "encoder.layer.#.attention.attn.k",
            [AT_VALUE] = "encoder.layer.#.attention.attn.v",
            [AT_ATTENTION_OUT] = "encoder.layer.#.attention.attn.o",
            [AT_NORM_1] = "encoder.layer.#.attention.LayerNorm",
            [AT_FFN_IN] = "encoder.layer.#.intermediate.dense",
            [AT_FFN_OUT] = "encoder.layer.#.output.dense",
            [AT_NORM_2] = "encoder.layer.#.output.LayerNorm",
            [AT_POOLER] = "pooler.dense",
            [AT_CLASS_DENSE] = "classifier.dense",
            [AT_CLASSIFIER] = "classifier.out_proj",
            [AT_MLM_TRANSFORM] = "lm_head.dense",
            [AT_MLM_NORM] = "lm_head.layer_norm",
            [AT_MLM_BIAS] = "lm_head",
            [AT_LM_DECODER] = "lm_head.decoder",
        },
        .layer_layout = AT_OUT_MAJOR,
        .has_summary_token = true,
        .norms = AT_NORM_AFTER,
        .positions_follow_padding = true,
        .pad_id = 1,
        .is_pad_fixed = true,
        .pairs_are_plain = true,
        .class_activation = AT_EPI_TANH,
        .head_activation = AT_EPI_GELU_ERF,
    },
    {
        .model_type = "electra",
        .name = "ELECTRA",
        .sizes = electra_sizes,
        .activation_key = "hidden_act",
        .activation = "gelu",
        .eps_key = "layer_norm_eps",
        .eps = 1e-12,
        .prefix = "electra.",
        .module = {
            BERT_EMBEDDINGS,
            [AT_EMBED_PROJECTION] = "embeddings_project",
            BERT_LAYERS,
            [AT_CLASS_DENSE] = "classifier.dense",
            [AT_CLASSIFIER] = "classifier.out_proj",
            [AT_MLM_TRANSFORM] = "generator_predictions.dense",
            [AT_MLM_NORM] = "generator_predictions.LayerNorm",
            [AT_MLM_BIAS] = "generator_lm_head",
            [AT_LM_DECODER] = "generator_lm_head",
        },
        .layer_layout = AT_OUT_MAJOR,
        .has_summary_token = true,
        .norms = AT_NORM_AFTER,
        .class_activation = AT_EPI_GELU_ERF,
        .head_activation = AT_EPI_GELU_ERF,
    },
    {
        .model_type = "albert",
        .name = "ALBERT",
        .sizes = albert_sizes,
        .activation_key = "hidden_act",
        .activation = "gelu_new",
        .eps_key = "layer_norm_eps",
        .eps = 1e-12,
        .prefix = "albert.",
        .module = {
            BERT_EMBEDDINGS,
            [AT_EMBED_PROJECTION] = "encoder.embedding_hidden_mapping_in",
            [AT_QUERY] = ALBERT_LAYER "attention.query",
            [AT_KEY] = ALBERT_LAYER "attention.key",
            [AT_VALUE] = ALBERT_LAYER "attention.value",
            [AT_ATTENTION_OUT] = ALBERT_LAYER "attention.dense",
            [AT_NORM_1] = ALBERT_LAYER "attention.LayerNorm",
            [AT_FFN_IN] = ALBERT_LAYER "ffn",
            [AT_FFN_OUT] = ALBERT_LAYER "ffn_output",
            [AT_NORM_2] = ALBERT_LAYER "full_layer_layer_norm",
            [AT_POOLER] = "pooler",
            [AT_CLASSIFIER] = "classifier",
            [AT_MLM_TRANSFORM] = "predictions.dense",
            [AT_MLM_NORM] = "predictions.LayerNorm",
            [AT_MLM_BIAS] = "predictions",
            [AT_LM_DECODER] = "predictions.decoder",
        },
        .always_projects = true,
        .layer_layout = AT_OUT_MAJOR,
        .has_summary_token = true,
        .norms = AT_NORM_AFTER,
        .class_activation = AT_EPI_TANH,
    },
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
    {
        .model_type = "opt",
        .name = "OPT",
        .sizes = opt_sizes,
        .activation_key = "activation_function",
        .activation = "relu",
        .eps = 1e-5,
        .width_twin = "word_embed_proj_dim",
        .fixed = opt_fixed,
        .biases = opt_biases,
        .prefix = "decoder.",
        .module = {
            [AT_WORD_EMBED] = "embed_tokens",
            [AT_POSITION_EMBED] = "embed_positions",
            [AT_QUERY] = "layers.#.self_attn.q_proj",
            [AT_KEY] = "layers.#.self_attn.k_proj",
            [AT_VALUE] = "layers.#.self_attn.v_proj",
            [AT_ATTENTION_OUT] = "layers.#.self_attn.out_proj",
            [AT_NORM_1] = "layers.#.self_attn_layer_norm",
            [AT_FFN_IN] = "layers.#.fc1",
            [AT_FFN_OUT] = "layers.#.fc2",
            [AT_NORM_2] = "layers.#.final_layer_norm",
            [AT_FINAL_NORM] = "final_layer_norm",
            [AT_LM_DECODER] = "lm_head",
        },
        .layer_layout = AT_OUT_MAJOR,
        .is_causal = true,
        .norms = AT_NORM_BEFORE,
        .first_position = 2,
        .counts_tokens = true,
    },
    {
        .model_type = "gpt_neo",
        .name = "GPT-Neo",
        .sizes = gpt_neo_sizes,
        .activation_key = "activation_function",
        .activation = "gelu_new",
        .eps_key = "layer_norm_epsilon",
        .eps = 1e-5,
        .window = AT_WINDOW_ATTENTION_TYPES,
        .window_size = 256,
        .no_bias = OF_PROJECTIONS,
        .prefix = "transformer.",
        .module = {
            [AT_WORD_EMBED] = "wte",
            [AT_POSITION_EMBED] = "wpe",
            [AT_QUERY] = "h.#.attn.attention.q_proj",
            [AT_KEY] = "h.#.attn.attention.k_proj",
            [AT_VALUE] = "h.#.attn.attention.v_proj",
            [AT_ATTENTION_OUT] = "h.#.attn.attention.out_proj",
            [AT_NORM_1] = "h.#.ln_1",
            [AT_FFN_IN] = "h.#.mlp.c_fc",
            [AT_FFN_OUT] = "h.#.mlp.c_proj",
            [AT_NORM_2] = "h.#.ln_2",
            [AT_FINAL_NORM] = "ln_f",
            [AT_LM_DECODER] = "lm_head",
        },
        .layer_layout = AT_OUT_MAJOR,
        .is_causal = true,
        .norms = AT_NORM_BEFORE,
        .is_unscaled = true,
    },
    {
        .model_type = "gpt_neox",
        .name = "GPT-NeoX",
        .sizes = gpt_neox_sizes,
        .activation_key = "hidden_act",
        .activation = "gelu",
        .eps_key = "layer_norm_eps",
        .eps = 1e-5,
        .is_untied = true,
        .rotary_share = 0.25,
        .theta_key = "rotary_emb_base",
        .share_key = "rotary_pct",
        .parallel_key = "use_parallel_residual",
        .biases = gpt_neox_biases,
        .prefix = "gpt_neox.",
        .module = {
            [AT_WORD_EMBED] = "embed_in",
            [AT_QUERY_KEY_VALUE] = "layers.#.attention.query_key_value",
            [AT_ATTENTION_OUT] = "layers.#.attention.dense",
            [AT_NORM_1] = "layers.#.input_layernorm",
            [AT_FFN_IN] = "layers.#.mlp.dense_h_to_4h",
            [AT_FFN_OUT] = "layers.#.mlp.dense_4h_to_h",
            [AT_NORM_2] = "layers.#.post_attention_layernorm",
            [AT_FINAL_NORM] = "final_layer_norm",
            [AT_LM_DECODER] = "embed_out",
        },
        .decoder_alias = "lm_head",
        .layer_layout = AT_OUT_MAJOR,
        .is_causal = true,
        .norms = AT_NORM_BEFORE,
        .is_interleaved = true,
    },
    {
        .model_type = "llama",
        .name = "LLaMA",
        .sizes = llama_sizes,
        .has_own_head_width = true,
        .biases = llama_biases,
        .module = { LLAMA_MODULES },
        LLAMA_SHAPED,
    },
    {
        .model_type = "mistral",
        .name = "Mistral",
        .sizes = mistral_sizes,
        .has_own_head_width = true,
        .window = AT_WINDOW_ALL,
        .window_size = 4096,
        .no_bias = OF_ATTENTION | OF_FFN,
        .module = { LLAMA_MODULES },
        LLAMA_SHAPED,
    },
    {
        .model_type = "qwen2",
        .name = "Qwen2",
        .sizes = qwen2_sizes,
        .window = AT_WINDOW_LAYER_TYPES,
        .window_size = 4096,
        .no_bias = AT_MODULE_BIT(AT_ATTENTION_OUT) | OF_FFN,
        .module = { LLAMA_MODULES },
        LLAMA_SHAPED,
    },
    {
        .model_type = "qwen3",
        .name = "Qwen3",
        .sizes = qwen3_sizes,
        .has_own_head_width = true,
        .window = AT_WINDOW_LAYER_TYPES,
        .window_size = 4096,
        .biases = qwen3_biases,
        .no_bias = OF_FFN,
        .module = { LLAMA_MODULES,
                    [AT_QUERY_NORM] = "layers.#.self_attn.q_norm",
                    [AT_KEY_NORM] = "layers.#.self_attn.k_norm" },
        LLAMA_SHAPED,
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
