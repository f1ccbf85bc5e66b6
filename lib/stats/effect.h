/*
 * effect.h - how much of a value's variation groups explain, with chance taken off.
 */
#ifndef STATS_EFFECT_H
#define STATS_EFFECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

/*
 * Shares of variance between k groups of n values. eta2 grows with k under no effect (its mean is
 * (k - 1) / (n - 1)); omega2 and epsilon2 take that off and may be slightly negative.
 */
struct at_effect {
    double eta2;     /* SS_between / SS_total */
    double omega2;   /* (SS_between - (k-1) MS_within) / (SS_total + MS_within) */
    double epsilon2; /* (SS_between - (k-1) MS_within) / SS_total */
    double p;        /* share of relabellings with an eta2 at least as large */
    double mc_error; /* of p */
};

/*
 * at_group_effects - effect of one grouping on many features, with a permutation p.
 *
 * The same n_draws random relabellings serve every feature. At most 256 groups. Values that come in
 * units (items of one target term) are relabelled unit by unit: all values of a unit are of one
 * group, and every relabelling gives the groups as many units as they have.
 *
 * Source    Hays 1963 (omega2), Kelley 1935 (epsilon2); permutation p as (1 + hits) / (1 + draws).
 * Shapes    out (n_features); x (n_features, n); group (n) with values 0..k-1; unit (n) with values
 *           0..n_units-1, none of them missing, or NULL when every value is its own.
 * Edge      a constant feature or a single group gives NaN; n_draws 0 leaves p NaN.
 */
void at_group_effects(struct at_effect *out, const float *x, const int *group, size_t n_features,
                      size_t n, size_t k, const int *unit, size_t n_units, size_t n_draws,
                      uint64_t seed, struct at_pool *pool);

#endif
