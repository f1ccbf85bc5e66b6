/*
 * token_alignment.h - which tokens of two texts, or of two tokenizers' readings of one text, stand
 * for the same.
 */
#ifndef ANALYSIS_TOKEN_ALIGNMENT_H
#define ANALYSIS_TOKEN_ALIGNMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "session/doc.h"

/* Two tokens that belong together, or one without a partner: a row of tokens.csv. */
struct at_aligned {
    size_t index_a;
    const char *token_a;
    size_t index_b;
    const char *token_b;
};
extern const struct at_record at_aligned_record;

struct at_token_alignment {
    struct at_aligned *rows; /* (n_rows) in the order of both texts */
    size_t n_rows;
    /* A unit is what cannot be taken apart: one token on both sides where the tokenizers agree,
       several where they cut the same characters at other places. AT_NONE: no partner. */
    size_t *unit_a, *unit_b; /* (T_a), (T_b) */
    size_t n_units;
    size_t n_only_a, n_only_b;   /* tokens without a partner */
    size_t n_words_a, n_words_b; /* words that the other text has not */
    bool is_direct;              /* token i is token i, on both sides all of them */
    struct at_arena arena;
};

/*
 * at_align_tokens - by words, then by characters.
 *
 * Words of the raw texts (runs of letters and digits, every other character that is not white space
 * by itself) are aligned by at_matching_blocks(); within words that are equal, tokens belong
 * together that share a character. In texts that are equal all characters are, white space too.
 * Tokens that the post-processor adds ([CLS], [SEP]), and those of a capture that does not say
 * where they are in the text, are aligned by their spelling in the same way.
 *
 * Edge      exchanging a and b exchanges the sides of every pair. Where both have tokens without a
 *           partner at one place, those of a come first.
 * Memory    at_token_alignment_release(), which accepts a zeroed struct; strings are the docs'.
 */
void at_align_tokens(struct at_token_alignment *out, const struct at_doc *a,
                     const struct at_doc *b);
void at_token_alignment_release(struct at_token_alignment *t);

#endif
