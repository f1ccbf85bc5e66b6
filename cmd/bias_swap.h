/*
 * bias_swap.h - what bias_swap.c finds and bias_swap_report.c tells.
 */
#ifndef CMD_BIAS_SWAP_H
#define CMD_BIAS_SWAP_H

#include "analysis/consistency.h"
#include "analysis/swap.h"
#include "cmd/job.h"
#include "cmd/tagger.h"

/* One call of the command. */
struct swap_call {
    const char *terms_file, *category_name;
    struct tagger tagger;
    struct at_swap_terms terms;
    long category; /* index into the list's, -1 for all */
    struct at_csv table;
    bool has_table; /* DIR/texts.csv is open: there are several texts */
};

/* One text. */
struct swap_state {
    struct job *job;
    struct swap_call *call;
    const struct doc *doc;
    size_t L, H;
    struct at_swaps swaps;
    struct doc other;                  /* the swapped text; empty when nothing was replaced */
    double *received, *other_received; /* (L*H, tokens) */
    struct at_consistency_head *heads; /* (L*H); NULL when there are not two texts to compare */
    struct at_consistency consistency;
};

/* swap_report - document, tables and picture, or the summary on standard output. */
AT_MUST_USE int swap_report(struct swap_state *s, struct at_error *err);
/* swap_table_close - finish DIR/texts.csv, if it was begun. */
AT_MUST_USE int swap_table_close(struct swap_call *call, struct job *job, struct at_error *err);

#endif
