/*
 * tsne.h - exact t-SNE in two dimensions.
 */
#ifndef STATS_TSNE_H
#define STATS_TSNE_H

#include <stddef.h>

#include "base/pool.h"

struct at_tsne_options {
    double
        perplexity; /* 0: min(30, (N - 1) / 3), at least 1; at N - 1 all points would be near all */
    size_t n_iterations;
};
#define AT_TSNE_OPTIONS_INIT                                                                       \
    {                                                                                              \
        0.0, 1000                                                                                  \
    }

/* What the map is worth. */
struct at_tsne_fit {
    double perplexity; /* the one used */
    double kl;         /* nats, of the joint probabilities from those of the map */
};

/*
 * at_tsne - a map on which near points stay near; distances between far ones mean nothing.
 *
 * The start, best the principal plane, is scaled to 1e-4, so nothing is random; sums are taken in a
 * fixed order, so the result does not depend on the number of threads.
 *
 * Source    van der Maaten and Hinton 2008; early exaggeration 12 for 250 iterations, momentum 0.5
 *           then 0.8, gains, learning rate max(N / 48, 50) as in scikit-learn.
 * Shapes    out (N,2); distance (N,N); start (N,2).      Memory  N*N floats while it runs.
 * Edge      N = 0 does nothing, N = 1 gives the origin and a KL of 0, N = 2 two points. A start of
 *           equal points stays at the origin. Perplexity is at most N - 1.
 */
struct at_tsne_fit at_tsne(double *out, const double *distance, const double *start, size_t N,
                           const struct at_tsne_options *options, struct at_pool *pool);

#endif
