/*
 * ablation.h - what heads do for a decision, by taking them away: each by itself or a list of them
 * together, whole layers, the most important ones one after the other, and the smallest set that
 * moves the target by a given amount.
 *
 * Changes are after less before. That it bit is proved and not assumed: by the length of what was
 * removed, and for layers by the difference to their output without attention, which is worked out
 * in another way.
 */
#ifndef ANALYSIS_ABLATION_H
#define ANALYSIS_ABLATION_H

#include <stddef.h>

#include "analysis/head_removal.h"
#include "base/arena.h"
#include "io/record.h"
#include "session/head_effects.h"

/* ablation.csv */
struct at_ablation_row {
    size_t layer, head; /* AT_NONE of several heads */
    const char *mode;
    double change, impact, kl;
    const char *heads; /* "3.5+4.0" */
};
extern const struct at_record at_ablation_row_record;

/* ablation_proof.csv: that heads were removed. */
struct at_ablation_proof {
    const char *heads;
    double norm, norm_left, norm_removed; /* see struct at_head_effect */
};
extern const struct at_record at_ablation_proof_record;

/* ablation_layers.csv: all heads of a layer, to zero. */
struct at_layer_ablation {
    size_t layer;
    double change, impact, kl;
    double gap; /* see struct at_head_effect */
};
extern const struct at_record at_layer_ablation_record;

/* elbow.csv: the first heads by a score. */
struct at_elbow_row {
    size_t rank, layer, head;
    double score;
    double share;              /* cumulative, of the listed heads' own impacts (causal: kl) */
    double change, impact, kl; /* of the first rank heads together */
    bool is_elbow;             /* the next head adds less than 5 % */
};
extern const struct at_record at_elbow_row_record;

/* smallest_set.csv: heads that are added one by one, each the one that moves the target most. */
struct at_smallest_row {
    size_t n, layer, head;
    double change, impact, kl; /* of the first n together */
    bool reaches;              /* the amount that was asked for */
};
extern const struct at_record at_smallest_row_record;

/* patching.csv: what a gradient says of a head, and what is so. */
struct at_patching_row {
    size_t layer, head;
    double score;  /* gradient at the head's context . (what would take its place - context) */
    double change; /* of the target when it does */
};
extern const struct at_record at_patching_row_record;

struct at_ablation_options {
    struct at_removal_rule rule;
    const struct at_head_list *heads; /* removed together; empty: every head by itself */
    size_t n_top;                     /* of the elbow; 0: none */
    const char *by;                   /* score that orders them: "impact", "kl", "change", */
    const double *scores;             /* or (L,H) of another name */
    double move;                      /* what a smallest set is to reach; NaN: none is sought */
    const int *other;                 /* (T) another text, whose contexts are patched in; or NULL */
};

struct at_ablation {
    struct at_ablation_row *rows;
    struct at_ablation_proof *proof;
    size_t n_rows; /* of both */
    struct at_layer_ablation *layers;
    size_t n_layers;
    struct at_elbow_row *elbow;
    size_t n_elbow;
    const char *by;
    struct at_smallest_row *smallest;
    size_t n_smallest;
    struct at_patching_row *patching; /* every head */
    size_t n_patching;
    double patching_pearson, patching_rho; /* of score and change; NaN: constant */
};

/* Heads of a smallest set at most. */
enum { AT_SMALLEST_MOST = 16 };

/*
 * at_ablation_run - all of it for one text.
 *
 * With a list the elbow is left out, the rest is of every head all the same.
 * Errors    those of at_head_effects() and at_probe_gradients().      Memory  the arena's.
 */
AT_MUST_USE int at_ablation_run(struct at_ablation *out, const struct at_head_ground *ground,
                                const struct at_ablation_options *options, struct at_arena *arena,
                                struct at_error *err);

#endif
