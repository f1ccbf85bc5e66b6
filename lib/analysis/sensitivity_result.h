/*
 * sensitivity_result.h - what `bias stereoset --heads` tells: every trait of every head, the heads
 * by rank, and of the most sensitive ones how their best trait spreads and goes with the bias.
 */
#ifndef ANALYSIS_SENSITIVITY_RESULT_H
#define ANALYSIS_SENSITIVITY_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/sensitivity.h"
#include "base/arena.h"
#include "io/record.h"
#include "stats/deciles.h"
#include "stats/tukey_box.h"

struct at_category_mean {
    const char *category;
    double mean; /* of the trait's differences */
};

struct at_trait {
    const char *feature;
    struct at_trait_effect effect;
    struct at_category_mean *means; /* (n_means) every category */
    size_t n_means;
};

struct at_head_place {
    size_t layer, head;
};

/* A row of features.csv. */
struct at_head_trait {
    struct at_head_place place;
    struct at_trait trait;
};

/* A row of sensitivity.csv. */
struct at_head_sensitivity {
    struct at_head_place place;
    struct at_sensitivity_effect effect;
    const struct at_trait *best; /* NULL when none of its traits varies */
};

/* One of the most sensitive heads, by its best trait. */
struct at_top_head {
    const struct at_head_sensitivity *head;
    struct at_tukey_box stereo, anti; /* standard deviations from the mean of all values */
    /* Bias scores in tenths of the difference, mean and a deviation to either side; the line
       through all items, by least squares. */
    size_t n_tenths;
    double x[AT_MAX_DECILES], bias[AT_MAX_DECILES], lo[AT_MAX_DECILES], hi[AT_MAX_DECILES];
    double line_x[2], line_bias[2];
};

/* What the items are, and what is asked for. Strings are lent. */
struct at_sensitivity_origin {
    const char *scores;            /* a protocol, or the file that the scores are from */
    const char *part;              /* kind of the items */
    const char *const *categories; /* (n_categories) */
    size_t L, H;
    long n_draws, seed, n_top;
};

/* Traits with q < 0.05. */
struct at_n_significant {
    size_t categories, paired, bias, margin;
};

/* Traits and scores both move with the length of a text: how much there is of that. */
struct at_length_effect {
    double mean_delta;
    size_t n_equal;
    double rho_bias, rho_bias_p;
};

/* sensitivity.json */
struct at_sensitivity_result {
    struct at_sensitivity_origin origin;
    const char *feature_version;
    size_t n_items, n_left_out; /* compared; without a text that the model takes */
    size_t n_tested;            /* traits with a p */
    struct at_n_significant n_significant;
    struct at_length_effect length;
    double chance_link;
    double *matrix;                            /* (L,H) omega2 */
    struct at_head_sensitivity *heads;         /* (n_heads) by layer */
    const struct at_head_sensitivity **ranked; /* (n_heads) the most sensitive first */
    struct at_head_trait *traits;              /* (n_traits) by head */
    struct at_head_place *top_heads;           /* (n_top_heads) the first by rank */
    struct at_head_trait *top_traits;          /* (n_top_traits) smallest p first */
    struct at_top_head *tops;                  /* (n_tops) of top_heads those with a best trait */
    size_t n_heads, n_traits, n_top_heads, n_top_traits, n_tops;
    struct at_arena arena; /* everything above */
};
extern const struct at_record at_head_sensitivity_record, at_head_trait_record,
    at_sensitivity_result_record;

/*
 * at_sensitivity_summarize - runs the tests (at_sensitivity_run()) and picks.
 *
 * Memory    at_sensitivity_result_release(); the strings of origin must outlive it, s may go.
 */
void at_sensitivity_summarize(struct at_sensitivity_result *out,
                              const struct at_sensitivity_origin *origin,
                              const struct at_sensitivity *s, struct at_pool *pool);
void at_sensitivity_result_release(struct at_sensitivity_result *r); /* accepts a zeroed struct */

#endif
