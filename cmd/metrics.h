/*
 * metrics.h - what cmd_metrics.c measures and metrics_report.c tells.
 */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include <stdio.h>

#include "analysis/baseline.h"
#include "analysis/metric_info.h"
#include "cmd/job_corpus.h"
#include "cmd/job.h"

/* One call of the command. */
struct metrics_call {
    bool no_baseline, full_scale;
    bool has_baseline;
    struct at_baseline baseline;
    const char *keys[AT_N_METRIC_TEXTS]; /* columns of the corpus table */
    struct corpus_table corpus;          /* cells NULL until there is a second kind of text */
};

/* One text. */
struct metrics_state {
    struct job *job;
    struct metrics_call *call;
    const struct doc *doc;
    size_t L, H;
    struct at_map_series series;
    struct at_attn_metrics *head;  /* (L,H); not filled under rollout */
    struct at_attn_metrics *layer; /* (L) of the layers' mean maps */
    struct at_attn_metrics global; /* of the model's mean map */
    double flow_change;
    float *scratch; /* (threads,2,n,n) */
};

/* metrics_report - documents, tables, pictures or the summary of one text. */
AT_MUST_USE int metrics_report(struct metrics_state *s, struct at_error *err);
/* metrics_pictures - layer x head maps, gauges, profile. */
AT_MUST_USE int metrics_pictures(struct metrics_state *s, struct at_error *err);
/* metrics_corpus - tables over all texts; answers an exit status. */
int metrics_corpus(struct metrics_call *call, struct job *job, int status);
/* metrics_rank - percentage of the layer's heads whose value is smaller than this head's. */
double metrics_rank(const struct metrics_state *s, size_t layer, size_t head, size_t metric);
/* metrics_mean_of_layer - mean of a metric over the heads of a layer. */
double metrics_mean_of_layer(const struct metrics_state *s, size_t layer, size_t metric);
/* metrics_explain - a metric's page. */
void metrics_explain(FILE *f, const struct at_metric_text *m);

#endif
