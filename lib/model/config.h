/*
 * config.h - the dimensions and the architecture of a model, from its config.json.
 */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/family.h"
#include "ops/gemm.h"
#include "ops/rotary.h"

/* What the cells of an attention map may be. */
struct at_map_kind {
    bool is_causal;
    bool has_summary_token; /* column 0 is [CLS] */
};

struct at_config {
    const struct at_family *family;
    bool is_causal, has_summary_token; /* of the family, never guessed from tokens */
    size_t n_layers, n_heads, width, head_width, ffn_width;
    size_t embed_width;           /* of the embeddings; where it is not width a product follows */
    size_t n_groups, group_depth; /* ALBERT: groups of layers, and layers in each; else 0 and 0 */
    size_t n_key_heads; /* of keys and values, each for n_heads / n_key_heads; 0 for n_heads */
    size_t vocab, max_positions, n_segments; /* tokens a text may have; 0 segments: no table */
    size_t first_position;                   /* row of the position table of a text's first token */
    int padding;                             /* id of tokens that positions do not count, or -1 */
    size_t n_distances;                      /* rows of AT_DISTANCE_BIAS */
    double norm_eps;
    enum at_epilogue activation;
    enum at_epilogue head_activation; /* of the masked-LM transform */
    bool scale_by_layer;              /* GPT-2 scale_attn_by_inverse_layer_idx */
    bool no_scale;    /* scores without 1 / sqrt(D): GPT-2 scale_attn_weights false, GPT-Neo */
    bool is_parallel; /* both blocks of a layer read its input */
    size_t *windows;  /* (L) keys that a query sees, itself the last; 0 for all; or NULL */
    struct at_rotary rotary;    /* angle is owned */
    unsigned no_bias;           /* AT_MODULE_BITs of the modules that have none */
    bool is_untied;             /* tie_word_embeddings false: the decoder has its own weights */
    int pad_id, bos_id, eos_id; /* -1 when absent or outside the vocabulary */
    size_t n_labels;            /* of a classification head; 0 when config.json names none */
    char **labels;              /* (n_labels) id2label, "LABEL_3" when it has no name */
    double *label_thresholds;   /* (n_labels) or NULL */
    bool
        is_regression; /* problem_type regression, or a single label and none: values, no classes */
    bool is_multi_label; /* problem_type multi_label_classification: sigmoid, else softmax */
    char *architecture;  /* architectures[0], or "" */
    char *caution;       /* atlas_caution: what its makers want said of its results; or NULL */
};

/*
 * at_config_read - read and check DIR/config.json.
 *
 * Errors    AT_EFORMAT, by key and value, for another model_type, an activation, a place of norms
 *           or a scaling of rotary positions that is not implemented, a width that heads do not
 *           divide, relative positions, quantised weights, a value of another type where it
 *           would change the numbers; AT_ERANGE for absurd sizes.
 * Memory    at_config_release(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_config_read(struct at_config *out, const char *dir, struct at_error *err);
void at_config_release(struct at_config *c);

/* at_config_layer_group, at_config_layer_place - which group of ALBERT's layers a layer's weights
   are of, and which of that group's they are. */
size_t at_config_layer_group(const struct at_config *c, size_t layer);
size_t at_config_layer_place(const struct at_config *c, size_t layer);

/* at_config_takes_pairs - can the model be given two texts as one? */
bool at_config_takes_pairs(const struct at_config *c);

/* at_query_width - columns of all heads' queries, and of their context. at_key_width - of all
   heads' keys, and of their values. at_key_group - heads that share one of keys and values. */
size_t at_query_width(const struct at_config *c);
size_t at_key_width(const struct at_config *c);
size_t at_key_group(const struct at_config *c);

/* at_config_set_labels - n labels named "LABEL_0", ... in place of those c has. */
void at_config_set_labels(struct at_config *c, size_t n);

#endif
