/*
 * faith_result.h - what `atlas faith` finds out about one text, as data: faith.json and its tables.
 *
 * Attributions of every method, how far each agrees with the attention that heads give and with
 * the others, and whether it predicts what happens when tokens go. Whatever else is measured joins
 * struct at_faith_result as a list of records: maps, ablation, direct effects.
 */
#ifndef ANALYSIS_FAITH_RESULT_H
#define ANALYSIS_FAITH_RESULT_H

#include <stddef.h>

#include "analysis/ablation_result.h"
#include "analysis/agreement.h"
#include "base/arena.h"
#include "io/record.h"

/* What is explained. */
struct at_faith_target {
    const char *kind;                     /* see session/aim.h */
    size_t index;                         /* token at which the head looks; AT_NONE: several */
    const char *token, *foil;             /* pieces; the label or class; NULL: none */
    const char *token_label, *foil_label; /* as people write them */
    double value;                         /* nats; of labels a sum of probabilities; the norm */
};

extern const struct at_record at_faith_target_record;

/* Scores of one method. */
struct at_attribution {
    const char *method; /* key */
    double *scores;     /* (T) */
    size_t T;
};

/* The same, said in words and as a whole. */
struct at_attribution_info {
    const char *method, *name, *stands_on, *sums_to;
    double sum;
};

/* attributions.csv */
struct at_attribution_row {
    size_t index;
    const char *token, *method;
    double score;
    const char *label;
};
extern const struct at_record at_attribution_row_record;

/* Do the attributions add up? NaN and 0 when the methods did not run. */
struct at_completeness {
    double residual;
    size_t steps;
};

/* heads.csv: attention that a token receives from a head against a method's scores. */
struct at_head_agreement {
    size_t layer, head;
    const char *method;
    struct at_agreement all;  /* tokens */
    struct at_agreement text; /* without those that are special */
};
extern const struct at_record at_head_agreement_record;

/* agreement.csv: two methods. */
struct at_method_agreement {
    const char *method_a, *method_b;
    struct at_agreement agreement;
};
extern const struct at_record at_method_agreement_record;

/* Does attention agree with a method, all in all? */
struct at_mean_rho {
    const char *method;
    double mean, low, high;
    size_t n;                 /* rho that are defined */
    const char *over;         /* what was averaged: heads, texts */
    const char *exceeds_half; /* "yes", "no", "undecided" */
};
extern const struct at_record at_mean_rho_record;

/* curves.csv; see analysis/erasure.h. */
struct at_curve_point {
    const char *method; /* or "random" */
    double k;           /* percent */
    double comprehensiveness, sufficiency;
    double comprehensiveness_spread[2], sufficiency_spread[2]; /* of random orders */
};
extern const struct at_record at_curve_point_record;

/* areas.csv: means over the curve, and how much better than random orders they are. */
struct at_curve_area {
    const char *method;
    double comprehensiveness, sufficiency;
    double net_comprehensiveness, net_comprehensiveness_spread[2];
    double net_sufficiency, net_sufficiency_spread[2];
};
extern const struct at_record at_curve_area_record;

/* sanity.csv: scores after layers were made random from the top, against those before. */
struct at_sanity_row {
    const char *method;
    size_t n_layers;        /* that are random */
    double rho, rho_signed; /* of the sizes; of the scores with their signs */
};
extern const struct at_record at_sanity_row_record;

/* maps.csv: how much of the query's token a layer makes from the key's, by a method's measure. */
struct at_map_cell {
    const char *method;
    size_t layer, query, key;
    double weight;
};
extern const struct at_record at_map_cell_record;

struct at_faith_token {
    size_t index;
    const char *token, *label; /* piece, and as people write it */
    double received;           /* attention: mean over heads and the queries that can see it */
    size_t rank;               /* by the size of its score by the first method; 1 is the largest */
};

struct at_faith_result {
    struct at_faith_target target;
    struct at_faith_token *tokens; /* (T) */
    size_t T;
    struct at_attribution *attributions; /* (n_methods) */
    struct at_attribution_info *methods; /* (n_methods) */
    size_t n_methods;
    struct at_completeness completeness; /* of integrated gradients */
    double conservation;                 /* residual of AttnLRP */
    struct at_head_agreement *heads;     /* (n_heads) method by method */
    size_t n_heads;
    struct at_method_agreement *agreement; /* (n_agreement) every pair once */
    size_t n_agreement;
    struct at_mean_rho *mean_rho;                   /* (n_methods) */
    const struct at_ablation_result *heads_removed; /* NULL: not asked for */
    struct at_curve_point *curves;                  /* (n_curves) */
    struct at_curve_area *areas;                    /* (n_areas) */
    size_t n_curves, n_areas;
    struct at_sanity_row *sanity; /* (n_sanity) */
    size_t n_sanity;
};
extern const struct at_record at_faith_result_record; /* faith.json without its meta */

/* at_attribution_rows - (n_methods * T), method by method; the arena's. */
struct at_attribution_row *at_attribution_rows(const struct at_faith_result *r,
                                               struct at_arena *arena);

#endif
