/*
 * stereo_heads.h - `bias stereoset --heads`: what the heads of a model do with the stereotype and
 * the anti-stereotype of each item.
 */
#ifndef CMD_STEREO_HEADS_H
#define CMD_STEREO_HEADS_H

#include "analysis/sensitivity.h"
#include "analysis/stereoset.h"
#include "cmd/job.h"
#include "cmd/tagger.h"

/* Its options; include options in a table after stereo_heads_init(). */
struct stereo_heads {
    bool is_on; /* --heads */
    long n_draws, n_top;
    struct tagger tagger;
    struct opt options[8];

    /* What stereo_heads_run() found. */
    struct job *job;
    const struct at_stereoset *set;
    const char *scores_name;  /* where the scores are from: a protocol, or a file */
    enum at_stereo_part part; /* the items that are looked at */
    size_t n_items, n_left_out;
    size_t *item;    /* (n_items) number in the set */
    char **too_long; /* (set->n) why an item was left out, or NULL */
    double *longer;  /* (n_items) tokens of the stereotype's text minus the other's */
    size_t L, H;
    struct at_sensitivity s;
    struct at_trait_effect *traits; /* (L*H, AT_N_TRAITS) */
    struct at_head_effect *heads;   /* (L*H) */
    size_t *order;                  /* (L*H) heads by rank */
    size_t n_tested;                /* traits with an effect */
};

void stereo_heads_init(struct stereo_heads *h);
void stereo_heads_release(struct stereo_heads *h); /* accepts one that never ran */

/*
 * stereo_heads_run - both texts of the scored items through the job's model, then the statistics
 * and, with files or on standard output, the report. scores (n, AT_N_GOLD).
 *
 * Only the intersentence items are used or, when these have no scores, the intrasentence ones: the
 * two kinds differ in length and in what their scores are, and every correlation over both would
 * find that first.
 *
 * Errors    AT_ERANGE: fewer than STEREO_HEADS_MIN items with three scores; the model's, the
 *           tagger's.
 */
enum { STEREO_HEADS_MIN = 10 };
AT_MUST_USE int stereo_heads_run(struct stereo_heads *h, struct job *job,
                                 const struct at_stereoset *set, const double *scores,
                                 const char *scores_name, struct at_error *err);

/* stereo_heads_report - sensitivity.json, tables and pictures, or a table on standard output. */
AT_MUST_USE int stereo_heads_report(const struct stereo_heads *h, struct at_error *err);
AT_MUST_USE int stereo_heads_pictures(const struct stereo_heads *h, struct at_error *err);

/* stereo_heads_bias_picture - the bias score of items by category; needs no model. */
AT_MUST_USE int stereo_heads_bias_picture(struct job *job, const struct at_stereoset *set,
                                          const double *scores, struct at_error *err);

#endif
