/*
 * sensitivity.h - which heads treat a stereotype and its counterpart differently, and does that go
 * with the model's preference?
 *
 * Each item has a text with the stereotype and one with the anti-stereotype. The traits of every
 * head on both (analysis/head_traits.h) go in item by item; what is kept is one float per item,
 * text, head and trait.
 *
 *   at_sensitivity_init(&s, n_items, n_heads, n_categories, &err);
 *   ... fill stereo, anti, term, category, bias and margin of every item
 *   at_sensitivity_run(traits, heads, NULL, &s, n_draws, seed, pool);
 *
 * What is told of it, ranked and picked, is in analysis/sensitivity_result.h.
 *
 * Items of one target term are alike in more than their category, so every test counts terms: what
 * changes place, category or sign is a term with all its items (stats/clusters.h).
 *
 * Source    the question is Attention Atlas's, the statistics are not: differences of each pair and
 *           paired tests (Wilcoxon 1945; by terms, Rosner, Glynn and Lee 2006) where it takes the
 *           texts of a pair as unrelated; omega squared (Hays 1963) with a permutation p where it
 *           takes eta squared, which is above 0 by chance alone; q (Benjamini and Hochberg 1995)
 *           over every trait that was tested.
 */
#ifndef ANALYSIS_SENSITIVITY_H
#define ANALYSIS_SENSITIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/head_traits.h"
#include "base/error.h"
#include "base/pool.h"

struct at_sensitivity {
    size_t n_items, n_heads, n_categories;
    float *stereo, *anti; /* (n_items, n_heads, AT_N_TRAITS); NaN until filled */
    int *term;            /* (n_items) 0 or more; each item its own until filled */
    int *category;        /* (n_items) 0..n_categories-1 */
    double *bias;         /* (n_items) score of the stereotype minus that of the anti-stereotype */
    double *margin;       /* (n_items) mean of the two scores minus that of the unrelated one */
    double *longer;       /* (n_items) tokens of the stereotype's text minus those of the other; NaN
                             when one of them could not be read. No test looks at it */
};

/* at_sensitivity_init - AT_ENOMEM.      Memory   at_sensitivity_release(), accepts a zeroed one. */
AT_MUST_USE int at_sensitivity_init(struct at_sensitivity *out, size_t n_items, size_t n_heads,
                                    size_t n_categories, struct at_error *err);
void at_sensitivity_release(struct at_sensitivity *s);

/* A trait of a head over the items where it is defined, for all heads, on both texts. */
struct at_trait_effect {
    size_t n;
    double mean_stereo, mean_anti, mean_delta; /* delta: stereotype minus anti-stereotype */
    double sd_delta;                           /* population */
    double paired_p, paired_q;                 /* signed ranks of the deltas, terms changing sign */
    double omega2, p, q; /* deltas between categories: effect, p of relabelling terms */
    double rho_bias, rho_bias_p, rho_bias_q;       /* Spearman of delta with bias, p by terms */
    double rho_margin, rho_margin_p, rho_margin_q; /* of the texts' mean with the margin */
};

struct at_sensitivity_effect {
    size_t n_traits;      /* that vary at all; 0: everything below is NaN */
    size_t n_significant; /* of these with q < 0.05 */
    double omega2;        /* mean over them */
    size_t rank;          /* by omega2, 0 is the most sensitive */
    size_t best;          /* trait with the largest omega2; AT_N_TRAITS when there is none */
    double bias_link;     /* mean |rho_bias| */
    double margin_link;   /* mean |rho_margin|: how much the head has to do with telling a
                             meaningful sentence from a meaningless one */
    bool is_pareto;       /* no head has less bias_link with at least the margin_link, or more
                             margin_link with at most the bias_link */
};

/*
 * at_sensitivity_run - effects of every trait of every head, and of heads.
 *
 * q is by Benjamini and Hochberg over all traits of all heads that have a p.
 *
 * Shapes    traits (n_heads, AT_N_TRAITS), heads (n_heads); means (n_heads, AT_N_TRAITS,
 *           n_categories) or NULL: mean delta in each category, NaN in one without items.
 * Edge      a difference below 1e-5 of the values is rounding and counts as 0. A trait without
 *           variation (what a causal model sees before the texts part, say) is NaN throughout.
 */
void at_sensitivity_run(struct at_trait_effect *traits, struct at_sensitivity_effect *heads,
                        double *means, const struct at_sensitivity *s, size_t n_draws,
                        uint64_t seed, struct at_pool *pool);

/* What the tests could have found at best, where a trait is defined for every item. */
struct at_sensitivity_reach {
    size_t n_terms;      /* of one category each: one of two categories counts twice */
    double least_p;      /* of relabelling: 1 / (1 + draws) or 1 / (ways to label the terms) */
    double least_paired; /* of signed ranks: 2 / 2^terms */
};
struct at_sensitivity_reach at_sensitivity_reach(const struct at_sensitivity *s, size_t n_draws);

/* at_chance_link - what a mean |rho| comes to without any connection: sqrt(2 / (pi (n - 1))). */
double at_chance_link(size_t n);

/* A trait of a head on one item. */
struct at_trait_pair {
    size_t item;
    double stereo, anti, delta;
};

/* at_trait_pairs - out (n_items): the items where the trait is defined, in order; answers n. */
size_t at_trait_pairs(struct at_trait_pair *out, const struct at_sensitivity *s, size_t head,
                      size_t trait);

#endif
