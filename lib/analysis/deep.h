/*
 * deep.h - the quantities of the deep dive: vectors, similarities, attention step by step.
 *
 * Plain arrays in, plain arrays out, one layer at a time. Rows are tokens; stride is the number of
 * floats from one row to the next. PCA is stats/pca.h, the logit lens model/lm_head.h.
 *
 * Source    Vaswani et al. 2017, eq. 1, for the steps; the quantities are Attention Atlas's.
 */
#ifndef ANALYSIS_DEEP_H
#define ANALYSIS_DEEP_H

#include <stdbool.h>
#include <stddef.h>

/* One vector in a few numbers. */
struct at_vector_stats {
    double norm, mean, sd, min, max; /* Euclidean; population deviation */
    double positive;                 /* share of values above 0: FFN units that fire */
};

/* at_vectors_describe - out (T) for rows of n values. */
void at_vectors_describe(struct at_vector_stats *out, const float *x, size_t stride, size_t T,
                         size_t n);

struct at_neighbour {
    size_t token;
    double cosine;
};

/*
 * at_vectors_neighbours - for each row the k others most alike by cosine, most alike first.
 *
 * Shapes    out (T,k), k < T; x (T,n).      Edge  ties: lower index. A row without length is like
 *           nothing: its neighbours, and itself as one, have a NaN cosine and come last.
 */
void at_vectors_neighbours(struct at_neighbour *out, size_t k, const float *x, size_t stride,
                           size_t T, size_t n);

/* at_cosine_map - out (T,T): cosine of row i of a and row j of b. For a head: a its queries, b its
   keys, n = D. NaN where either has no length. */
void at_cosine_map(float *out, const float *a, const float *b, size_t stride, size_t T, size_t n);

/* at_add_rows - out (T,n) = a + b + c, any of which may be NULL: the sum that the embedding is. */
void at_add_rows(float *out, const float *a, const float *b, const float *c, size_t T, size_t n);

/* at_residual_change - out (T) = |after - before| / (|before| + 1e-6). Of GPT-2's last layer after
   is the stream before the final norm. */
void at_residual_change(double *out, const float *before, const float *after, size_t stride,
                        size_t T, size_t n);

/* One key of one query, and how its weight comes about: weight = exp(scaled - log_sum). */
struct at_attention_step {
    size_t key;
    double dot;     /* Q.K of the head */
    double scaled;  /* dot * scale */
    double shifted; /* scaled - row_max */
    double weight;  /* recomputed in double */
    double stored;  /* the map's own */
};

struct at_attention_row {
    size_t query, n_visible;
    double row_max;      /* of scaled, over the visible keys */
    double sum_exp;      /* of exp(scaled - row_max) */
    double log_sum;      /* log-sum-exp of scaled = row_max + ln sum_exp */
    double weight_error; /* greatest |weight - stored| over the row */
};

/*
 * at_attention_steps - one row of one head, from queries and keys to weights.
 *
 * The query sees keys first .. end-1.
 *
 * Shapes    steps (k), the k visible keys that rank highest in rank_by (T) (NULL: the weights),
 *           ties by lower index; answers how many (fewer when fewer are visible); q, k of the head
 *           (T, stride); row (T) of its map, or NULL: stored and weight_error are NaN.
 *           bias (T) added to the scaled scores, or NULL.
 * Units     scale is 1 / sqrt(D), unless the model's configuration says otherwise.
 */
size_t at_attention_steps(struct at_attention_step *steps, size_t n_steps,
                          struct at_attention_row *row_out, const float *q, const float *k,
                          size_t stride, size_t T, size_t D, double scale, const float *bias,
                          size_t first, size_t end, size_t query, const float *row,
                          const float *rank_by);

#endif
