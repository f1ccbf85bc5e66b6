/*
 * compare_maps.h - the attention and the hidden states of two passes, brought to the same rows and
 * columns.
 */
#ifndef ANALYSIS_COMPARE_MAPS_H
#define ANALYSIS_COMPARE_MAPS_H

#include <stddef.h>

#include "analysis/token_alignment.h"
#include "base/pool.h"
#include "session/doc.h"

/* One side: a text and what a model made of it. Lent. */
struct at_compare_side {
    const struct at_doc *doc;
    const float *attention; /* (L,H,T,T) */
    const float *hidden;    /* (L+1,T,C), or NULL */
    size_t L, H, C;
    const double *roles; /* (L,H,AT_N_HEAD_NUMBERS) what heads look at (head_features.h), or NULL */
    const double *more;  /* (L,H,n_more) further numbers of heads, in the order of their keys */
    const double *of_text; /* (n_of_text) numbers of the whole text, likewise */
};

/* Its maps over the units of an alignment (analysis/token_alignment.h). */
struct at_unit_maps {
    const float *maps; /* (n,U,W); those of the side itself when the alignment is direct */
    size_t n, U, W;    /* W is U + 1 when some token has no partner */
    float *own;
};

/*
 * at_unit_maps - out[u][v] = mean over the queries in u of the sum over the keys in v; the last of
 * U + 1 columns is what they give to keys without a partner, so that rows sum to what they did.
 *
 * Queries without a partner have no row. Memory  at_unit_maps_release().
 */
void at_unit_maps(struct at_unit_maps *out, const struct at_compare_side *side,
                  const struct at_token_alignment *t, const size_t *unit, struct at_pool *pool);
void at_unit_maps_release(struct at_unit_maps *m);

/* at_unit_means - rows of units, each the mean of its tokens: out (U,C); x (T,C). */
void at_unit_means(float *out, const float *x, const size_t *unit, size_t T, size_t C, size_t U);

/*
 * at_cosine_received - of what the units receive from the queries that can see them, the sum over
 * the tokens of a unit of at_received().
 *
 * Edge      equal maps give exactly 1; NaN without a unit.
 */
double at_cosine_received(const float *map_a, const struct at_doc *a, const size_t *unit_a,
                          const float *map_b, const struct at_doc *b, const size_t *unit_b,
                          size_t U);

/* One map of both sides, and the difference over units; NULL: a side has no such head, or the texts
   share nothing. */
struct at_compare_view {
    const float *a, *b; /* (T,T) */
    size_t U;
    const float *difference;       /* (U,U) a - b */
    const struct at_label *labels; /* (U) of the first's tokens */
};

/* at_compare_view - layer, of the deeper side, AT_NONE: the mean of all; head AT_NONE: of a layer.
   The arena's. */
struct at_compare_view at_compare_view(const struct at_compare_side *a,
                                       const struct at_compare_side *b,
                                       const struct at_token_alignment *t, size_t layer,
                                       size_t head, struct at_arena *arena);

/* at_depth - layer l of the deeper of two models, as a layer of one with n_layers: the same share
   of the way from the first to the last, rounded up from the middle. */
size_t at_depth(size_t l, size_t n_layers, size_t n_deepest);

#endif
