/*
 * family.h - how families of models differ, one row for each.
 *
 * A row says what their code says and no number does: names of keys and tensors, where the norms
 * stand, what a query sees. All else asks it, so that a new family is a row here. Whether a family
 * has a module (a final norm, segments) is whether the row has a name for it.
 */
#ifndef MODEL_FAMILY_H
#define MODEL_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/gemm.h"
#include "ops/tensor.h"

/* The modules of all families in the order of the network; model/weights.h has their parameters. */
enum at_module {
    AT_WORD_EMBED,
    AT_POSITION_EMBED,
    AT_SEGMENT_EMBED,
    AT_EMBED_NORM,       /* of the sum of the embeddings */
    AT_EMBED_PROJECTION, /* from the width of the embeddings to that of the layers */
    AT_DISTANCE_BIAS,    /* of the scores, for ranges of distances and each head, in all layers */
    AT_QUERY,
    AT_KEY,
    AT_VALUE,
    AT_QUERY_KEY_VALUE, /* the three in one matrix, side by side */
    AT_QUERY_NORM,      /* of each head's queries, before they are turned; and of the keys */
    AT_KEY_NORM,
    AT_ATTENTION_OUT,
    AT_NORM_1,
    AT_FFN_GATE, /* whose activation is multiplied with what AT_FFN_IN gives, which has none */
    AT_FFN_IN,
    AT_FFN_OUT,
    AT_NORM_2,
    AT_FINAL_NORM, /* of what leaves the last layer */
    AT_POOLER,
    AT_NEXT_SENTENCE,
    AT_CLASS_DENSE, /* before AT_CLASSIFIER; the pooler where a family has that one instead */
    AT_CLASSIFIER,  /* of whole texts */
    AT_MLM_TRANSFORM,
    AT_MLM_NORM,
    AT_MLM_BIAS,   /* of the decoder */
    AT_LM_DECODER, /* the word embeddings where it is not stored */
    AT_MODULE_COUNT
};

/* Where the two norms of a layer stand. */
enum at_norm_place {
    AT_NORM_AFTER, /* of x + block(x): the residual stream itself is normalised */
    AT_NORM_BEFORE /* x + block(norm(x)): nothing normalises the stream until the final norm */
};

/* Modules as bits of a set. */
#define AT_MODULE_BIT(module) (1u << (module))
_Static_assert(AT_MODULE_COUNT <= 32, "modules are bits of an unsigned");

/* Where it stands which layers' queries see only the last keys before them. */
enum at_window_kind {
    AT_WINDOW_NONE,
    AT_WINDOW_ALL,             /* sliding_window, of every layer (Mistral) */
    AT_WINDOW_LAYER_TYPES,     /* use_sliding_window, max_window_layers, layer_types (Qwen) */
    AT_WINDOW_ATTENTION_TYPES, /* window_size of the "local" ones of attention_types (GPT-Neo) */
};

/* A key that says whether modules have a bias. */
struct at_bias_key {
    const char *key;
    bool fallback;    /* when absent */
    unsigned modules; /* AT_MODULE_BITs */
};

/* A key whose other value would mean another computation. */
struct at_fixed_key {
    const char *key;
    bool value; /* what it must be, and is when absent */
};

/* A whole number of config.json and where it goes. */
struct at_size_key {
    const char *key;
    const char *alias; /* another name that the class takes for it, or NULL */
    const char *old;   /* what it was called once: counts when neither is there */
    size_t field;      /* offset in struct at_config */
    size_t min, max;
    size_t fallback; /* used when absent or null; AT_NO_SIZE: 0 is; 0: the key must be there, */
    size_t fallback_in_widths; /* unless this gives its value as a multiple of the width */
};

#define AT_NO_SIZE SIZE_MAX

struct at_family {
    const char *model_type; /* in config.json, and the word for it in documents */
    const char *name;       /* on the screen */

    /* config.json */
    const struct at_size_key *sizes; /* the last has key NULL; the width before its multiples */
    const char *activation_key, *activation; /* the latter when the key is absent */
    const char *eps_key;                     /* NULL: it is always the next */
    double eps;
    bool has_score_scales; /* scale_attn_weights and scale_attn_by_inverse_layer_idx */
    bool is_untied;        /* tie_word_embeddings when absent is false */
    enum at_window_kind window;
    size_t window_size;    /* when its key is absent; 0: then there is no window */
    double rotary_share;   /* of a head's columns that are turned; 0: none are */
    const char *theta_key; /* classic name of the base of the angles */
    const char *share_key; /* classic name of another share, or NULL when it is always this one */
    const char *parallel_key; /* whether both blocks of a layer read its input, or NULL: never */
    const char *width_twin;   /* a key that, when it is there, must be the width; or NULL */
    const struct at_fixed_key *fixed; /* the last has key NULL; or NULL */
    const struct at_bias_key *biases; /* likewise */
    unsigned no_bias;                 /* AT_MODULE_BITs of what never has one */

    /* checkpoint */
    const char *prefix; /* with which names of tensors may begin, beside model/tensor_names.h's */
    /* Names; '#' is the layer, of two the first its group and the second its place there; NULL: it
       has no such module. */
    const char *module[AT_MODULE_COUNT];
    const char *decoder_alias;   /* another name of AT_LM_DECODER, or NULL */
    bool always_projects;        /* AT_EMBED_PROJECTION is there where it changes no width too */
    enum at_layout layer_layout; /* of the matrices in layers; others are out-major */

    /* computation */
    bool is_causal;         /* a query sees no key after it */
    bool has_summary_token; /* [CLS] at position 0 */
    enum at_norm_place norms;
    size_t first_position; /* row of the position table that belongs to a text's first token */
    bool counts_tokens;    /* the config's number of positions leaves out those before that one */
    /* Positions count what is not padding from the row behind the one of the padding token's id,
       and padding is there (RoBERTa). */
    bool positions_follow_padding;
    int pad_id;           /* for that, when pad_token_id is absent, */
    bool is_pad_fixed;    /* or whatever it says */
    bool pairs_are_plain; /* only separators tell two texts apart: segments are not needed */
    /* What stands before AT_CLASSIFIER ends with, and the masked-LM transform: the activation of
       the config where AT_EPI_NONE. */
    enum at_epilogue class_activation, head_activation;
    bool is_rms;             /* norms divide by the root mean square, and have no bias */
    bool has_own_head_width; /* heads need not make up the width */
    bool is_unscaled;        /* scores are q k' without 1 / sqrt(D) */
    bool is_interleaved; /* AT_QUERY_KEY_VALUE has a query, key and value for each head in turn */
};

/* at_family_find - the row of a model_type; NULL when there is none, or for NULL. */
const struct at_family *at_family_find(const char *model_type);

/* at_family_at - row i; NULL behind the last one. */
const struct at_family *at_family_at(size_t i);

/* at_family_like - a family for maps of which only this is known, the first that fits. */
const struct at_family *at_family_like(bool is_causal);

/* at_family_has - has the family such a module? A checkpoint may lack it all the same. */
bool at_family_has(const struct at_family *f, enum at_module module);

#endif
