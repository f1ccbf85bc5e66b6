/*
 * compare_result.h - what `atlas compare` tells, as data.
 */
#ifndef ANALYSIS_COMPARE_RESULT_H
#define ANALYSIS_COMPARE_RESULT_H

#include "analysis/compare_classes.h"
#include "analysis/compare_predictions.h"
#include "analysis/token_alignment.h"
#include "io/record.h"

/* One number of a head, a layer or a whole model on both sides: a row of compare.csv. */
struct at_compare_row {
    size_t layer, head; /* AT_NONE: of a layer's mean map, of the whole model */
    const char *metric;
    double a, b, difference;
    double low, high; /* of the difference over texts; NaN of a single text */
    double p, q;
    size_t n; /* texts that have it on both sides */
    double effect, effect_interval[2];
    size_t layer_a, layer_b;
};
extern const struct at_record at_compare_row_record;

/* A layer: layers.csv. */
struct at_compare_layer {
    size_t layer;
    double cka;
    double js_distance, low, high; /* mean over heads, then over texts */
    size_t layer_a, layer_b;
};
extern const struct at_record at_compare_layer_record;

/* A head and the one it is most like in the cheapest assignment: matches.csv. */
struct at_compare_match {
    size_t layer_a, head_a, layer_b, head_b; /* AT_NONE: no partner left */
    double score;
};
extern const struct at_record at_compare_match_record;

/* A number of a table of two earlier runs: tables.csv. */
struct at_table_difference {
    const char *table, *row, *column;
    double a, b, difference;
};
extern const struct at_record at_table_difference_record;

/* A column of such a table. */
struct at_table_column {
    const char *table, *column;
    size_t n, n_different, n_alone; /* numbers on both sides; those that differ; on one side */
    double mean, greatest;          /* of the differences; of their sizes */
    const char *row;                /* that has it */
};
extern const struct at_record at_table_column_record;

/* One pair of many texts: texts.csv. */
struct at_compare_text {
    const char *model, *id;
    size_t n_tokens;
    const char *model_b;
    size_t n_tokens_b, n_aligned, n_only_a, n_only_b;
    double js_distance; /* mean over layers of the mean over heads */
    size_t layer;       /* with the greatest */
    const char *run_id;
};
extern const struct at_record at_compare_text_record;

/* The groups of one head, on both sides: clusters.csv. */
struct at_compare_cluster {
    size_t layer, head;
    int cluster_a;
    const char *name_a;
    int cluster_b;
    const char *name_b;
    bool is_matched; /* the groups are each other's partner in the assignment with most heads */
};
extern const struct at_record at_compare_cluster_record;

struct at_compare_result {
    const char *model_a, *model_b;
    const char *text_a, *text_b; /* of one pair of texts, else NULL */
    size_t L_a, H_a, L_b, H_b, L, H;
    size_t n_texts;
    const struct at_aligned *tokens; /* (n_tokens) of one pair of texts */
    size_t n_tokens;
    size_t n_aligned, n_only_a, n_only_b; /* units, and tokens of all texts without a partner */
    struct at_compare_row *heads;         /* (n_heads): layers, heads, metrics */
    size_t n_heads;
    size_t n_numbers; /* of each head */
    size_t *changed;  /* (n_changed) rows of js_distance in heads, the greatest first */
    size_t n_changed;
    struct at_compare_row *layer_rows; /* (n_layer_rows) */
    size_t n_layer_rows;
    struct at_compare_row *global; /* (n_global) */
    size_t n_global;
    struct at_compare_layer *layers; /* (n_layers) */
    size_t n_layers;
    double *cka; /* (n_layers) */
    double cka_embeddings;
    size_t most_changed_layer; /* by js_distance; AT_NONE */
    double most_changed_distance;
    struct at_compare_match *matches; /* (n_matches) */
    size_t n_matches;
    double match_score;                        /* mean over the pairs */
    const struct at_compare_cluster *clusters; /* (n_clusters) */
    size_t n_clusters;
    double adjusted_rand; /* of the heads' clusters; NaN without */
    const struct at_compare_prediction *predictions;
    size_t n_predictions;
    double mean_kl;
    const struct at_compare_class *classes; /* (n_classes) of classifiers of whole texts */
    size_t n_classes;
    const char *command;                   /* that wrote both directories; NULL: none was asked */
    const struct at_table_column *columns; /* (n_columns) of their tables */
    size_t n_columns;
    const struct at_table_difference *tables; /* (n_tables) */
    size_t n_tables;
    const char *correction;
    const char **notes; /* (n_notes) */
    size_t n_notes;
};
extern const struct at_record at_compare_record; /* compare.json without its meta */

/* The greatest |difference| that --fail-above looks at. */
struct at_compare_worst {
    const struct at_compare_row *row;        /* of a head, or NULL */
    const struct at_table_column *of_column; /* of a table, or NULL */
    double value;
};
/* at_compare_worst - metric NULL: js_distance, where there is none any number; layer, head AT_NONE:
   of any, of tables also what is of no head. */
struct at_compare_worst at_compare_worst(const struct at_compare_result *r, const char *metric,
                                         size_t layer, size_t head);

#endif
