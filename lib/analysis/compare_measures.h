/*
 * compare_measures.h - what the other analyses say of each side of a comparison: sentences, flags
 * of a bias detector, attention to flagged tokens, attributions. Each is the analysis of its own
 * command (isa_text.h, bias_text.h, bar_text.h, faith_text.h), run on both sides.
 */
#ifndef ANALYSIS_COMPARE_MEASURES_H
#define ANALYSIS_COMPARE_MEASURES_H

#include "analysis/bar_text.h"
#include "analysis/bias_text.h"
#include "analysis/compare_maps.h"
#include "analysis/compare_tables.h"
#include "analysis/faith_text.h"
#include "analysis/isa_text.h"

enum at_compare_part {
    AT_COMPARE_ISA = 1 << 0,   /* attention between sentences */
    AT_COMPARE_BIAS = 1 << 1,  /* flags of tokens */
    AT_COMPARE_BAR = 1 << 2,   /* attention to flagged tokens */
    AT_COMPARE_FAITH = 1 << 3, /* attributions of a decision */
};

/* What is asked, and what it needs. */
struct at_compare_measures {
    unsigned parts;                        /* bits of enum at_compare_part */
    const struct at_sentence_rules *rules; /* of sentences */
    const struct at_faith_options *faith;
    struct at_pool *pool;
};

/*
 * at_compare_measure_keys - by parts and methods: names of the numbers of heads and of whole texts,
 * in the order of struct at_compare_measured: "bar", "ig.rho"; "isa.own", "bias.percentage",
 * "ig.mean_rho".
 *
 * Memory    the arena's.
 */
struct at_compare_measure_keys {
    const char **heads, **texts;
    size_t n_heads, n_texts;
};
void at_compare_measure_keys(struct at_compare_measure_keys *out,
                             const struct at_compare_measures *m, struct at_arena *arena);

/* Who is asked about a side. */
struct at_compare_asked {
    const struct at_detector *detector; /* what flags its tokens */
    const struct at_session *session;   /* for attributions, which no capture has */
    const struct at_aim *aim;
};

/* What was found of one side; analyses that were not asked for are zeros. */
struct at_compare_measured {
    const struct at_doc *doc; /* the side's */
    double *heads;            /* (L,H,n_heads) */
    double *texts;            /* (n_texts) */
    size_t S;                 /* sentences */
    double *weight, *ratio;   /* (S,S) attention between them, and to even attention */
    struct at_doc flagged;    /* the text as the detector reads it */
    struct at_bias_result flags;
    const struct at_bar_layer *layers; /* (n_layers) */
    size_t n_layers;
    struct at_faith_target target;
    struct at_attribution *attributions; /* (n_attributions) */
    size_t n_attributions;
    struct at_arena arena;
};

/*
 * at_compare_measure - all that is asked, of a side; sets side->more and side->of_text.
 *
 * A number that a text or a model has not is NaN.
 * Errors    those of the analyses.
 * Memory    at_compare_measured_release(), which accepts a zeroed struct and one that failed; side
 *           must not outlive it.
 */
AT_MUST_USE int at_compare_measure(struct at_compare_measured *out, struct at_compare_side *side,
                                   const struct at_compare_measures *m,
                                   const struct at_compare_asked *asked, struct at_error *err);
void at_compare_measured_release(struct at_compare_measured *m);

/*
 * at_compare_measured_tables - what is not of heads, number by number: isa.csv, propagation.csv,
 * and of tokens that belong together bias.csv and attributions.csv.
 *
 * A unit of several tokens has their greatest score of the detector, and the sum of their
 * attributions. Rows are named by the first's tokens; what has no partner stands alone.
 * text_id: of one of many, names the rows, too; else "".
 */
void at_compare_measured_tables(struct at_compared_tables *out, const struct at_compare_measured *a,
                                const struct at_compare_measured *b,
                                const struct at_token_alignment *t, const char *text_id);

#endif
