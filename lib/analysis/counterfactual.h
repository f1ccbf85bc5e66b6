/*
 * counterfactual.h - a text with its terms for a group of people swapped, and how far a model's
 * attention to the rest of it stays the same.
 */
#ifndef ANALYSIS_COUNTERFACTUAL_H
#define ANALYSIS_COUNTERFACTUAL_H

#include "analysis/consistency.h"
#include "analysis/swap.h"
#include "analysis/corpus.h"
#include "base/arena.h"
#include "io/record.h"
#include "session/pass.h"
#include "session/tag_text.h"

/* The category of the text's first term alone: two at once could not be told apart. */
#define AT_SWAP_FIRST (-2L)

struct at_counterfactual_options {
    const struct at_swap_terms *terms;
    long category; /* of the terms, -1 for all, or AT_SWAP_FIRST */
    const struct at_tagger *tagger;
    struct at_doc_options doc; /* of the swapped text */
};

/* A text on its way. */
struct at_counterfactual {
    const struct at_session *session;
    const struct at_doc *doc;
    const struct at_swap_terms *terms;
    struct at_swaps swaps;
    struct at_tagged tagged;           /* what went untagged */
    bool is_compared;                  /* there is a swapped text, and the model can take it */
    struct at_error why_not;           /* code 0, or why it cannot */
    struct at_doc other;               /* the swapped text */
    double *received, *other_received; /* (L,H,tokens) */
    struct at_consistency consistency;
    struct at_consistency_head *heads; /* (L,H) */
    struct at_arena arena;             /* the result */
};

/*
 * at_counterfactual_begin - tag the text and swap. A swapped text that is too long for the model is
 * no error: attention is not compared.
 *
 * Errors    those of at_tag_spans(); what the tokenizer says.
 * Memory    at_counterfactual_release(), which accepts a zeroed struct; nothing after a failure.
 *           Session, doc and terms must outlive it.
 */
AT_MUST_USE int at_counterfactual_begin(struct at_counterfactual *out,
                                        const struct at_session *session, const struct at_doc *doc,
                                        const struct at_counterfactual_options *options,
                                        struct at_error *err);
/* at_counterfactual_add - a layer of the text as it was. */
void at_counterfactual_add(struct at_counterfactual *c, const struct at_doc_layer *layer);
void at_counterfactual_release(struct at_counterfactual *c);

/* A term: swap.csv, and swaps[] of swap.json. */
struct at_swap_row {
    size_t start, end;                             /* bytes of the original text */
    const char *original, *replacement, *category; /* replacement NULL: left alone */
};
extern const struct at_record at_swap_row_record;

/* A head: consistency.csv, and heads[] of swap.json. */
struct at_consistency_row {
    size_t layer, head;
    struct at_consistency_head of;
};
extern const struct at_record at_consistency_row_record;

/* Attention to both texts. */
struct at_comparison {
    size_t n_aligned, n_pieces_a,
        n_pieces_b; /* tokens that both have; pieces of what was swapped */
    double mean_cosine, mean_concentration;
    const char **swapped_a, **swapped_b; /* (n_pieces_a), (n_pieces_b) labels */
    struct at_consistency_row *heads;    /* (n_heads) */
    size_t L, H, n_heads;
    struct at_consistency_row *top; /* (n_top) that changed most, most first; of equals the first */
    size_t n_top;
};

struct at_counterfactual_result {
    const char *text, *swapped;
    size_t n_replaced, n_left, n_articles; /* left: terms that were left alone */
    struct at_swap_row *swaps;             /* (n_swaps) */
    size_t n_swaps;
    const struct at_comparison *consistency; /* NULL when attention is not compared */
};
extern const struct at_record at_counterfactual_record; /* swap.json without its meta */

/*
 * at_counterfactual_finish - after the last layer: run the swapped text, compare. What it points to
 * is the counterfactual's.
 *
 * Errors    those of at_forward().
 */
AT_MUST_USE int at_counterfactual_finish(struct at_counterfactual_result *out,
                                         struct at_counterfactual *c, struct at_error *err);

/* texts.csv */
struct at_counterfactual_row {
    struct at_text_head head;
    struct at_counterfactual_result of;
};
extern const struct at_record at_counterfactual_row_record;

#endif
