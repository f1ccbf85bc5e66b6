/*
 * wordpiece.h - words of a normalized text, and their pieces by greedy longest match.
 *
 * Source    BertPreTokenizer and WordPiece of Hugging Face's tokenizers.
 */
#ifndef TEXT_WORDPIECE_H
#define TEXT_WORDPIECE_H

#include <stddef.h>

#include "text/normalize.h"
#include "text/tokenizer.h"
#include "text/vocab.h"

enum { AT_MAX_WORD = 1000 /* characters */ };

struct at_wordpiece {
    const struct at_vocab *vocab;
    int n_pieces;          /* ids from here on are added tokens: no pieces of words */
    int unk;               /* id of a word that has no pieces */
    size_t max_characters; /* a longer word is unknown; at most AT_MAX_WORD, usually 100 */
};

/*
 * at_wordpiece_encode - append the tokens of text[from, to).
 *
 * Words are what white space and punctuation leave; each punctuation character is one. A word that
 * cannot be put together from pieces is one unknown token. *word is the number of the next word.
 */
void at_wordpiece_encode(struct at_tokens *out, const struct at_wordpiece *wp,
                         const struct at_normal *text, size_t from, size_t to, int segment,
                         int *word);

#endif
