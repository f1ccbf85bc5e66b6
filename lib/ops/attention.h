/*
 * attention.h - scaled dot-product attention that keeps its map.
 */
#ifndef OPS_ATTENTION_H
#define OPS_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

/* One text's rows inside the projections of a batch. */
struct at_attention_in {
    const float *q;                      /* (n_queries) rows; head h starts at column h * D */
    const float *k, *v;                  /* (T) rows; v NULL for maps without context */
    size_t q_stride, k_stride, v_stride; /* floats from one row to the next */
    size_t T, H, D;
    size_t group; /* heads that read the same k and v, which are at column h / group * D; 0 for 1 */
    size_t n_queries;         /* T unless only some queries are wanted */
    const size_t *query_rows; /* (n_queries) which token each row of q is; NULL for 0..T-1 */
    bool is_causal;           /* key j is visible to query i only when j <= i, */
    size_t window;            /* and of those only so many, j > i - window; 0 for all */
    /* (T) keys that no query sees, or NULL. A query that sees no key at all has a row of zeros. */
    const unsigned char *is_hidden;
    float scale; /* of q k'; 0 for the usual 1 / sqrt(D) */
    /* Added to that: bias[h * bias_stride + j - i] in head h for key j and the query of token i, so
       that it points at distance 0; or NULL. */
    const float *bias;
    size_t bias_stride;
};

/* What becomes of it. */
struct at_attention_out {
    float *map; /* (H, n_queries, T), or NULL when nobody keeps it; masked cells are exactly 0 */
    float *context;        /* (n_queries, H*D), or NULL likewise */
    size_t context_stride; /* floats from one row to the next */
    bool is_for_later;     /* nobody reads the map while the caches could still hold it */
};

/*
 * at_attention - map = softmax(scale q k' + bias), context = map v, for every head of B texts.
 *
 * Source    Vaswani et al. 2017, eq. 1.      Edge   T = 1: the map is 1.
 * Shapes    out, in (B). Texts and heads are shared out over the pool in one go, so one call for
 *           a batch of short texts is better than one call each.
 */
void at_attention(const struct at_attention_out *out, const struct at_attention_in *in, size_t B,
                  struct at_pool *pool);

/* What flows back through the attention of one text. */
struct at_attention_back {
    const float *map;       /* (H,T,T) as at_attention() made it */
    const float *d_context; /* (T) rows, head h at column h * D */
    float *d_map;           /* (H,T,T), or NULL when nobody keeps it */
    float *dq, *dk, *dv;    /* (T) rows like q, k and v; whatever is there is lost */
    size_t d_context_stride, dq_stride, dkv_stride; /* floats from one row to the next */
};

/*
 * at_attention_back - from the gradient at the context to those at the map, q, k and v.
 *
 *   d_map = d_context v',  dv = map' d_context,
 *   ds = scale map (d_map - rowsum(map d_map)),  dq = ds k,  dk = ds' q
 *
 * Shapes    back, in (B); in as it went into at_attention(), with all queries of every text.
 * Edge      d_map is 0 where a causal query sees nothing; at hidden keys it is what a weight there
 *           would have changed.
 */
void at_attention_back(const struct at_attention_back *back, const struct at_attention_in *in,
                       size_t B, struct at_pool *pool);

/* at_attention_key_column - where the keys and values of a head begin in their rows. */
size_t at_attention_key_column(const struct at_attention_in *in, size_t head);

/* at_attention_bias - the row of biases, by key, of a query of row `query` of q; or NULL. */
const float *at_attention_bias(const struct at_attention_in *in, size_t head, size_t query);

/* at_attention_hides_all - does a query that may look at keys from..end-1 see none of them? */
bool at_attention_hides_all(const struct at_attention_in *in, size_t from, size_t end);

/* at_attention_first - the first key that a query sees. at_attention_visible - how many there are
   up to the last one that it sees; the most for any of queries from..to-1. */
size_t at_attention_first(const struct at_attention_in *in, size_t query);
size_t at_attention_visible(const struct at_attention_in *in, size_t query);
size_t at_attention_most_visible(const struct at_attention_in *in, size_t from, size_t to);

#endif
