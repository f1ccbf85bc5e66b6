/*
 * run_result.h - what `atlas run` tells of one text, as data: its tokens, predictions, the
 * strongest links and the metrics of its mean map; influence trees; rows of attention.csv and
 * texts.csv.
 */
#ifndef ANALYSIS_RUN_RESULT_H
#define ANALYSIS_RUN_RESULT_H

#include "analysis/attn_metrics.h"
#include "analysis/deep_result.h"
#include "analysis/flow.h"
#include "analysis/map_series.h"
#include "analysis/token_links.h"
#include "analysis/tree.h"
#include "session/classes.h"
#include "session/embedding.h"
#include "session/predict.h"

/* tokens[] of run.json, and tokens.csv. */
struct at_run_token {
    size_t index;
    const char *token, *label; /* the piece, and as people write it; no label among words */
    int id;
    size_t start, end;
    int segment;
    size_t text; /* of a pair, where the segment does not tell it */
    bool is_special;
    int word;        /* -1: none */
    double received; /* share of attention it gets in the mean map; NaN among words */
};
extern const struct at_record at_run_token_record;

/* words[] of run.json, and words.csv. */
struct at_run_word {
    size_t index;
    const char *label;
    size_t first_token, n_tokens;
    double received, dropped;
};
extern const struct at_record at_run_word_record;

/* A link of one map. */
struct at_run_link {
    size_t query, key;
    const char *query_token, *key_token;
    double weight;
};

/* The strongest links of a map; layer, head AT_NONE: of a mean. */
struct at_run_links {
    size_t layer, head;
    struct at_run_link *links; /* (n) most first */
    size_t n;
};

struct at_run_result {
    struct at_run_token *tokens; /* (n_tokens) */
    size_t n_tokens;
    struct at_run_word *words; /* (n_words) */
    size_t n_words;
    struct at_predicted *predictions; /* (n_predictions) */
    size_t n_predictions;
    const struct at_class *classes; /* (n_classes) of a classifier of whole texts */
    size_t n_classes;
    const struct at_embedding *embedding; /* of a sentence-transformer; or NULL */
    double next_sentence;                 /* NaN when not asked */
    struct at_run_links strongest;
    struct at_attn_metrics global;
    double flow_change;
    double table_min_weight;           /* smallest weight in attention.csv; NaN: there is none */
    double table_left_out;             /* share of all attention that it leaves out; NaN likewise */
    const struct at_token_link *links; /* (n_links) of --from-token to --to-token, or NULL */
    size_t n_links;
    const struct at_deep *deep; /* or NULL */
};
extern const struct at_record at_run_record; /* run.json without its meta */

/*
 * at_run_finish - of a text whose layers are all in the series. shown (n,n) is the map that the
 * links are of; predictions and deep are lent.
 *
 * Memory    the arena's and the doc's.
 */
struct at_run_result at_run_finish(const struct at_doc *doc, struct at_map_series *series,
                                   const struct at_predictions *predictions,
                                   const struct at_deep *deep, const float *shown, size_t layer,
                                   size_t head, size_t n_links, struct at_arena *arena);

/* attention.csv: one visible cell. head AT_NONE: of the layer's mean. */
struct at_attention_cell {
    size_t layer, head, query, key;
    const char *query_token, *key_token;
    float weight;
};
extern const struct at_record at_attention_cell_record;

/* trees[] of tree.json. */
struct at_run_tree_node {
    size_t node, parent, depth, index; /* parent AT_NONE: the root */
    const char *token;
    double weight, product, qk;
};
struct at_run_tree {
    size_t layer, head; /* AT_NONE: of a mean */
    bool is_cut;
    struct at_run_tree_node *nodes; /* (n) */
    size_t n;
};
struct at_run_trees {
    struct at_run_tree *items; /* (n) one for each map that is shown */
    size_t n, cap;
};
extern const struct at_record at_run_trees_record; /* tree.json without its meta */
/* at_run_trees_add - nodes of a tree grown on a map; strings and nodes are the arena's. */
const struct at_run_tree *at_run_trees_add(struct at_run_trees *t, const struct at_doc *doc,
                                           const struct at_tree_nodes *nodes, bool is_cut,
                                           size_t layer, size_t head, struct at_arena *arena);

#endif
