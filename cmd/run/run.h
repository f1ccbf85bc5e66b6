/*
 * run.h - the room of `atlas run`: a call of it, and how its results are shown.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "analysis/deep_dive.h"
#include "analysis/run_windows.h"
#include "analysis/text_metrics.h"
#include "analysis/token_links.h"
#include "base/array.h"
#include "cmd/cmd.h"
#include "cmd/many.h"
#include "cmd/run/map_pictures.h"
#include "session/doc_rows.h"

struct run {
    const char *mask_text, *focus_text, *root_text, *from_text, *to_text;
    enum at_mask_choice mask;
    long top_k, tree_k, tree_depth, tree_nodes, n_links;
    bool is_mask_told; /* that predictions of a long text are left out */
    double flow_threshold, min_weight, tree_min_weight;
    bool no_capture, with_logits, is_deep;
    struct ablate ablate;
    const struct context *x;
    struct many many;
    struct at_run_windows windows; /* of the text at hand */
};

/* The tokens that a call names, as one text has them. */
struct run_tokens {
    struct at_rows focus; /* drawn in front */
    size_t root;          /* of the tree */
    struct at_mask mask;
    struct at_token_ends ends; /* of --from-token and --to-token */
};
struct run_links AT_ARRAY(struct at_token_link);

/* run_check_tokens - of the call: are they lists? Answers an exit status. */
int run_check_tokens(struct run *run, const struct call *c);
/* run_find_tokens - of a text; lists are the arena's. AT_ERANGE: it does not have them. */
AT_MUST_USE int run_find_tokens(struct run_tokens *out, const struct run *run,
                                const struct at_doc *doc, struct at_arena *arena,
                                struct at_error *err);
/* run_add_link - a map between --from-token and --to-token; nothing without them. */
void run_add_link(struct run_links *links, const struct run_tokens *t, const struct at_doc *doc,
                  const float *map, size_t layer, size_t head);
/* run_write_links - rank them, and links.csv. */
AT_MUST_USE int run_write_links(struct run_links *links, struct sink *sink,
                                const struct at_doc *doc, struct at_error *err);

/* run_print - the summary of one text on standard output; shown (n,n): the map selected last, or
   NULL. */
void run_print(const struct run *run, const struct at_doc *doc, const struct at_run_result *r,
               const float *shown);

/* run_document - run.json of a text, the caller's. */
struct at_json *run_document(const struct call *call, const struct at_doc *doc,
                             const struct at_run_result *r);
/* run_tell_whole - of a text that was read in windows: its tables, document and summary. */
AT_MUST_USE int run_tell_whole(struct run *run, const struct at_doc *doc, struct at_error *err);

/* deep_print - what is inside the layers, below it. */
void deep_print(const struct at_deep *d);

/* deep_layer_pictures - of what is not kept of a layer, if it is shown. */
AT_MUST_USE int deep_layer_pictures(struct sink *sink, const struct at_doc *doc,
                                    const struct at_deep_view *view, struct at_error *err);
/* deep_pictures - everything that is drawn once the text is through. */
AT_MUST_USE int deep_pictures(struct sink *sink, const struct at_deep *d, struct at_error *err);

#endif
