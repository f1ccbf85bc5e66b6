/*
 * words.h - word pieces to words, and attention between words.
 *
 * Source    Attention Atlas, word mode: attention is summed over the key pieces of a word and
 *           averaged over its query pieces; special tokens are dropped and what they held is
 *           reported, rows are divided by what is left of them.
 */
#ifndef TEXT_WORDS_H
#define TEXT_WORDS_H

#include <stddef.h>

#include "base/strbuf.h"
#include "text/tokenizer.h"

/* Spans of tokens that make up the words of one text. */
struct at_words {
    size_t n;
    size_t *first; /* (n) index of the first token */
    size_t *count; /* (n) number of tokens; they are adjacent */
};

/*
 * at_words_group - words of the tokens, without the special ones; a mask in the text is a word.
 *
 * WordPiece: "##x" goes on with a word, everything else starts one. Byte-level BPE: white space in
 * front starts a word, and so does punctuation (. , ! ? ; : - ( ) " ' and the typographic dashes,
 * quotes and ellipsis) and what stands behind it; anything else goes on ("don" + "'t").
 * Memory    at_words_release().
 */
void at_words_group(struct at_words *out, const struct at_tokens *tokens);
void at_words_release(struct at_words *w);
/* at_words_add_label - append the word as written (labels of its pieces in a row). */
void at_words_add_label(const struct at_words *w, struct at_strbuf *out,
                        const struct at_tokenizer *t, const struct at_tokens *tokens, size_t i);

/*
 * at_words_attention - map of words from a map of tokens.
 *
 * Shapes    out (W,W); dropped (W) or NULL: share of each row that lay on special tokens;
 *           map (T,T).
 * Edge      a row whose whole mass lay on specials is NaN.
 */
void at_words_attention(float *out, float *dropped, const float *map, size_t T,
                        const struct at_words *w);
/* at_words_mean - vectors of words: mean over their pieces. out (W,C), x (T,C). */
void at_words_mean(float *out, const float *x, size_t C, const struct at_words *w);

#endif
