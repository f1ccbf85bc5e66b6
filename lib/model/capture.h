/*
 * capture.h - capture.safetensors (atlas-output(5)): written layer by layer as the pass goes, and
 * read back as the same sequence of layer views that a pass shows, so an analysis does not know
 * which it is fed by.
 *
 * Files made by other programs are accepted when names, shapes and types fit: F32 values, I32 or
 * I64 ids, any subset of the tensors, metadata or none.
 */
#ifndef MODEL_CAPTURE_H
#define MODEL_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/tensors.h"
#include "model/forward.h"

/* Dimensions of a capture; reading, 0 where no tensor of the file tells. K are heads of keys and
   values; C is H * D for most models. */
struct at_dims {
    size_t L, H, T, C, D, F, V, K;
};

/* Which tensors are kept. */
enum at_capture {
    AT_CAP_ATTENTION = 1 << 0, /* attentions (L,H,T,T) */
    AT_CAP_HIDDEN = 1 << 1,    /* hidden_states (L+1,T,C), final_hidden (T,C) */
    AT_CAP_QKV = 1 << 2,       /* queries (L,H,T,D); keys, values (L,K,T,D) */
    AT_CAP_CONTEXT = 1 << 3,   /* context (L,H,T,D) */
    AT_CAP_MID = 1 << 4,       /* mid (L,T,C) */
    AT_CAP_FFN = 1 << 5,       /* ffn_act (L,T,F) */
    AT_CAP_LOGITS = 1 << 6,    /* logits (T,V) */
};

/* at_config_dims - the dimensions of a capture of T tokens. */
struct at_dims at_config_dims(const struct at_config *c, size_t T);

struct at_capture_meta { /* strings of __metadata__, UTF-8; any may be NULL */
    const char *model, *text, *tokens_json;
    const char *family;  /* its model_type: replay needs to know what is causal */
    const char *details; /* what else the writer wants back, JSON; key "atlas" */
};

/*
 * Writing: create, add the embedding, add every layer in order, add logits when they are kept (in
 * pieces of whole rows), commit. After an error the caller aborts.
 *
 * Errors    AT_EIO.      Memory    none beside the file's buffer and one layer's queries.
 */
struct at_capture_writer;

AT_MUST_USE int at_capture_create(struct at_capture_writer **out, const char *path,
                                  const struct at_dims *dims, unsigned keep,
                                  const struct at_capture_meta *meta, const int *ids,
                                  const int *segments, struct at_error *err);
AT_MUST_USE int at_capture_add_embedded(struct at_capture_writer *w, const float *embedded,
                                        struct at_error *err);
AT_MUST_USE int at_capture_add(struct at_capture_writer *w, const struct at_layer_view *view,
                               struct at_error *err);
AT_MUST_USE int at_capture_add_logits(struct at_capture_writer *w, const float *logits, size_t rows,
                                      struct at_error *err);
/* at_capture_commit - write the final hidden states and put the file in place. Frees w. */
AT_MUST_USE int at_capture_commit(struct at_capture_writer *w, const float *final_hidden,
                                  struct at_error *err);
void at_capture_abort(struct at_capture_writer *w); /* accepts NULL */

/* A capture file opened for reading. Tensors are views into the mapped file. */
struct at_capture_file {
    struct at_tensors *file;
    struct at_arena arena;
    struct at_dims dims;
    unsigned kept;             /* enum at_capture bits of what the file has whole */
    const int *ids, *segments; /* (T); segments may be NULL */
    const char *model, *text, *tokens_json, *family, *details; /* NULL when the file does not say */
    bool is_causal; /* of the family, else seen in the maps: all cells above the diagonal are 0 */
    size_t n_odd_rows; /* of attentions: their sum is not within 0.01 of 1 */
    double odd_sum;    /* of the first of them */
    /* NULL when the file has none. */
    const float *attention;    /* (L,H,T,T) */
    const float *hidden;       /* (L+1,T,C) */
    const float *final_hidden; /* (T,C) */
    const float *q;            /* (L,H,T,D) */
    const float *k, *v;        /* (L,K,T,D) */
    const float *context;      /* (L,H,T,D) */
    const float *mid;          /* (L,T,C) */
    const float *ffn_act;      /* (L,T,F) */
    const float *logits;       /* (T,V) */
};

/* Errors  AT_EIO, AT_ENOTFOUND; AT_EFORMAT: which tensor, found and wanted shape, or a weight of
           attention that is not within 0 and 1, or is ahead of the query in a causal model. */
AT_MUST_USE int at_capture_open(struct at_capture_file *out, const char *path,
                                struct at_error *err);
void at_capture_close(struct at_capture_file *c); /* accepts a zeroed struct, may be called twice */
/* at_capture_family - of the model: what the file says, else one with maps of this kind. */
const struct at_family *at_capture_family(const struct at_capture_file *c);

/* at_capture_replay - show the embedding and every layer to the visitors in options, as at_forward
   does; views hold what the file has, the rest is NULL. final_rows is ignored. Errors are the
   visitors'. */
AT_MUST_USE int at_capture_replay(const struct at_capture_file *c,
                                  const struct at_forward_options *options, struct at_error *err);

/* at_split_heads - rows (T, stride) with head h at column h * D become (H,T,D). */
void at_split_heads(float *out, const float *rows, size_t stride, size_t H, size_t T, size_t D);

#endif
