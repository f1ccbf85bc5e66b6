/*
 * cluster_call.h - what cmd_cluster.c groups and cluster_report.c tells.
 */
#ifndef CMD_CLUSTER_CALL_H
#define CMD_CLUSTER_CALL_H

#include "analysis/cluster.h"
#include "cmd/job_corpus.h"
#include "cmd/job_head_features.h"

enum { FEATURES_SCORES, FEATURES_JS };
enum { MAP_TSNE, MAP_PCA };

/* One call of the command. */
struct cluster_call {
    struct tagger tagger;
    long k;
    int features, map;
    double perplexity;
    const char *keys[AT_N_HEAD_SCORES];
    struct corpus_table corpus; /* raw scores over the texts */
    double *distance;           /* (L*H,L*H) with --features js: a sum, then the distances */
    size_t n_texts;
    struct at_clusters clusters;
};

/* One text. */
struct cluster_text {
    struct job *job;
    struct cluster_call *call;
    const struct doc *doc;
    struct head_features features;
    float *maps; /* (L,H,n,n) with --features js, else NULL */
};

/* cluster_report - clusters.json, clusters.csv, corpus.csv, the picture, or the summary. */
AT_MUST_USE int cluster_report(struct cluster_call *call, struct job *job, struct at_error *err);

#endif
