/*
 * token_links.h - which heads link some tokens to others: the share of attention that goes from the
 * one to the other, beside what even attention over the keys in sight gives.
 */
#ifndef ANALYSIS_TOKEN_LINKS_H
#define ANALYSIS_TOKEN_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/record.h"

/* links.csv: one head. */
struct at_token_link {
    size_t rank; /* from 1, most first */
    size_t layer, head;
    double weight; /* mean over the queries of what they put on all the keys */
    double even;   /* the same of even attention */
    double ratio;  /* weight / even; NaN when no query sees a key */
};
extern const struct at_record at_token_link_record;

/* Rows of a map: queries (n_from), keys (n_to). */
struct at_token_ends {
    const size_t *from, *to;
    size_t n_from, n_to;
};

/* at_token_link - of one map (n,n); without a rank. */
struct at_token_link at_token_link(const float *map, size_t n, bool is_causal,
                                   const struct at_token_ends *ends, size_t layer, size_t head);

/* at_token_links_rank - most weight first, equal ones by layer and head; sets the ranks. */
void at_token_links_rank(struct at_token_link *links, size_t n);

#endif
