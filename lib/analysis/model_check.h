/*
 * model_check.h - what a model is, and whether it is sound: `atlas model info` and `check`.
 */
#ifndef ANALYSIS_MODEL_CHECK_H
#define ANALYSIS_MODEL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "model/weights.h"
#include "text/tokenizer.h"

/* Which heads are whole in the checkpoint. */
struct at_model_heads {
    bool masked_lm, causal_lm, pooler, next_sentence, token_classification;
};

struct at_model_info {
    const char *model, *path, *architecture;
    bool is_causal;
    size_t layers, heads, width, head_width, ffn_width;
    size_t vocabulary, positions, segments, parameters;
    const char *weights, *precision, *tokenizer;
    size_t pieces;
    const char *tokenizer_files;
    const char **tokenizer_notes; /* (n_tokenizer_notes) */
    size_t n_tokenizer_notes;
    struct at_model_heads model_heads;
    const char **labels; /* (n_labels) */
    size_t n_labels;
};
extern const struct at_record at_model_info_record;

/* at_model_info - strings are the model's and the tokenizer's; name is what it is called. */
struct at_model_info at_model_info(const struct at_model *m, const struct at_tokenizer *t,
                                   const char *name, struct at_arena *arena);

/* What became of one tensor. */
struct at_model_tensor {
    const char *role, *tensor, *state; /* NULL: none */
};

/* One thing that was looked at. */
struct at_model_finding {
    const char *check;
    bool is_good;
    const char *found;
};

struct at_model_check {
    struct at_model_tensor *tensors; /* (n_tensors) */
    size_t n_tensors;
    struct at_model_finding *checks; /* (n_checks) */
    size_t n_checks, cap;
    bool is_good; /* all of them */
};
extern const struct at_record at_model_check_record;

/*
 * at_model_check_run - every tensor, every weight, the sizes of vocabulary and embedding, and a
 * probe text through the model, in float and in double. What is wrong is a finding, never an error.
 *
 * Memory    the arena's, but for checks: free(out->checks).
 */
void at_model_check_run(struct at_model_check *out, const struct at_model *m,
                        const struct at_tokenizer *t, struct at_pool *pool, struct at_arena *arena);

#endif
