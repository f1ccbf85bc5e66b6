/*
 * tokenizer_parts.h - what a tokenizer is made of, for tokenizer.c and the reader of its files.
 */
#ifndef TEXT_TOKENIZER_PARTS_H
#define TEXT_TOKENIZER_PARTS_H

#include <stdbool.h>

#include "text/added.h"
#include "text/bpe.h"
#include "text/normalize.h"
#include "text/tokenizer.h"
#include "text/vocab.h"
#include "text/wordpiece.h"

struct at_tokenizer {
    enum at_tokenizer_kind kind;
    struct at_vocab vocab; /* with the added tokens */
    struct at_added added;
    int role[AT_N_ROLES]; /* ids, -1 for none */

    struct at_normalizer rules; /* WordPiece */
    struct at_wordpiece wordpiece;

    struct at_bpe bpe;
    bool prefix_space;
};

/* at_bpe_starts_word - whether a byte-pair token starts a word; before is in front of it. */
bool at_bpe_starts_word(const char *text, const struct at_token *before, const struct at_token *it,
                        bool same_match);
/* at_bpe_add_label - append the label of byte-pair bytes: without the space before a word, unless
   that is all. */
void at_bpe_add_label(struct at_strbuf *out, const struct at_strbuf *bytes);

/* at_tokenizer_read - fill a zeroed struct from the files of a directory; see at_tokenizer_open.
   After a failure it may be half filled. */
AT_MUST_USE int at_tokenizer_read(struct at_tokenizer *t, const char *dir, struct at_error *err);

#endif
