/*
 * deep_result.h - what is inside the layers of one text, as data: deep.json and eight tables.
 *
 * A row is a token, or the mean over a word's tokens; then there are no attention steps and no
 * logit lens, which belong to tokens. State s of the hidden states is what enters layer s: 0 is
 * the embedding, L the output of the last layer. analysis/deep_dive.h collects it.
 */
#ifndef ANALYSIS_DEEP_RESULT_H
#define ANALYSIS_DEEP_RESULT_H

#include "analysis/deep.h"
#include "base/arena.h"
#include "base/array.h"
#include "io/record.h"
#include "model/lm_head.h"
#include "session/doc.h"

enum { AT_DEEP_MAX_FOCUS = 5, AT_DEEP_NEIGHBOURS = 5 };

/* Rows along their two directions of greatest variance. */
struct at_deep_plane {
    double *xy; /* (rows,2) or NULL: no such table */
    double ratio[2];
};

/* One embedding table, looked up for the rows of the text. */
struct at_deep_embedding {
    struct at_vector_stats *stats; /* (n) or NULL: no such table */
    struct at_neighbour *near;     /* (n,n_near) */
    struct at_deep_plane plane;
};

struct at_deep_state {             /* (L+1) of these */
    struct at_vector_stats *stats; /* (n) */
    struct at_deep_plane plane;
    struct at_ranking *lens; /* (T) what the state would predict; NULL for none */
};

struct at_deep_layer {                 /* (L) of these */
    struct at_vector_stats *mid, *ffn; /* (n) after attention; units of the feed-forward block */
    double *projection;                /* (n) length of that block's output, NaN unknown */
    double *attention_change, *ffn_change;           /* (n) of the residual stream */
    double *q_norm, *k_norm, *v_norm, *context_norm; /* (H,n); context NaN unknown */
    struct at_neighbour *nearest;                    /* (H,n) visible key most alike by cosine */
    struct at_deep_plane mid_plane, qkv_plane;       /* (n,2); (3n,2): queries, keys, values */
};

/* One query of one head, key by key: steps[] of deep.json. */
struct at_deep_step {
    struct at_attention_step step;
    const char *key_token;
    double ranked_by; /* the value in the matrix mode that ranked it */
};
struct at_deep_row {
    size_t layer, head;
    const char *query_token;
    struct at_attention_row row;
    struct at_deep_step *steps; /* (n_steps) */
    size_t n_steps;
};

/* What cannot be told of this text, and why. */
struct at_deep_omission {
    const char *what, *why;
};

/* A layer in means over rows: layers[] of deep.json. */
struct at_deep_means {
    size_t layer;
    double input_norm, mid_norm, output_norm;
    double attention_change, ffn_change;
    double attention_change_sd, ffn_change_sd; /* over rows, for pictures */
    double active;                             /* share of feed-forward units above 0 */
    double projection_norm, q_norm, k_norm, v_norm, context_norm;
};

/* lens[] of deep.json: what every state would predict at one token. */
struct at_deep_guess {
    size_t rank; /* from 1 */
    const char *token;
    int id;
    double p;
};
struct at_deep_lens_state {
    size_t state;
    struct at_deep_guess *top; /* (n_top) */
    size_t n_top;
    size_t target_rank; /* AT_NONE: there is no target */
    double target_p;
};
struct at_deep_lens {
    size_t index;
    const char *token;
    struct at_deep_lens_state *states; /* (n_states) */
    size_t n_states;
};

/* embeddings[] of deep.json, and embeddings.csv. */
struct at_deep_near {
    size_t index;
    const char *token;
    double cosine;
};
struct at_deep_tables_row { /* of the embedding tables */
    double word_norm, position_norm, sum_norm;
    struct at_deep_near *word_near,
        *position_near;             /* (n_near), (n_position_near), most alike first */
    size_t n_near, n_position_near; /* the latter 0 without a table of positions */
    size_t word_nearest, position_nearest;
    double word_cosine, position_cosine;
};
struct at_deep_embedding_row {
    size_t index;
    const char *token;
    int segment;                                 /* -1: the model has none */
    struct at_deep_tables_row *tables;           /* NULL with a capture */
    const struct at_vector_stats *segment_stats; /* NULL: no such table */
    double output_norm;
};

/* pca[] of deep.json. */
struct at_deep_space {
    const char *space;
    size_t layer; /* or state; AT_NONE: of no layer */
    const struct at_deep_plane *plane;
    bool is_qkv; /* of queries, then keys, then values */
};

struct at_deep {
    const struct at_doc *doc;
    size_t n, T, L, H, n_near, top_k;
    bool has_lens, by_words;
    const struct at_tokenizer *tokenizer; /* NULL with a capture */
    struct at_deep_embedding word, position, segment;
    struct at_vector_stats *sum; /* (n) of the embeddings' sum, before any norm; or NULL */
    struct at_deep_state *states;
    struct at_deep_layer *layers;
    struct AT_ARRAY(struct at_deep_row) rows;
    float *cosine_mean; /* (n,n) of queries and keys, over all heads */

    /* deep.json */
    struct AT_ARRAY(struct at_deep_omission) omitted;
    size_t *focus, n_focus;                   /* queries of steps, columns of the lens */
    const char *focus_chosen;                 /* "given" or "first" */
    struct at_deep_embedding_row *embeddings; /* (n) */
    struct at_deep_means *means;              /* (L) */
    struct at_deep_space *spaces;             /* (n_spaces) */
    size_t n_spaces;
    struct at_deep_row *steps; /* (n_steps) rows of the one head that was chosen */
    size_t n_steps;
    double weight_error;       /* greatest |weight - stored| of all rows; NaN for none */
    struct at_deep_lens *lens; /* (n_lens) of the focus */
    size_t n_lens;
    struct at_arena arena;
};
extern const struct at_record at_deep_embedding_record; /* embeddings.csv too */
extern const struct at_record at_deep_record;           /* deep.json without its meta */

/* at_deep_tell - make embeddings, means, spaces, steps and lens of the rest. is_one_head: the steps
   are of one head; those of all are many and in the table. */
void at_deep_tell(struct at_deep *d, bool is_one_head);
void at_deep_release(struct at_deep *d); /* accepts a zeroed struct */

/* at_deep_norm - mean length over rows. */
double at_deep_norm(const struct at_vector_stats *s, size_t n);

/* The tables, in the order in which they are written. */
enum at_deep_table {
    AT_DEEP_EMBEDDINGS,
    AT_DEEP_QKV,
    AT_DEEP_RESIDUAL,
    AT_DEEP_FFN,
    AT_DEEP_HIDDEN,
    AT_DEEP_STEPS, /* not of words */
    AT_DEEP_LENS,  /* with a lens */
    AT_DEEP_PCA,
    AT_N_DEEP_TABLES
};
struct at_deep_table_info {
    const char *name; /* "qkv.csv" */
    const struct at_record *record;
};
extern const struct at_record at_deep_qkv_record, at_deep_residual_record, at_deep_ffn_record,
    at_deep_hidden_record, at_deep_steps_record, at_deep_lens_record, at_deep_pca_record;
extern const struct at_deep_table_info at_deep_tables[AT_N_DEEP_TABLES];

/* at_deep_table_rows - (*n) rows of a table, the arena's; NULL: there is no such table of this
   text. */
const void *at_deep_table_rows(size_t *n, const struct at_deep *d, enum at_deep_table table,
                               struct at_arena *arena);

#endif
