/*
 * spearman.h - rank correlation.
 */
#ifndef STATS_SPEARMAN_H
#define STATS_SPEARMAN_H

#include <stdbool.h>
#include <stddef.h>

struct at_correlation {
    double rho;
    double p; /* two-sided; NaN when rho is, or n < 3 */
    size_t n;
    bool is_exact; /* p counted over all n! orders (n <= 9), not Student's t with n - 2 */
};

/*
 * at_spearman - Pearson correlation of average ranks.
 *
 * Source    Spearman 1904; p of |rho| at least as large, ties included.
 * Shapes    x, y (n) without NaN.      Edge  a constant side gives NaN.
 */
struct at_correlation at_spearman(const double *x, const double *y, size_t n);

/* at_spearman_many - of n_rows rows, each with y: out (n_rows), x (n_rows,n), y (n). The exact p of
   all rows without ties comes from one count. */
void at_spearman_many(struct at_correlation *out, const double *x, size_t n_rows, const double *y,
                      size_t n);

#endif
