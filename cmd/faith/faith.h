/*
 * faith.h - the room of `atlas faith`: a call of it, and how its results are shown.
 *
 * faith.c is the call and the loop over texts, faith_print.c shows a result in a terminal,
 * faith_maps.c writes maps, faith_pictures.c draws. Each further question has a file of its own
 * that finish_text() asks.
 */
#ifndef FAITH_FAITH_H
#define FAITH_FAITH_H

#include "analysis/faith_corpus.h"
#include "analysis/faith_text.h"
#include "cmd/cmd.h"
#include "cmd/faith/faith_ablation.h"

struct faith {
    int choice; /* enum at_aim_choice */
    const char *token, *foil, *label, *position_text, *methods_text;
    int baseline; /* enum at_ig_baseline */
    long n_steps, batch_rows, n_draws;
    struct at_faith_options options; /* of every text */
    struct at_aim aim;
    struct faith_ablation ablation;
    struct progress progress; /* rows of the text in hand */
    size_t n_rows_done;
    struct at_arena arena;            /* aim, methods */
    struct table texts, text_methods; /* rows per text, when there are many */
    struct at_faith_corpus corpus;
    const struct context *x;
};

/* faith_print - the summary of one text on standard output. */
void faith_print(const struct faith *f, const struct at_doc *doc, const struct at_faith_result *r);
/* faith_print_summary - of all texts. */
void faith_print_summary(const struct at_faith_summary *s);

/* faith_pictures - of one text, drawn from its result only. */
AT_MUST_USE int faith_pictures(const struct faith *f, const struct at_doc *doc,
                               const struct at_faith_result *r, struct at_error *err);

/* faith_write_maps - maps.csv and maps.safetensors. */
AT_MUST_USE int faith_write_maps(const struct faith *f, const struct at_doc *doc,
                                 const struct at_mixing *x, struct at_error *err);

#endif
