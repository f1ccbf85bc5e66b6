/*
 * heads_call.h - what cmd_heads.c scores and heads_report.c tells.
 */
#ifndef CMD_HEADS_CALL_H
#define CMD_HEADS_CALL_H

#include "cmd/job_corpus.h"
#include "cmd/job_head_features.h"

enum { N_HEAD_VALUES = AT_N_HEAD_SCORES + AT_N_HEAD_PATTERNS };

/* One call of the command. */
struct heads_call {
    struct tagger tagger;
    const char *conllu; /* --conllu FILE */
    long min_words;     /* relations with fewer are left out of its table */
    bool subtypes;
    const char *keys[N_HEAD_VALUES];
    struct corpus_table corpus; /* cells NULL until there is a text among many */
};

/* One text. */
struct heads_state {
    struct job *job;
    struct heads_call *call;
    const struct doc *doc;
    struct head_features features;
    double *scaled; /* (L,H,AT_N_HEAD_SCORES) 0..1 within each layer */
    double *z;      /* (L,H,AT_N_HEAD_SCORES) over the model */
};

/* heads_report - documents, tables, pictures or the summary of one text. */
AT_MUST_USE int heads_report(struct heads_state *s, struct at_error *err);
/* heads_pictures - radars and layer x head maps. */
AT_MUST_USE int heads_pictures(struct heads_state *s, struct at_error *err);
/* heads_corpus - tables over all texts; answers an exit status. */
int heads_corpus(struct heads_call *call, struct job *job, int status);

/* heads_syntax - --conllu: the best head for each relation; answers an exit status. */
int heads_syntax(struct heads_call *call, struct job *job);

/* Name of a score's axis for this model: CLS or first token. */
const char *head_score_title(const struct job *job, size_t score);

#endif
