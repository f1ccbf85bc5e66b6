/*
 * tukey_box.h - values as a box: quartiles, how far the bulk reaches, what lies beyond.
 */
#ifndef STATS_TUKEY_BOX_H
#define STATS_TUKEY_BOX_H

#include <stddef.h>

struct at_tukey_box {
    size_t n;
    double whisker_lo, q1, median, q3, whisker_hi; /* NaN without values */
    const double *outliers;                        /* (n_outliers) */
    size_t n_outliers;
};

/*
 * at_tukey_box - of n values, none of them NaN.
 *
 * Source    Tukey 1977: whiskers to the last value within 1.5 interquartile ranges of the box.
 *           Quartiles by linear interpolation (stats/quantiles.h).
 * Edge      with few values the last one within reach may lie inside the box: the whisker then
 *           begins at the box.
 * Memory    x is sorted, and what lies beyond is moved to the front: x must live as long as out.
 */
void at_tukey_box(struct at_tukey_box *out, double *x, size_t n);

#endif
