/*
 * job_deep_dive.h - `run --deep`: what is inside the layers. job_deep_dive.c collects it layer by
 * layer, deep_report.c and deep_tables.c tell it, deep_pictures.c draws it.
 *
 * A row is a token, or with --words the mean over a word's tokens; then there are no attention
 * steps and no logit lens, which belong to tokens. State s of the hidden states is what enters
 * layer s: 0 is the embedding, L the output of the last layer.
 */
#ifndef CMD_JOB_DEEP_DIVE_H
#define CMD_JOB_DEEP_DIVE_H

#include "analysis/deep.h"
#include "base/array.h"
#include "cmd/job.h"
#include "model/lm_head.h"

enum { DEEP_MAX_FOCUS = 5, DEEP_NEIGHBOURS = 5 };

/* Rows along their two directions of greatest variance. */
struct deep_plane {
    double *xy; /* (rows,2) */
    double ratio[2];
};

/* One embedding table, looked up for the rows of the text. */
struct deep_embedding {
    struct at_vector_stats *stats; /* (n) or NULL: no such table */
    struct at_neighbour *near;     /* (n,n_near) */
    struct deep_plane plane;
};

struct deep_state {                /* (L+1) of these */
    struct at_vector_stats *stats; /* (n) */
    struct deep_plane plane;
    struct at_ranking *lens; /* (n) what the state would predict; NULL for none */
};

struct deep_layer {                    /* (L) of these */
    struct at_vector_stats *mid, *ffn; /* (n) after attention; units of the feed-forward block */
    double *projection;                /* (n) length of that block's output, NaN unknown */
    double *attention_change, *ffn_change;           /* (n) of the residual stream */
    double *q_norm, *k_norm, *v_norm, *context_norm; /* (H,n); context NaN unknown */
    struct at_neighbour *nearest;                    /* (H,n) visible key most alike by cosine */
    struct deep_plane mid_plane, qkv_plane;          /* (n,2); (3n,2): queries, keys, values */
};

/* One query of one head, key by key. */
struct deep_row {
    size_t layer, head, n_steps;
    struct at_attention_row row;
    struct at_attention_step *steps; /* (n_steps) */
    double *ranked;                  /* (n_steps) the value in the matrix mode that ranked them */
};

struct deep_omission {
    const char *what, *why;
};

struct deep {
    struct job *job;
    const struct doc *doc;
    const struct selection *selection;
    size_t n, T, L, H, C, n_near, top_k;
    size_t focus[DEEP_MAX_FOCUS], n_focus; /* queries of steps, columns of the lens */
    bool is_focus_given;
    bool has_lens;
    struct deep_embedding word, position, segment;
    struct at_vector_stats *sum; /* (n) of the embeddings' sum, before any norm; or NULL */
    struct deep_state *states;
    struct deep_layer *layers;
    struct AT_ARRAY(struct deep_row) rows;
    double weight_error; /* greatest |weight - stored| of all rows; NaN for none */
    double *cosine_sum;  /* (n,n) of the q-k cosines of every head so far */
    float *cosine;       /* (H,n,n) of the layer at hand */
    struct AT_ARRAY(struct deep_omission) omitted;
    struct at_arena arena;   /* results */
    struct at_arena scratch; /* of one layer */
};

/*
 * deep_new - for one text; focus are tokens chosen by the user, none: the first that are no special
 * tokens.
 *
 * Errors    AT_ENOTFOUND: which tensors a capture lacks.      Memory  deep_free().
 */
AT_MUST_USE int deep_new(struct deep **out, struct job *job, const struct doc *doc,
                         const struct selection *selection, const size_t *focus, size_t n_focus,
                         size_t top_k, struct at_error *err);
void deep_free(struct deep *d); /* accepts NULL */

/* deep_embedded, deep_layer_add - the embedding output (T,C); then layers in order, each once it is
   in the series. Pictures of selected layers and heads are written here. */
AT_MUST_USE int deep_embedded(struct deep *d, const float *embedded, struct at_error *err);
AT_MUST_USE int deep_layer_add(struct deep *d, const struct at_layer_view *view,
                               struct at_map_series *series, struct at_error *err);

/* deep_write - documents, tables and pictures into DIR. */
AT_MUST_USE int deep_write(struct deep *d, struct at_error *err);
/* deep_tables - the tables alone. */
AT_MUST_USE int deep_tables(struct deep *d, struct at_error *err);
/* deep_document - all of it; the caller's. */
struct at_json *deep_document(const struct deep *d);
/* deep_print - a summary on standard output. */
void deep_print(const struct deep *d);

/* --- deep_pictures.c --- */

/* deep_shows - is this layer drawn? The last one when none was chosen. */
bool deep_shows(const struct deep *d, size_t layer);
/* deep_picture_strips - the first dimensions of a shown layer's output x (n,C). */
AT_MUST_USE int deep_picture_strips(struct deep *d, size_t layer, const float *x,
                                    struct at_error *err);
/* deep_picture_cosine - a q-k cosine map (n,n); layer or head -1 for a mean. */
AT_MUST_USE int deep_picture_cosine(struct deep *d, const float *map, long layer, long head,
                                    struct at_error *err);
/* deep_pictures - everything that is drawn once the text is through. */
AT_MUST_USE int deep_pictures(struct deep *d, struct at_error *err);

#endif
