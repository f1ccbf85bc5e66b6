/*
 * corpus.h - numbers over many texts: mean, deviation and range of what every text has.
 *
 * Numbers are added text by text and nothing else is kept, so memory does not grow with the corpus.
 */
#ifndef ANALYSIS_CORPUS_H
#define ANALYSIS_CORPUS_H

#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "stats/summary.h"

/* What a row of a table is of: "3", "5" a head; "3", "layer"; "global", "all" the model. */
struct at_place {
    const char *layer, *head;
};
extern const struct at_record at_place_record; /* layer,head */
/* at_place - head AT_NONE: of a layer; layer AT_NONE too: of the model. Strings are the arena's. */
struct at_place at_place(size_t layer, size_t head, struct at_arena *arena);

/* The moments of one number over texts: a row of corpus.csv where there are no heads. */
struct at_moments_row {
    const char *metric;
    size_t n; /* texts that have it */
    double mean, sd, min, max;
};
extern const struct at_record at_moments_row_record; /* metric,n,mean,sd,min,max */
struct at_moments_row at_moments_row(const char *metric, const struct at_moments *m);

/* Moments of every value of every head, layer and of the model. */
struct at_corpus {
    size_t L, H, n_values;
    const char *const *keys;  /* (n_values) lent */
    struct at_moments *cells; /* (L,H,n_values), then (L,n_values) of layers, then (n_values) */
};

void at_corpus_init(struct at_corpus *c, size_t L, size_t H, const char *const *keys,
                    size_t n_values);
void at_corpus_release(struct at_corpus *c); /* accepts a zeroed struct */
/* at_corpus_cell - of a head; head AT_NONE: of a layer; layer AT_NONE too: of the model. */
struct at_moments *at_corpus_cell(const struct at_corpus *c, size_t layer, size_t head,
                                  size_t value);
/* at_corpus_add_heads - the values from first on of all heads: x (L,H,n). */
void at_corpus_add_heads(struct at_corpus *c, size_t first, const double *x, size_t n);

/* corpus.csv */
struct at_corpus_row {
    struct at_place place;
    struct at_moments_row moments;
};
extern const struct at_record at_corpus_row_record; /* layer,head,metric,n,mean,sd,min,max */
/* at_corpus_rows - (*n) one for every cell that has a value: heads, layers, the model. The
   arena's. */
struct at_corpus_row *at_corpus_rows(size_t *n, const struct at_corpus *c, struct at_arena *arena);

/* roles.csv: the heads that have most of a value. */
struct at_role {
    const char *role; /* key of the value */
    size_t rank;      /* from 1 */
    size_t layer, head;
    double mean, sd;
    size_t n;
};
extern const struct at_record at_role_record;
/* at_corpus_roles - (*n) for every value its first most heads by their mean, best first; of equals
   the first. Heads without the value are left out. The arena's. */
struct at_role *at_corpus_roles(size_t *n, const struct at_corpus *c, size_t most,
                                struct at_arena *arena);

#endif
