/*
 * faith_ablation.h - the part of `atlas faith` that removes heads: its options, and what it adds to
 * the result of a text.
 */
#ifndef FAITH_FAITH_ABLATION_H
#define FAITH_FAITH_ABLATION_H

#include "analysis/faith_text.h"
#include "cmd/cmd.h"

struct faith_ablation {
    struct ablate ablate;
    int by; /* score that orders the heads of the elbow */
    long n_top;
    double move; /* 0: none is sought */
    const char *patch_text;
    struct opt options[8];
};

/* faith_ablation_options - a->options, to include. faith_ablation_check - what is wrong with the
   call as given; answers an exit status. */
void faith_ablation_options(struct faith_ablation *a);
int faith_ablation_check(struct faith_ablation *a, const struct call *c);
/* faith_ablation_open - heads of the list against the model, and the reference. */
AT_MUST_USE int faith_ablation_open(struct faith_ablation *a, const struct context *x,
                                    struct at_error *err);
void faith_ablation_release(struct faith_ablation *a);

/* faith_ablation_scores - room (L,H) for the scores of heads that the call orders them by, when it
   is a metric of their maps; NULL when it is none. The arena's.
   faith_ablation_add - those of one layer. scores may be NULL. */
double *faith_ablation_scores(const struct faith_ablation *a, const struct at_config *shape,
                              struct at_arena *arena);
void faith_ablation_add(const struct faith_ablation *a, double *scores,
                        const struct at_doc_layer *layer, const struct at_doc *doc);

/* faith_ablation_finish - r->heads_removed of a text whose probe is ready, unless the call wants
   none of it. */
AT_MUST_USE int faith_ablation_finish(struct at_faith_result *r, const struct faith_ablation *a,
                                      struct at_faith_text *text, const double *scores,
                                      struct at_error *err);
AT_MUST_USE int faith_ablation_tables(struct sink *sink, const struct at_doc *doc,
                                      const struct at_ablation_result *r, struct at_error *err);
/* faith_ablation_print - a few lines on standard output. r NULL: none. */
void faith_ablation_print(const struct at_ablation_result *r);

#endif
