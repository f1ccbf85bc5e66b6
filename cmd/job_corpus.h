/*
 * job_corpus.h - tables over many texts: mean, deviation and range of numbers that every text has.
 *
 * Numbers are added text by text and nothing else is kept, so memory does not grow with the corpus.
 */
#ifndef CMD_JOB_CORPUS_H
#define CMD_JOB_CORPUS_H

#include <stddef.h>

#include "cmd/manifest.h"
#include "stats/summary.h"

/* Moments of every value of every head, layer and of the model. */
struct corpus_table {
    size_t L, H, n_values;
    const char *const *keys;  /* (n_values) */
    struct at_moments *cells; /* (L,H,n_values), then (L,n_values) of layers, then (n_values) */
};

void corpus_init(struct corpus_table *t, size_t L, size_t H, const char *const *keys,
                 size_t n_values);
void corpus_release(struct corpus_table *t); /* accepts a zeroed struct */
/* corpus_cell - the cell of a head; head -1: of a layer; layer -1 too: of the model. */
struct at_moments *corpus_cell(struct corpus_table *t, long layer, long head, size_t value);
/* corpus_write - rows layer,head,metric,n,mean,sd,min,max of every cell that has a value. */
AT_MUST_USE int corpus_write(struct corpus_table *t, struct manifest *m, const char *rel,
                             struct at_error *err);

#endif
