/*
 * weights.h - the parameters of a model by role, as views into its mapped files.
 *
 * Names of hub checkpoints are understood with and without what stands before them
 * (model/tensor_names.h), LayerNorm gamma/beta, a decoder or lm_head that is present, tied or the
 * only one of the two that was saved. Nothing is copied, except vectors (biases, norms) whose type
 * is not F32, tensors of doubles and integers and those that lie unaligned in the file.
 */
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "io/tensors.h"
#include "model/config.h"
#include "ops/tensor.h"

struct at_norm {
    struct at_vector gain, bias; /* (C); without a bias by the root mean square (at_rmsnorm()) */
};

struct at_dense {
    struct at_weight w;
    struct at_vector b; /* data NULL when it has no bias */
};

/* q, k, v are three matrices (BERT), or qkv is one (C, 3C) and they are empty (GPT-2). The outputs
   of q are as wide as all heads, those of k and v as the heads of keys. */
struct at_layer_weights {
    struct at_dense q, k, v, qkv;
    struct at_dense attn_out;            /* output projection of attention */
    struct at_norm norm1;                /* after attention or before it: enum at_norm_place */
    struct at_norm query_norm, key_norm; /* (D) of each head; or empty */
    struct at_dense ffn_gate;            /* or empty */
    struct at_dense ffn_in, ffn_out;
    struct at_norm norm2; /* the same of the feed-forward */
};

struct at_weights {
    struct at_weight word_embed, position_embed, segment_embed; /* (V,E) (P,E) (G,E) */
    struct at_norm embed_norm;                                  /* (E), or empty */
    struct at_dense embed_projection;                           /* (C,E), or empty: E is C */
    struct at_weight distance_bias;                             /* (n_distances,H), or empty; */
    const float *bias;                                          /* (H,2P-1) what it says of keys
                                                                   P-1 before to P-1 behind */
    struct at_layer_weights *layer;                             /* (L) */
    struct at_norm final_norm;                                  /* or empty */
    /* Heads; a head that is not whole in the checkpoint is absent: its data are NULL. */
    struct at_dense pooler, next_sentence; /* BERT: (C,C), (2,C) */
    struct at_dense mlm_transform;         /* BERT: (E,C) */
    struct at_norm mlm_norm;               /* (E) */
    struct at_dense lm_decoder;      /* (V,E), tied to word_embed when not stored; BERT with bias */
    struct at_dense classifier;      /* (n_labels, C), of token classification */
    struct at_dense text_classifier; /* (n_labels, C), of whole texts: behind class_dense, or at
                                        GPT-2's last token */
    struct at_dense class_dense;     /* (C,C); BERT's is its pooler */
};

/* What became of each name, for `atlas model check`. */
enum at_mapping_state { AT_IS_MAPPED, AT_IS_UNUSED, AT_IS_MISSING, AT_IS_TIED, AT_IS_BUFFER };
struct at_mapping {
    const char *role;   /* "layer 3 query weight"; NULL when unused or a buffer */
    const char *tensor; /* name in the file, or the name it should have when missing */
    enum at_mapping_state state;
};

struct at_head_edit;

struct at_model {
    struct at_config config;
    struct at_weights weights;
    struct at_tensors *files;
    struct at_arena arena; /* converted vectors, tables, mappings */
    /* Roles in the order of the network, then the file's other tensors by name. */
    struct at_mapping *mappings;
    size_t n_mappings;
    char *dir;
    bool is_double; /* compute in double; false until the caller changes it */
    /* Heads that are taken out of every text of every pass (model/head_edit.h), which the caller
       owns; NULL until he changes it. */
    const struct at_head_edit *edit;
};

/*
 * at_model_open - config and weights of a model directory, every shape checked.
 *
 * config.n_labels is settled here: it is the classifier's number of rows when config.json does not
 * say, and 0 when there is no classifier.
 *
 * Errors    AT_EFORMAT, "'h.0.attn.c_attn.weight' has shape (8,24), want (8,8)"; missing trunk
 *           tensors, with the first name and how many. Missing heads are no error.
 * Memory    at_model_close(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_model_open(struct at_model *out, const char *dir, struct at_error *err);
void at_model_close(struct at_model *m);

/* at_model_populate - fault in the layers' weights at once and in parallel, which is faster than
   page by page in the first pass; a hint, for a caller about to run at_forward(). */
void at_model_populate(const struct at_model *m, struct at_pool *pool);

/* at_model_bias - where distance 0 is in the biases of head 0; or NULL. */
const float *at_model_bias(const struct at_model *m);

/* at_model_n_parameters - parameters in all mapped tensors, tied ones once. */
size_t at_model_n_parameters(const struct at_model *m);

/* at_mapping_state_name - "mapped", "unused", "missing", "tied", "buffer". */
const char *at_mapping_state_name(enum at_mapping_state state);

#endif
