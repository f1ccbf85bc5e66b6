/*
 * syntax.h - which heads find syntactic heads: accuracy per relation against the best fixed offset.
 *
 * Source    Clark et al. 2019, section 4.2. Fed sentence by sentence, layer by layer;
 *           only counts are kept.
 */
#ifndef ANALYSIS_SYNTAX_H
#define ANALYSIS_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "text/conllu.h"
#include "base/array.h"
#include "base/pool.h"
#include "text/tokenizer.h"

enum at_syntax_direction {
    AT_DEPENDENT_TO_HEAD, /* the word that the dependent looks at most is its head */
    AT_HEAD_TO_DEPENDENT, /* the word that looks at the dependent most is its head */
    AT_N_SYNTAX_DIRECTIONS
};

/* Tokens of one sentence brought to its words. */
struct at_syntax_words {
    size_t W, T;
    int *word_of;     /* (T) word of each token by characters; -1: special, or in no word */
    bool *has_tokens; /* (W) */
};

/* at_syntax_words_init - Memory at_syntax_words_release(). Of words that share bytes (multi-word
   tokens) the first has the tokens. */
void at_syntax_words_init(struct at_syntax_words *out, const struct at_conllu_sentence *s,
                          const struct at_tokens *tokens);
void at_syntax_words_release(struct at_syntax_words *w);

struct at_syntax; /* counts of hits per layer, head, relation and direction */

/* at_syntax_new - subtypes: keep "nmod:poss" apart from "nmod". Memory at_syntax_free(). */
struct at_syntax *at_syntax_new(size_t n_layers, size_t n_heads, bool subtypes);
void at_syntax_free(struct at_syntax *s); /* accepts NULL */

/* at_syntax_add_sentence - count the relations and offsets of a sentence, before its layers.
   Left out: the root, and words that have no token or whose head has none. */
void at_syntax_add_sentence(struct at_syntax *s, const struct at_conllu_sentence *sentence,
                            const struct at_syntax_words *w);
/*
 * at_syntax_add_layer - count the hits of one layer's heads on that sentence.
 *
 * Weights are summed over the pieces of the key word and averaged over those of the query word;
 * special tokens and the word itself are left out, as Clark et al. do. Of equal weights the first
 * counts. Causal: a word that cannot see its head is a miss, and likewise the other way.
 *
 * Shapes    maps (H,T,T).
 */
void at_syntax_add_layer(struct at_syntax *s, size_t layer, const float *maps,
                         const struct at_syntax_words *w, struct at_pool *pool);

/* The best head for one relation and direction. */
struct at_syntax_result {
    const char *relation; /* "all" for the sum over relations */
    enum at_syntax_direction direction;
    size_t n;                   /* words with that relation */
    size_t layer, head;         /* of the most accurate head, the first of equals */
    double accuracy, low, high; /* Wilson's interval at 95 % */
    long offset;                /* of the best baseline: head = word + offset, up to 40 */
    double baseline;            /* its accuracy */
};

struct at_syntax_results AT_ARRAY(struct at_syntax_result);

/* at_syntax_best - one row per relation and direction, "all" first, then by n descending; relations
   with fewer than min_n words are left out. Strings belong to s. Memory at_array_release(). */
void at_syntax_best(struct at_syntax_results *out, const struct at_syntax *s, size_t min_n);
/* at_syntax_accuracy - of one head; NaN for a relation that never came. relation NULL: all. */
double at_syntax_accuracy(const struct at_syntax *s, const char *relation,
                          enum at_syntax_direction direction, size_t layer, size_t head);

#endif
