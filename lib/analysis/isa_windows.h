/*
 * isa_windows.h - attention between the sentences of a text that is read in windows
 * (session/doc_window.h).
 *
 * The sentences are those of the whole text. A cell is measured in one window: of those that have
 * both sentences whole the one that owns most tokens of the sentence that looks, of equals the
 * first. What lies outside of all sentences is measured likewise, with the sentence alone. A cell
 * whose sentences no window has both of is NaN, and left out of what is counted over cells.
 *
 *   at_isa_windows_begin() -> for each window at_isa_windows_init(), its layers as of any text,
 *   at_isa_windows_add() -> at_isa_windows_finish()
 */
#ifndef ANALYSIS_ISA_WINDOWS_H
#define ANALYSIS_ISA_WINDOWS_H

#include "analysis/isa_text.h"

struct at_isa_windows {
    struct at_isa_text whole; /* its sentences, its options; no maps */
    size_t *size;             /* (S) rows of each sentence */
    double *matrix, *ratio;   /* (S,S) NaN until they are measured */
    double *outside;          /* (S) */
    size_t *owned; /* (S,S) 1 + owned tokens of the window that a cell is from; 0: none */
    struct at_isa_drill *pairs; /* (n_pairs) as the options have them; n_query 0: not seen */
};

/* at_isa_windows_begin - whatever w held; errors as of at_isa_text_begin(). */
AT_MUST_USE int at_isa_windows_begin(struct at_isa_windows *w, const struct at_doc *whole,
                                     const struct at_isa_options *options, struct at_error *err);
/* at_isa_windows_init - a window on its way. AT_ENOMEM. Memory at_isa_text_release(). */
AT_MUST_USE int at_isa_windows_init(struct at_isa_text *out, const struct at_isa_windows *w,
                                    const struct at_doc *window, struct at_error *err);
/* at_isa_windows_add - a window whose layers are through. */
void at_isa_windows_add(struct at_isa_windows *w, struct at_isa_text *window);
/* at_isa_windows_finish - pairs that no window has are left out of it; what it points to is w's. */
struct at_isa_result at_isa_windows_finish(struct at_isa_windows *w);
void at_isa_windows_release(struct at_isa_windows *w); /* accepts a zeroed struct */

#endif
