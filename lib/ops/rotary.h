/*
 * rotary.h - queries and keys turned by their positions, and rows whose heads lie in another order.
 */
#ifndef OPS_ROTARY_H
#define OPS_ROTARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

/* By what angles heads are turned. */
struct at_rotary {
    size_t dims;  /* the first columns of a head are turned, i with i + dims / 2; 0: none */
    float *angle; /* (dims / 2) from one position to the next, in radians */
    float scale;  /* of what is turned */
};

/*
 * at_rotary_table - out (T, dims): by position, cosines and then sines of the dims / 2 angles.
 *
 * Source    Su et al. 2021, eq. 34. Angles and what comes of them are floats, as in the models that
 *           were trained with it; in double they would be other numbers at far positions.
 */
void at_rotary_table(float *out, const struct at_rotary *r, size_t T);

/* Rows of heads that are turned in place. */
struct at_rotary_rows {
    float *x;             /* (N) rows, head h at column h * D */
    size_t stride;        /* floats from one row to the next */
    size_t N, H, D, dims; /* dims as in struct at_rotary */
    const int *position;  /* (N) */
    const float *table;   /* of at least the largest position */
};

/* at_rotary_turn - x = x turned by its position, or with is_back by its negative, which is the way
   of gradients. at_precise_turn - the same of pairs (ops/precise.h). */
void at_rotary_turn(const struct at_rotary_rows *rows, bool is_back, struct at_pool *pool);
void at_precise_turn(const struct at_rotary_rows *rows, size_t lo, bool is_back);

/*
 * at_heads_apart - rows (N, H, 3, D) become (N, 3, H, D), in place: from a query, key and value for
 * each head, as GPT-NeoX multiplies them out, to all queries, then all keys. at_heads_together -
 * and back.
 */
void at_heads_apart(float *x, size_t N, size_t H, size_t D, struct at_pool *pool);
void at_heads_together(float *x, size_t N, size_t H, size_t D, struct at_pool *pool);

#endif
