/*
 * run_windows.h - what `atlas run` tells of a text that is read in windows
 * (session/doc_window.h): its tokens, words and predictions, each from the window that owns it, and
 * the metrics of the mean maps as analysis/text_metrics.h puts them together. A map is a window's:
 * there are no strongest links of the whole text.
 */
#ifndef ANALYSIS_RUN_WINDOWS_H
#define ANALYSIS_RUN_WINDOWS_H

#include "analysis/run_result.h"
#include "analysis/text_metrics.h"

struct at_run_windows {
    struct at_run_result result; /* after _finish */
    struct at_text_metrics_windows metrics;
    size_t cap; /* of result.predictions */
    struct at_arena arena;
};

/* at_run_windows_add - a window and its result; the first begins anew. Labels and pieces are those
   of the whole doc. */
void at_run_windows_add(struct at_run_windows *w, const struct at_doc *window,
                        const struct at_run_result *r, const struct at_text_metrics_run *metrics);
void at_run_windows_finish(struct at_run_windows *w);
void at_run_windows_release(struct at_run_windows *w); /* accepts a zeroed struct */

#endif
