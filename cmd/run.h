/*
 * run.h - what cmd_run.c computes and run_report.c tells: the options and the state of one text.
 */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "analysis/tree.h"
#include "cmd/job_deep_dive.h"
#include "cmd/job.h"
#include "cmd/map_pictures.h"
#include "cmd/job_predict.h"
#include "model/capture.h"

#define ATTENTION_COLUMNS "layer,head,query,key,query_token,key_token,weight"

struct run_options {
    const char *mask;
    long top_k, root, tree_k, tree_depth, tree_nodes, n_links;
    double flow_threshold, min_weight, tree_min_weight;
    size_t *focus; /* (n_focus) tokens drawn in front */
    size_t n_focus;
    bool no_capture, with_logits, is_deep;
    struct at_csv texts_csv; /* a row per text, when there are many */
    bool has_texts_csv;
};

struct run_state {
    struct job *job;
    struct run_options *run;
    const struct doc *doc;
    struct at_map_series series;
    struct at_capture_writer *capture; /* NULL when none is written */
    struct at_csv attention_csv;
    bool has_attention_csv;
    float *grid; /* (L,H,side,side) thumbnails, or NULL */
    size_t grid_side;
    float *shown; /* (n,n) the map selected last: summary, terminal, links */
    struct map_name shown_name;
    struct at_json *trees; /* an entry per selected map */
    struct deep *deep;     /* with --deep, else NULL */
};

/* run_attention_rows - a map's visible weights from --min-weight on, into attention.csv. */
void run_attention_rows(struct run_state *s, const float *map, struct map_name name);

/* run_tree_json - an influence tree as a document; the caller's. */
struct at_json *run_tree_json(const struct run_state *s, const struct at_tree_nodes *nodes,
                              bool is_cut, struct map_name name);

/* run_report - everything that is told of a text once it is through: documents, tables, summary. */
AT_MUST_USE int run_report(struct run_state *s, const struct predictions *p, struct at_error *err);

/* run_open_tables, run_close_tables - tables over all texts; answer an exit status. */
int run_open_tables(struct run_options *run, struct job *job);
int run_close_tables(struct run_options *run, struct job *job, int status);

#endif
