/*
 * swap.h - counterfactual texts: terms for a group of people replaced by their counterparts.
 *
 * The list of pairs is a file that users may replace; a term is replaced in either direction.
 *
 * Source    Attention Atlas, its counterfactual generator, with a list of our own; categories are
 *           those of CrowS-Pairs (Nangia, Vania, Bhalerao and Bowman 2020).
 */
#ifndef ANALYSIS_SWAP_H
#define ANALYSIS_SWAP_H

#include <stdbool.h>
#include <stddef.h>

#include "text/tags.h"
#include "base/arena.h"
#include "base/error.h"

/* When a pair may be used; column `gate` of the file. */
enum at_swap_gate {
    AT_SWAP_ALWAYS,     /* empty */
    AT_SWAP_PERSON,     /* "person": the word is ambiguous, only when it is about a person */
    AT_SWAP_POSSESSIVE, /* "possessive": before a noun phrase ("her book") */
    AT_SWAP_OBJECT,     /* "object": anywhere else ("saw her") */
};

/* One direction of a pair. */
struct at_swap_term {
    const char *term, *target; /* lower case */
    size_t n;                  /* bytes of term */
    size_t category;           /* index into at_swap_terms.categories */
    size_t order;              /* line of the file; the first that fits is used */
    enum at_swap_gate gate;
};

struct at_swap_terms {
    struct at_swap_term *items; /* longest first, then by term, then by order */
    size_t n;
    const char **categories; /* in the order of the file */
    size_t n_categories;
    struct at_arena arena; /* everything above */
};

/*
 * at_swap_terms_read - a TSV with the columns term, counterpart, category and gate.
 *
 * Errors    AT_EIO; AT_EFORMAT: a missing column, an empty term, an unknown gate, a pair twice; the
 *           row is named.      Memory   at_swap_terms_release(), which accepts a zeroed struct.
 */
AT_MUST_USE int at_swap_terms_read(struct at_swap_terms *out, const char *path,
                                   struct at_error *err);
void at_swap_terms_release(struct at_swap_terms *t);

/* One replacement, or a term that was left alone. */
struct at_swap {
    size_t start, end; /* bytes of the original text */
    const struct at_swap_term *term;
    char *replacement; /* in the case of the original; NULL when left alone */
};

struct at_swaps {
    char *text;            /* the counterfactual */
    struct at_swap *items; /* by start; both kinds */
    size_t n, n_replaced;
    size_t n_articles; /* a/an before a replaced word that had to change */
};

/*
 * at_swap_text - replace every term of a text.
 *
 * Longer terms first, at word boundaries, whatever the case, never inside an earlier match. The
 * first pair of the file whose gate lets it through is used. With tags: "person" wants an entity
 * PER or NORP, a noun, or an adjective that belongs to a noun or pronoun for a person; without tags
 * (NULL) such a term is left alone (a missed swap is better than a wrong one). "possessive" and
 * "object" are told by what follows (swap_possessive.h).
 *
 * The case goes over: upper, capitalised, lower; anything else takes the list's. Only the article
 * directly before a replaced word is corrected. category: -1 for all, else one alone.
 *
 * Shapes    tags: spans in order, as the tagger gives them.
 * Edge      no term: text is a copy. Swapping twice with unambiguous pairs gives the original.
 * Memory    at_swaps_release(), which accepts a zeroed struct; items point into terms.
 */
void at_swap_text(struct at_swaps *out, const struct at_swap_terms *terms, const char *text,
                  const struct at_tag_spans *tags, long category);
void at_swaps_release(struct at_swaps *s);

/* at_swap_article - "an" or "a" for a word, by its letters and the usual exceptions. */
const char *at_swap_article(const char *word);

#endif
