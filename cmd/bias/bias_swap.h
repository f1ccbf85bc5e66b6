/*
 * bias_swap.h - the room of `atlas bias swap`: a call of it, and how its results are shown.
 */
#ifndef BIAS_SWAP_H
#define BIAS_SWAP_H

#include "analysis/counterfactual.h"
#include "cmd/cmd.h"
#include "cmd/tag_source.h"

struct swap {
    const char *terms_file, *category_name;
    struct tag_source tags;
    struct at_swap_terms terms;
    struct at_counterfactual_options options;
    const struct context *x;
    struct table texts; /* a row per text, when there are many */
};

/* swap_print - the counterfactual and what of attention stays, on standard output. */
void swap_print(const struct at_doc *doc, const struct at_counterfactual_result *r);
/* swap_picture - consistency of every head. */
AT_MUST_USE int swap_picture(struct sink *sink, const struct at_doc *doc,
                             const struct at_counterfactual_result *r, struct at_error *err);

#endif
