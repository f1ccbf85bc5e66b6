/*
 * run.h - the room of `atlas run`: a call of it, and how its results are shown.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "analysis/deep_dive.h"
#include "analysis/run_result.h"
#include "analysis/text_metrics.h"
#include "cmd/cmd.h"
#include "cmd/many.h"
#include "cmd/run/map_pictures.h"

struct run {
    const char *mask_text, *focus_text;
    struct at_mask mask; /* what mask_text means */
    size_t *focus;       /* (n_focus) tokens drawn in front; the call's */
    size_t n_focus;
    long top_k, root, tree_k, tree_depth, tree_nodes, n_links;
    bool is_mask_told; /* that predictions of a long text are left out */
    double flow_threshold, min_weight, tree_min_weight;
    bool no_capture, with_logits, is_deep;
    struct ablate ablate;
    const struct context *x;
    struct many many;
};

/* run_print - the summary of one text on standard output; shown (n,n): the map selected last. */
void run_print(const struct run *run, const struct at_doc *doc, const struct at_run_result *r,
               const float *shown);

/* deep_print - what is inside the layers, below it. */
void deep_print(const struct at_deep *d);

/* deep_layer_pictures - of what is not kept of a layer, if it is shown. */
AT_MUST_USE int deep_layer_pictures(struct sink *sink, const struct at_doc *doc,
                                    const struct at_deep_view *view, struct at_error *err);
/* deep_pictures - everything that is drawn once the text is through. */
AT_MUST_USE int deep_pictures(struct sink *sink, const struct at_deep *d, struct at_error *err);

#endif
