/*
 * trace.h - what one text's forward pass left behind, in memory, in a capture file, or both.
 *
 * capture.safetensors (INTERFACE.md) is written layer by layer as the pass goes, and read back as
 * the same sequence of layer views that a pass shows, so an analysis does not know which it is fed
 * by. Files made by other programs are accepted when names, shapes and types fit.
 */
#ifndef MODEL_TRACE_H
#define MODEL_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/forward.h"

/* Dimensions of a capture. */
struct at_dims {
    size_t L, H, T, C, D, F, V;
};

/* Which tensors are kept. */
enum at_capture {
    AT_CAP_ATTENTION = 1 << 0, /* attentions (L,H,T,T) */
    AT_CAP_HIDDEN = 1 << 1,    /* hidden_states (L+1,T,C), final_hidden (T,C) */
    AT_CAP_QKV = 1 << 2,       /* queries, keys, values (L,H,T,D) */
    AT_CAP_CONTEXT = 1 << 3,   /* context (L,H,T,D) */
    AT_CAP_MID = 1 << 4,       /* mid (L,T,C) */
    AT_CAP_FFN = 1 << 5,       /* ffn_act (L,T,F) */
    AT_CAP_LOGITS = 1 << 6,    /* logits (T,V) */
};

/* A trace in memory: every pointer is NULL unless its bit was asked for. */
struct at_trace {
    struct at_dims dims;
    unsigned kept;       /* enum at_capture bits */
    float *attention;    /* (L,H,T,T) */
    float *hidden;       /* (L+1,T,C); the last is before GPT-2's final norm */
    float *final_hidden; /* (T,C) */
    float *q, *k, *v;    /* (L,H,T,D) */
    float *context;      /* (L,H,T,D) */
    float *mid;          /* (L,T,C) */
    float *ffn_act;      /* (L,T,F) */
};

AT_MUST_USE int at_trace_init(struct at_trace *out, const struct at_config *c, size_t T,
                              unsigned keep, struct at_error *err);
/* at_trace_add - copy one layer; an at_layer_fn body. at_trace_add_embedded likewise. */
void at_trace_add(struct at_trace *t, const struct at_layer_view *view);
void at_trace_add_embedded(struct at_trace *t, const float *embedded);
void at_trace_release(struct at_trace *t);

/* Writing a capture file as the pass goes. */
struct at_capture_writer;
struct at_capture_meta { /* strings of __metadata__ */
    const char *model, *text, *tokens_json;
    const char *family;  /* "bert" or "gpt2": replay needs to know what is causal */
    const char *details; /* what else the writer wants back, JSON; key "atlas". May be NULL */
};

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
void at_capture_abort(struct at_capture_writer *w);

/* A capture file opened for reading. */
struct at_capture_file {
    struct at_safetensors *file;
    struct at_dims dims;
    unsigned kept;
    const int *ids, *segments;                                 /* (T); segments may be NULL */
    const char *model, *text, *tokens_json, *family, *details; /* NULL when the file does not say */
    bool is_causal; /* from family, else from the maps: every cell above the diagonal is 0 */
};

/* Errors  AT_EFORMAT: which tensor, found and wanted shape. */
AT_MUST_USE int at_capture_open(struct at_capture_file *out, const char *path,
                                struct at_error *err);
void at_capture_close(struct at_capture_file *c);
/* at_capture_replay - show the embedding and every layer to the visitors in options, as at_forward
   does; views hold what the file has, the rest is NULL. */
AT_MUST_USE int at_capture_replay(const struct at_capture_file *c,
                                  const struct at_forward_options *options, struct at_error *err);

#endif
