/*
 * deciles.h - how y goes with x: its mean in tenths of x, and the straight line through all points.
 */
#ifndef STATS_DECILES_H
#define STATS_DECILES_H

#include <stddef.h>

enum { AT_MAX_DECILES = 10 };

struct at_decile {
    size_t n;
    double x;            /* mean of x */
    double y_mean, y_sd; /* population deviation */
};

/*
 * at_deciles - cut x at its deciles; answers how many bins there are.
 *
 * Edges are quantiles by linear interpolation, equal ones are merged; a value on an edge belongs to
 * the bin below it, as in pandas' qcut. No bin is empty.
 *
 * Shapes    out (AT_MAX_DECILES); x, y (n) without NaN.      Edge  n = 0 or a constant x: 0 bins.
 */
size_t at_deciles(struct at_decile *out, const double *x, const double *y, size_t n);

/* y = slope x + intercept by least squares; NaN for a constant x or n < 2. */
struct at_line_fit {
    double slope, intercept;
};
struct at_line_fit at_fit_line(const double *x, const double *y, size_t n);

#endif
