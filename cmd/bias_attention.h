/*
 * bias_attention.h - what bias_attention.c measures and its report and pictures tell.
 */
#ifndef CMD_BIAS_ATTENTION_H
#define CMD_BIAS_ATTENTION_H

#include "analysis/bar.h"
#include "cmd/job_corpus.h"
#include "cmd/detector.h"
#include "cmd/job.h"

enum correction { CORRECTION_NONE, CORRECTION_FDR, CORRECTION_BONFERRONI };

/* One call of the command. */
struct attention_call {
    struct detector_options options;
    const char *detector_name; /* NULL: the model itself when it is one, else atlas-bias */
    const char *calibration;   /* a file of `bias calibrate` */
    size_t *tokens, n_tokens;  /* --tokens: flagged by hand, no detector; else NULL */
    double threshold, alpha;
    long n_permutations, n_top;
    int correction;
    struct detector detector;
    struct corpus_table corpus;
};

/* One text. Sets: any category, then each alone. */
enum { N_SETS = 1 + AT_N_BIAS };
struct attention_state {
    struct job *job;
    struct attention_call *call;
    const struct doc *doc;
    size_t L, H, T;
    bool *special;         /* (T) */
    bool *flagged[N_SETS]; /* (T) each */
    struct at_bar_ratios ratios[N_SETS];
    struct at_bar_significance significance; /* of any category */
    struct at_bar_propagation propagation;
    double *layer_mean;      /* (L) */
    struct at_label *marked; /* (T) labels with the category that is flagged */
    struct at_map_series series;
};

/* is_significant - by the chosen correction. */
bool attention_is_significant(const struct attention_state *s, size_t head);
/* attention_top - numbers of the n heads with the largest ratio, largest first; free it. */
size_t *attention_top(const struct attention_state *s, size_t *n);

/* attention_report - document, tables or the summary of one text; pictures too. */
AT_MUST_USE int attention_report(struct attention_state *s, struct at_error *err);
/* attention_pictures - ratio of every head, propagation, top heads. */
AT_MUST_USE int attention_pictures(struct attention_state *s, struct at_error *err);
/* attention_map_picture - a map with the flagged tokens marked; layer, head -1 for means. */
AT_MUST_USE int attention_map_picture(struct attention_state *s, const float *map, long layer,
                                      long head, struct at_error *err);

#endif
