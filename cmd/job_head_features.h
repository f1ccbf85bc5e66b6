/*
 * job_head_features.h - the scores of every head on one text, for `heads` and `cluster`.
 */
#ifndef CMD_JOB_HEAD_FEATURES_H
#define CMD_JOB_HEAD_FEATURES_H

#include "analysis/heads.h"
#include "cmd/tagger.h"

struct head_features {
    size_t L, H;
    struct at_token_tag *tags; /* (n) */
    unsigned char *marks;      /* (n) enum at_token_mark bits */
    struct at_repeats repeats;
    double *score;   /* (L,H,AT_N_HEAD_SCORES) raw */
    double *pattern; /* (L,H,AT_N_HEAD_PATTERNS) */
    float *in_mode;  /* (H,n,n) maps with columns normalised; NULL in raw mode */
};

/* head_features_init - tag the text, find what repeats. Release accepts a zeroed struct. */
AT_MUST_USE int head_features_init(struct head_features *f, const struct job *job,
                                   const struct tagger *tagger, const struct doc *doc,
                                   struct at_error *err);
void head_features_release(struct head_features *f);

/* head_features_layer - score the heads of one layer. */
void head_features_layer(struct head_features *f, const struct job *job,
                         const struct doc_layer *layer);

/* head_modes_only - the heads of a rollout are one: refuse --matrix rollout. An exit status. */
int head_modes_only(const struct job *job);

#endif
