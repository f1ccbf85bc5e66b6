/*
 * pca.h - the first principal components of a table.
 */
#ifndef STATS_PCA_H
#define STATS_PCA_H

#include <stddef.h>

/*
 * at_pca - coordinates of the rows along the K directions of greatest variance.
 *
 * Columns are centred, not scaled. The sign of a component is fixed: its largest loading by
 * absolute value (the first of several) is positive.
 *
 * Source    Pearson 1901; eigenvectors by Lanczos iteration with full reorthogonalisation.
 * Shapes    scores (N,K); axes (K,d), unit length, or NULL; ratio (K) explained share of the
 *           variance, or NULL; x (N,d). K <= 16.
 * Edge      Components beyond the rank have scores and ratio 0 and an axis of zeros; with fewer
 *           than two rows or no variance at all ratio is NaN.
 * Cost      O(N d) per iteration, some tens of them.
 */
void at_pca(double *scores, double *axes, double *ratio, const double *x, size_t N, size_t d,
            size_t K);

/*
 * at_principal_coordinates - coordinates whose distances come nearest to those given.
 *
 * Source    Torgerson 1952 (classical scaling): eigenvectors of the doubly centred squares.
 * Shapes    out (N,K); distance (N,N), symmetric.
 * Edge      coordinates beyond the rank, or of a negative eigenvalue, are 0. Signs as in at_pca().
 */
void at_principal_coordinates(double *out, const double *distance, size_t N, size_t K);

#endif
